package varepsilon.lab.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import varepsilon.base.InputException;
import varepsilon.data.ImageSet;
import varepsilon.tensor.DType;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

/** What the studies measure with. */
class MeasuresTest {
    private static final int SIDE = 6;

    private static ImageSet images(byte[] pixels) {
        return ImageSet.unlabelled("made", pixels, 1, SIDE, SIDE);
    }

    @Test
    void pixelsThatRiseAndFallTogetherCorrelateByOne() {
        byte[] pixels = new byte[20 * SIDE * SIDE];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte)
                    (10 * (i / (SIDE * SIDE)) + i % (SIDE * SIDE) % 5); // the second part is the same in every image
        }
        SamplingStudy.Estimate found = SamplingStudy.neighbourCorrelation(images(pixels));
        assertThat(found.value()).isCloseTo(1, within(1e-9));
    }

    @Test
    void noiseDoesNotCorrelateThoughItsMeanDoes() {
        byte[] pixels = new byte[400 * SIDE * SIDE];
        try (var scope = Scope.withoutGradients();
                Rng rng = Seed.of(4).stream()) {
            float[] noise = rng.uniform(pixels.length).toFloats();
            for (int i = 0; i < pixels.length; i++) {
                int row = i % (SIDE * SIDE) / SIDE;
                pixels[i] = (byte) (20 * row + 100 * noise[i]); // brighter to the bottom in every image
            }
        }
        SamplingStudy.Estimate found = SamplingStudy.neighbourCorrelation(images(pixels));
        assertThat(Math.abs(found.value())).isLessThan(0.05);
        assertThat(found.error()).isBetween(0.001, 0.03);
    }

    @Test
    void whereNothingVariesNothingCorrelates() {
        assertThat(SamplingStudy.neighbourCorrelation(images(new byte[3 * SIDE * SIDE]))
                        .value())
                .isZero();
    }

    @Test
    void noTwoPixelsOfAnImageShareAZ() {
        int area = 5;
        float[] pool = new float[area * 2 * area];
        for (int i = 0; i < pool.length; i++) {
            pool[i] = i; // the value tells image, channel and pixel
        }
        float[] shuffled = SamplingStudy.shuffledByPixel(pool, 3, 2, area);
        for (int image = 0; image < 3; image++) {
            Set<Integer> used = new HashSet<>();
            for (int pixel = 0; pixel < area; pixel++) {
                int first = (int) shuffled[image * 2 * area + pixel];
                int second = (int) shuffled[(image * 2 + 1) * area + pixel];
                assertThat(first % area).as("the pixel stays in its place").isEqualTo(pixel);
                assertThat(second).as("both channels from one z").isEqualTo(first + area);
                used.add(first / (2 * area));
            }
            assertThat(used).hasSize(area);
        }
        assertThatIllegalArgumentException().isThrownBy(() -> SamplingStudy.shuffledByPixel(pool, 6, 2, area));
    }

    @Test
    void quadratureMeetsTheClosedForm() {
        double[] mean = {0.7, -1.2};
        double[] std = {0.4, 1.5};
        MultivariateNormal standard = MultivariateNormal.standard(2);
        double closed = MultivariateNormal.diagonal(mean, std).kullbackLeibler(standard);
        assertThat(DivergenceStudy.quadrature(mean, std, DivergenceStudy.LogDensity.of(standard::logDensity), 200))
                .isCloseTo(closed, within(1e-10));
    }

    @Test
    void quadratureOfTheMixtureNoLongerDependsOnItsPieces() {
        double[] mean = {0.6, 0.4};
        double[] std = {0.5, 0.8};
        DivergenceStudy.LogDensity mixture = DivergenceStudy.LogDensity.of(DivergenceStudy.MIXTURE::logDensity);
        double coarse = DivergenceStudy.quadrature(mean, std, mixture, 300);
        double fine = DivergenceStudy.quadrature(mean, std, mixture, 500);
        assertThat(coarse).isCloseTo(fine, within(1e-9));
    }

    @Test
    void theMixturesTwoDensitiesAreOneAndIntegrateToOne() {
        GaussianMixture mixture = DivergenceStudy.MIXTURE;
        double[] points = {0, 0, -2, 0.5, 1.3, -0.9, 4, 4};
        try (var scope = Scope.withoutGradients()) {
            double[] found = mixture.logProbability(Tensor.of(points, 2, 2, 2)).toDoubles();
            for (int i = 0; i < found.length; i++) {
                assertThat(found[i]).isCloseTo(mixture.logDensity(points[2 * i], points[2 * i + 1]), within(1e-12));
            }
        }
        double mass = 0;
        double step = 0.05;
        for (double a = -10; a <= 10; a += step) {
            for (double b = -10; b <= 10; b += step) {
                mass += step * step * Math.exp(mixture.logDensity(a, b));
            }
        }
        assertThat(mass).isCloseTo(1, within(1e-9));
    }

    @Test
    void theMixtureDrawsFromItsComponents() {
        try (var scope = Scope.withoutGradients();
                Rng rng = Seed.of(12).stream()) {
            int n = 40_000;
            double[] mean = DivergenceStudy.MIXTURE
                    .sample(n, rng)
                    .to(DType.FLOAT64)
                    .mean(0L)
                    .toDoubles();
            // 0.3·(−2) + 0.5·1 + 0.2·0.5 and 0.3·0.5 − 0.5·0.5 + 0.2·2; both standard deviations are below 1.6.
            assertThat(mean[0]).isCloseTo(0, within(4.5 * 1.6 / Math.sqrt(n)));
            assertThat(mean[1]).isCloseTo(0.3, within(4.5 * 1.6 / Math.sqrt(n)));
        }
    }

    @Test
    void theWayLeadsFromThePriorToThePosterior() {
        MultivariateNormal posterior =
                MultivariateNormal.of(new double[] {1, -2}, new double[][] {{0.5, 0.2}, {0.2, 0.3}});
        MultivariateNormal start = PosteriorApproachStudy.between(posterior, 0);
        MultivariateNormal end = PosteriorApproachStudy.between(posterior, 1);
        assertThat(start.kullbackLeibler(MultivariateNormal.standard(2))).isCloseTo(0, within(1e-15));
        assertThat(end.kullbackLeibler(posterior)).isCloseTo(0, within(1e-14));
    }

    @Test
    void metricsAreReadByTheNamesOfTheirColumns(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("metrics.csv");
        Files.writeString(file, """
                epoch,step,seconds,train_kl_nats,val_kl_nats,train_reconstruction_nats,val_reconstruction_nats
                0,10,1.0,3.5,3.25,100.5,101.5
                """);
        assertThat(TwoTermsStudy.epochs(folder)).containsExactly(new TwoTermsStudy.Epoch(1, 100.5, 101.5, 3.5, 3.25));
        Files.writeString(file, "epoch,step\n0,10\n");
        assertThatExceptionOfType(InputException.class)
                .isThrownBy(() -> TwoTermsStudy.epochs(folder))
                .withMessageContaining("no column train_reconstruction_nats");
    }

    @Test
    void numbersAreWrittenWithThreeDigits() {
        assertThat(Words.number(0.0123456)).isEqualTo("0.0123");
        assertThat(Words.number(123.456)).isEqualTo("123");
        assertThat(Words.number(-9.876)).isEqualTo("-9.88");
        assertThat(Words.number(142_041.2)).isEqualTo("142,041");
        assertThat(Words.number(3.2e-12)).isEqualTo("3.2e-12");
        assertThat(Words.number(0)).isEqualTo("0");
        assertThat(Words.percent(0.0567)).isEqualTo("5.67 %");
    }
}
