package varepsilon.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import varepsilon.classify.Architecture;
import varepsilon.classify.NetworkClassifier;
import varepsilon.classify.Normalisation;
import varepsilon.nn.Init;
import varepsilon.tensor.Device;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;
import varepsilon.weights.Safetensors;
import varepsilon.weights.Weights;

/** Files and folders that cannot be used: exit code 1, one line that names them, nothing overwritten. */
class ClassifierBadInputTest {
    @TempDir
    private Path folder;

    private Path data;
    private Path out;

    @BeforeEach
    void prepare() throws IOException {
        data = SmallMnist.in(folder.resolve("data"));
        out = folder.resolve("run");
    }

    private Path weights(String architecture, int classes, Normalisation normalisation) throws IOException {
        return weights(new Architecture(architecture, classes, normalisation), Map.of());
    }

    /** @param replaced metadata by key; an empty value leaves the key out */
    private Path weights(Architecture architecture, Map<String, String> replaced) throws IOException {
        Path file = folder.resolve(architecture.name() + ".safetensors");
        Map<String, String> metadata = new LinkedHashMap<>(architecture.metadata());
        metadata.putAll(replaced);
        metadata.values().removeIf(String::isEmpty);
        try (var scope = Scope.open();
                Rng rng = Seed.of(3).stream();
                NetworkClassifier classifier = architecture.create(Init.on(Device.CPU, rng))) {
            Safetensors.write(file, Weights.of(classifier.module().state(), metadata));
        }
        return file;
    }

    private Ran attack(Path weights, Object... more) {
        List<Object> words = new ArrayList<>(
                List.of("attack", "--weights", weights, "--data", "mnist", "--data-dir", data, "--attack", "fgsm"));
        words.addAll(List.of(more));
        return Ran.of(words.toArray());
    }

    @Test
    void noSuchWeights() {
        assertThat(attack(folder.resolve("none.safetensors")).failure())
                .contains("none.safetensors: no such file; expected a weight file");
    }

    @Test
    void aRunThatHasFinishedNoEpoch() throws IOException {
        Files.createDirectories(out);

        assertThat(attack(out).failure()).contains(out + ": there are no best weights in this folder");
    }

    @Test
    void weightsForColourImages() throws IOException {
        assertThat(attack(weights("resnet20", 10, Normalisation.CIFAR10)).failure())
                .contains("a resnet20 for 3×32×32 images; mnist/test has 1×28×28");
    }

    @Test
    void weightsForFewerClasses() throws IOException {
        assertThat(attack(weights("small-cnn", 7, Normalisation.none(1))).failure())
                .contains("a small-cnn of 7 classes; mnist/test has 10");
    }

    @Test
    void weightsOfAnotherArchitecture() throws IOException {
        Path file = weights("resnet20", 10, Normalisation.CIFAR10);

        String failure = attack(file, "--architecture", "small-cnn").failure();

        assertThat(failure).contains(file.toString(), "small-cnn", "net.");
        assertThat(Ran.of("attack", "--weights", file, "--data", "cifar10", "--architecture", "resnet32")
                        .failure())
                .satisfiesAnyOf(
                        message -> assertThat(message).contains("resnet32", "layer1.3"),
                        // Without the images, that is what is found first.
                        message -> assertThat(message).contains("cifar10"));
    }

    @Test
    void weightsThatDoNotSayHowTheirInputWasNormalised() throws IOException {
        Architecture small = new Architecture("small-cnn", 10, Normalisation.none(1));
        Path file = weights(small, Map.of("normalize_mean", "", "normalize_std", ""));

        Ran noted = attack(file, "--json").succeeded();
        Ran stated = attack(file, "--json", "--normalize-mean", "0", "--normalize-std", "1")
                .succeeded();

        assertThat(noted.err()).contains("Note: " + file + " does not say how its network's input was normalised");
        assertThat(noted.json().get("notes").toString()).contains("does not say");
        assertThat(stated.json().get("notes").toString()).doesNotContain("does not say");
        assertThat(stated.json().get("robust_correct")).isEqualTo(noted.json().get("robust_correct"));
    }

    @Test
    void whatTheInputIsScaledByMayBeAFraction() throws IOException {
        Architecture small = new Architecture("small-cnn", 10, Normalisation.none(1));
        Path file = weights(small, Map.of());

        Ran fraction = attack(file, "--json", "--normalize-mean", "51/255", "--normalize-std", "51/255")
                .succeeded();
        Ran decimal = attack(file, "--json", "--normalize-mean", "0.2", "--normalize-std", "0.2")
                .succeeded();

        assertThat(fraction.json().get("robust_correct"))
                .isEqualTo(decimal.json().get("robust_correct"));
    }

    /** As a data-parallel training saves them; a training that begins with them keeps a copy under their own names. */
    @Test
    void weightsWithAPrefixAreEvaluatedAndTrainedFurtherAndThatIsSaid() throws IOException {
        Path plain = weights("small-cnn", 10, Normalisation.none(1));
        Path prefixed = folder.resolve("parallel.safetensors");
        try (var scope = Scope.withoutGradients()) {
            Map<String, Tensor> renamed = new LinkedHashMap<>();
            Weights.read(plain).tensors().forEach((name, tensor) -> renamed.put("module." + name, tensor));
            Safetensors.write(prefixed, Weights.of(renamed, Map.of()));
        }
        String note = "Note: " + prefixed + ": 'module.' before the names of its tensors is left out";

        Ran attacked = attack(plain, "--compare", prefixed, "--json").succeeded();
        assertThat(attacked.err()).contains(note);
        assertThat(attacked.json()
                        .get("comparison")
                        .get("clean")
                        .get("difference")
                        .asDouble())
                .isZero();
        assertThat(Ran.of(SmallClassifier.training(data, out, 1, "--weights", prefixed)
                                .toArray())
                        .succeeded()
                        .err())
                .contains(note);
        try (var scope = Scope.withoutGradients()) {
            assertThat(Weights.read(out.resolve("checkpoints/initial.safetensors"))
                            .names())
                    .isEqualTo(Weights.read(plain).names());
        }
    }

    @Test
    void weightsThatAreNotNumbers() throws IOException {
        Architecture small = new Architecture("small-cnn", 10, Normalisation.none(1));
        Path file = folder.resolve("nan.safetensors");
        try (var scope = Scope.withoutGradients();
                Rng rng = Seed.of(3).stream();
                NetworkClassifier classifier = small.create(Init.on(Device.CPU, rng))) {
            Map<String, Tensor> state = new LinkedHashMap<>(classifier.module().state());
            state.replaceAll((name, tensor) -> tensor.mul(Double.NaN));
            Safetensors.write(file, Weights.of(state, small.metadata()));
        }

        assertThat(attack(file).failure()).contains("logits that are not finite numbers");
    }

    @Test
    void cifarFilesOfAnotherSize() throws IOException {
        Path cifar = Files.createDirectories(data.resolve("cifar-10-batches-bin"));
        for (String name : List.of("data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5")) {
            Files.write(cifar.resolve(name + ".bin"), new byte[3073]);
        }
        Files.write(cifar.resolve("test_batch.bin"), new byte[3000]);
        Path file = weights("resnet20", 10, Normalisation.CIFAR10);

        assertThat(Ran.of("attack", "--weights", file, "--data", "cifar10", "--data-dir", data)
                        .failure())
                .contains("test_batch.bin: holds 3000 bytes; expected 30730000");
        assertThat(Ran.of("classifier", "train", "--data", "cifar10", "--data-dir", data, "--out", out)
                        .failure())
                .contains("data_batch_1.bin: holds 3073 bytes");
        assertThat(out).doesNotExist();
    }

    @Test
    void dataThatIsNotThere() {
        String failure = Ran.of("classifier", "train", "--data", "cifar10", "--data-dir", folder, "--out", out)
                .failure();

        assertThat(failure).contains("is missing", "varepsilon data fetch cifar10");
        assertThat(out).doesNotExist();
    }

    @Test
    void moreHeldOutThanThereIs() {
        List<Object> words = SmallClassifier.training(data, out, 1, "--limit", SmallClassifier.HELD_OUT);

        assertThat(Ran.of(words.toArray()).failure())
                .contains("validation 20: expected fewer than the 20 images that there are");
        assertThat(out).doesNotExist();
    }

    @Test
    void trainingFromWeightsThatDoNotFitTheImages() throws IOException {
        Path file = weights("resnet20", 10, Normalisation.CIFAR10);

        assertThat(Ran.of(SmallClassifier.training(data, out, 1, "--weights", file)
                                .toArray())
                        .failure())
                .contains(file + ": a resnet20 for 3×32×32 images; mnist/train has 1×28×28");
        assertThat(out).doesNotExist();
    }

    @Test
    void aFolderThatHoldsARun() throws IOException {
        Ran.of(SmallClassifier.training(data, out, 1).toArray()).succeeded();
        byte[] config = Files.readAllBytes(out.resolve("config.yaml"));

        assertThat(Ran.of(SmallClassifier.training(data, out, 2).toArray()).failure())
                .contains(out + ": holds a run already", "(--resume, --out)");
        assertThat(out.resolve("config.yaml")).hasBinaryContent(config);
        assertThat(Ran.of("vae", "train", "--resume", out, "--data-dir", data).failure())
                .contains("config.yaml", "unknown key 'images'");
        assertThat(Ran.of("classifier", "train", "--resume", out, "--data-dir", data, "--epochs", 3)
                        .failure())
                .contains("epochs 3: the run's schedule, one-cycle, ends after 1");
    }
}
