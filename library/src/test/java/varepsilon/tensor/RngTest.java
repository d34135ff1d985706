package varepsilon.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.apache.commons.statistics.distribution.ChiSquaredDistribution;
import org.apache.commons.statistics.distribution.ExponentialDistribution;
import org.apache.commons.statistics.distribution.NormalDistribution;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.ScopedTest;
import varepsilon.base.InputException;

/** Streams of random numbers: the same where they should be, unrelated where they should be, and of the right kind. */
class RngTest extends ScopedTest {
    @Test
    void theSameSeedGivesTheSameNumbers() {
        try (Rng a = Seed.of(42).stream();
                Rng b = Seed.of(42).stream();
                Rng c = Seed.of(43).stream()) {
            assertThat(a.normal(100).toFloats()).containsExactly(b.normal(100).toFloats());
            assertThat(a.uniform(DType.FLOAT64, 3, 7).toDoubles())
                    .containsExactly(b.uniform(DType.FLOAT64, 3, 7).toDoubles());
            assertThat(a.exponential(5).toFloats())
                    .containsExactly(b.exponential(5).toFloats());
            assertThat(a.permutation(50)).containsExactly(b.permutation(50));
            assertThat(a.normal(5).toFloats()).isNotEqualTo(c.normal(5).toFloats());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 7, 16, 17, 623, 625})
    void aRestoredStreamGoesOnWhereTheSavedOneWas(int drawn) {
        try (Rng rng = Seed.of(11).stream();
                Rng other = Seed.of(12).stream()) {
            // An odd number of single normals leaves one in reserve, since they are made in pairs.
            for (int i = 0; i < drawn; i++) {
                rng.normal(1);
            }
            byte[] state = rng.state();
            float[] normals = rng.normal(5).toFloats();
            double[] singles = {
                rng.normal(DType.FLOAT64).item(), rng.normal(DType.FLOAT64).item()
            };
            float[] many = rng.normal(100).toFloats();
            int[] order = rng.permutation(20);

            other.normal(3);
            other.restore(state);
            assertThat(other.state()).containsExactly(state);
            assertThat(other.normal(5).toFloats()).containsExactly(normals);
            assertThat(other.normal(DType.FLOAT64).item()).isEqualTo(singles[0]);
            assertThat(other.normal(DType.FLOAT64).item()).isEqualTo(singles[1]);
            assertThat(other.normal(100).toFloats()).containsExactly(many);
            assertThat(other.permutation(20)).containsExactly(order);
        }
    }

    @Test
    void aStateThatIsNotOneIsRefusedAndChangesNothing() {
        try (Rng rng = Seed.of(1).stream();
                Rng same = Seed.of(1).stream()) {
            byte[] state = rng.state();
            byte[] zeros = new byte[state.length];
            for (byte[] bad : new byte[][] {{}, {1, 2, 3}, Arrays.copyOf(state, state.length - 1), zeros}) {
                assertThatThrownBy(() -> rng.restore(bad))
                        .isInstanceOf(InputException.class)
                        .hasMessageContaining(bad.length + " bytes");
            }
            assertThat(rng.normal(8).toFloats()).containsExactly(same.normal(8).toFloats());
        }
    }

    @Test
    void aClosedStreamIsRefused() {
        Rng rng = Seed.of(1).stream();
        rng.close();
        rng.close();
        for (Runnable use : new Runnable[] {
            () -> rng.normal(1), () -> rng.uniform(1), () -> rng.exponential(1), () -> rng.permutation(2), rng::state
        }) {
            assertThatThrownBy(use::run)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("closed");
        }
    }

    @Test
    void aStreamOutlivesTheScopeThatItWasMadeIn() {
        Rng rng;
        try (var inner = Scope.open()) {
            rng = Seed.of(5).stream();
        }
        try (Rng same = Seed.of(5).stream()) {
            assertThat(rng.normal(4).toFloats()).containsExactly(same.normal(4).toFloats());
        }
        rng.close();
    }

    @Test
    void normalNumbersHaveTheirMoments() {
        int n = 1 << 20;
        try (Rng rng = Seed.of(2026).stream()) {
            double[] x = rng.normal(n).toDoubles();
            // Five standard errors: of the mean 1/√n, of the second moment √2/√n, third √15/√n, fourth √96/√n.
            double root = Math.sqrt(n);
            assertThat(moment(x, 1)).isEqualTo(0, within(5 / root));
            assertThat(moment(x, 2)).isEqualTo(1, within(5 * Math.sqrt(2) / root));
            assertThat(moment(x, 3)).isEqualTo(0, within(5 * Math.sqrt(15) / root));
            assertThat(moment(x, 4)).isEqualTo(3, within(5 * Math.sqrt(96) / root));
            double neighbours = 0;
            for (int i = 1; i < n; i++) {
                neighbours += x[i] * x[i - 1] / n;
            }
            assertThat(neighbours).isEqualTo(0, within(5 / root));
        }
    }

    private static double moment(double[] x, int power) {
        return Arrays.stream(x).map(v -> Math.pow(v, power)).average().getAsDouble();
    }

    @Test
    void numbersFillEveryPartOfTheirDistributionEqually() {
        int n = 200_000;
        NormalDistribution normal = NormalDistribution.of(0, 1);
        ExponentialDistribution exponential = ExponentialDistribution.of(1);
        try (Rng rng = Seed.of(9).stream()) {
            requireUniform(rng.uniform(n).toDoubles());
            requireUniform(rng.uniform(DType.FLOAT64, n).toDoubles());
            requireUniform(Arrays.stream(rng.normal(n).toDoubles())
                    .map(normal::cumulativeProbability)
                    .toArray());
            requireUniform(Arrays.stream(rng.exponential(n).toDoubles())
                    .map(exponential::cumulativeProbability)
                    .toArray());
            float[] many = rng.exponential(n).toFloats();
            for (float value : many) {
                assertThat(value > 0).isTrue();
            }
        }
    }

    /** Pearson's chi-square over 100 equal cells; a right generator fails once in a million seeds. */
    private static void requireUniform(double[] values) {
        int cells = 100;
        long[] counts = new long[cells];
        for (double value : values) {
            assertThat(value >= 0 && value < 1).isTrue();
            counts[(int) (value * cells)]++;
        }
        requireEqual(counts, values.length);
    }

    private static void requireEqual(long[] counts, long total) {
        double expected = total / (double) counts.length;
        double chiSquare = Arrays.stream(counts)
                .mapToDouble(count -> (count - expected) * (count - expected) / expected)
                .sum();
        ChiSquaredDistribution law = ChiSquaredDistribution.of(counts.length - 1);
        assertThat(law.survivalProbability(chiSquare)).isBetween(1e-6, 1 - 1e-6);
    }

    @Test
    void permutationsHoldEveryNumberOnceAndEveryOrderAlike() {
        try (Rng rng = Seed.of(4).stream()) {
            assertThat(rng.permutation(0)).isEmpty();
            assertThat(rng.permutation(1)).containsExactly(0);
            int[] order = rng.permutation(1000);
            assertThat(order).isNotEqualTo(Arrays.stream(order).sorted().toArray());
            assertThat(Arrays.stream(order).sorted().toArray())
                    .containsExactly(IntStream.range(0, 1000).toArray());
            long[] counts = new long[6];
            for (int i = 0; i < 6000; i++) {
                int[] three = rng.permutation(3);
                counts[three[0] * 2 + (three[1] > three[2] ? 1 : 0)]++;
            }
            requireEqual(counts, 6000);
        }
    }

    @Test
    void streamsOfTheSameSeedAreUncorrelated() {
        int n = 1 << 18;
        Seed root = Seed.of(42);
        try (Rng a = root.split("noise").stream();
                Rng b = root.split("init").stream();
                Rng c = root.split(1).stream()) {
            Tensor first = a.normal(n);
            assertThat(first.mul(b.normal(n)).mean().item()).isEqualTo(0, within(5 / Math.sqrt(n)));
            assertThat(first.mul(c.normal(n)).mean().item()).isEqualTo(0, within(5 / Math.sqrt(n)));
        }
    }
}
