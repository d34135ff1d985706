package varepsilon.robust.attack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.tensor.DType;
import varepsilon.tensor.Tensor;

/**
 * Steps to a hyperplane inside a box, for hundreds of random ones at once: each lies on it, and no shorter one does,
 * since the linear function rises by less on any smaller ball ({@link BallAndBox#bound}, by duality).
 */
class HyperplaneTest extends AttackFixture {
    private static final int N = 300;
    private static final int D = 12;

    /** Room of very different sizes, none at all for some values; slopes of all sizes, some of them zero or equal. */
    private record Case(double[] w, double[] low, double[] high, double rise) {
        double most() {
            double most = 0;
            for (int j = 0; j < w.length; j++) {
                most += Math.max(w[j] * sign() * low[j], w[j] * sign() * high[j]);
            }
            return most;
        }

        double sign() {
            return rise < 0 ? -1 : 1;
        }

        /** The slopes turned so that the function is to rise. */
        double[] rising() {
            return Arrays.stream(w).map(v -> v * sign()).toArray();
        }
    }

    private List<Case> cases() {
        double[] normal = rng(1).normal(DType.FLOAT64, N, D).toDoubles();
        double[] lows = rng(2).uniform(DType.FLOAT64, N, D).toDoubles();
        double[] highs = rng(3).uniform(DType.FLOAT64, N, D).toDoubles();
        double[] shares = rng(4).uniform(DType.FLOAT64, N).toDoubles();
        return IntStream.range(0, N)
                .mapToObj(i -> {
                    double[] w = Arrays.copyOfRange(normal, i * D, (i + 1) * D);
                    double[] low = Arrays.copyOfRange(lows, i * D, (i + 1) * D);
                    double[] high = Arrays.copyOfRange(highs, i * D, (i + 1) * D);
                    for (int j = 0; j < D; j++) {
                        low[j] = -low[j] * Math.pow(10, -(i % 3));
                        w[j] = i % 5 == 1 && j < 4 ? 0.5 : i % 7 == 2 && j % 3 == 0 ? 0 : w[j];
                        high[j] = i % 4 == 3 && j % 4 == 0 ? 0 : high[j];
                    }
                    Case whole = new Case(w, low, high, i % 2 == 0 ? 1 : -1);
                    // From a thousandth of what the box allows to almost all of it.
                    double share = i % 6 == 0 ? 0.999 : i % 6 == 1 ? 1e-3 : shares[i];
                    return new Case(w, low, high, whole.sign() * share * whole.most());
                })
                .toList();
    }

    private static Tensor matrix(List<double[]> rows) {
        return Tensor.of(rows.stream().flatMapToDouble(Arrays::stream).toArray(), rows.size(), D);
    }

    private static double[][] steps(String norm, List<Case> cases, double factor) {
        Tensor found = Hyperplane.step(
                Norm.named(norm),
                matrix(cases.stream().map(Case::w).toList()),
                Tensor.of(cases.stream().mapToDouble(one -> one.rise * factor).toArray(), cases.size()),
                matrix(cases.stream().map(Case::low).toList()),
                matrix(cases.stream().map(Case::high).toList()));
        return IntStream.range(0, cases.size()).mapToObj(i -> row(found, i)).toArray(double[][]::new);
    }

    @ParameterizedTest
    @ValueSource(strings = {"linf", "l2", "l1"})
    void noSmallerStepReachesTheHyperplane(String norm) {
        List<Case> cases = cases();
        double[][] steps = steps(norm, cases, 1);
        for (int i = 0; i < N; i++) {
            Case one = cases.get(i);
            double length = new BallAndBox(Norm.named(norm), 0, one.low, one.high).length(steps[i]);
            BallAndBox smaller = new BallAndBox(Norm.named(norm), length * (1 - 1e-7), one.low, one.high);
            assertThat(BallAndBox.dot(one.w, steps[i])).isCloseTo(one.rise, within(1e-12));
            assertThat(new BallAndBox(Norm.named(norm), length, one.low, one.high).outside(steps[i]))
                    .isLessThanOrEqualTo(1e-15);
            assertThat(smaller.bound(one.rising())).as("case %d", i).isLessThan(Math.abs(one.rise));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"l0"})
    void noFewerValuesReachTheHyperplane(String norm) {
        List<Case> cases = cases();
        double[][] steps = steps(norm, cases, 1);
        for (int i = 0; i < N; i++) {
            Case one = cases.get(i);
            double[] w = one.rising();
            double[] gains = new double[D];
            Arrays.setAll(gains, j -> Math.max(w[j] * one.low[j], w[j] * one.high[j]));
            int changed = (int) Arrays.stream(steps[i]).filter(v -> v != 0).count();
            double ofFewer = Arrays.stream(gains)
                    .boxed()
                    .sorted(Comparator.reverseOrder())
                    .limit(changed - 1)
                    .mapToDouble(v -> v)
                    .sum();
            assertThat(BallAndBox.dot(w, steps[i])).isGreaterThanOrEqualTo(Math.abs(one.rise) - 1e-12);
            assertThat(ofFewer).isLessThan(Math.abs(one.rise));
            for (int j = 0; j < D; j++) {
                assertThat(steps[i][j]).isBetween(one.low[j], one.high[j]);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"linf", "l2", "l1", "l0"})
    void aHyperplaneBeyondTheBoxIsApproachedAsFarAsItGoes(String norm) {
        List<Case> cases = cases();
        double[][] steps = steps(norm, cases, 1e9);
        for (int i = 0; i < N; i++) {
            Case one = cases.get(i);
            assertThat(BallAndBox.dot(one.rising(), steps[i])).isCloseTo(one.most(), within(1e-12));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"linf", "l2", "l1", "l0"})
    void nothingMovesWhereNothingIsToRiseOrNothingDoes(String norm) {
        Tensor room = Tensor.full(1, DType.FLOAT64, 2, 3);
        Tensor w = Tensor.of(new double[] {1, -2, 3, 0, 0, 0}, 2, 3);
        Tensor rise = Tensor.of(new double[] {0, 5}, 2);
        assertThat(largest(Hyperplane.step(Norm.named(norm), w, rise, room.neg(), room)))
                .isZero();
    }
}
