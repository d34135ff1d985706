package varepsilon.generative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import varepsilon.nn.Layer;
import varepsilon.tensor.DType;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

class ImportanceWeightedBoundTest extends GenerativeTest {
    private static final double STD = 0.5;

    /** p(x|z) = N(z·w + μ, σ²) for one pixel. */
    private static LinearVae onePixel(double w) {
        return new LinearVae(new double[][] {{w}}, new double[] {0.2}, STD);
    }

    private static Vae withPrior(Vae vae, Prior prior) {
        return new Vae(
                Layer.of(x -> {
                    DiagonalGaussian q =
                            (DiagonalGaussian) vae.posterior(x.add(1).div(2));
                    return Tensor.concat(1, List.of(q.mean(), q.logStd()));
                }),
                Layer.of(z -> ((IndependentPixels) vae.decode(z)).output()),
                prior,
                vae.likelihood(),
                vae.device());
    }

    /**
     * A prior whose density of draw k is that of the standard normal times e to the power of {@code logFactors[k]}, by
     * order of asking: it makes log weights known numbers.
     */
    private static final class Scripted implements Prior {
        private final double[] logFactors;
        private int asked;

        Scripted(double... logFactors) {
            this.logFactors = logFactors;
        }

        @Override
        public Tensor logProbability(Tensor z) {
            int draws = (int) z.size(0);
            double[] factors = IntStream.range(asked, asked + draws)
                    .mapToDouble(k -> logFactors[k])
                    .toArray();
            asked += draws;
            return new StandardNormal(1).logProbability(z).add(Tensor.of(factors, draws, 1));
        }

        @Override
        public Tensor sample(int n, Rng rng) {
            throw new UnsupportedOperationException();
        }

        @Override
        public int latentDim() {
            return 1;
        }
    }

    @Test
    void everyWeightCountsOnceWhateverTheChunks() {
        // The decoder ignores z and the posterior is the standard normal: w = p(x)·e^factor.
        LinearVae blind = onePixel(0);
        Vae vae = closing(blind.withEncoder(0, 1, init(DType.FLOAT64, 1)));
        double[] image = {0.9};
        double[] logFactors = {-3, 1, 0.5, -40, 2, 0, -1};
        double sum =
                IntStream.range(0, 7).mapToDouble(k -> Math.exp(logFactors[k])).sum();
        double squares = IntStream.range(0, 7)
                .mapToDouble(k -> Math.exp(2 * logFactors[k]))
                .sum();
        double expected = blind.logLikelihood(image) + Math.log(sum / 7);
        for (int chunk : new int[] {1, 2, 3, 6, 7, 100}) {
            Scripted prior = new Scripted(logFactors);
            ImportanceWeightedBound.Estimate bound = ImportanceWeightedBound.estimate(
                    withPrior(vae, prior), Tensor.of(image, 1, 1, 1, 1), 7, chunk, rng(1));
            assertThat(prior.asked).isEqualTo(7);
            assertThat(bound.logLikelihood().item()).as("chunk %d", chunk).isCloseTo(expected, within(1e-12));
            assertThat(bound.effectiveSamples().item())
                    .as("chunk %d", chunk)
                    .isCloseTo(sum * sum / squares, within(1e-12));
        }
    }

    @Test
    void weightsFarBelowTheSmallestNumberAreSummed() {
        Vae vae = closing(onePixel(0).withEncoder(0, 1, init(DType.FLOAT64, 1)));
        double bound = ImportanceWeightedBound.logLikelihood(
                        withPrior(vae, new Scripted(-5000, -5001, -5002)),
                        Tensor.of(new double[] {0.2}, 1, 1, 1, 1),
                        3,
                        2,
                        rng(1))
                .item();
        double expected =
                onePixel(0).logLikelihood(new double[] {0.2}) - 5000 + Math.log((1 + Math.exp(-1) + Math.exp(-2)) / 3);
        assertThat(bound).isCloseTo(expected, within(1e-9));
    }

    @Test
    void aPriorWithoutClosedFormGivesTheLikelihoodToo() {
        // x = z·w + μ + noise with z from the mixture: (x − μ)/w is mixture plus normal noise of deviation σ/w.
        double w = 0.8;
        Vae vae = withPrior(closing(onePixel(w).withEncoder(0, 2, init(DType.FLOAT64, 1))), new MixturePrior());
        double[] image = {0.7};
        double expected = MixturePrior.logDensity((image[0] - 0.2) / w, STD / w) - Math.log(w);
        int repeats = 2_000;
        Tensor target = Tensor.of(image, 1, 1, 1, 1).expand(repeats, 1, 1, 1);
        double[] elbo = vae.elbo(target, rng(2)).value().toDoubles();
        assertThat(Statistics.mean(elbo) + 4 * Statistics.standardError(elbo)).isLessThan(expected);
        try (var scope = Scope.withoutGradients()) {
            double[] bounds = ImportanceWeightedBound.logLikelihood(vae, target, 500, 100, rng(3))
                    .toDoubles();
            assertThat(Statistics.mean(bounds))
                    .isCloseTo(expected, within(4 * Statistics.standardError(bounds) + 2e-3));
        }
    }

    @Test
    void imagesDoNotMix() {
        LinearVae model = onePixel(0.8);
        Vae vae = closing(model.withEncoder(0, 1, init(DType.FLOAT64, 1)));
        double[] images = {-1, 0.3, 2, 0.9};
        double[] bounds = ImportanceWeightedBound.logLikelihood(vae, Tensor.of(images, 4, 1, 1, 1), 5, 2, rng(1))
                .toDoubles();
        for (int i = 0; i < images.length; i++) {
            assertThat(bounds[i]).isCloseTo(model.logLikelihood(new double[] {images[i]}), within(1e-10));
        }
    }

    @Test
    void countsBelowOneAreRefused() {
        Vae vae = closing(onePixel(1).withEncoder(0, 1, init(DType.FLOAT64, 1)));
        Tensor target = Tensor.of(new double[] {0}, 1, 1, 1, 1);
        Rng rng = rng(1);
        assertThatThrownBy(() -> ImportanceWeightedBound.logLikelihood(vae, target, 0, 1, rng))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("samples 0");
        assertThatThrownBy(() -> ImportanceWeightedBound.logLikelihood(vae, target, 1, 0, rng))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("chunk 0");
    }
}
