package varepsilon.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import varepsilon.base.InputException;
import varepsilon.tensor.DType;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/** Files of other programs, with the bytes that each format is known by. */
class WeightFormatTest {
    @TempDir
    Path folder;

    private void assertRefused(Path path, String... parts) {
        assertThatThrownBy(() -> Weights.read(path))
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith(path + ": ")
                .hasMessageContainingAll(parts)
                .message()
                .doesNotContain("\n");
        assertThatThrownBy(() -> ModelWeights.read(path, List.of()))
                .isInstanceOf(InputException.class)
                .hasMessageContainingAll(parts);
    }

    private Path file(String name, String latin1) throws IOException {
        String padded = latin1 + "\0".repeat(600);
        return Files.write(folder.resolve(name), padded.getBytes(StandardCharsets.ISO_8859_1));
    }

    private Path zip(String name, String... entries) throws IOException {
        Path path = folder.resolve(name);
        try (var zip = new ZipOutputStream(Files.newOutputStream(path))) {
            for (String entry : entries) {
                zip.putNextEntry(new ZipEntry(entry));
                zip.write(1);
            }
        }
        return path;
    }

    @Test
    void formatsOfOthersAreNamedWhateverTheFilesAreCalled() throws IOException {
        assertRefused(file("a.pt", "\u0089HDF\r\n\32\n"), "HDF5", "Keras", "torch.jit.trace", "copy the weights");
        assertRefused(file("b.pt", "\34\0\0\0TFL3"), "TensorFlow Lite", "torch.jit.trace");
        assertRefused(file("c.pt", "\u0093NUMPY\1\0"), "NumPy array (.npy)");
        assertRefused(file("d.pt", "GGUF\3\0"), "GGUF");
        assertRefused(file("e.pt", "\u0080\4\u0095"), "a pickle that torch.save did not write", "re-save");
        assertRefused(zip("f.pt", "conv1.weight.npy", "fc.npy"), ".npz");
        assertRefused(zip("g.pt", "metadata.json", "config.json", "model.weights.h5"), "Keras model (.keras)");
    }

    @ParameterizedTest
    @CsvSource({
        "model.onnx, an ONNX model, onnx2torch",
        "MODEL.ONNX, an ONNX model, onnx2torch",
        "model.pb, a TensorFlow graph, copy the weights",
        "model.ckpt, a TensorFlow checkpoint, copy the weights",
        "model.ckpt.data-00000-of-00001, a TensorFlow checkpoint, copy the weights",
        "model.ckpt.index, a TensorFlow checkpoint, copy the weights",
    })
    void formatsWithoutAMarkAreKnownByName(String name, String format, String advice) throws IOException {
        assertRefused(file(name, "\10\7\22\7"), format, advice);
    }

    @Test
    void whatCanBeReadIsReadWhateverItIsCalled() throws IOException {
        try (var scope = Scope.open()) {
            // The first byte of a header's length may be that of a pickle: here 128.
            Map<String, Tensor> tensors = Map.of("w".repeat(71), Tensor.zeros(DType.FLOAT32, 1));
            Path path = folder.resolve("model.onnx");
            Safetensors.write(path, Weights.of(tensors, Map.of()));
            assertThat(Files.readAllBytes(path)[0]).isEqualTo((byte) 128);
            assertThat(Weights.read(path).names()).hasSize(1);
            Path lightning = folder.resolve("last.ckpt");
            Files.copy(TestFiles.pt(folder, "parallel.pt"), lightning);
            assertThat(Weights.read(lightning).names()).hasSize(2);
        }
    }
}
