package varepsilon.onnxruntime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import varepsilon.base.InputException;
import varepsilon.classify.Architecture;
import varepsilon.classify.ClassifierFile;
import varepsilon.classify.ClassifierGraph;
import varepsilon.classify.NetworkClassifier;
import varepsilon.classify.Normalisation;
import varepsilon.classify.OnnxRunner;
import varepsilon.graph.OnnxFile;
import varepsilon.nn.Init;
import varepsilon.tensor.Device;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

/** Our classifiers, written as ONNX models and run by ONNX Runtime, which we did not write. */
class OrtRunnerTest {
    @TempDir
    Path folder;

    static Stream<Architecture> architectures() {
        Normalisation cifar = Normalisation.parse("0.49,0.48,0.45", "0.25,0.24,0.26");
        return Stream.of(
                        "small-cnn",
                        "resnet20",
                        "resnet18",
                        "resnet18-imagenet",
                        "resnet50-imagenet",
                        "preact-resnet18",
                        "wideresnet-10-1")
                .filter(Architecture::isKnown)
                .map(name -> new Architecture(name, 10, cifar));
    }

    @ParameterizedTest
    @MethodSource("architectures")
    void whatIsExportedComputesTheSameLogits(Architecture architecture) throws IOException {
        Path file = folder.resolve("model.onnx");
        try (var scope = Scope.withoutGradients();
                Rng random = Seed.of(1).stream();
                NetworkClassifier classifier = architecture.create(Init.on(Device.CPU, random))) {
            unevenStatistics(classifier, random);
            int side = architecture.side();
            try (ClassifierGraph graph = ClassifierGraph.of(classifier, architecture.channels(), side, side)) {
                OnnxFile.write(file, graph.graph(), Map.of());
            }
            Tensor x = random.uniform(3, architecture.channels(), side, side);
            Tensor expected = classifier.evaluating(() -> classifier.logits(x));
            try (OnnxRunner.Session session = OnnxRunner.find().orElseThrow().open(file, 1)) {
                requireSame(session.run(x), expected);
                requireSame(session.run(x.narrow(0, 0, 1)), expected.narrow(0, 0, 1));
            }
            try (ClassifierFile again = ClassifierFile.read(file, Device.CPU)) {
                requireSame(again.classifier().logits(x), expected);
            }
            try (ClassifierFile box = ClassifierFile.blackBox(file, ClassifierFile.Stated.NOTHING, 1)) {
                requireSame(box.classifier().logits(x), expected);
                assertThat(box.notes()).anyMatch(note -> note.contains("ONNX Runtime"));
            }
        }
    }

    private static void unevenStatistics(NetworkClassifier classifier, Rng random) {
        classifier.module().state().forEach((name, tensor) -> {
            if (name.endsWith("running_var")) {
                tensor.copyInPlace(random.uniform(tensor.shape()).add(0.5));
            } else if (name.endsWith("running_mean")) {
                tensor.copyInPlace(random.normal(tensor.shape()).mul(0.1));
            }
        });
    }

    private static void requireSame(Tensor found, Tensor expected) {
        assertThat(found.shape()).isEqualTo(expected.shape());
        double scale = expected.abs().flatten(0).amax(0).item();
        assertThat(found.sub(expected).abs().flatten(0).amax(0).item()).isLessThan(1e-4 * scale);
    }

    @Test
    void aFileThatIsNoModelIsRefused() throws IOException {
        Path file = folder.resolve("model.onnx");
        Files.write(file, new byte[] {8, 8, 18, 1, 2, 3});
        OnnxRunner runner = OnnxRunner.find().orElseThrow();
        assertThatThrownBy(() -> runner.open(file, 1))
                .isInstanceOf(InputException.class)
                .hasMessageContainingAll(file.toString(), "ONNX Runtime cannot open it");
    }
}
