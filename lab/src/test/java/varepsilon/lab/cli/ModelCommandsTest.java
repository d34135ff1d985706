package varepsilon.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import varepsilon.classify.Architecture;
import varepsilon.classify.NetworkClassifier;
import varepsilon.classify.Normalisation;
import varepsilon.data.ImageShape;
import varepsilon.generative.Categorical;
import varepsilon.generative.Vae;
import varepsilon.generative.VaeArchitecture;
import varepsilon.graph.Graph;
import varepsilon.graph.Node;
import varepsilon.graph.OnnxFile;
import varepsilon.lab.ScopedTest;
import varepsilon.nn.Init;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;
import varepsilon.weights.Safetensors;
import varepsilon.weights.Weights;

/** The commands on model files, and ONNX models as black boxes. */
class ModelCommandsTest extends ScopedTest {
    private static final Path PROGRAM = Path.of("../library/src/test/resources/varepsilon/classify/scripted.pt");

    @TempDir
    private Path folder;

    private Path classifier() throws IOException {
        Path file = folder.resolve("classifier.safetensors");
        Architecture architecture = new Architecture("small-cnn", 10, Normalisation.parse("0.3", "0.2"));
        try (Rng random = Seed.of(1).stream();
                NetworkClassifier network = architecture.create(Init.on(Device.CPU, random))) {
            Safetensors.write(file, Weights.of(network.module().state(), architecture.metadata()));
        }
        return file;
    }

    private Path vae(int classes) throws IOException {
        Path file = folder.resolve("vae.safetensors");
        VaeArchitecture conv = VaeArchitecture.conv(3, 2, new ImageShape(1, 8, 8), new Categorical());
        VaeArchitecture architecture = new VaeArchitecture(
                3, conv.network(), conv.image(), conv.likelihood(), conv.prior(), conv.posterior(), classes);
        try (Rng random = Seed.of(1).stream();
                Vae vae = architecture.create(Init.on(Device.CPU, random))) {
            Safetensors.write(file, Weights.of(vae.state(), architecture.metadata()));
        }
        return file;
    }

    /** Sums of 8×8 images against a constant, by a chain of operations in between. */
    private Path onnx(double constant, String... operations) throws IOException {
        Path file = folder.resolve("model.onnx");
        List<Node> nodes = new ArrayList<>();
        nodes.add(new Node("flat", "Flatten", List.of("x"), List.of("flat"), Map.of()));
        nodes.add(new Node("product", "Gemm", List.of("flat", "w", "b"), List.of("v0"), Map.of()));
        for (int i = 0; i < operations.length; i++) {
            nodes.add(new Node(
                    "the " + operations[i], operations[i], List.of("v" + i), List.of("v" + (i + 1)), Map.of()));
        }
        float[] weights = new float[2 * 64];
        for (int i = 0; i < 64; i++) {
            weights[2 * i] = 1 / 32F;
        }
        OnnxFile.write(
                file,
                new Graph(
                        new Graph.Port("x", DType.FLOAT32, Arrays.asList(-1L, 1L, -1L, -1L)),
                        new Graph.Port("v" + operations.length, DType.FLOAT32, List.of(-1L, 2L)),
                        nodes,
                        Map.of(
                                "w",
                                Tensor.of(weights, 64, 2),
                                "b",
                                Tensor.of(new double[] {0, constant}, 2).to(DType.FLOAT32)),
                        13),
                Map.of("author", "somebody"));
        return file;
    }

    /** Two classes of 8×8 images: bright ones and dark ones. */
    private String images() throws IOException {
        for (int i = 0; i < 20; i++) {
            Path file = folder.resolve("images")
                    .resolve(i % 2 == 0 ? "bright" : "dark")
                    .resolve(i + ".png");
            Files.createDirectories(file.getParent());
            BufferedImage image = new BufferedImage(8, 8, BufferedImage.TYPE_BYTE_GRAY);
            for (int at = 0; at < 64; at++) {
                image.getRaster().setSample(at % 8, at / 8, 0, i % 2 == 0 ? 150 + i : 100 - i);
            }
            ImageIO.write(image, "png", file.toFile());
        }
        return "folder:" + folder.resolve("images");
    }

    private static Ran model(Object... words) {
        List<Object> all = new ArrayList<>(List.of("model"));
        all.addAll(List.of(words));
        return Ran.of(all.toArray());
    }

    @Test
    void whatAClassifierIs() throws IOException {
        JsonNode info = model("info", classifier(), "--json").succeeded().json();

        assertThat(info.get("format").asText()).isEqualTo("safetensors");
        assertThat(info.get("kind").asText()).isEqualTo("classifier");
        assertThat(info.get("architecture").asText()).isEqualTo("small-cnn");
        assertThat(info.get("classes").asInt()).isEqualTo(10);
        assertThat(info.get("normalize_mean").get(0).asDouble()).isEqualTo(0.3);
        assertThat(info.get("inputs").get(0).get("shape").toString()).isEqualTo("[null,1,28,28]");
        assertThat(info.get("operators").get("Conv").asInt()).isPositive();
        assertThat(model("info", classifier()).succeeded().out()).contains("small-cnn", "N×1×28×28", "Conv");
    }

    @Test
    void whatAVaeIs() throws IOException {
        JsonNode info = model("info", vae(0), "--json").succeeded().json();

        assertThat(info.get("kind").asText()).isEqualTo("vae");
        assertThat(info.get("inputs").findValuesAsText("part")).containsExactly("encoder", "decoder");
        assertThat(info.get("metadata").get("latent_dim").asText()).isEqualTo("3");
    }

    @Test
    void whatAnOnnxModelIs() throws IOException {
        JsonNode info =
                model("info", onnx(1, "Sinh", "Sinh"), "--json").succeeded().json();

        assertThat(info.get("format").asText()).isEqualTo("ONNX");
        assertThat(info.get("producer").asText()).isEqualTo("varepsilon");
        assertThat(info.get("opset").asInt()).isEqualTo(13);
        assertThat(info.get("parameters").asInt()).isEqualTo(130);
        assertThat(info.get("metadata").get("author").asText()).isEqualTo("somebody");
        assertThat(info.get("unsupported").toString())
                .isEqualTo("[{\"operation\":\"Sinh\",\"node\":\"the Sinh\",\"count\":2}]");
        assertThat(model("info", onnx(1, "Sinh")).succeeded().out()).contains("not supported    Sinh ('the Sinh')");
    }

    @Test
    void whatAProgramIs() throws IOException {
        JsonNode info = model("info", PROGRAM, "--json").succeeded().json();

        assertThat(info.get("format").asText()).isEqualTo("TorchScript");
        assertThat(info.get("parameters").asInt()).isPositive();
        assertThat(info.has("operators")).isFalse();
    }

    @Test
    void modelsComputeWhatOnnxRuntimeComputes() throws IOException {
        for (Path file : List.of(classifier(), vae(0), vae(4))) {
            JsonNode check =
                    model("check", file, "--json", "--threads", 1).succeeded().json();

            assertThat(check.get("compared_with").asText()).startsWith("ONNX Runtime ");
            assertThat(check.get("max_relative_difference").asDouble()).isLessThan(1e-4);
            assertThat(check.get("max_difference").asDouble()).isPositive();
            assertThat(check.get("operators").get("Conv").asInt()).isPositive();
            assertThat(check.get("inputs")).hasSameSizeAs(check.get("outputs"));
        }
    }

    @Test
    void theSizeThatAModelLeavesOpenIsAnOption() throws IOException {
        Path file = onnx(1, "Tanh");

        assertThat(model("check", file).failure()).contains("leaves the size of the images open", "--image");
        assertThat(model("check", file, "--image", "3x8x8").failure()).contains("images of 3×8×8 do not fit it");
        assertThat(model("check", file, "--image", "8x8").refusal()).contains("--image 8x8: expected channels");
        assertThat(model("check", file, "--image", "1x8x8").succeeded().out()).contains("The outputs are the same.");
        assertThat(model("check", PROGRAM).failure()).contains("does not say what images it takes");
        assertThat(model("check", PROGRAM, "--image", "1x8x8").succeeded().err())
                .contains("there is nothing to compare its outputs with");
    }

    @Test
    void outputsThatAreNotFiniteFail() throws IOException {
        Ran ran = model("check", onnx(-1, "Log"), "--image", "1x8x8", "--json");

        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.json().get("finite").asBoolean()).isFalse();
        assertThat(ran.json().get("passed").asBoolean()).isFalse();
    }

    @Test
    void aClassifierIsExported() throws IOException {
        Path out = folder.resolve("out.onnx");
        Ran ran = model("export", "--weights", classifier(), "--out", out, "--check", "--json")
                .succeeded();

        assertThat(ran.json().get("max_relative_difference").asDouble()).isLessThan(1e-4);
        byte[] first = Files.readAllBytes(out);
        JsonNode info = model("info", out, "--json").succeeded().json();
        assertThat(info.get("metadata").get("architecture").asText()).isEqualTo("small-cnn");
        assertThat(info.get("metadata").get("num_classes").asText()).isEqualTo("10");
        assertThat(info.get("metadata").get("input").asText()).contains("not normalised");
        assertThat(info.get("inputs").get(0).get("name").asText()).isEqualTo("pixels");
        assertThat(model("check", out).succeeded().out()).contains("The outputs are the same.");

        assertThat(model("export", "--weights", classifier(), "--out", out).failure())
                .contains("--force replaces it");
        model("export", "--weights", classifier(), "--out", out, "--force").succeeded();
        assertThat(out).hasBinaryContent(first);
        assertThat(model("export", "--weights", classifier(), "--out", folder.resolve("p"), "--part", "encoder")
                        .failure())
                .contains("has no encoder and no decoder");
        assertThat(model("export", "--weights", out, "--out", folder.resolve("again.onnx"))
                        .failure())
                .contains("an ONNX model already");
        assertThat(model("export", "--weights", PROGRAM, "--out", folder.resolve("p.onnx"))
                        .failure())
                .contains("torch.onnx.export");
    }

    @Test
    void aVaeIsExportedInTwoParts() throws IOException {
        Path out = folder.resolve("vae.onnx");
        model("export", "--weights", vae(0), "--out", out, "--check").succeeded();

        assertThat(out).doesNotExist();
        JsonNode encoder = model("info", folder.resolve("vae-encoder.onnx"), "--json")
                .succeeded()
                .json();
        assertThat(encoder.get("outputs").get(0).get("shape").toString()).isEqualTo("[null,6]");
        assertThat(encoder.get("metadata").get("output").asText())
                .isEqualTo("the means of q(z|x), then the natural logarithms of its standard deviations, 3 each");
        JsonNode decoder = model("info", folder.resolve("vae-decoder.onnx"), "--json")
                .succeeded()
                .json();
        assertThat(decoder.get("inputs").get(0).get("shape").toString()).isEqualTo("[null,3]");
        assertThat(decoder.get("outputs").get(0).get("shape").toString()).isEqualTo("[null,16,8,8]");
        assertThat(decoder.get("metadata").get("output").asText()).contains("logits of the levels");

        model("export", "--weights", vae(0), "--out", out, "--part", "decoder").succeeded();
        assertThat(out).hasSameBinaryContentAs(folder.resolve("vae-decoder.onnx"));
    }

    @Test
    void whatCannotBeStatedIsRefused() throws IOException {
        assertThat(model("info", vae(0), "--architecture", "resnet18").failure())
                .contains("a VAE, which is taken as it is");
        assertThat(model("check", onnx(1), "--normalize-mean", "0", "--normalize-std", "1")
                        .failure())
                .contains("an ONNX model, which is taken as it is");
        assertThat(model("info", folder.resolve("absent")).failure()).contains("absent", "no such file");
    }

    private Ran attack(Path file, String attacks, String... more) throws IOException {
        List<Object> words = new ArrayList<>(List.of("attack", "--weights", file, "--data", images(), "--eps", "0.3"));
        words.addAll(List.of("--attack", attacks, "--threads", 1, "--json", "--batch-size", 4));
        words.addAll(List.of(more));
        return Ran.of(words.toArray());
    }

    @Test
    void aModelOfUnknownOperationsIsAttackedAsABlackBox() throws IOException {
        Path file = onnx(1, "Sinh");

        assertThat(attack(file, "square").failure())
                .contains("Sinh ('the Sinh')")
                .endsWith("(--black-box)");
        Ran ran = attack(file, "square", "--black-box").succeeded();
        assertThat(ran.json().get("clean_correct").asInt())
                .isEqualTo(ran.json().get("n").asInt());
        assertThat(ran.json().get("robust_correct").asInt()).isZero();
        assertThat(ran.err()).contains("is run by ONNX Runtime", "attacks on scores or labels apply");
        for (String name : List.of("spsa", "hop-skip-jump", "rays", "sign-noise")) {
            assertThat(attack(file, name, "--black-box")
                            .succeeded()
                            .json()
                            .get("backward_passes")
                            .asInt())
                    .isZero();
        }
    }

    @Test
    void attacksThatNeedGradientsAreRefusedOnABlackBox() throws IOException {
        Path file = onnx(1);

        assertThat(attack(file, "pgd").succeeded().json().get("robust_correct").asInt())
                .isZero();
        assertThat(attack(file, "square,pgd", "--black-box").failure())
                .contains("pgd follows gradients", "these need no gradient: ", "square", "hop-skip-jump");
        assertThat(attack(classifier(), "square", "--black-box").failure()).contains("not an ONNX model");
    }
}
