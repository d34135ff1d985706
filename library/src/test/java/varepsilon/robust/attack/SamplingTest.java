package varepsilon.robust.attack;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import org.apache.commons.statistics.distribution.BetaDistribution;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.tensor.DType;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

/** Points uniform in the ball: their size, their values one by one, and how these go together. */
class SamplingTest extends AttackFixture {
    private static final int N = 20_000;
    // √n times the distance of Kolmogorov and Smirnov that one in 10,000 right samplers exceeds.
    private static final double LIMIT = 2.23;

    private double[] samples(Norm norm, double radius, int dimensions) {
        return norm.sample(Tensor.zeros(DType.FLOAT64, N, 1, dimensions), radius, Draws.shared(rng(5)))
                .toDoubles();
    }

    private static double kolmogorovSmirnov(double[] values, DoubleUnaryOperator distribution) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        double distance = 0;
        for (int i = 0; i < sorted.length; i++) {
            double expected = distribution.applyAsDouble(sorted[i]);
            distance = Math.max(
                    distance,
                    Math.max(expected - i / (double) sorted.length, (i + 1) / (double) sorted.length - expected));
        }
        return distance * Math.sqrt(sorted.length);
    }

    /** The share of the volume within s·radius of the centre is s^D, in every norm. */
    @ParameterizedTest
    @CsvSource({"linf,1", "linf,5", "l2,1", "l2,5", "l2,300", "l1,1", "l1,5", "l1,300"})
    void sizesAreThoseOfPointsUniformInTheBall(String norm, int dimensions) {
        double radius = 0.25;
        double[] flat = samples(Norm.named(norm), radius, dimensions);
        BallAndBox ball = new BallAndBox(Norm.named(norm), radius, new double[0], new double[0]);
        double[] shares = new double[N];
        for (int i = 0; i < N; i++) {
            shares[i] = Math.pow(
                    ball.length(Arrays.copyOfRange(flat, i * dimensions, (i + 1) * dimensions)) / radius, dimensions);
        }
        assertThat(Arrays.stream(shares).max().orElseThrow()).isLessThan(1 + 1e-5);
        assertThat(kolmogorovSmirnov(shares, share -> share)).isLessThan(LIMIT);
    }

    private static double[] values(double[] flat, int dimensions, int which) {
        double[] values = new double[N];
        Arrays.setAll(values, i -> flat[i * dimensions + which]);
        return values;
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3})
    void valuesOfLinfAreUniform(int which) {
        double[] values = values(samples(Norm.LINF, 2, 4), 4, which);
        assertThat(kolmogorovSmirnov(values, x -> (x + 2) / 4)).isLessThan(LIMIT);
    }

    /**
     * A value's density is the volume of the slice through it: ∝ (1 − x²)^((D − 1)/2), a beta distribution of (x +
     * 1)/2.
     */
    @ParameterizedTest
    @ValueSource(ints = {0, 3})
    void valuesOfL2HaveTheDensityOfTheBallsSlices(int which) {
        double[] values = values(samples(Norm.L2, 1, 4), 4, which);
        BetaDistribution slices = BetaDistribution.of(2.5, 2.5);
        assertThat(kolmogorovSmirnov(values, x -> slices.cumulativeProbability((x + 1) / 2)))
                .isLessThan(LIMIT);
    }

    /** ∝ (1 − |x|)^(D − 1). */
    @ParameterizedTest
    @ValueSource(ints = {0, 3})
    void valuesOfL1HaveTheDensityOfTheBallsSlices(int which) {
        double[] values = values(samples(Norm.L1, 1, 4), 4, which);
        assertThat(kolmogorovSmirnov(values, x -> x < 0 ? Math.pow(1 + x, 4) / 2 : 1 - Math.pow(1 - x, 4) / 2))
                .isLessThan(LIMIT);
    }

    /** All 2^D orthants are alike. */
    @ParameterizedTest
    @ValueSource(strings = {"linf", "l2", "l1"})
    void signsAreIndependent(String norm) {
        int dimensions = 4;
        double[] flat = samples(Norm.named(norm), 1, dimensions);
        long[] counts = new long[1 << dimensions];
        for (int i = 0; i < N; i++) {
            int orthant = 0;
            for (int j = 0; j < dimensions; j++) {
                orthant = 2 * orthant + (flat[i * dimensions + j] > 0 ? 1 : 0);
            }
            counts[orthant]++;
        }
        double expected = (double) N / counts.length;
        double chiSquare = Arrays.stream(counts)
                .mapToDouble(c -> (c - expected) * (c - expected) / expected)
                .sum();
        assertThat(chiSquare).as("χ² of 15 degrees of freedom").isLessThan(44.3); // exceeded once in 10,000
    }

    @Test
    void eachExampleHasItsOwnPoint() {
        for (Norm norm : new Norm[] {Norm.LINF, Norm.L2, Norm.L1}) {
            Tensor two = norm.sample(Tensor.zeros(DType.FLOAT32, 2, 3, 4, 4), 1, Draws.shared(rng(1)));
            assertThat(two.shape()).containsExactly(2, 3, 4, 4);
            assertThat(row(two, 0)).isNotEqualTo(row(two, 1));
        }
    }

    @Test
    void theDiameterIsThatOfTheBox() {
        Tensor diagonal = Tensor.full(3, DType.FLOAT64, 1, 16);
        for (Norm norm : new Norm[] {Norm.LINF, Norm.L2, Norm.L1}) {
            assertThat(norm.diameter(3, 16)).isEqualTo(norm.length(diagonal).item());
        }
        assertThat(ThreatModel.of(Norm.L2, 4).allowsAnything(16)).isTrue();
        assertThat(ThreatModel.of(Norm.L2, 3.99).allowsAnything(16)).isFalse();
    }

    /** The numbers of a part depend on its name, not on what other parts have drawn. */
    @Test
    void partsHaveNumbersOfTheirOwn() {
        Tensor like = Tensor.zeros(DType.FLOAT64, 2, 3);
        try (Draws draws = Draws.perImage(Seed.of(3), new int[] {5, 8});
                Draws again = Draws.perImage(Seed.of(3), new int[] {5, 8})) {
            double[] first = draws.split("first").uniform(like).toDoubles();
            double[] second = draws.split("second").uniform(like).toDoubles();
            assertThat(second).isNotEqualTo(first);
            again.uniform(like);
            assertThat(again.split("second").uniform(like).toDoubles()).isEqualTo(second);
        }
    }
}
