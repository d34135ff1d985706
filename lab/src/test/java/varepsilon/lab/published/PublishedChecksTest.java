package varepsilon.lab.published;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import varepsilon.base.Watch;
import varepsilon.classify.Architecture;
import varepsilon.classify.Classifier;
import varepsilon.classify.NetworkClassifier;
import varepsilon.classify.Normalisation;
import varepsilon.data.Glyphs;
import varepsilon.data.ImageSet;
import varepsilon.lab.ScopedTest;
import varepsilon.lab.published.MeasuredClassifier.Measurement;
import varepsilon.lab.spec.AttackSpec;
import varepsilon.nn.Init;
import varepsilon.robust.attack.Fgsm;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.robust.evaluate.Check;
import varepsilon.robust.evaluate.FailureChecks;
import varepsilon.robust.evaluate.RobustEvaluation;
import varepsilon.robust.evaluate.Trial;
import varepsilon.tensor.Device;
import varepsilon.tensor.Scope;
import varepsilon.weights.Safetensors;
import varepsilon.weights.Weights;

/** The checks notice what was wrong with the published experiment. */
class PublishedChecksTest extends ScopedTest {
    private static final Normalisation NORMALISATION = new Normalisation(List.of(0.13), List.of(0.31));
    private static final Architecture SMALL = new Architecture("small-cnn", 10, NORMALISATION);
    private static final ImageSet IMAGES = Glyphs.draw("glyphs", 100, 4);

    @TempDir
    private Path folder;

    private NetworkClassifier network;
    private MeasuredClassifier measured;

    @BeforeEach
    void keepANetwork() throws IOException {
        network = closing(SMALL.create(Init.on(Device.CPU, rng(5))));
        Path weights = folder.resolve("weights.safetensors");
        try (var scope = Scope.withoutGradients()) {
            Safetensors.write(weights, Weights.of(network.module().state(), SMALL.metadata()));
        }
        measured = closing(MeasuredClassifier.read(weights, Device.CPU));
    }

    private Check atZero(Defect... defects) {
        List<String> labels = List.of(defects).stream().map(Defect::label).toList();
        Measurement asRun = new Measurement.AsRun("fgsm", AttackSpec.of("fgsm", "linf", 0), labels);
        return FailureChecks.zeroEpsilon(
                "fgsm",
                measured.changed(new Measurement.Clean("clean"), IMAGES, 7).predictions(),
                measured.changed(asRun, IMAGES, 7).predictions());
    }

    /** The clamp after the normalisation changes images, and predictions, where ε is 0. */
    @Test
    void theClampAfterNormalisationIsNoticedAtEpsilonZero() {
        Check asRun = atZero(Defect.CLAMP_NORMALISED, Defect.LOGIT_LOSS, Defect.NORMALISED_UNITS);

        assertThat(asRun.tripped()).isTrue();
        assertThat(asRun.saw())
                .startsWith("fgsm at ε = 0 changes the predictions of ")
                .doesNotContain("of 0 of");
        assertThat(asRun.advice()).contains("clamp in normalised units");
        assertThat(atZero().tripped()).isFalse();
    }

    /** As part of the classifier it takes the gradient of all dark pixels. */
    @Test
    void theClampAfterNormalisationIsNoticedInTheGradients() {
        Classifier clamped = pixels -> network.logits(PublishedAttack.clampedOnly(pixels, NORMALISATION));

        assertThat(clipped(clamped).tripped()).isTrue();
        assertThat(clipped(clamped).saw()).contains("all that have one, which are from 0.1");
        assertThat(clipped(network).tripped()).isFalse();
    }

    private static Check clipped(Classifier classifier) {
        RobustEvaluation evaluation = new RobustEvaluation(
                List.of(Trial.untargeted(new Fgsm(), ThreatModel.of(Norm.LINF, 0.1))), 50, 1, Device.CPU);
        return FailureChecks.of(evaluation, classifier, IMAGES, evaluation.of(classifier, IMAGES), Watch.NONE).stream()
                .filter(check -> check.name().equals("clipped-inputs"))
                .findFirst()
                .orElseThrow();
    }
}
