package varepsilon.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import varepsilon.generative.Categorical;
import varepsilon.generative.VaeArchitecture;
import varepsilon.lab.spec.VaeSpec;
import varepsilon.nn.Init;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;
import varepsilon.train.RunDirectory;
import varepsilon.weights.Safetensors;
import varepsilon.weights.Weights;

/** Files and folders that cannot be used: exit code 1, one line that names them, nothing overwritten. */
class BadInputTest {
    @TempDir
    private Path folder;

    private Path data;
    private Path out;

    @BeforeEach
    void prepare() throws IOException {
        data = SmallMnist.in(folder.resolve("data"));
        out = folder.resolve("run");
    }

    private Ran train() {
        return Ran.of(Ran.smallTraining(data, out, 2).toArray());
    }

    private Path images() {
        return data.resolve("mnist/train-images-idx3-ubyte");
    }

    @Test
    void missingTestImagesAreFoundBeforeTraining() throws IOException {
        Files.delete(data.resolve("mnist/t10k-images-idx3-ubyte"));

        assertThat(train().failure()).contains("t10k-images-idx3-ubyte", "is missing", "varepsilon data fetch mnist");
        assertThat(out).doesNotExist();
    }

    @Test
    void truncatedImages() throws IOException {
        byte[] whole = Files.readAllBytes(images());
        Files.write(images(), Arrays.copyOf(whole, whole.length - 1));

        assertThat(train().failure()).contains(images().toString());
        assertThat(out).doesNotExist();
    }

    @Test
    void aHeaderThatPromisesTooMany() throws IOException {
        byte[] bytes = Files.readAllBytes(images());
        ByteBuffer.wrap(bytes).putInt(4, 0x7fffffff);
        Files.write(images(), bytes);

        assertThat(train().failure()).contains(images().toString());
        assertThat(out).doesNotExist();
    }

    @Test
    void wrongMagic() throws IOException {
        byte[] bytes = Files.readAllBytes(images());
        bytes[3] = 9;
        Files.write(images(), bytes);

        assertThat(train().failure()).contains(images().toString());
    }

    @Test
    void validationPartThatHoldsNoImage() {
        Object[] words = Ran.smallTraining(data, out, 2, "--limit", 3).toArray();

        assertThat(Ran.of(words).failure()).contains("validationFraction 0.1 of 3 images holds out 0");
        assertThat(out).doesNotExist();
    }

    @Test
    void aRunDirectoryThatHoldsARunAlready() throws IOException {
        RunDirectory.create(out, "data: mnist").close();

        assertThat(train().failure()).contains(out + ": holds a run already");
        assertThat(out.resolve("config.yaml")).hasContent("data: mnist");
    }

    @Test
    void aRunDirectoryWithOtherFiles() throws IOException {
        Files.createDirectories(out);
        Path precious = Files.writeString(out.resolve("thesis.tex"), "mine");

        assertThat(train().failure()).contains(out + ": is not empty and not a run");
        assertThat(precious).hasContent("mine");
    }

    @Test
    void aRunDirectoryThatIsAFile() throws IOException {
        Files.writeString(out, "mine");

        assertThat(train().failure()).contains(out + ": is a file");
        assertThat(out).hasContent("mine");
    }

    @Test
    void resumingWhatIsNoRun() throws IOException {
        assertThat(Ran.of("vae", "train", "--resume", out).failure()).contains(out + ": not a run");
        Files.createDirectories(out);
        assertThat(Ran.of("vae", "train", "--resume", out).failure()).contains(out + ": not a run");
    }

    @Test
    void resumingWhatAnotherProcessTrains() throws IOException {
        try (RunDirectory held = RunDirectory.create(out, config().toYaml())) {
            String failure = Ran.of("vae", "train", "--resume", held.path(), "--data-dir", data)
                    .failure();

            assertThat(failure).contains(out + ": another process is training in this folder");
        }
    }

    @Test
    void resumingWithFewerEpochs() throws IOException {
        RunDirectory.create(out, config().toYaml()).close();

        assertThat(Ran.of("vae", "train", "--resume", out, "--data-dir", data, "--epochs", 1)
                        .failure())
                .contains("the run is made for 2");
        assertThat(out.resolve("config.yaml")).hasContent(config().toYaml());
    }

    @Test
    void resumingWithAMisspeltConfiguration() throws IOException {
        RunDirectory.create(out, config().toYaml().replace("latentDim", "latentdim"))
                .close();

        assertThat(Ran.of("vae", "train", "--resume", out, "--data-dir", data).failure())
                .contains(out.resolve("config.yaml") + ": unknown key 'latentdim'", "did you mean 'latentDim'?");
    }

    @Test
    void resumingOnOtherImages() throws IOException {
        train().succeeded();
        byte[] bytes = Files.readAllBytes(images());
        bytes[1000] ^= 1;
        Files.write(images(), bytes);

        assertThat(Ran.of("vae", "train", "--resume", out, "--data-dir", data).failure())
                .contains("the run was started with other images");
    }

    private static VaeSpec config() {
        return VaeSpec.of("mnist").withLatentDim(2).withFilters(2).withEpochs(2).withBatchSize(32);
    }

    private String evaluationFailure(Path weights) {
        return Ran.of("vae", "evaluate", "--weights", weights, "--data", "mnist", "--data-dir", data)
                .failure();
    }

    @Test
    void weightsThatAreNotThere() {
        assertThat(evaluationFailure(folder.resolve("none.safetensors"))).contains("none.safetensors: no such file");
    }

    @Test
    void aFolderWithoutWeights() {
        assertThat(evaluationFailure(data)).contains(data + ": there are no best weights in this folder");
    }

    @Test
    void weightsWhoseHeaderIsLargerThanAllMemory() throws IOException {
        Path file = folder.resolve("huge.safetensors");
        ByteBuffer bytes = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(0, 1L << 60);
        Files.write(file, bytes.array());

        assertThat(evaluationFailure(file)).contains(file.toString(), Long.toString(1L << 60));
    }

    @Test
    void weightsThatAreSomethingElse() throws IOException {
        Path file = folder.resolve("other.safetensors");
        try (var scope = Scope.open()) {
            Safetensors.write(file, Weights.of(Map.of("fc.weight", Tensor.zeros(DType.FLOAT32, 2, 2)), Map.of()));
        }

        assertThat(evaluationFailure(file)).contains(file + ": not the weights of a convolutional VAE");
    }

    @Test
    void fewBytesThatDescribeAGiganticModel() throws IOException {
        Path file = folder.resolve("gigantic.safetensors");
        try (var scope = Scope.open()) {
            Map<String, Tensor> tensors = Map.of(
                    "encoder.net.0.weight", Tensor.zeros(DType.FLOAT32, 1 << 12, 1, 1, 1),
                    "decoder.linear.0.weight", Tensor.zeros(DType.FLOAT32, 1, 1 << 16),
                    "decoder.net.8.weight", Tensor.zeros(DType.FLOAT32, 1, 16, 1, 1));
            Safetensors.write(file, Weights.of(tensors, Map.of()));
        }

        assertThat(evaluationFailure(file))
                .contains(
                        file + ": these are not this model's weights",
                        "encoder.net.0.weight [4096, 1, 1, 1] not [4096, 1, 3, 3]");
    }

    @Test
    void aModelForColourImages() throws IOException {
        Path file = folder.resolve("colour.safetensors");
        VaeArchitecture colour = VaeArchitecture.conv(2, 2, 3, new Categorical(16));
        try (var scope = Scope.open();
                Rng rng = Seed.of(1).stream();
                var vae = colour.create(Init.on(Device.CPU, rng))) {
            Safetensors.write(file, Weights.of(vae.state(), colour.metadata()));
        }

        assertThat(evaluationFailure(file)).contains("a VAE of 3×28×28 images", "has 1×28×28");
    }

    @Test
    void aManifoldOfManyDimensions() throws IOException {
        Path file = folder.resolve("three.safetensors");
        VaeArchitecture three = VaeArchitecture.conv(3, 2, 1, new Categorical(16));
        try (var scope = Scope.open();
                Rng rng = Seed.of(1).stream();
                var vae = three.create(Init.on(Device.CPU, rng))) {
            Safetensors.write(file, Weights.of(vae.state(), three.metadata()));
        }
        Path picture = folder.resolve("plane.png");

        assertThat(Ran.of("vae", "manifold", "--weights", file, "--out", picture)
                        .failure())
                .contains(file + ": has 3 latent dimensions", "--latent-dim 2");
        assertThat(picture).doesNotExist();
    }
}
