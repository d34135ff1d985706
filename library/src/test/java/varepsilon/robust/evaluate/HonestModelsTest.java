package varepsilon.robust.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import varepsilon.base.Watch;
import varepsilon.classify.ClassifierFile;
import varepsilon.data.DataFolder;
import varepsilon.data.Datasets;
import varepsilon.data.ImageSet;
import varepsilon.data.Split;
import varepsilon.robust.attack.AttackLoss;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.Pgd;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.tensor.Device;

/** Public networks of standard and of robust training, in which nothing is wrong. */
class HonestModelsTest {
    private static final double EPSILON = 2 / 255.0;

    private static List<Check> checks(String weights, AttackLoss loss, int images) throws IOException {
        String named = System.getenv(DataFolder.VARIABLE);
        assumeTrue(named != null && !named.isBlank(), DataFolder.VARIABLE + " is not set: no images");
        Path data = Path.of(named);
        Path file = data.resolve("weights").resolve(weights);
        assumeTrue(Files.isRegularFile(file), "no " + file);
        ImageSet test = Datasets.load("cifar10", Split.TEST, data).limit(images);
        Trial trial = Trial.untargeted(Pgd.ofSteps(20).withLoss(loss), ThreatModel.of(Norm.LINF, EPSILON));
        RobustEvaluation evaluation = new RobustEvaluation(List.of(trial), 64, 5, Device.CPU);
        try (ClassifierFile model = ClassifierFile.read(file, Device.CPU)) {
            RobustnessReport report = evaluation.of(model.classifier(), test);
            return FailureChecks.of(evaluation, model.classifier(), test, report, Watch.NONE);
        }
    }

    @Test
    void noneTrips() throws IOException {
        assertThat(checks("cifar10-resnet20.safetensors", AttackLoss.EXACT_CROSS_ENTROPY, 64))
                .filteredOn(Check::tripped)
                .isEmpty();
        assertThat(checks("robust/resnet2b.pt", AttackLoss.CROSS_ENTROPY, 64))
                .filteredOn(Check::tripped)
                .isEmpty();
    }

    /** At 22 of 59 images the probability is so close to 1 that the gradient in single precision leads elsewhere. */
    @Test
    void theCrossEntropyOfAConfidentNetworkIsRoundedAway() throws IOException {
        List<Check> checks = checks("cifar10-resnet20.safetensors", AttackLoss.CROSS_ENTROPY, 64);
        assertThat(checks).filteredOn(Check::tripped).singleElement().satisfies(check -> {
            assertThat(check.name()).isEqualTo("gradients");
            assertThat(check.advice()).contains("exact-cross-entropy, margin or dlr");
        });
    }
}
