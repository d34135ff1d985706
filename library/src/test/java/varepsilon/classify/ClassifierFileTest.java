package varepsilon.classify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.classify.ClassifierFile.Stated;
import varepsilon.data.ImageSet;
import varepsilon.nn.Safetensors;
import varepsilon.nn.Weights;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.InputException;
import varepsilon.tensor.Tensor;

/** What a weight file says of the classifier in it, believed only as far as it agrees with itself. */
class ClassifierFileTest extends ScopedTest {
    private static final Architecture SMALL =
            new Architecture("small-cnn", 5, 12, new Normalisation(List.of(0.25), List.of(0.5)));
    private static final Architecture RESIDUAL = new Architecture("resnet20", 7, Normalisation.CIFAR10);

    @TempDir
    Path folder;

    private Map<String, Tensor> state(Architecture architecture) {
        return new LinkedHashMap<>(create(architecture, DType.FLOAT32).module().state());
    }

    private Path written(Map<String, Tensor> tensors, Map<String, String> metadata) throws IOException {
        Path path = folder.resolve("weights.safetensors");
        Safetensors.write(path, Weights.of(tensors, metadata));
        return path;
    }

    private ClassifierFile read(Map<String, Tensor> tensors, Map<String, String> metadata) throws IOException {
        return closing(ClassifierFile.read(written(tensors, metadata), Device.CPU));
    }

    private void assertRefused(Map<String, Tensor> tensors, Map<String, String> metadata, String... partsOfMessage)
            throws IOException {
        Path path = written(tensors, metadata);
        assertThatThrownBy(() -> ClassifierFile.read(path, Device.CPU))
                .isInstanceOf(InputException.class)
                .hasMessageContaining(path + ": ")
                .hasMessageContainingAll(partsOfMessage)
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n").doesNotContain("\u001b"));
    }

    private static Map<String, String> with(Architecture architecture, String key, String value) {
        Map<String, String> metadata = new LinkedHashMap<>(architecture.metadata());
        metadata.put(key, value);
        return metadata;
    }

    @Test
    void everyArchitectureComesBackFromItsFile() throws IOException {
        for (Architecture architecture : List.of(
                SMALL,
                RESIDUAL,
                new Architecture("small-cnn", 2, 32, Normalisation.CIFAR10),
                new Architecture("resnet32", 2, Normalisation.CIFAR10),
                new Architecture("resnet18", 3, Normalisation.CIFAR10),
                new Architecture("preactresnet18", 100, Normalisation.none(3)))) {
            Map<String, Tensor> state = state(architecture);
            ClassifierFile file = read(state, architecture.metadata());
            assertThat(file.architecture()).contains(architecture);
            assertThat(file.notes()).isEmpty();
            NetworkClassifier classifier = (NetworkClassifier) file.classifier();
            assertThat(classifier.module().isTraining()).isFalse();
            classifier
                    .module()
                    .state()
                    .forEach((name, tensor) -> assertThat(Arrays.equals(
                                    tensor.toFloats(), state.get(name).toFloats()))
                            .as(name)
                            .isTrue());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "resnet18",
                "preactresnet18",
                "resnet20",
                "resnet32",
                "resnet44",
                "resnet56",
                "resnet110",
                "small-cnn"
            })
    void withoutMetadataNamesAndShapesSayIt(String name) throws IOException {
        int channels = name.equals("small-cnn") ? 2 : 3;
        Architecture architecture = new Architecture(name, 4, Normalisation.none(channels));
        ClassifierFile file = read(state(architecture), Map.of());
        assertThat(file.architecture()).contains(architecture);
        assertThat(file.notes()).singleElement().asString().contains("does not say", "normalised", "[0, 1]");
    }

    @Test
    void countsOfBatchesMayBeMissing() throws IOException {
        Map<String, Tensor> state = state(RESIDUAL);
        assertThat(state.keySet().removeIf(name -> name.endsWith("num_batches_tracked")))
                .isTrue();
        assertThat(read(state, RESIDUAL.metadata()).architecture()).contains(RESIDUAL);
    }

    @Test
    void unknownKeysAreNoMatter() throws IOException {
        assertThat(read(state(SMALL), with(SMALL, "trained_by", "someone")).architecture())
                .contains(SMALL);
    }

    @Test
    void whatAPersonStatesGoesFirst() throws IOException {
        Normalisation stated = Normalisation.parse("0.1,0.2,0.3", "1,2,3");
        Path path = written(state(RESIDUAL), with(RESIDUAL, "architecture", "my own name"));
        ClassifierFile file = closing(
                ClassifierFile.read(path, new Stated(Optional.of("resnet20"), Optional.of(stated)), Device.CPU));
        assertThat(file.architecture()).contains(new Architecture("resnet20", 7, stated));
        assertThat(file.notes()).isEmpty();
        Stated another = new Stated(Optional.of("resnet32"), Optional.empty());
        assertThatThrownBy(() -> ClassifierFile.read(path, another, Device.CPU))
                .isInstanceOf(InputException.class)
                .hasMessageContainingAll("as a resnet32", "missing", "'layer1.3.conv1.weight'");
        Stated grey = new Stated(Optional.empty(), Optional.of(Normalisation.none(1)));
        Path good = written(state(RESIDUAL), RESIDUAL.metadata());
        assertThatThrownBy(() -> ClassifierFile.read(good, grey, Device.CPU))
                .isInstanceOf(InputException.class)
                .hasMessageContainingAll("3 colour channels", "for 1");
    }

    @Test
    void anotherArchitecturesWeightsAreRefusedWithTheParameterThatDiffers() throws IOException {
        Map<String, Tensor> state = state(RESIDUAL);
        assertRefused(state, with(RESIDUAL, "architecture", "resnet56"), "resnet56", "'layer1.3.conv1.weight'");
        assertRefused(state, with(RESIDUAL, "architecture", "resnet18"), "resnet18", "'conv1.weight'", "[16, 3, 3, 3]");
        assertRefused(state, with(RESIDUAL, "architecture", "small-cnn"), "small-cnn", "no tensor 'net.0.weight'");
        state.put("layer2.0.conv1.weight", Tensor.zeros(DType.FLOAT32, 32, 16, 1, 1));
        assertRefused(
                state, RESIDUAL.metadata(), "resnet20", "layer2.0.conv1.weight [32, 16, 1, 1] not [32, 16, 3, 3]");
        state.remove("layer3.2.bn2.running_var");
        assertRefused(state, RESIDUAL.metadata(), "missing ('layer3.2.bn2.running_var')");
        state.put("surplus", Tensor.zeros(DType.FLOAT32, 1));
        assertRefused(state, RESIDUAL.metadata(), "1 surplus ('surplus')");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "architecture; conv-vae; weights of a 'conv-vae'",
                "architecture; resnet26; weights of a 'resnet26'",
                "num_classes; 10; num_classes '10'",
                "num_classes; 1e99; num_classes '1e99'",
                "normalize_mean; 0.5,0.5; one number a channel",
                "normalize_mean; a,b,c; mean 'a,b,c'",
                "normalize_mean; 0.5,NaN,0.5; NaN",
                "normalize_std; 0.5,0,0.5; mean",
                "normalize_std; 0.5,0.5,-1; positive",
                "normalize_std; 0.5,0.5,; 0.5,0.5,",
            })
    void metadataThatCannotBeIsRefused(String key, String value, String message) throws IOException {
        assertRefused(state(RESIDUAL), with(RESIDUAL, key, value), message);
    }

    @Test
    void aNormalisationForOtherChannelsOrHalfOfOneIsRefused() throws IOException {
        Map<String, String> grey = with(RESIDUAL, "normalize_mean", "0.5");
        grey.put("normalize_std", "0.5");
        assertRefused(state(RESIDUAL), grey, "3 colour channels", "for 1");
        assertRefused(state(RESIDUAL), Map.of("normalize_std", "1,1,1"), "normalize_std without the other");
    }

    @Test
    void messagesStayOnOneLine() throws IOException {
        assertRefused(state(SMALL), with(SMALL, "architecture", "a\n\u001b[31mb"), "weights of a 'a");
    }

    @Test
    void filesOfOtherThingsAreRefused() throws IOException {
        assertRefused(Map.of("x", Tensor.zeros(DType.FLOAT32, 3)), Map.of(), "no architecture", "resnet20");
        Map<String, Tensor> unusual = state(RESIDUAL);
        unusual.put("layer1.3.conv1.weight", Tensor.zeros(DType.FLOAT32, 16, 16, 3, 3));
        assertRefused(unusual, Map.of(), "weights of a 'resnet26'");
        assertThatThrownBy(() -> ClassifierFile.read(folder.resolve("none.pt"), Device.CPU))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("no such file");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "net.0.weight; 16,100000,1,1",
                "net.0.weight; 1,100000,4,4",
                "net.0.weight; 16,0,4,4",
                "net.0.weight; 16",
                "net.5.weight; 1,128000000",
                "net.5.weight; 100,289",
                "net.5.weight; 100,0",
                "net.7.weight; 100000000,1",
                "net.7.weight; 100000000,0"
            })
    void aTensorOfAnotherSizeNeverMakesAHugeModel(String name, String sizes) throws IOException {
        long[] shape =
                Arrays.stream(sizes.split(",")).mapToLong(Long::parseLong).toArray();
        Map<String, Tensor> state = state(SMALL);
        state.put(name, Tensor.zeros(DType.INT8, shape));
        assertRefused(state, Map.of(), "'" + name + "'");
    }

    @Test
    void aRunsFolderStandsForItsBestWeights() throws IOException {
        Files.createDirectories(folder.resolve("run").resolve("checkpoints"));
        Path best = folder.resolve("run").resolve("checkpoints").resolve("best.safetensors");
        Safetensors.write(best, Weights.of(state(SMALL), SMALL.metadata()));
        ClassifierFile file = closing(ClassifierFile.read(folder.resolve("run"), Device.CPU));
        assertThat(file.path()).isEqualTo(best);
        assertThat(file.architecture()).contains(SMALL);
        assertThatThrownBy(() -> ClassifierFile.read(folder, Device.CPU))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("no best weights");
    }

    @Test
    void imagesThatDoNotFitAreRefused() throws IOException {
        ClassifierFile small = read(state(SMALL), SMALL.metadata());
        assertThatCode(() -> small.requireFits(images(5, 1, 12))).doesNotThrowAnyException();
        assertThatThrownBy(() -> small.requireFits(images(5, 1, 28)))
                .isInstanceOf(InputException.class)
                .hasMessageContainingAll(small.path().toString(), "1×12×12", "blank has 1×28×28");
        assertThatThrownBy(() -> small.requireFits(images(5, 3, 12))).hasMessageContaining("blank has 3×12×12");
        assertThatThrownBy(() -> small.requireFits(images(4, 1, 12))).hasMessageContaining("5 classes; blank has 4");
        ClassifierFile residual = read(state(RESIDUAL), RESIDUAL.metadata());
        // The mean over what is left of an image makes any side good.
        assertThatCode(() -> residual.requireFits(images(7, 3, 48))).doesNotThrowAnyException();
        assertThatThrownBy(() -> residual.requireFits(images(7, 1, 32))).hasMessageContaining("3×32×32 images");
    }

    private static ImageSet images(int classes, int channels, int side) {
        List<String> names = IntStream.range(0, classes).mapToObj(i -> "c" + i).toList();
        return ImageSet.labelled("blank", new byte[channels * side * side], channels, side, side, new int[1], names);
    }
}
