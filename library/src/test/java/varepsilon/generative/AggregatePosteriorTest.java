package varepsilon.generative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import varepsilon.base.StoppedException;
import varepsilon.base.Watch;
import varepsilon.data.ImageSet;
import varepsilon.nn.Layer;
import varepsilon.tensor.Device;
import varepsilon.tensor.Tensor;

class AggregatePosteriorTest extends GenerativeTest {
    private static final double STD = 0.5;
    private static final int N = 1_500;

    /** Pixels 64 or 192, independent of each other, which are the means ∓0.5. */
    private static ImageSet images(int n, int dimensions) {
        Random random = new Random(3);
        int[][] rows = new int[n][dimensions];
        for (int[] row : rows) {
            for (int j = 0; j < dimensions; j++) {
                row[j] = random.nextBoolean() ? 64 : 192;
            }
        }
        return PixelCodes.images(rows);
    }

    private static AggregatePosterior measure(Vae vae, ImageSet images) {
        return AggregatePosterior.of(vae, images, images.size(), 1_500, 5, Watch.NONE);
    }

    @Test
    void momentsAndPartsOfAMixtureOfTwoNormalsInEachDimension() {
        Vae vae = closing(PixelCodes.diagonal(3, STD, new StandardNormal(3)));
        AggregatePosterior found = measure(vae, images(N, 3));

        assertThat(found.n()).isEqualTo(N);
        assertThat(found.latentDim()).isEqualTo(3);
        assertThat(found.dimensions()).hasSize(3);
        double low = PixelCodes.mean(64);
        double high = PixelCodes.mean(192);
        double spread = (high - low) / 2;
        for (AggregatePosterior.Dimension dimension : found.dimensions()) {
            // Variances 0.25 of the means and 0.25 of the draws around them: four standard errors of the mean are
            // 0.073.
            assertThat(dimension.mean()).isCloseTo((low + high) / 2, within(0.073));
            assertThat(dimension.variance()).isCloseTo(spread * spread + STD * STD, within(0.06));
            assertThat(dimension.priorMean()).isZero();
            assertThat(dimension.priorVariance()).isEqualTo(1);
        }
        // What z says of the image is which of two it is in each dimension: log 2 less the entropy that is left.
        double information = 3
                * (entropy(z -> 0.5 * Math.exp(Statistics.logNormal(z, low, STD))
                                + 0.5 * Math.exp(Statistics.logNormal(z, high, STD)))
                        - entropy(z -> Math.exp(Statistics.logNormal(z, low, STD))));
        KlDecomposition parts = found.decomposition();
        assertThat(parts.indexCodeNats().value())
                .isCloseTo(information, within(4 * parts.indexCodeNats().standardError()));
        assertThat(parts.klNats().value())
                .isCloseTo(
                        3 * (0.5 * (STD * STD + (low * low + high * high) / 2 - 1) - Math.log(STD)),
                        within(4 * parts.klNats().standardError()));
        // The three dimensions are drawn independently: nearly so in 1,500 images.
        assertThat(parts.totalCorrelationNats().value()).isCloseTo(0, within(0.02));
        assertThat(found.gaussianTotalCorrelationNats()).isBetween(0.0, 0.02);
    }

    private static double entropy(DoubleUnaryOperator density) {
        return Statistics.integral(z -> -density.applyAsDouble(z) * Math.log(density.applyAsDouble(z)), -6, 6);
    }

    @Test
    void aPriorWithoutKnownMomentsIsDrawnFrom() {
        Vae vae = closing(PixelCodes.diagonal(1, STD, new MixturePrior()));
        AggregatePosterior found = measure(vae, images(100, 1));

        // 0.3·N(−2, 0.5²) + 0.7·N(1, 1): the mean is 0.1, the second moment 0.3·4.25 + 0.7·2.
        double variance = 0.3 * 4.25 + 0.7 * 2 - 0.1 * 0.1;
        assertThat(found.dimensions().get(0).priorMean()).isCloseTo(0.1, within(4 * Math.sqrt(variance / 10_000)));
        assertThat(found.dimensions().get(0).priorVariance()).isCloseTo(variance, within(0.15));
        assertThat(found.decomposition().dimensionWiseKlNats()).isNull();
        assertThat(found.decomposition().aggregateKlNats().value()).isPositive();
    }

    @Test
    void anotherPosteriorHasMomentsAlone() {
        Layer encoder = Layer.of(x -> {
            Tensor mean = x.flatten(1);
            return Tensor.concat(
                    1, List.of(mean, mean.zerosLike(), mean.narrow(1, 0, 1).zerosLike()));
        });
        Inference full = new FullGaussian.Choice().create(new StandardNormal(2), null);
        Vae vae = closing(new Vae(
                encoder,
                full,
                PixelCodes.decoder(2),
                IndependentPixels::new,
                new StandardNormal(2),
                new Gaussian(),
                0,
                Device.CPU));
        AggregatePosterior found = measure(vae, images(N, 2));

        assertThat(found.decomposition()).isNull();
        assertThat(found.dimensions().get(1).variance()).isCloseTo(1.25, within(0.19));
    }

    @Test
    void fewerImagesThanDimensionsHaveNoGaussianFit() {
        Vae vae = closing(PixelCodes.diagonal(8, STD, new StandardNormal(8)));

        assertThat(measure(vae, images(8, 8)).gaussianTotalCorrelationNats()).isNull();
        assertThat(measure(vae, images(9, 8)).gaussianTotalCorrelationNats()).isPositive();
    }

    @Test
    void aPartOfADataSetStandsForIt() {
        Vae vae = closing(PixelCodes.diagonal(2, STD, new StandardNormal(2)));
        AggregatePosterior found = AggregatePosterior.of(vae, images(500, 2), 60_000, 100, 5, Watch.NONE);

        assertThat(found.n()).isEqualTo(500);
        assertThat(found.dataSize()).isEqualTo(60_000);
        double sum = found.decomposition().indexCodeNats().value()
                + found.decomposition().aggregateKlNats().value();
        assertThat(sum).isCloseTo(found.decomposition().klNats().value(), within(1e-9));
    }

    @Test
    void isDecidedBySeedAndStops() {
        Vae vae = closing(PixelCodes.diagonal(2, STD, new StandardNormal(2)));
        ImageSet images = images(300, 2);

        assertThat(measure(vae, images)).isEqualTo(measure(vae, images));
        assertThatThrownBy(() -> AggregatePosterior.of(vae, images, 300, 100, 5, Watch.stopWhen(() -> true)))
                .isInstanceOf(StoppedException.class);
    }
}
