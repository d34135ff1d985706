package varepsilon.generative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.apache.commons.numbers.gamma.LogBeta;
import org.apache.commons.statistics.distribution.BinomialDistribution;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.tensor.DType;
import varepsilon.tensor.Tensor;

class BetaBinomialTest extends GenerativeTest {
    private static final double[] OUTPUTS = {-1e4, -30, -5, -0.7, 0, 0.4, 3, 9, 13, 30, 1e4};

    private static double bounded(double a) {
        return 1 / (1 / a + 1e-6);
    }

    /** log C(n, v) B(v + α, n − v + β) / B(α, β), the binomial coefficient as 1 / ((n + 1) B(v + 1, n − v + 1)). */
    private static double logMass(double alpha, double beta, int v, int n) {
        return LogBeta.value(v + alpha, n - v + beta)
                - LogBeta.value(alpha, beta)
                - LogBeta.value(v + 1.0, n - v + 1.0)
                - Math.log(n + 1.0);
    }

    private static double[] logMasses(int levels, double logAlpha, double logBeta) {
        Tensor output = Tensor.of(new double[] {logAlpha, logBeta}, 1, 2, 1, 1);
        return new BetaBinomial(levels)
                .levelLogProbabilities(output, Tensor.zeros(DType.INT64, 1, 1, 1, 1), 0)
                .toDoubles();
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 4, 8, 16, 32, 64, 128, 256})
    void probabilitiesByHand(int levels) {
        for (double logAlpha : new double[] {-5, -0.7, 0, 3, 9}) {
            for (double logBeta : new double[] {-3, 0, 1.1, 8}) {
                double[] found = logMasses(levels, logAlpha, logBeta);
                for (int level = 0; level < levels; level++) {
                    double expected =
                            logMass(bounded(Math.exp(logAlpha)), bounded(Math.exp(logBeta)), level, levels - 1);
                    assertThat(found[level]).isCloseTo(expected, within(1e-8 * (1 + Math.abs(expected))));
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 4, 8, 16, 32, 64, 128, 256})
    void theMassIsOneAtEveryBitDepthAndOutput(int levels) {
        int side = OUTPUTS.length;
        double[] outputs = new double[2 * side * side];
        for (int i = 0; i < side * side; i++) {
            outputs[i] = OUTPUTS[i / side];
            outputs[side * side + i] = OUTPUTS[i % side];
        }
        double[] log = new BetaBinomial(levels)
                .levelLogProbabilities(
                        Tensor.of(outputs, 1, 2, side, side).to(DType.FLOAT32),
                        Tensor.zeros(DType.INT64, 1, 1, side, side),
                        0)
                .toDoubles();
        for (int i = 0; i < side * side; i++) {
            double sum = 0;
            for (int level = 0; level < levels; level++) {
                sum += Math.exp(log[level * side * side + i]);
            }
            assertThat(sum)
                    .as("log α %s, log β %s", OUTPUTS[i / side], OUTPUTS[i % side])
                    .isCloseTo(1, within(1e-6));
        }
    }

    @Test
    void itsLimits() {
        assertThat(logMasses(256, 0, 0)).as("uniform").containsExactly(fill(256, -Math.log(256)), within(1e-5));
        double[] ends = logMasses(256, -20, -21);
        assertThat(Math.exp(ends[255])).isCloseTo(Math.E / (1 + Math.E), within(1e-6));
        assertThat(Math.exp(ends[0])).isCloseTo(1 / (1 + Math.E), within(1e-6));
        // α = 2/3·10⁶ and β = 1/3·10⁶ after the bound: nearly binomial with 2/3.
        double[] narrow = logMasses(16, Math.log(2e6), Math.log(0.5e6));
        for (int level = 0; level < 16; level++) {
            assertThat(Math.exp(narrow[level]))
                    .isCloseTo(BinomialDistribution.of(15, 2 / 3.0).probability(level), within(2e-5));
        }
    }

    private static double[] fill(int count, double value) {
        double[] values = new double[count];
        Arrays.fill(values, value);
        return values;
    }

    @Test
    void logProbabilityIsTheSumOverChannelsAndPixels() {
        double[] outputs = {0.2, -0.7, 0.9, 0.1, 1.4, -0.2, -1, -2, 0.5, -3, 0, -1.5};
        long[] target = {0, 7, 3, 5, 2, 7};
        double expected = 0;
        for (int i = 0; i < 6; i++) {
            expected += logMass(bounded(Math.exp(outputs[i])), bounded(Math.exp(outputs[6 + i])), (int) target[i], 7);
        }
        Tensor found =
                new BetaBinomial(8).logProbability(Tensor.of(outputs, 1, 6, 1, 2), Tensor.of(target, 1, 3, 1, 2));
        assertThat(found.toDoubles()).containsExactly(new double[] {expected}, within(1e-9));
    }
}
