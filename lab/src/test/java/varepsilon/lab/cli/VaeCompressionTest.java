package varepsilon.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import varepsilon.data.Datasets;
import varepsilon.data.ImageSet;
import varepsilon.data.ImageShape;
import varepsilon.data.NumpyFile;
import varepsilon.data.Split;
import varepsilon.generative.Gaussian;
import varepsilon.generative.VaeArchitecture;
import varepsilon.lab.ScopedTest;
import varepsilon.nn.Init;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;
import varepsilon.weights.Safetensors;
import varepsilon.weights.Weights;

/** Images of a small trained VAE, into a file and out of it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class VaeCompressionTest extends ScopedTest {
    private static final int N = 30;

    private Path folder;
    private Path data;
    private Path run;
    private Path file;
    private JsonNode compressed;

    @BeforeAll
    void compressOnce(@TempDir Path folder) throws IOException {
        this.folder = folder;
        data = SmallMnist.in(folder.resolve("data"));
        run = folder.resolve("run");
        Ran.of(Ran.smallTraining(data, run, 1, "--json").toArray()).succeeded();
        file = folder.resolve("images.vae");
        compressed = compress(run, file, "--json").succeeded().json();
    }

    private Ran compress(Path weights, Path out, Object... more) {
        List<Object> words = new ArrayList<>(List.of("vae", "compress", "--weights", weights, "--data", "mnist"));
        words.addAll(List.of("--data-dir", data, "--limit", N, "--threads", 1, "--device", "cpu", "--out", out));
        words.addAll(List.of(more));
        return Ran.of(words.toArray());
    }

    private Ran decompress(Path in, Path out, Object... more) {
        List<Object> words = new ArrayList<>(List.of("vae", "decompress", "--weights", run, "--in", in, "--out", out));
        words.addAll(List.of(more));
        return Ran.of(words.toArray());
    }

    private ImageSet images() throws IOException {
        return Datasets.load("mnist", Split.TEST, data).limit(N);
    }

    @Test
    void theResultHasTheFileItsBoundAndOtherMethods() throws IOException {
        assertThat(compressed.fieldNames())
                .toIterable()
                .containsExactly(
                        "file",
                        "n",
                        "levels",
                        "bytes",
                        "bits_per_dim",
                        "elbo_bpd",
                        "initial_bits",
                        "seconds",
                        "images_per_second",
                        "verified",
                        "decoding_seconds",
                        "others");
        double bytes = Files.size(file);
        assertThat(compressed.get("n").asInt()).isEqualTo(N);
        assertThat(compressed.get("levels").asInt()).isEqualTo(16);
        assertThat(compressed.get("bytes").asDouble()).isEqualTo(bytes);
        assertThat(compressed.get("bits_per_dim").asDouble()).isCloseTo(8 * bytes / (N * 784), within(1e-12));
        assertThat(compressed.get("verified").asBoolean()).isTrue();
        assertThat(compressed.get("others").findValuesAsText("method"))
                .containsExactly("gzip", "bzip2", "xz", "PNG, all images in one file", "PNG, a file for each image");
        JsonNode evaluation = Ran.of(
                        "vae",
                        "evaluate",
                        "--weights",
                        run,
                        "--data",
                        "mnist",
                        "--data-dir",
                        data,
                        "--limit",
                        N,
                        "--threads",
                        1,
                        "--device",
                        "cpu",
                        "--json")
                .succeeded()
                .json();
        assertThat(compressed.get("elbo_bpd").asDouble())
                .isEqualTo(evaluation.get("bpd").asDouble());
        // A header of some 500 bytes, and one draw of each z in place of another.
        double promised = compressed.get("elbo_bpd").asDouble() * N * 784
                + compressed.get("initial_bits").asDouble();
        assertThat(8 * bytes).isBetween(0.98 * promised, 1.02 * promised + 8 * 600);
    }

    @Test
    void anArrayHasTheLevels() throws IOException {
        Path array = folder.resolve("levels.npy");
        JsonNode result = decompress(file, array, "--json").succeeded().json();
        assertThat(result.get("n").asInt()).isEqualTo(N);
        assertThat(result.get("image").asText()).isEqualTo("1x28x28");
        assertThat(result.get("levels").asInt()).isEqualTo(16);
        try (NumpyFile read = NumpyFile.open(array)) {
            Tensor levels = read.read("array");
            assertThat(levels.shape()).containsExactly(N, 1, 28, 28);
            assertThat(levels.dtype()).isEqualTo(DType.UINT8);
            byte[] values = levels.toBytes();
            for (int i = 0; i < N; i++) {
                byte[] image = images().image(i);
                for (int k = 0; k < image.length; k++) {
                    assertThat(values[i * 784 + k]).isEqualTo((byte) ((image[k] & 0xff) >> 4));
                }
            }
        }
    }

    @Test
    void aFolderHasPictures() throws IOException {
        Path pictures = folder.resolve("pictures");
        decompress(file, pictures).succeeded();
        try (var files = Files.list(pictures)) {
            assertThat(files.map(path -> path.getFileName().toString()).sorted().toList())
                    .hasSize(N)
                    .startsWith("00.png", "01.png");
        }
        BufferedImage seventh = ImageIO.read(pictures.resolve("07.png").toFile());
        byte[] image = images().image(7);
        for (int k = 0; k < image.length; k++) {
            int level = (image[k] & 0xff) >> 4;
            assertThat(seventh.getRGB(k % 28, k / 28) & 0xff).isEqualTo(17 * level);
        }
        assertThat(decompress(file, pictures).failure()).contains("pictures: is there already; expected a new folder");
    }

    @Test
    void theTextHasATable() {
        Ran ran = compress(run, folder.resolve("text.vae")).succeeded();
        assertThat(ran.out())
                .contains("text.vae: 30 images of 1×28×28 with 16 levels", "decoded again, they are the same")
                .containsPattern("Of its bits \\d+ are random ones")
                .containsPattern("negative ELBO +[\\d,]+ +\\d\\.\\d{4}\n")
                .containsPattern("text.vae +[\\d,]+ +\\d\\.\\d{4}\n")
                .containsPattern("\nxz +[\\d,]+ +\\d\\.\\d{4}\n");
        Ran quick = compress(run, folder.resolve("quick.vae"), "--no-verify", "--no-compare", "--latent-bits", 8)
                .succeeded();
        assertThat(quick.out()).contains("not decoded again").doesNotContain("gzip");
        decompress(folder.resolve("quick.vae"), folder.resolve("quick.npy")).succeeded();
    }

    @Test
    void aFlippedByteIsFoundAndNothingWritten() throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length / 2] ^= 4;
        Path altered = Files.write(folder.resolve("altered.vae"), bytes);
        Path out = folder.resolve("altered.npy");
        assertThat(decompress(altered, out).failure()).contains(altered + ": altered or damaged: its checksum differs");
        assertThat(out).doesNotExist();
    }

    @Test
    void otherWeightsAreRefused() throws IOException {
        Path other = folder.resolve("other");
        Ran.of(Ran.smallTraining(data, other, 1, "--seed", 43).toArray()).succeeded();
        Path out = folder.resolve("other.npy");
        assertThat(Ran.of("vae", "decompress", "--weights", other, "--in", file, "--out", out)
                        .failure())
                .contains(file + ": compressed with other weights (SHA-256 ");
        assertThat(out).doesNotExist();
    }

    @Test
    void existingFilesStayUnlessForced() throws IOException {
        Path precious = Files.writeString(folder.resolve("precious.npy"), "mine");
        assertThat(compress(run, precious).failure()).contains("precious.npy: is there already; --force replaces it");
        assertThat(decompress(file, precious).failure()).contains("precious.npy: is there already; --force replaces");
        assertThat(precious).hasContent("mine");
        decompress(file, precious, "--force").succeeded();
        assertThat(Files.size(precious)).isEqualTo(128 + N * 784);
        assertThat(compress(run, folder).failure()).contains("is a folder; expected the name of a file");
    }

    @Test
    void aDensityIsRefused() throws IOException {
        Path weights = folder.resolve("density.safetensors");
        VaeArchitecture architecture = VaeArchitecture.conv(2, 2, new ImageShape(1, 28, 28), new Gaussian());
        try (var vae = architecture.create(Init.on(Device.CPU, Seed.of(1).stream()))) {
            Safetensors.write(weights, Weights.of(vae.state(), architecture.metadata()));
        }
        Path out = folder.resolve("density.vae");
        assertThat(compress(weights, out).failure()).contains("the likelihood gaussian is a density");
        assertThat(out).doesNotExist();
    }

    @Test
    void wrongUsage() {
        Path out = folder.resolve("none.vae");
        assertThat(compress(run, out, "--latent-bits", 21).refusal()).contains("--latent-bits 21: expected 1 to 20");
        assertThat(Ran.of("vae", "compress", "--weights", run, "--data", "mnist")
                        .refusal())
                .contains("--out");
        assertThat(Ran.of("vae", "decompress", "--weights", run, "--out", out).refusal())
                .contains("--in");
    }

    @Test
    void aStopLeavesNoFile(@TempDir Path place) throws Exception {
        Path out = place.resolve("out/images.vae");
        Process process = ProgramProcess.start(
                place,
                List.of("vae", "compress", "--weights", run, "--data", "glyphs", "--split", "train", "--out", out));
        ProgramProcess.awaitError(place, "compressing", process);
        process.destroy();
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
        assertThat(process.exitValue()).isEqualTo(128 + 15);
        assertThat(out.getParent()).doesNotExist();
    }
}
