package varepsilon.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Random;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.ScopedTest;
import varepsilon.base.InputException;
import varepsilon.tensor.DType;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/** Files that Python's PyTorch wrote; make_state_dicts.py has the formulas of their values. */
class PyTorchStateDictTest extends ScopedTest {
    @TempDir
    Path folder;

    private Weights read(String name) throws IOException {
        return PyTorchStateDict.read(TestFiles.pt(folder, name));
    }

    private static double[] range(int n) {
        return IntStream.range(0, n).asDoubleStream().toArray();
    }

    private static void assertTensor(Weights weights, String name, long[] shape, double... values) {
        assertThat(weights.get(name).shape()).as(name).isEqualTo(shape);
        assertThat(weights.get(name).toDoubles()).as(name).isEqualTo(values);
    }

    private static long[] shape(long... sizes) {
        return sizes;
    }

    @ParameterizedTest
    @ValueSource(strings = {"dtypes.pt", "dtypes_torch2.pt"})
    void readsEveryElementType(String file) throws IOException {
        Weights weights = read(file);
        assertThat(weights.names())
                .containsExactly(
                        "float64",
                        "float32",
                        "float16",
                        "bfloat16",
                        "int64",
                        "int32",
                        "int16",
                        "int8",
                        "uint8",
                        "bool");
        for (DType dtype : DType.values()) {
            String name = dtype.name().toLowerCase(Locale.ROOT);
            assertThat(weights.get(name).dtype()).isEqualTo(dtype);
            double[] expected = dtype == DType.BOOL ? new double[] {1, 0, 1, 0, 1, 0} : range(6);
            assertTensor(weights, name, shape(2, 3), expected);
        }
        assertThat(weights.metadata()).isEmpty();
    }

    @Test
    void readsViewsOfSharedStoragesAsTensorsOfTheirOwn() throws IOException {
        Weights weights = read("views.pt");
        assertTensor(weights, "whole", shape(4, 6), range(24));
        double[] transposed =
                IntStream.range(0, 24).mapToDouble(i -> 6 * (i % 4) + i / 4).toArray();
        assertTensor(weights, "transposed", shape(6, 4), transposed);
        assertTensor(weights, "block", shape(2, 3), 8, 9, 10, 14, 15, 16);
        assertTensor(
                weights,
                "every_other",
                shape(4, 3),
                DoubleStream.iterate(0, i -> i + 2).limit(12).toArray());
        assertTensor(weights, "expanded", shape(2, 3), 6, 7, 8, 6, 7, 8);
        double[] permuted =
                IntStream.range(0, 24).mapToDouble(i -> 4 * (i % 6) + i / 6).toArray();
        assertTensor(weights, "permuted", shape(4, 2, 3), permuted);
        assertTensor(weights, "channels_last", shape(1, 2, 3, 4), range(24));
        assertTensor(weights, "element", shape(), 15);
        assertTensor(weights, "scalar", shape(), 7);
        assertTensor(weights, "empty", shape(0, 3));

        weights.get("whole").addInPlace(Tensor.ones(DType.FLOAT32), 1);
        assertThat(weights.get("block").toDoubles()[0]).isEqualTo(8);
    }

    @Test
    void findsTheStateDictOfATrainingCheckpoint() throws IOException {
        Weights weights = read("checkpoint.pt");
        assertThat(weights.names())
                .containsExactly(
                        "0.weight",
                        "0.bias",
                        "1.weight",
                        "1.bias",
                        "1.running_mean",
                        "1.running_var",
                        "1.num_batches_tracked");
        assertTensor(weights, "0.weight", shape(2, 1, 3, 3), range(18));
        assertTensor(weights, "1.bias", shape(2), 0, 1);
        assertTensor(weights, "1.num_batches_tracked", shape(), 1);
        // The nine weights of a channel sum to 36 and 117; a new running mean is a tenth of the batch's.
        assertThat(weights.get("1.running_mean").toFloats())
                .usingComparatorWithPrecision(1e-6f)
                .containsExactly(3.6f, 11.8f);
    }

    @Test
    void takesThePrefixOfDataParallelOff() throws IOException {
        Weights weights = read("parallel.pt");
        assertThat(weights.names()).containsExactly("weight", "bias");
        assertTensor(weights, "weight", shape(2, 3), range(6));
        assertTensor(weights, "bias", shape(2), 0, 1);
        assertThat(weights.get("weight").requiresGrad()).isFalse();
    }

    @Test
    void readsMoreNamesThanOneByteCounts() throws IOException {
        Weights weights = read("many.pt");
        assertThat(weights.names()).hasSize(100);
        for (int i = 0; i < 100; i++) {
            assertTensor(weights, "tensor" + i, shape(1), i);
        }
    }

    @Test
    void refusesWhatIsNoStateDictAndSaysWhatItIs() {
        assertThatThrownBy(() -> read("whole_model.pt"))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("'torch.nn.modules.linear.Linear'")
                .hasMessageContaining("nothing of it was run");
        assertThatThrownBy(() -> read("torchscript.pt"))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("TorchScript");
        assertThatThrownBy(() -> read("legacy.pt")).isInstanceOf(InputException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"views.pt", "checkpoint.pt", "dtypes_torch2.pt"})
    void aDamagedFileIsReadOrRefusedAndNothingElse(String name) throws IOException {
        Path path = TestFiles.pt(folder, name);
        byte[] whole = Files.readAllBytes(path);
        int refused = 0;
        for (int seed = 0; seed < 500; seed++) {
            Random random = new Random(seed);
            Files.write(path, Damage.of(whole, 1 + random.nextInt(6), random));
            try (var inner = Scope.open()) {
                PyTorchStateDict.read(path).tensors().values().forEach(Tensor::toRaw);
            } catch (InputException e) {
                assertThat(e.getMessage()).startsWith(path.toString()).doesNotContain("\n");
                refused++;
            }
        }
        // Checksums see every change of an entry; only padding and unused fields may change unseen.
        assertThat(refused).isGreaterThan(250);
    }

    @Test
    void everyTruncationIsRefused() throws IOException {
        Path path = TestFiles.pt(folder, "parallel.pt");
        byte[] whole = Files.readAllBytes(path);
        for (int length = 0; length < whole.length; length++) {
            Files.write(path, Arrays.copyOf(whole, length));
            assertThatThrownBy(() -> PyTorchStateDict.read(path))
                    .as("%d bytes", length)
                    .isInstanceOf(InputException.class)
                    .hasMessageStartingWith(path + ": ");
        }
    }
}
