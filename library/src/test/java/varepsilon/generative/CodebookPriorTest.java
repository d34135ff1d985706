package varepsilon.generative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import varepsilon.base.Family;
import varepsilon.base.InputException;
import varepsilon.data.ImageShape;
import varepsilon.nn.Adam;
import varepsilon.tensor.DType;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;
import varepsilon.weights.Weights;

/** The prior {@code codebook} and the posterior {@code quantised}: a VQ-VAE. */
class CodebookPriorTest extends GenerativeTest {
    private static final int LENGTH = 3;
    private static final int SIZE = 4;
    private static final int DIMENSIONS = 2;
    private static final ImageShape IMAGE = new ImageShape(1, 8, 8);

    private static VaeArchitecture architecture(int length, int size, int latentDim) {
        return new VaeArchitecture(
                latentDim,
                new MlpVae(12, 1),
                IMAGE,
                new Bernoulli(),
                new CodebookPrior.Choice(length, size, 16),
                new Quantised.Choice(),
                0);
    }

    private Vae vae() {
        Vae vae = closing(architecture(LENGTH, SIZE, LENGTH * DIMENSIONS).create(init(DType.FLOAT64, 5)));
        try (var scope = Scope.withoutGradients()) {
            var noise = init(DType.FLOAT64, 77);
            vae.parameters().values().forEach(p -> p.addInPlace(noise.normal(0.5, p.shape())));
        }
        return vae;
    }

    private Tensor target(Vae vae, int n) {
        byte[] pixels = new byte[n * 64];
        new Random(3).nextBytes(pixels);
        return vae.target(Tensor.of(pixels, n, 1, 8, 8)).to(DType.FLOAT64);
    }

    /** All sequences, row by row. */
    private static Tensor all() {
        int n = (int) Math.pow(SIZE, LENGTH);
        long[] numbers = new long[n * LENGTH];
        for (int i = 0; i < n; i++) {
            for (int j = 0, rest = i; j < LENGTH; j++, rest /= SIZE) {
                numbers[i * LENGTH + j] = rest % SIZE;
            }
        }
        return Tensor.of(numbers, n, LENGTH);
    }

    @Test
    void theProbabilitiesOfAllSequencesSumToOneAndSamplesHaveThem() {
        CodebookPrior prior = (CodebookPrior) vae().prior();
        int n = 20_000;
        try (var scope = Scope.withoutGradients()) {
            double[] probabilities =
                    prior.logProbability(prior.vectors(all())).exp().toDoubles();
            assertThat(Arrays.stream(probabilities).sum()).isCloseTo(1, within(1e-12));
            long[] drawn = prior.codes(prior.sample(n, rng(2))).toLongs();
            int[] counts = new int[probabilities.length];
            for (int i = 0; i < n; i++) {
                int number = 0;
                for (int j = LENGTH - 1; j >= 0; j--) {
                    number = SIZE * number + (int) drawn[i * LENGTH + j];
                }
                counts[number]++;
            }
            double chiSquare = 0;
            for (int i = 0; i < counts.length; i++) {
                double expected = n * probabilities[i];
                chiSquare += (counts[i] - expected) * (counts[i] - expected) / expected;
            }
            assertThat(chiSquare).isLessThan(120); // 63 degrees of freedom: more with probability 2e-5
        }
    }

    @Test
    void aVectorDependsOnThoseBeforeIt() {
        CodebookPrior prior = (CodebookPrior) vae().prior();
        double[] found =
                prior.logProbabilities(Tensor.of(new long[] {1, 2, 3}, 1, 3)).toDoubles();
        for (int changed = 0; changed < LENGTH; changed++) {
            long[] other = {1, 2, 3};
            other[changed] = 0;
            double[] now = prior.logProbabilities(Tensor.of(other, 1, 3)).toDoubles();
            for (int place = 0; place < LENGTH; place++) {
                boolean same = now[place * SIZE] == found[place * SIZE];
                assertThat(same)
                        .as("place %d after a change at %d", place, changed)
                        .isEqualTo(place <= changed);
            }
        }
    }

    @Test
    void aPointBetweenVectorsStandsForTheNearest() {
        CodebookPrior prior = (CodebookPrior) vae().prior();
        Tensor z = prior.vectors(Tensor.of(new long[] {3, 1, 0}, 1, 3));
        assertThat(prior.supported(z.mul(1.7).add(1e-3)).toDoubles()).containsExactly(z.toDoubles());
    }

    @Test
    void theNearestVectorsAreTaken() {
        Vae vae = vae();
        CodebookPrior prior = (CodebookPrior) vae.prior();
        Tensor z = prior.scaled(rng(4).normal(DType.FLOAT64, 50, LENGTH * DIMENSIONS));
        double[] rows = z.toDoubles();
        double[] book =
                prior.vectors(Tensor.of(new long[] {0, 1, 2, 3, 0, 0}, 2, 3)).toDoubles();
        long[] codes = prior.codes(z).toLongs();
        for (int i = 0; i < codes.length; i++) {
            int nearest = 0;
            double least = Double.POSITIVE_INFINITY;
            for (int code = 0; code < SIZE; code++) {
                double distance = 0;
                for (int d = 0; d < DIMENSIONS; d++) {
                    double difference = rows[i * DIMENSIONS + d] - book[code * DIMENSIONS + d];
                    distance += difference * difference;
                }
                if (distance < least) {
                    least = distance;
                    nearest = code;
                }
            }
            assertThat(codes[i]).isEqualTo(nearest);
        }
    }

    /** The ELBO is log p(x|z) + log p(z), one term of p(x) = Σ p(x|z) p(z) over all sequences. */
    @Test
    void theElboIsOneTermOfTheLikelihood() {
        Vae vae = vae();
        CodebookPrior prior = (CodebookPrior) vae.prior();
        Tensor target = target(vae, 2);
        double[] elbo = vae.elbo(target, rng(1)).value().toDoubles();
        Quantised q = (Quantised) vae.posterior(target);
        long[] chosen = q.codes().toLongs();
        Tensor sequences = all();
        Tensor z = prior.vectors(sequences);
        long n = sequences.size(0);
        double[] joint = vae.logLikelihoods(z.unsqueeze(1).expand(n, 2, LENGTH * DIMENSIONS), target)
                .add(prior.logProbability(z).unsqueeze(1))
                .toDoubles();
        for (int image = 0; image < 2; image++) {
            int number = 0;
            for (int j = LENGTH - 1; j >= 0; j--) {
                number = SIZE * number + (int) chosen[image * LENGTH + j];
            }
            assertThat(elbo[image]).isCloseTo(joint[2 * number + image], within(1e-9));
            double likelihood = 0;
            for (int i = 0; i < n; i++) {
                likelihood += Math.exp(joint[2 * i + image]);
            }
            assertThat(elbo[image]).isLessThan(Math.log(likelihood));
        }
        // As many samples as one likes tell no more, because all of them are the same z.
        double[] weighted =
                ImportanceWeightedBound.logLikelihood(vae, target, 7, 3, rng(1)).toDoubles();
        assertThat(weighted).containsExactly(elbo, within(1e-9));
    }

    /** The way to the codebook and back, by finite differences of the terms that van den Oord et al. write. */
    @Test
    void theCodebookIsPulledToTheEncodersOutput() {
        Vae vae = vae();
        CodebookPrior prior = (CodebookPrior) vae.prior();
        Tensor target = target(vae, 3);
        Tensor codebook = vae.parameters().get("prior.codebook");
        Quantised q = (Quantised) vae.posterior(target);
        Tensor codes = q.codes();
        Tensor pull = q.draw(1, rng(1)).divergence().orElseThrow().sum();
        double[] found = Gradients.of(pull, codebook).toDoubles();
        try (var scope = Scope.withoutGradients()) {
            Tensor encoded = prior.scaled(encoded(vae, target));
            double step = 1e-6;
            double[] values = codebook.toDoubles();
            for (int i = 0; i < values.length; i++) {
                double[] sides = new double[2];
                for (int side = 0; side < 2; side++) {
                    double[] moved = values.clone();
                    moved[i] += side == 0 ? -step : step;
                    codebook.copyInPlace(Tensor.of(moved, SIZE, DIMENSIONS));
                    sides[side] =
                            prior.vectors(codes).sub(encoded).square().sum().item();
                }
                codebook.copyInPlace(Tensor.of(values, SIZE, DIMENSIONS));
                assertThat(found[i]).isCloseTo((sides[1] - sides[0]) / (2 * step), within(1e-6));
            }
        }
    }

    /** The encoder's output before it is rounded, by the forward pass of its weights in this test. */
    private static Tensor encoded(Vae vae, Tensor target) {
        Map<String, Tensor> state = vae.state();
        Tensor x = vae.likelihood().encoderInput(target).flatten(1);
        Tensor h = Ops.gelu(Ops.linear(x, state.get("encoder.net.1.weight"), state.get("encoder.net.1.bias")));
        return Ops.linear(h, state.get("encoder.net.3.weight"), state.get("encoder.net.3.bias"));
    }

    /** Four images that differ are told apart by the codes after a short training, and cost what is left: ln 4. */
    @Test
    void trainingPutsTheImagesIntoTheCodes() {
        Vae vae = closing(architecture(2, 16, 8).create(init(DType.FLOAT32, 5)));
        byte[] pixels = new byte[4 * 64];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte) (i % 64 / 16 == i / 64 ? 255 : 0);
        }
        Tensor target = vae.target(Tensor.of(pixels, 4, 1, 8, 8));
        var rng = rng(1);
        try (Adam adam = new Adam(vae.parameters(), 1e-2)) {
            for (int i = 0; i < 400; i++) {
                try (var scope = Scope.withGradients()) {
                    Tensor loss = vae.elbo(target, rng).value().mean().neg();
                    adam.step(Gradients.of(loss, adam.parameters()));
                }
            }
        }
        assertThat(vae.elbo(target, rng).value().mean().neg().item()).isBetween(Math.log(4) - 0.01, Math.log(4) + 0.3);
    }

    @Test
    void aModelComesBackFromItsFile() {
        VaeArchitecture written = architecture(LENGTH, SIZE, 6);
        Vae vae = closing(written.create(init(DType.FLOAT32, 1)));
        assertThat(VaeArchitecture.describedBy(Weights.of(vae.state(), written.metadata()), Path.of("some")))
                .isEqualTo(written);
    }

    /** Masks of a file's metadata would take 2 TB. */
    @Test
    void aFileThatNamesAHugePriorIsRefusedWithoutMemory() {
        VaeArchitecture small = architecture(LENGTH, SIZE, 6);
        Vae vae = closing(small.create(init(DType.FLOAT32, 1)));
        Map<String, String> metadata = small.metadata();
        metadata.put("prior", "codebook:length=1024:size=65536:width=8192");
        metadata.put("latent_dim", "65536");
        assertThatThrownBy(() -> VaeArchitecture.describedBy(Weights.of(vae.state(), metadata), Path.of("some")))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("8 of another shape");
    }

    @Test
    void whatDoesNotGoTogetherIsRefused() {
        assertThatThrownBy(() -> Family.of(VaeObjective.class)
                        .parse("elbo:warm-up=2")
                        .requireUsable(new CodebookPrior.Choice(), new Quantised.Choice()))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("expected the plain bound");
        assertThatThrownBy(() -> architecture(LENGTH, SIZE, 7).create(init(DType.FLOAT32, 1)))
                .isInstanceOf(InputException.class)
                .hasMessage("the prior codebook of 3 vectors for latent dimension 7: expected a multiple of their"
                        + " number, at least twice as large");
        for (List<String> pair : List.of(List.of("codebook", "diagonal"), List.of("standard-normal", "quantised"))) {
            assertThatThrownBy(() -> new VaeArchitecture(
                            32,
                            new MlpVae(),
                            IMAGE,
                            new Bernoulli(),
                            Family.of(PriorChoice.class).parse(pair.get(0)),
                            Family.of(PosteriorChoice.class).parse(pair.get(1)),
                            0))
                    .isInstanceOf(InputException.class)
                    .hasMessage("the prior codebook and the posterior quantised go together: expected both, or neither"
                            + " of them");
        }
        assertThatThrownBy(() -> Family.of(VaeObjective.class)
                        .parse("iwae")
                        .requireUsable(new CodebookPrior.Choice(), new Quantised.Choice()))
                .isInstanceOf(InputException.class)
                .hasMessage("objective iwae: takes posteriors with a density, and quantised has none; expected the"
                        + " objective elbo");
    }
}
