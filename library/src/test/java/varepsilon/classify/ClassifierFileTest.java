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
import varepsilon.base.InputException;
import varepsilon.classify.ClassifierFile.Stated;
import varepsilon.data.ImageSet;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Tensor;
import varepsilon.weights.Safetensors;
import varepsilon.weights.Weights;

/** What a weight file says of the classifier in it, believed only as far as it agrees with itself. */
class ClassifierFileTest extends ClassifierTest {
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
                "resnet18-cifar",
                "resnet18-imagenet",
                "resnet34",
                "resnet34-cifar",
                "resnet50-cifar",
                "resnet50-imagenet",
                "preactresnet18",
                "preactresnet18-no-norm",
                "wideresnet-16-2",
                "preactresnet18-swish",
                "wideresnet-28-1",
                "wideresnet-16-2-swish",
                "resnet20",
                "resnet32",
                "resnet44",
                "resnet56",
                "resnet110",
                "small-cnn"
            })
    void withoutMetadataNamesAndShapesSayIt(String name) throws IOException {
        // Images of two channels: those of a network's images are what its first layer takes.
        Architecture architecture = new Architecture(name, 4, Normalisation.none(2));
        ClassifierFile file = read(state(architecture), Map.of());
        assertThat(file.architecture()).contains(architecture);
        assertThat(file.notes()).first().asString().contains("does not say", "normalised", "[0, 1]");
        boolean poolUnknown = name.equals("resnet18") || name.equals("resnet34");
        boolean shortcutUnknown = name.equals("preactresnet18") || name.equals("preactresnet18-no-norm");
        assertThat(file.notes()).hasSize(poolUnknown || shortcutUnknown ? 2 : 1);
        if (shortcutUnknown) {
            assertThat(file.notes().get(1))
                    .contains("activated input", "state the architecture " + name + "-raw-shortcut");
        }
        if (poolUnknown) {
            assertThat(file.notes().get(1)).contains("with a max pool", "state the architecture " + name + "-no-pool");
        }
    }

    @Test
    void aMaxPoolThatWeightsDoNotShowIsLeftOutWhereAPersonSaysSo() throws IOException {
        Architecture pooled = new Architecture("resnet18", 4, Normalisation.CIFAR10);
        Path path = written(state(pooled), Map.of());
        Stated stated = new Stated(Optional.of("resnet18-no-pool"), Optional.of(Normalisation.CIFAR10));
        ClassifierFile file = closing(ClassifierFile.read(path, stated, Device.CPU));
        assertThat(file.architecture()).contains(new Architecture("resnet18-no-pool", 4, Normalisation.CIFAR10));
        assertThat(file.notes()).isEmpty();
    }

    @Test
    void aShortcutThatWeightsDoNotShowIsWhatAPersonSays() throws IOException {
        Architecture architecture = new Architecture("preactresnet18-no-norm", 4, Normalisation.CIFAR10);
        Path path = written(state(architecture), Map.of());
        Stated stated =
                new Stated(Optional.of("preactresnet18-no-norm-raw-shortcut"), Optional.of(Normalisation.CIFAR10));
        ClassifierFile file = closing(ClassifierFile.read(path, stated, Device.CPU));
        assertThat(file.architecture().orElseThrow().name()).isEqualTo("preactresnet18-no-norm-raw-shortcut");
        assertThat(file.notes()).isEmpty();
    }

    private static Map<String, Tensor> prefixed(String prefix, Map<String, Tensor> tensors) {
        Map<String, Tensor> renamed = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> renamed.put(prefix + name, tensor));
        return renamed;
    }

    @ParameterizedTest
    @CsvSource({
        "module., mu, sigma",
        "model., normalize.mean, normalize.std",
        "1., 0.mean, 0.std",
        "module.model., module.normalizer.new_mean, module.normalizer.new_std",
        "'', mu, sigma"
    })
    void aNormalisationThatLiesBesideTheWeightsIsTaken(String prefix, String mean, String std) throws IOException {
        Map<String, Tensor> tensors = prefixed(prefix, state(RESIDUAL));
        tensors.put(mean, Tensor.of(new float[] {0.4914f, 0.4822f, 0.4465f}, 1, 3, 1, 1));
        tensors.put(std, Tensor.of(new float[] {0.247f, 0.243f, 0.261f}, 3));
        ClassifierFile file = read(tensors, Map.of());
        assertThat(file.architecture()).contains(RESIDUAL);
        assertThat(file.notes())
                .hasSize(prefix.isEmpty() ? 1 : 2)
                .last()
                .asString()
                .contains("normalised by the file's '" + mean + "' and '" + std + "'", "mean 0.4914, 0.4822, 0.4465");
        Normalisation stated = Normalisation.none(3);
        ClassifierFile other = closing(
                ClassifierFile.read(file.path(), new Stated(Optional.empty(), Optional.of(stated)), Device.CPU));
        assertThat(other.architecture().orElseThrow().normalisation()).isEqualTo(stated);
        assertThat(other.notes()).last().asString().contains("takes the place of the file's '" + mean + "'");
    }

    @ParameterizedTest
    @CsvSource({"123.675, 58.395", "0.5, 0", "-0.5, 1", "NaN, 1"})
    void aNormalisationThatCannotBeIsLeftOutAndThatIsSaid(float mean, float std) throws IOException {
        Map<String, Tensor> tensors = state(RESIDUAL);
        tensors.put("mean", Tensor.full(mean, DType.FLOAT32, 3));
        tensors.put("std", Tensor.full(std, DType.FLOAT32, 3));
        ClassifierFile file = read(tensors, Map.of());
        assertThat(file.architecture()).contains(new Architecture("resnet20", 7, Normalisation.none(3)));
        assertThat(file.notes()).hasSize(2);
        assertThat(file.notes().get(0)).contains("'mean' and 'std' are no means in [0, 1]", "left out");
        assertThat(file.notes().get(1)).contains("its input is pixels in [0, 1], not normalised");
    }

    @Test
    void theSecondFirstGroupOfWideNetworksIsLeftOut() throws IOException {
        Architecture wide = new Architecture("wideresnet-16-2", 3, Normalisation.none(3));
        Map<String, Tensor> tensors = state(wide);
        state(wide).forEach((name, tensor) -> {
            if (name.startsWith("block1.")) {
                tensors.put("sub_" + name, tensor);
            }
        });
        ClassifierFile file = read(tensors, Map.of());
        assertThat(file.architecture()).contains(wide);
        assertThat(file.notes()).last().asString().contains("tensors", "does not use");
        tensors.put("sub_block2.layer.0.bn1.weight", Tensor.zeros(DType.FLOAT32, 1));
        assertRefused(tensors, Map.of(), "1 surplus ('sub_block2.layer.0.bn1.weight')");
    }

    @Test
    void aWideNetworkIsNeverMadeLargerThanTheFile() throws IOException {
        Architecture wide = new Architecture("wideresnet-16-2", 3, Normalisation.none(3));
        Map<String, Tensor> tensors = state(wide);
        for (int i = 2; i < 20; i++) {
            tensors.put("block1.layer." + i + ".conv1.weight", Tensor.zeros(DType.FLOAT32, 1));
        }
        assertRefused(tensors, Map.of(), "wideresnet-124-2", "'block1.layer.2.conv1.weight' is [1]");
        tensors.put("block1.layer.0.conv1.weight", Tensor.zeros(DType.FLOAT32, 16 * 99, 1));
        assertRefused(tensors, Map.of(), "wideresnet-124-99", "'block1.layer.0.conv1.weight' is [1584, 1]");
    }

    @Test
    void ofSeveralNetworksTheStatedOneIsReadElseTheFirst() throws IOException {
        Architecture large = new Architecture("resnet32", 7, Normalisation.CIFAR10);
        Map<String, Tensor> both = prefixed("teacher.", state(large));
        both.putAll(prefixed("student.", state(RESIDUAL)));
        Path path = written(both, Map.of());
        Stated student = new Stated(Optional.of("resnet20"), Optional.of(Normalisation.CIFAR10));
        ClassifierFile stated = closing(ClassifierFile.read(path, student, Device.CPU));
        assertThat(stated.architecture()).contains(RESIDUAL);
        assertThat(stated.notes())
                .first()
                .asString()
                .contains("2 models: names with 'student.', names with 'teacher.'");
        Stated silent = new Stated(Optional.empty(), Optional.of(Normalisation.CIFAR10));
        assertThat(closing(ClassifierFile.read(path, silent, Device.CPU)).architecture())
                .contains(large);
    }

    @Test
    void aSurplusScalarIsNamed() throws IOException {
        for (String name : List.of("temperature", "layer9.bn1.num_batches_tracked")) {
            Map<String, Tensor> state = state(RESIDUAL);
            state.put(name, Tensor.zeros(DType.INT64));
            assertRefused(state, RESIDUAL.metadata(), "1 surplus ('" + name + "')");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"FLOAT16", "BFLOAT16", "FLOAT64"})
    void weightsOfOtherTypesAreConverted(String type) throws IOException {
        Map<String, Tensor> state = state(SMALL);
        state.replaceAll((name, tensor) -> tensor.to(DType.valueOf(type)));
        NetworkClassifier classifier =
                (NetworkClassifier) read(state, SMALL.metadata()).classifier();
        classifier.module().state().forEach((name, tensor) -> {
            assertThat(tensor.dtype()).as(name).isEqualTo(DType.FLOAT32);
            assertThat(tensor.toDoubles())
                    .as(name)
                    .isEqualTo(state.get(name).to(DType.FLOAT32).toDoubles());
        });
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
