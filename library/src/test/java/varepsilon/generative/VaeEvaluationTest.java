package varepsilon.generative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import varepsilon.data.Glyphs;
import varepsilon.data.ImageSet;
import varepsilon.nn.Init;
import varepsilon.tensor.Device;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.train.Trainer;

class VaeEvaluationTest {
    private final ImageSet images = Glyphs.draw("some", 50, 3);
    private final Vae vae = vae();

    private static Vae vae() {
        try (var scope = Scope.open();
                Rng rng = Seed.of(5).stream()) {
            return VaeArchitecture.conv(3, 2, 1, new Categorical(16)).create(Init.on(Device.CPU, rng));
        }
    }

    @AfterEach
    void free() {
        vae.close();
    }

    private VaeEvaluation evaluate(int batchSize, int importanceSamples, int chunk) {
        return VaeEvaluation.of(vae, images, new VaeEvaluation.Settings(batchSize, 9, importanceSamples, chunk));
    }

    private void scaleParameters(double factor) {
        try (var scope = Scope.withoutGradients()) {
            vae.parameters().values().forEach(parameter -> parameter.mulInPlace(factor));
        }
    }

    @Test
    void aModelThatKnowsNothingNeedsFourBitsForSixteenLevels() {
        scaleParameters(0);

        VaeEvaluation result = evaluate(16, 5, 2);

        assertThat(result.bpd()).isCloseTo(4, within(1e-6));
        assertThat(result.klNats()).isZero();
        assertThat(result.activeUnits()).isZero();
        // Every weight is p(x) itself: no draw of z matters.
        assertThat(result.iwBpd()).isCloseTo(4, within(1e-6));
        assertThat(result.effectiveSamples()).isCloseTo(5, within(1e-5));
    }

    /** Against the bounds image by image, by arithmetic in this test. */
    @Test
    void intervalsAreOverImages() {
        double[] bounds = new double[images.size()];
        for (int i = 0; i < bounds.length; i++) {
            bounds[i] = VaeEvaluation.of(vae, images.subset(new int[] {i}), new VaeEvaluation.Settings(1, 9, 300, 0))
                    .iwNats();
        }
        double mean = Arrays.stream(bounds).average().orElseThrow();
        double variance = Arrays.stream(bounds)
                        .map(bound -> (bound - mean) * (bound - mean))
                        .sum()
                / (bounds.length - 1);
        double half = 2.0096 * Math.sqrt(variance / bounds.length); // Student's t of 49 degrees of freedom

        VaeEvaluation result = evaluate(16, 300, 0);

        assertThat(result.iwCi95().get(0)).isCloseTo(mean - half, within(0.05 * half));
        assertThat(result.iwCi95().get(1)).isCloseTo(mean + half, within(0.05 * half));
        assertThat(result.nelboCi95().get(0)).isLessThan(result.nelboNats());
        assertThat(evaluate(16, 2, 0).iwCi95()).hasSize(2);
    }

    @Test
    void aSingleImageHasNoInterval() {
        VaeEvaluation result = VaeEvaluation.of(vae, images.limit(1), new VaeEvaluation.Settings(1, 9, 3, 0));
        assertThat(result.nelboCi95()).isNull();
        assertThat(result.iwCi95()).isNull();
    }

    @Test
    void largeImagesTakeFewDrawsAtOnce() {
        VaeEvaluation.Settings settings = VaeEvaluation.Settings.elbo(128, 1);
        assertThat(settings.draws(28 * 28, 16)).isEqualTo(10);
        assertThat(settings.draws(256 * 256, 768)).isEqualTo(1);
        assertThat(settings.draws(28 * 28, 256)).isEqualTo(1);
        assertThat(new VaeEvaluation.Settings(1, 1, 1000, 0).draws(28 * 28, 1)).isEqualTo(1337);
    }

    @Test
    void itIsTheValidationOfTraining() {
        Map<String, Double> validated = Trainer.validate(new ElboObjective(vae), images, 16, 9);

        VaeEvaluation result = evaluate(16, 0, 1);

        assertThat(result.n()).isEqualTo(50);
        assertThat(result.bpd()).isCloseTo(validated.get("bpd"), within(1e-6));
        assertThat(result.reconstructionNats()).isCloseTo(validated.get("reconstruction_nats"), within(1e-9));
        assertThat(result.klNats()).isCloseTo(validated.get("kl_nats"), within(1e-9));
        assertThat(result.importanceSamples()).isNull();
        assertThat(result.iwNats()).isNull();
    }

    @Test
    void oneImportanceSampleIsAnotherDrawOfTheElbo() {
        VaeEvaluation result = evaluate(50, 1, 1);

        // The divergence is in closed form in one and drawn in the other: they agree but for noise.
        assertThat(result.iwNats()).isCloseTo(result.nelboNats(), within(0.02 * result.nelboNats()));
    }

    @Test
    void progressTellsOfEveryBatch() {
        List<Long> heard = new ArrayList<>();

        VaeEvaluation.of(vae, images, VaeEvaluation.Settings.elbo(20, 1), (what, done, all) -> heard.add(done));

        assertThat(heard).containsExactly(0L, 20L, 40L, 50L);
    }
}
