package varepsilon.generative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.base.InputException;
import varepsilon.tensor.DType;
import varepsilon.tensor.Tensor;

class LearnedGaussianTest extends GenerativeTest {
    /** Means, then log standard deviations. */
    private static Tensor output(double[] means, double[] stds) {
        double[] values = new double[2 * means.length];
        for (int i = 0; i < means.length; i++) {
            values[i] = means[i];
            values[means.length + i] = Math.log(stds[i]);
        }
        return Tensor.of(values, 1, 2, 1, means.length);
    }

    @Test
    void logProbabilityByHand() {
        double[] means = {0.1, 0.5, -0.3, 1.2};
        double[] stds = {0.3, 0.02, 1e-9, 5};
        double[] pixels = {0, 0.52, -0.29, 1};
        double expected = 0;
        for (int i = 0; i < 4; i++) {
            expected += Statistics.logNormal(pixels[i], means[i], stds[i] + 0.01);
        }
        Tensor found = new LearnedGaussian(0.01).logProbability(output(means, stds), Tensor.of(pixels, 1, 1, 1, 4));
        assertThat(found.toDoubles()).containsExactly(new double[] {expected}, within(1e-8));
        assertThat(new LearnedGaussian(0.01).outputChannels(3)).isEqualTo(6);
    }

    @ParameterizedTest
    @ValueSource(doubles = {1e-6, 0.01, 0.1, 2})
    void theDensityIntegratesToOne(double std) {
        int points = 4_001;
        double effective = std + 0.004;
        double step = 16 * effective / (points - 1);
        double[] pixels = new double[points];
        Arrays.setAll(pixels, i -> 0.4 - 8 * effective + i * step);
        Tensor output = output(new double[] {0.4}, new double[] {std}).expand(points, 2, 1, 1);
        double[] log = new LearnedGaussian()
                .logProbability(output, Tensor.of(pixels, points, 1, 1, 1))
                .toDoubles();
        // A plain sum is exact here to far more than double precision: the density vanishes at both ends.
        assertThat(Arrays.stream(log).map(Math::exp).sum() * step).isCloseTo(1, within(1e-12));
    }

    /** However small the network wants it, on pixels that it knows exactly. */
    @Test
    void theDensityIsBoundedByTheLeastDeviation() {
        Tensor output = Tensor.of(new double[] {0.25, -1e4}, 1, 2, 1, 1);
        Tensor target = Tensor.of(new double[] {0.25}, 1, 1, 1, 1);
        assertThat(new LearnedGaussian(0.02).logProbability(output, target).item())
                .isCloseTo(-Math.log(0.02) - 0.5 * Math.log(2 * Math.PI), within(1e-12));
    }

    @Test
    void samplesHaveMeanAndWidth() {
        int n = 20_000;
        double[] samples = new LearnedGaussian(0.01)
                .sample(
                        output(new double[] {0.5, 0.4}, new double[] {0.04, 0.09})
                                .to(DType.FLOAT32)
                                .expand(n, 2, 1, 2),
                        rng(3))
                .toDoubles();
        double[] means = {0.5, 0.4};
        double[] stds = {0.05, 0.1};
        for (int pixel = 0; pixel < 2; pixel++) {
            double[] values = new double[n];
            for (int i = 0; i < n; i++) {
                values[i] = samples[2 * i + pixel];
            }
            assertThat(Statistics.mean(values)).isCloseTo(means[pixel], within(4 * stds[pixel] / Math.sqrt(n)));
            double variance = Math.pow(Statistics.standardError(values), 2) * n;
            assertThat(variance / (stds[pixel] * stds[pixel])).isCloseTo(1, within(4 * Math.sqrt(2.0 / n)));
        }
    }

    @Test
    void modeAndMeanAreTheMeanWithinRange() {
        Tensor output = output(new double[] {-0.5, 0.25, 1.5}, new double[] {1, 1, 1});
        assertThat(new LearnedGaussian().mode(output).toDoubles()).containsExactly(0, 0.25, 1);
        assertThat(new LearnedGaussian().mean(output).toDoubles()).containsExactly(0, 0.25, 1);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, -0.1, Double.NaN, Double.POSITIVE_INFINITY})
    void otherBoundsAreRefused(double minStd) {
        assertThatThrownBy(() -> new LearnedGaussian(minStd))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("minStd " + minStd);
    }
}
