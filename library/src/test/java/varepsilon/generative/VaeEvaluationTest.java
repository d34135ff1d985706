package varepsilon.generative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
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
