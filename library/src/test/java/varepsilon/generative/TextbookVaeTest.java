package varepsilon.generative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.tensor.DType;
import varepsilon.tensor.Tensor;
import varepsilon.weights.Weights;

/**
 * Against what PyTorch computed for the same weights, images and noise; src/test/python/textbook_vae.py made the files.
 */
class TextbookVaeTest extends GenerativeTest {
    @TempDir
    Path folder;

    private Weights read(String name) throws IOException {
        Path copy = folder.resolve(name);
        try (InputStream in = TextbookVaeTest.class.getResourceAsStream(name)) {
            Files.copy(in, copy);
        }
        return Weights.read(copy);
    }

    @ParameterizedTest
    @ValueSource(strings = {"textbook_vae.safetensors", "textbook_vae.pt"})
    void computesWhatPyTorchComputes(String file) throws IOException {
        Weights weights = read(file);
        VaeArchitecture size = VaeArchitecture.describedBy(weights, folder.resolve(file));
        assertThat(size).isEqualTo(VaeArchitecture.conv(3, 2, 1, new Categorical(16)));
        Vae vae = closing(size.create(init(DType.FLOAT32, 1)));
        vae.load(weights);
        Weights answers = read("textbook_vae_answers.safetensors");
        Map<String, Tensor> found = CrossCheck.answers(vae, answers.get("images"), answers.get("noise"));

        assertClose(found.get("mean"), answers.get("mean"), 1e-5);
        assertClose(found.get("log_std"), answers.get("log_std"), 1e-5);
        Tensor everyThird = Tensor.of(new long[] {0, 3, 6, 9, 12, 15, 18, 21, 24, 27}, 10);
        Tensor thin = found.get("logits").indexSelect(2, everyThird).indexSelect(3, everyThird);
        assertClose(thin, answers.get("logits_thin"), 1e-5);
        assertClose(found.get("log_likelihood"), answers.get("log_likelihood"), 2e-3);
        assertClose(found.get("kl"), answers.get("kl"), 1e-4);
        List<String> gradients = answers.names().stream()
                .filter(name -> name.startsWith("gradient."))
                .toList();
        assertThat(gradients).hasSize(24);
        for (String name : gradients) {
            assertClose(found.get(name), answers.get(name), 2e-4);
        }
    }

    private static void assertClose(Tensor found, Tensor expected, double tolerance) {
        assertThat(found.shape()).containsExactly(expected.shape());
        assertThat(Arrays.stream(expected.toDoubles()).map(Math::abs).max().orElseThrow())
                .isGreaterThan(100 * tolerance);
        assertThat(found.toDoubles()).containsExactly(expected.toDoubles(), within(tolerance));
    }
}
