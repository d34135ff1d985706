package varepsilon.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import varepsilon.ScopedTest;
import varepsilon.base.InputException;
import varepsilon.tensor.DType;
import varepsilon.tensor.Tensor;

class WeightsTest extends ScopedTest {
    @TempDir
    Path folder;

    private static Map<String, long[]> shapes(Object... namesAndShapes) {
        Map<String, long[]> shapes = new LinkedHashMap<>();
        for (int i = 0; i < namesAndShapes.length; i += 2) {
            shapes.put((String) namesAndShapes[i], (long[]) namesAndShapes[i + 1]);
        }
        return shapes;
    }

    @Test
    void tellsAllThatDoesNotFitAtOnceAndNamesTheFile() throws IOException {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        for (String name : new String[] {"fc.weight", "extra.1", "extra.2", "extra.3", "extra.4", "extra.5"}) {
            tensors.put(name, Tensor.zeros(DType.FLOAT32, 10, 64));
        }
        Path path = folder.resolve("other.safetensors");
        Safetensors.write(path, Weights.of(tensors, Map.of()));
        Weights weights = Weights.read(path);

        assertThatThrownBy(() -> weights.requireExactly(shapes(
                        "fc.weight", new long[] {100, 64}, "fc.bias", new long[] {10}, "conv1.weight", new long[] {1})))
                .isInstanceOf(InputException.class)
                .hasMessage(path + ": these are not this model's weights: 2 missing ('fc.bias', 'conv1.weight'), "
                        + "5 surplus ('extra.1', 'extra.2', 'extra.3' and 2 more), "
                        + "1 of another shape ('fc.weight [10, 64] not [100, 64]'); "
                        + "is it a file of another architecture?");
        assertThatThrownBy(() -> weights.get("fc.bias"))
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith(path + ": no tensor 'fc.bias'; the file has 'fc.weight', ");
    }

    @Test
    void acceptsExactlyTheExpectedNamesAndTheOptionalOnes() {
        Weights weights =
                Weights.of(Map.of("w", Tensor.zeros(DType.FLOAT32, 2), "n", Tensor.zeros(DType.INT64)), Map.of());
        assertThatCode(() -> weights.requireExactly(shapes("n", new long[0], "w", new long[] {2})))
                .doesNotThrowAnyException();
        assertThatCode(() -> weights.requireExactly(shapes("w", new long[] {2}), "n"::equals))
                .doesNotThrowAnyException();
        assertThatCode(() -> weights.requireExactly(
                        shapes("w", new long[] {2}, "n", new long[0], "m", new long[0]), "m"::equals))
                .doesNotThrowAnyException();
        assertThatThrownBy(() -> weights.requireExactly(shapes("w", new long[] {2})))
                .hasMessageContaining("1 surplus ('n')");
        assertThatThrownBy(() -> weights.requireExactly(shapes("w", new long[] {2}, "n", new long[] {1}), "n"::equals))
                .hasMessageContaining("1 of another shape ('n [] not [1]')");
    }

    @Test
    void namesTheFormatsThatItCannotRead() throws IOException {
        Path tar = folder.resolve("model.tar");
        byte[] header = new byte[512];
        System.arraycopy(new byte[] {'u', 's', 't', 'a', 'r'}, 0, header, 257, 5);
        assertThatThrownBy(() -> Weights.read(Files.write(tar, header)))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("PyTorch < 1.6")
                .hasMessageContaining("re-save");
        assertThatThrownBy(() -> Weights.read(TestFiles.pt(folder, "legacy.pt")))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("PyTorch < 1.6")
                .hasMessageContaining("re-save");
        Path text = Files.writeString(folder.resolve("notes.txt"), "neither this nor that, but long enough");
        assertThatThrownBy(() -> Weights.read(text))
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith(text + ": ")
                .hasMessageContaining("not a safetensors file");
        assertThatThrownBy(() -> Weights.read(folder)).isInstanceOf(InputException.class);
    }

    @Test
    void theContentSaysTheFormatNotTheName() throws IOException {
        Path misnamed = Files.move(TestFiles.pt(folder, "parallel.pt"), folder.resolve("model.safetensors"));
        assertThat(Weights.read(misnamed).names()).containsExactly("weight", "bias");
        Path other = folder.resolve("model.pt");
        Safetensors.write(other, Weights.of(Map.of("w", Tensor.zeros(DType.FLOAT32)), Map.of()));
        assertThat(Weights.read(other).names()).containsExactly("w");
    }
}
