package varepsilon.generative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import varepsilon.data.DataFolder;
import varepsilon.data.Datasets;
import varepsilon.data.Glyphs;
import varepsilon.data.ImageSet;
import varepsilon.data.Split;
import varepsilon.tensor.DType;
import varepsilon.tensor.Tensor;
import varepsilon.weights.Safetensors;
import varepsilon.weights.Weights;

/**
 * Weights travel between here and PyTorch, both ways, at full size. Runs where {@code VAREPSILON_PYTHON} names a Python
 * with PyTorch; with the first MNIST test images where {@code VAREPSILON_DATA} has them, else drawn digits; with the
 * weights in the file {@code VAREPSILON_WEIGHTS}, else fresh ones.
 */
class PythonCrossCheckTest extends GenerativeTest {
    private static final int N = 32;
    private static final Path SCRIPT = Path.of("src", "test", "python", "textbook_vae.py");

    @TempDir
    Path folder;

    private String python;

    @BeforeEach
    void findPython() {
        python = System.getenv("VAREPSILON_PYTHON");
        assumeTrue(python != null && !python.isBlank(), "VAREPSILON_PYTHON is not set: no PyTorch to compare with");
    }

    private String run(String... arguments) throws IOException, InterruptedException {
        List<String> command =
                new ArrayList<>(List.of(python, SCRIPT.toAbsolutePath().toString()));
        command.addAll(Arrays.asList(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as("%s said: %s", command, output).isZero();
        return output;
    }

    private static Tensor images() throws IOException {
        String data = System.getenv(DataFolder.VARIABLE);
        ImageSet set = data == null || data.isBlank()
                ? Glyphs.draw("glyphs", N, 1)
                : Datasets.load("mnist", Split.TEST, Path.of(data));
        byte[] pixels = new byte[N * set.dimensions()];
        for (int i = 0; i < N; i++) {
            System.arraycopy(set.image(i), 0, pixels, i * set.dimensions(), set.dimensions());
        }
        return Tensor.of(pixels, N, 1, ConvVae.SIDE, ConvVae.SIDE);
    }

    private Weights weights() throws IOException {
        String named = System.getenv("VAREPSILON_WEIGHTS");
        if (named != null && !named.isBlank()) {
            return Weights.read(Path.of(named));
        }
        VaeArchitecture size = VaeArchitecture.conv(20, 32, 1, new Categorical(16));
        return Weights.of(closing(size.create(init(DType.FLOAT32, 42))).state(), size.metadata());
    }

    private Vae load(Weights weights, Path file, DType dtype) {
        Vae vae = closing(VaeArchitecture.describedBy(weights, file).create(init(dtype, 1)));
        vae.load(weights);
        return vae;
    }

    /** In double precision next to nothing may differ; in single, rounding of values as large as these are. */
    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "FLOAT64"})
    void pyTorchComputesTheSameFromOurWeights(DType dtype, TestReporter reporter)
            throws IOException, InterruptedException {
        Path file = folder.resolve("weights.safetensors");
        Safetensors.write(file, weights());
        Vae vae = load(Weights.read(file), file, dtype);
        Map<String, Tensor> answers = new LinkedHashMap<>();
        answers.put("images", images());
        answers.put("noise", rng(7).normal(dtype, N, vae.prior().latentDim()));
        answers.putAll(CrossCheck.answers(vae, answers.get("images"), answers.get("noise")));
        Path answersFile = folder.resolve("answers.safetensors");
        Safetensors.write(answersFile, Weights.of(answers, Map.of()));
        reporter.publishEntry("PyTorch on our weights", run("check", file.toString(), answersFile.toString()));
    }

    @Test
    void weComputeTheSameFromPyTorchsWeights(TestReporter reporter) throws IOException, InterruptedException {
        Path images = folder.resolve("images.safetensors");
        Safetensors.write(images, Weights.of(Map.of("images", images()), Map.of()));
        run("make", folder.toString(), "--images", images.toString());
        Weights answers = Weights.read(folder.resolve("textbook_vae_answers.safetensors"));
        for (String file : List.of("textbook_vae.safetensors", "textbook_vae.pt")) {
            Vae vae = load(Weights.read(folder.resolve(file)), folder.resolve(file), DType.FLOAT32);
            assertThat(vae.parameterCount()).isEqualTo(270_616);
            Map<String, Tensor> found = CrossCheck.answers(vae, answers.get("images"), answers.get("noise"));
            for (String name : List.of("mean", "log_std", "logits")) {
                double difference = largest(found.get(name).sub(answers.get(name)));
                reporter.publishEntry(
                        "PyTorch's " + file + " here, " + name, difference + " of " + largest(answers.get(name)));
                assertThat(difference).as(name).isLessThan(1e-4);
            }
        }
    }

    private static double largest(Tensor values) {
        return Arrays.stream(values.toDoubles()).map(Math::abs).max().orElseThrow();
    }
}
