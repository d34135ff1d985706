package varepsilon.classify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import varepsilon.data.Batches;
import varepsilon.data.DataFolder;
import varepsilon.data.Datasets;
import varepsilon.data.ImageSet;
import varepsilon.data.Split;
import varepsilon.graph.GraphNetwork;
import varepsilon.graph.OnnxFile;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;
import varepsilon.weights.PyTorchStateDict;
import varepsilon.weights.Weights;

/**
 * Logits and input gradients of ONNX models against PyTorch: {@code VAREPSILON_MODELS} names what export_models.py
 * wrote, {@code VAREPSILON_DATA} has the public hardened models as ONNX and as TorchScript.
 */
class ExportedModelsTest {
    private static final double TOLERANCE = 1e-4;
    private static final double DOUBLE_TOLERANCE = 1e-6;

    @TestFactory
    Stream<DynamicTest> logitsAndGradientsAreThoseOfPyTorch() throws IOException {
        String named = System.getenv("VAREPSILON_MODELS");
        assumeTrue(named != null && !named.isBlank(), "VAREPSILON_MODELS is not set: no exported models to test with");
        try (Stream<Path> files = Files.list(Path.of(named))) {
            List<Path> models = files.filter(file -> file.toString().endsWith(".onnx"))
                    .sorted()
                    .toList();
            assertThat(models).isNotEmpty();
            return models.stream().map(model -> DynamicTest.dynamicTest(model.toString(), () -> compare(model)));
        }
    }

    private static void compare(Path model) throws IOException {
        String name = model.getFileName().toString().replace(".onnx", "");
        try (var scope = Scope.withGradients();
                OnnxFile file = OnnxFile.read(model, Device.CPU)) {
            Weights reference = PyTorchStateDict.read(model.resolveSibling(name + ".pt"));
            Tensor x = reference.tensors().get("x").requiresGrad(true);
            Tensor expected = reference.tensors().get("logits");
            long[] example = Arrays.copyOfRange(x.shape(), 1, x.dimensions());
            file.requireSupported(model);
            try (GraphNetwork network = GraphNetwork.of(file.graph(), example)) {
                Tensor single = x.detach().to(DType.FLOAT32);
                requireSame(network.forward(single), expected, TOLERANCE);
                // The batch is free: an image alone, or among more, gives the same row.
                long last = x.size(0) - 1;
                requireSame(network.forward(single.narrow(0, last, 1)), expected.narrow(0, last, 1), TOLERANCE);
                Tensor many = network.forward(Tensor.concat(0, List.of(single, single, single)));
                requireSame(many.narrow(0, 0, x.size(0)), expected, TOLERANCE);
            }
            try (GraphNetwork network = GraphNetwork.of(file.graph().in(DType.FLOAT64), example)) {
                Tensor logits = network.forward(x);
                Tensor labels = Tensor.zeros(DType.INT64, x.size(0));
                Tensor gradient = Gradients.of(Ops.crossEntropy(logits, labels).sum(), x);
                requireSame(gradient, reference.tensors().get("gradient"), DOUBLE_TOLERANCE);
            }
        }
    }

    /** Relative to the largest element. */
    private static void requireSame(Tensor found, Tensor expected, double tolerance) {
        assertThat(found.shape()).isEqualTo(expected.shape());
        double difference = found.sub(expected).abs().flatten(0).amax(0).item();
        assertThat(difference / expected.abs().flatten(0).amax(0).item()).isLessThan(tolerance);
    }

    @TestFactory
    Stream<DynamicTest> hardenedModelsAreThoseOfTorchScript() throws IOException {
        Path folder = data();
        ImageSet images = Datasets.load("cifar10", Split.TEST, folder).limit(20);
        return Stream.of("resnet2b", "cifar_conv_small_pgd")
                .map(name -> DynamicTest.dynamicTest(name, () -> {
                    Path model = folder.resolve("weights").resolve("robust").resolve(name + ".onnx");
                    try (var scope = Scope.withGradients();
                            ClassifierFile onnx = ClassifierFile.read(model, Device.CPU);
                            ClassifierFile program =
                                    ClassifierFile.read(model.resolveSibling(name + ".pt"), Device.CPU)) {
                        onnx.requireFits(images);
                        var batch = Batches.of(images, 20).iterator().next();
                        Tensor x = batch.pixels(Device.CPU).requiresGrad(true);
                        requireSame(
                                onnx.classifier().logits(x),
                                program.classifier().logits(x),
                                TOLERANCE);
                        requireSame(gradient(onnx, x, batch.labels()), gradient(program, x, batch.labels()), TOLERANCE);
                    }
                }));
    }

    private static Tensor gradient(ClassifierFile file, Tensor x, Tensor labels) {
        return Gradients.of(
                Ops.crossEntropy(file.classifier().logits(x), labels).sum(), x);
    }

    @Test
    void theOvalModelIsCorrectOnAsManyImagesAsStated() throws IOException {
        Path folder = data();
        ImageSet images = Datasets.load("cifar10", Split.TEST, folder).limit(2000);
        Path model = folder.resolve("weights").resolve("robust").resolve("oval_base.onnx");
        try (var scope = Scope.withoutGradients();
                ClassifierFile file = ClassifierFile.read(model, Device.CPU)) {
            int right = 0;
            for (var batch : Batches.of(images, 250)) {
                Tensor predicted =
                        file.classifier().logits(batch.pixels(Device.CPU)).argmax(1);
                right +=
                        (int) predicted.eq(batch.labels()).to(DType.INT64).sum().item();
            }
            assertThat(right).isEqualTo(1181);
        }
    }

    private static Path data() {
        String named = System.getenv(DataFolder.VARIABLE);
        assumeTrue(named != null && !named.isBlank(), "VAREPSILON_DATA is not set: no published models to test with");
        Path folder = Path.of(named);
        assumeTrue(Files.isDirectory(folder.resolve("weights").resolve("robust")), "no hardened models in " + folder);
        return folder;
    }
}
