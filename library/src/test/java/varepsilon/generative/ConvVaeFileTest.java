package varepsilon.generative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import varepsilon.base.InputException;
import varepsilon.data.ImageShape;
import varepsilon.tensor.DType;
import varepsilon.tensor.Tensor;
import varepsilon.weights.Safetensors;
import varepsilon.weights.Weights;

/** What a weight file says of the model in it, believed only as far as it agrees with itself. */
class ConvVaeFileTest extends GenerativeTest {
    private static final Path FILE = Path.of("some.safetensors");
    private static final VaeArchitecture SMALL = VaeArchitecture.conv(3, 2, 1, new Categorical(16));

    @TempDir
    Path folder;

    private Map<String, Tensor> state(VaeArchitecture size) {
        return new LinkedHashMap<>(closing(size.create(init(DType.FLOAT32, 1))).state());
    }

    private void assertRefused(Map<String, Tensor> tensors, Map<String, String> metadata, String... partsOfMessage) {
        assertThatThrownBy(() -> VaeArchitecture.describedBy(Weights.of(tensors, metadata), FILE))
                .isInstanceOf(InputException.class)
                .satisfies(e -> assertThat(e.getMessage()).matches("(" + FILE + "|weights in memory): .*"))
                .hasMessageContainingAll(partsOfMessage)
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n").doesNotContain("\u001b"));
    }

    @Test
    void everyModelComesBackFromItsFile() throws IOException {
        for (VaeArchitecture size : List.of(
                SMALL,
                VaeArchitecture.conv(2, 1, 3, new Categorical(4)),
                VaeArchitecture.conv(4, 3, 1, new Bernoulli()),
                VaeArchitecture.conv(1, 1, 1, new Gaussian(0.25)),
                VaeArchitecture.conv(2, 1, new ImageShape(3, 8, 8), new Categorical(4)),
                VaeArchitecture.conv(2, 1, new ImageShape(1, 16, 24), new Bernoulli()),
                VaeArchitecture.conv(2, 2, new ImageShape(3, 32, 32), new Categorical(16)),
                VaeArchitecture.conv(2, 1, new ImageShape(1, 64, 64), new Gaussian(0.1)))) {
            Vae vae = closing(size.create(init(DType.FLOAT32, 7)));
            Path path = folder.resolve("vae.safetensors");
            Safetensors.write(path, Weights.of(vae.state(), size.metadata()));
            Weights weights = Weights.read(path);
            assertThat(VaeArchitecture.describedBy(weights, path)).isEqualTo(size);
            Vae read = closing(size.create(init(DType.FLOAT32, 8)));
            read.load(weights);
            read.state()
                    .forEach((name, tensor) -> assertThat(tensor.toFloats())
                            .as(name)
                            .containsExactly(vae.state().get(name).toFloats()));
        }
    }

    @Test
    void withoutMetadataTheShapesSayIt() {
        VaeArchitecture colour = VaeArchitecture.conv(2, 1, 3, new Categorical(4));
        assertThat(VaeArchitecture.describedBy(Weights.of(state(SMALL), Map.of()), FILE))
                .isEqualTo(SMALL);
        assertThat(VaeArchitecture.describedBy(Weights.of(state(colour), Map.of()), FILE))
                .isEqualTo(colour);
        VaeArchitecture binary = VaeArchitecture.conv(2, 1, 1, new Bernoulli());
        assertThat(VaeArchitecture.describedBy(Weights.of(state(binary), Map.of()), FILE))
                .isEqualTo(binary);
        assertThat(VaeArchitecture.describedBy(Weights.of(state(binary), Map.of("likelihood", "gaussian")), FILE))
                .isEqualTo(VaeArchitecture.conv(2, 1, 1, new Gaussian(Gaussian.DEFAULT_STD)));
    }

    @Test
    void unknownKeysAreNoMatter() {
        Map<String, String> metadata = new LinkedHashMap<>(SMALL.metadata());
        metadata.put("trained_by", "someone");
        assertThat(VaeArchitecture.describedBy(Weights.of(state(SMALL), metadata), FILE))
                .isEqualTo(SMALL);
    }

    @ParameterizedTest
    @CsvSource({
        "levels, abc, 16",
        "levels, 8, 16",
        "levels, 99999999999999999999, 16",
        "latent_dim, 20, 3",
        "latent_dim, -1, 3",
        "filters, 32, 2",
        "image, 3x28x28, 1x28x28",
        "image, 3x32x32, 1x32x32"
    })
    void metadataThatContradictsTheShapesIsRefused(String key, String value, String truth) {
        assertRefused(state(SMALL), Map.of(key, value), key + " '" + value + "'", "say " + truth);
    }

    @Test
    void otherArchitecturesAndLikelihoodsAreRefused() {
        assertRefused(state(SMALL), Map.of("architecture", "resnet18"), "weights of a 'resnet18'", "conv-vae");
        assertRefused(state(SMALL), Map.of("architecture", "a\n\u001b[31mb"), "weights of a 'a");
        assertRefused(state(SMALL), Map.of("likelihood", "poisson"), "likelihood 'poisson'", "categorical");
        assertRefused(state(SMALL), Map.of("likelihood", "bernoulli"), "decoder.net.8.bias [16] not [1]");
        VaeArchitecture binary = VaeArchitecture.conv(2, 1, 1, new Bernoulli());
        assertRefused(state(binary), Map.of("likelihood", "categorical"), "levels 1");
        for (String std : List.of("abc", "NaN", "-1", "0")) {
            assertRefused(
                    state(binary), Map.of("likelihood", "gaussian", "std", std), std.equals("abc") ? "abc" : "std");
        }
    }

    @ParameterizedTest
    @CsvSource({"encoder.net.0.weight", "encoder.net.6.weight", "decoder.linear.0.weight", "decoder.net.8.weight"})
    void missingAndMisshapenTensorsAreNamed(String name) {
        Map<String, Tensor> tensors = state(SMALL);
        tensors.remove(name);
        assertRefused(tensors, Map.of(), "'" + name + "'");
        for (long[] shape : new long[][] {{}, {5}, {2, 1, 3, 3, 1}, {0, 1, 3, 3}, {1_000_000, 0}}) {
            tensors.put(name, Tensor.zeros(DType.FLOAT32, shape));
            assertRefused(tensors, SMALL.metadata(), "'" + name);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "encoder.net.0.weight; 4096,1,1,1; of another shape",
                "encoder.net.0.weight; 4096,1,3,3; of another shape",
                "encoder.net.0.weight; 2,3,3,3; levels 5",
                "encoder.net.6.weight; 4,5,3,3; of another shape",
                "decoder.linear.0.weight; 65,3; of another shape",
                "decoder.net.8.weight; 3,16,3,3; of another shape",
                "decoder.net.8.weight; 2,17,3,3; levels 17"
            })
    void aTensorOfAnotherSizeNeverMakesAHugeModel(String name, String sizes, String message) {
        Map<String, Tensor> tensors = state(SMALL);
        long[] shape =
                Arrays.stream(sizes.split(",")).mapToLong(Long::parseLong).toArray();
        tensors.put(name, Tensor.zeros(DType.FLOAT32, shape));
        assertRefused(tensors, Map.of(), message);
    }

    @Test
    void surplusAndMissingTensorsAreNamed() {
        Map<String, Tensor> tensors = state(SMALL);
        tensors.remove("encoder.net.4.bias");
        tensors.put("surplus", Tensor.zeros(DType.FLOAT32, 1));
        assertRefused(tensors, SMALL.metadata(), "1 missing ('encoder.net.4.bias')", "1 surplus ('surplus')");
    }

    @ParameterizedTest
    @CsvSource({
        "1x28, expected CxHxW",
        "abc, expected CxHxW",
        "1x7x29, sides from 8 to 256",
        "1x0x28, expected CxHxW",
        "1x99999999999x28, expected CxHxW",
        "1x29x33, there is no 'decoder.net.12.weight'",
        "1x64x64, there is no 'decoder.net.12.weight'",
        "1x16x16, of another shape",
        "1x28x16, of another shape"
    })
    void aSizeThatTheTensorsDoNotHaveIsRefused(String image, String why) {
        assertRefused(state(SMALL), Map.of("image", image), why);
    }

    @Test
    void shapesAlone() {
        assertThat(ImageShape.parse("3x32x32")).contains(new ImageShape(3, 32, 32));
        assertThat(new ImageShape(3, 32, 28).text()).isEqualTo("3x32x28");
        assertThat(new ImageShape(3, 32, 28)).hasToString("3×32×28");
        assertThatThrownBy(() -> new ImageShape(0, 28, 28))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("0×28×28");
    }
}
