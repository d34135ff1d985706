package varepsilon.classify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.data.DataFolder;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/** The networks are those of textbook_classifiers.py, whose formulas for weights and pixels are repeated here. */
class TextbookClassifiersTest extends ClassifierTest {
    private static final String ANSWERS = "classifier_answers.csv";
    /** Of the largest number, with which rounding grows. */
    private static final double TOLERANCE = 2e-5;

    private static final long LABEL = 3;
    private static final int THIN = 97;

    static List<String> networks() {
        return List.of(
                "resnet20",
                "resnet18",
                "resnet18-cifar",
                "resnet18-imagenet",
                "resnet50-imagenet",
                "preactresnet18",
                "preactresnet18-no-norm",
                "wideresnet-16-2",
                "wideresnet-28-1",
                "preactresnet18-raw-shortcut",
                "preactresnet18-no-norm-raw-shortcut",
                "preactresnet18-swish",
                "wideresnet-16-2-swish",
                "small-cnn");
    }

    private static Architecture architecture(String name) {
        int channels = name.equals("small-cnn") || name.equals("resnet18-cifar") ? 1 : 3;
        int side = name.equals("small-cnn") ? 28 : name.equals("resnet18-imagenet") ? 48 : 32;
        Normalisation normalisation =
                new Normalisation(Collections.nCopies(channels, 0.5), Collections.nCopies(channels, 0.25));
        return new Architecture(name, 10, side, normalisation);
    }

    private static double mix(long n) {
        long x = n * 2654435761L & 0xFFFFFFFFL;
        x ^= x >>> 16;
        x = x * 2246822519L & 0xFFFFFFFFL;
        x ^= x >>> 13;
        x = x * 3266489917L & 0xFFFFFFFFL;
        x ^= x >>> 16;
        return x / 0x1p32;
    }

    private static void fill(NetworkClassifier classifier) {
        try (var scope = Scope.withoutGradients()) {
            long number = 0;
            for (Map.Entry<String, Tensor> named : classifier.module().state().entrySet()) {
                Tensor tensor = named.getValue();
                long first = 7919 * number;
                number++;
                if (!named.getKey().endsWith("num_batches_tracked")) {
                    double[] values = new double[Math.toIntExact(tensor.count())];
                    Arrays.setAll(values, i -> mix(i + first));
                    Tensor u = Tensor.of(values, tensor.shape());
                    tensor.copyInPlace(scaled(named.getKey(), u));
                }
            }
        }
    }

    private static Tensor scaled(String name, Tensor u) {
        if (u.dimensions() > 1) {
            double fanIn = (double) u.count() / u.size(0);
            return u.mul(2).sub(1).mul(Math.sqrt(6 / fanIn));
        }
        return name.endsWith("weight") || name.endsWith("running_var") ? u.add(0.5) : u.sub(0.5);
    }

    private static Tensor images(int channels, int side) {
        float[] pixels = new float[2 * channels * side * side];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (float) (Math.floor(256 * mix(i)) / 255);
        }
        return Tensor.of(pixels, 2, channels, side, side);
    }

    private static void requireAnswers(String name, Classifier classifier, Tensor images) {
        classifier.evaluating(() -> {
            Tensor pixels = images.requiresGrad(true);
            Tensor logits = classifier.logits(pixels);
            requireClose(answers(ANSWERS, name, "logits"), logits.toDoubles());
            Tensor label = Tensor.of(new long[] {LABEL}, 1);
            Tensor loss = Ops.crossEntropy(logits.narrow(0, 0, 1), label).sum();
            double[] gradient =
                    Gradients.of(loss, pixels).narrow(0, 0, 1).flatten(0).toDoubles();
            double[] expected = answers(ANSWERS, name, "gradient");
            double[] thinned = new double[expected.length];
            Arrays.setAll(thinned, i -> gradient[i * THIN]);
            requireClose(expected, thinned);
        });
    }

    private static void requireClose(double[] expected, double[] found) {
        assertThat(expected).hasSizeGreaterThan(8);
        double largest = Arrays.stream(expected).map(Math::abs).max().getAsDouble();
        assertThat(found).hasSameSizeAs(expected);
        for (int i = 0; i < expected.length; i++) {
            assertThat(Math.abs(found[i] - expected[i]) / largest)
                    .as("number %d", i)
                    .isLessThan(TOLERANCE);
        }
    }

    @ParameterizedTest
    @MethodSource("networks")
    void logitsAndGradientsAreTheTextbooks(String name) {
        boolean isDouble = name.startsWith("resnet50") || name.equals("preactresnet18-swish");
        DType dtype = isDouble ? DType.FLOAT64 : DType.FLOAT32;
        NetworkClassifier classifier = create(architecture(name), dtype);
        fill(classifier);
        Architecture architecture = classifier.architecture();
        requireAnswers(
                name,
                classifier,
                images(architecture.channels(), architecture.side()).to(dtype));
    }

    @ParameterizedTest
    @MethodSource("networks")
    void namesAndShapesAreTheTextbooks(String name) {
        List<String> found = create(architecture(name), DType.FLOAT32).module().state().entrySet().stream()
                .map(named -> named.getKey() + " " + joined(named.getValue().shape()))
                .toList();
        List<String> expected = rows("classifier_states.csv").stream()
                .filter(row -> row[0].equals(name))
                .map(row -> row[1] + " " + (row.length > 2 ? row[2] : ""))
                .toList();
        assertThat(found).containsExactlyElementsOf(expected);
    }

    /** Making a graph runs it beside the network, on images of another batch size. */
    @ParameterizedTest
    @ValueSource(strings = {"preactresnet18-raw-shortcut", "preactresnet18-swish", "wideresnet-16-2-swish"})
    void theyAreGraphsToo(String name) {
        NetworkClassifier classifier = create(architecture(name), DType.FLOAT32);
        try (ClassifierGraph recorded = ClassifierGraph.of(classifier, 3, 32, 32)) {
            assertThat(recorded.graph().nodes()).isNotEmpty();
        }
    }

    private static String joined(long... shape) {
        return String.join("x", Arrays.stream(shape).mapToObj(Long::toString).toList());
    }

    @ParameterizedTest
    @CsvSource({
        "resnet20, 269722",
        "resnet32, 464154",
        "resnet44, 658586",
        "resnet56, 853018",
        "resnet110, 1727962",
        "resnet18, 11173962",
        "resnet18-cifar, 11172810",
        "resnet18-imagenet, 11181642",
        "resnet34-no-pool, 21282122",
        "resnet50-imagenet, 23528522",
        "preactresnet18, 11172170",
        "preactresnet18-no-norm, 11171146",
        "wideresnet-16-2, 691674",
        "wideresnet-28-10, 36479194",
        "wideresnet-28-10-swish, 36479194",
        "small-cnn, 166406"
    })
    void sizesAreTheKnownOnes(String name, long parameters) {
        assertThat(create(architecture(name), DType.FLOAT32).module().parameterCount())
                .isEqualTo(parameters);
    }

    @ParameterizedTest
    @ValueSource(strings = {"cifar10-resnet20", "cifar10-resnet56"})
    void publicWeightsGiveTheTextbooksLogits(String name) throws IOException {
        Path file = publicWeights(name);
        ClassifierFile read = closing(ClassifierFile.read(file, Device.CPU));
        assertThat(read.notes()).isEmpty();
        requireAnswers(name, read.classifier(), images(3, 32));
    }

    private static Path publicWeights(String name) {
        String named = System.getenv(DataFolder.VARIABLE);
        assumeTrue(named != null && !named.isBlank(), "VAREPSILON_DATA is not set: no public weights to test with");
        return Path.of(named, "weights", name + ".safetensors");
    }

    @Test
    void theFixtureCoversWhatItSays() {
        assertThat(rows(ANSWERS).stream().map(row -> row[0]).distinct())
                .containsExactly(
                        "resnet18",
                        "preactresnet18",
                        "resnet20",
                        "small-cnn",
                        "resnet18-imagenet",
                        "resnet50-imagenet",
                        "resnet18-cifar",
                        "preactresnet18-no-norm",
                        "wideresnet-16-2",
                        "wideresnet-28-1",
                        "preactresnet18-raw-shortcut",
                        "preactresnet18-no-norm-raw-shortcut",
                        "preactresnet18-swish",
                        "wideresnet-16-2-swish",
                        "cifar10-resnet20",
                        "cifar10-resnet56");
    }
}
