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

class GaussianTest extends GenerativeTest {
    @Test
    void bytesBecomeIntensities() {
        Gaussian likelihood = new Gaussian(0.1);
        Tensor target = likelihood.target(Tensor.of(new byte[] {0, 51, (byte) 204, (byte) 255}, 1, 1, 2, 2));
        assertThat(target.dtype()).isEqualTo(DType.FLOAT32);
        assertThat(target.toFloats()).containsExactly(new float[] {0, 0.2f, 0.8f, 1}, within(1e-7f));
        assertThat(likelihood.encoderInput(target).toFloats())
                .containsExactly(new float[] {-1, -0.6f, 0.6f, 1}, within(1e-6f));
    }

    @Test
    void logProbabilityByHand() {
        double[] means = {0.1, 0.5, -0.3, 1.2};
        double[] pixels = {0, 0.7, 0.2, 1};
        double expected = 0;
        for (int i = 0; i < 4; i++) {
            expected += Statistics.logNormal(pixels[i], means[i], 0.3);
        }
        Tensor found = new Gaussian(0.3).logProbability(Tensor.of(means, 1, 1, 2, 2), Tensor.of(pixels, 1, 1, 2, 2));
        assertThat(found.toDoubles()).containsExactly(new double[] {expected}, within(1e-12));
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.01, 0.1, 2})
    void theDensityIntegratesToOne(double std) {
        int points = 4_001;
        double step = 16 * std / (points - 1);
        double[] pixels = new double[points];
        Arrays.setAll(pixels, i -> 0.4 - 8 * std + i * step);
        Tensor output = Tensor.full(0.4, DType.FLOAT64, points, 1, 1, 1);
        double[] log = new Gaussian(std)
                .logProbability(output, Tensor.of(pixels, points, 1, 1, 1))
                .toDoubles();
        // A plain sum is exact here to far more than double precision: the density vanishes at both ends.
        assertThat(Arrays.stream(log).map(Math::exp).sum() * step).isCloseTo(1, within(1e-12));
    }

    @Test
    void samplesHaveMeanAndWidthAndStayInRange() {
        int n = 20_000;
        Gaussian likelihood = new Gaussian(0.05);
        double[] samples = likelihood
                .sample(Tensor.full(0.5, DType.FLOAT32, n, 1, 1, 1), rng(3))
                .toDoubles();
        assertThat(Statistics.mean(samples)).isCloseTo(0.5, within(4 * 0.05 / Math.sqrt(n)));
        double variance =
                Arrays.stream(samples).map(x -> (x - 0.5) * (x - 0.5)).average().orElseThrow();
        assertThat(variance / (0.05 * 0.05)).isCloseTo(1, within(4 * Math.sqrt(2.0 / n)));
        float[] atTheEdge = likelihood
                .sample(Tensor.of(new float[] {-0.01f, 1.01f}, 1, 1, 1, 2).expand(1_000, 1, 1, 2), rng(3))
                .toFloats();
        for (float value : atTheEdge) {
            assertThat(value).isBetween(0f, 1f);
        }
    }

    @Test
    void modeAndMeanAreTheOutputWithinRange() {
        Tensor output = Tensor.of(new double[] {-0.5, 0.25, 1.5}, 1, 1, 1, 3);
        assertThat(new Gaussian(0.1).mode(output).toDoubles()).containsExactly(0, 0.25, 1);
        assertThat(new Gaussian(0.1).mean(output).toDoubles()).containsExactly(0, 0.25, 1);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, -0.1, Double.NaN, Double.POSITIVE_INFINITY})
    void otherWidthsAreRefused(double std) {
        assertThatThrownBy(() -> new Gaussian(std))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("std " + std);
    }
}
