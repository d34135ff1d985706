package varepsilon.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.ScopedTest;
import varepsilon.base.InputException;
import varepsilon.tensor.DType;
import varepsilon.tensor.Tensor;

/** Files that NumPy wrote ({@code make_arrays.py}), and files that nobody should believe. */
class NumpyFileTest extends ScopedTest {
    @TempDir
    Path folder;

    private static Path resource(String name) throws URISyntaxException {
        return Path.of(NumpyFileTest.class.getResource(name).toURI());
    }

    private static Tensor read(Path path, String name) throws IOException {
        try (NumpyFile file = NumpyFile.open(path)) {
            return file.read(name);
        }
    }

    private static Tensor only(Path path) throws IOException {
        return read(path, "array");
    }

    private static void assertRefused(Path path, String... parts) {
        assertThatThrownBy(() -> {
                    try (NumpyFile file = NumpyFile.open(path)) {
                        for (String name : file.arrays().keySet()) {
                            file.read(name);
                        }
                    }
                })
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith(path + ": ")
                .hasMessageContainingAll(parts)
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n").doesNotContain("\u001b"));
    }

    @ParameterizedTest
    @CsvSource({
        "array_f2, FLOAT16, 2",
        "array_f4, FLOAT32, 2",
        "array_f8, FLOAT64, 2",
        "array_f4_big, FLOAT32, 2",
        "array_f8_big, FLOAT64, 2",
        "array_u1, UINT8, 1",
        "array_i1, INT8, 1",
        "array_i2_big, INT16, 1",
        "array_i4, INT32, 1",
        "array_i8_big, INT64, 1",
        "array_f4_fortran, FLOAT32, 2",
        "array_f8_big_fortran, FLOAT64, 2",
        "version_2, FLOAT32, 2",
        "version_3, FLOAT32, 2"
    })
    void arraysOfEveryTypeAndOrder(String name, DType dtype, int divisor) throws Exception {
        Tensor array = only(resource(name + ".npy"));

        assertThat(array.dtype()).isEqualTo(dtype);
        assertThat(array.shape()).containsExactly(2, 3, 4);
        double[] values = array.to(DType.FLOAT64).toDoubles();
        assertThat(values).hasSize(24);
        for (int k = 0; k < 24; k++) {
            assertThat(values[k]).isEqualTo((double) k / divisor);
        }
    }

    @Test
    void otherShapes() throws Exception {
        assertThat(only(resource("scalar.npy")).shape()).isEmpty();
        assertThat(only(resource("scalar.npy")).item()).isEqualTo(2.5);
        assertThat(only(resource("empty.npy")).shape()).containsExactly(0, 3);
        assertThat(only(resource("line.npy")).toLongs()).containsExactly(0, 1, 2);
    }

    @Test
    void bytesAreWrittenAsNumPyWritesThem() throws Exception {
        byte[] values = new byte[24];
        for (int i = 0; i < values.length; i++) {
            values[i] = (byte) i;
        }
        Path path = folder.resolve("written.npy");
        NumpyFile.write(path, values, 2, 3, 4);
        assertThat(path).hasSameBinaryContentAs(resource("array_u1.npy"));
        NumpyFile.write(path, values, 24);
        assertThat(only(path).shape()).containsExactly(24);
        NumpyFile.write(path, new byte[] {-1}, 1, 1, 1, 1);
        assertThat(only(path).toDoubles()).containsExactly(255);
        assertThatThrownBy(() -> NumpyFile.write(path, values, 5, 5)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void archivesNameTheirArrays() throws Exception {
        try (NumpyFile file = NumpyFile.open(resource("stored.npz"))) {
            assertThat(file.arrays().keySet()).containsExactly("x_adv", "y", "notes");
            assertThat(file.arrays().get("x_adv")).hasToString("'<f4' 2×3×4");
            assertThat(file.read("x_adv").toFloats()[5]).isEqualTo(2.5f);
            assertThat(file.read("y").toLongs()).containsExactly(0, 1);
            assertThatThrownBy(() -> file.read("notes"))
                    .isInstanceOf(InputException.class)
                    .hasMessageContainingAll("'notes' is of type '|O'", "Python objects");
            assertThatThrownBy(() -> file.read("z")).isInstanceOf(IllegalArgumentException.class);
        }
        assertThat(read(resource("deflated.npz"), "arr_0").toFloats()[23]).isEqualTo(11.5f);
        assertThat(read(resource("deflated.npz"), "arr_1").dtype()).isEqualTo(DType.UINT8);
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '"',
            delimiter = ';',
            value = {"objects; '|O'", "records; [('a'", "complex; '<c8'"})
    void whatIsNotOfNumbersIsRefused(String name, String type) throws Exception {
        assertRefused(resource(name + ".npy"), "is of type " + type, "expected numbers");
    }

    private static byte[] npy(String header, int bytes) {
        byte[] text = header.getBytes(StandardCharsets.ISO_8859_1);
        ByteBuffer buffer = ByteBuffer.allocate(10 + text.length + bytes);
        buffer.put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0});
        buffer.put((byte) text.length).put((byte) (text.length >> 8)).put(text);
        return buffer.array();
    }

    private Path file(String name, byte[] content) throws IOException {
        return Files.write(folder.resolve(name), content);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{}",
                "{'descr': '<f4', 'fortran_order': False}",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'more': 1}",
                "{'descr': '<f4', 'fortran_order': 0, 'shape': (2,)}",
                "{'descr': '<f4', 'fortran_order': False, 'shape': [2]}",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (-2,)}",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (2 3)}",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
                "{'descr': __import__('os').system('id'), 'fortran_order': False, 'shape': (2,)}",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} + \n\u001b[31m",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1)}"
            })
    void headersThatAreNoneAreRefused(String header) throws IOException {
        assertRefused(file("a.npy", npy(header, 8)), "array");
    }

    @Test
    void aHeaderInAnyOrderAndSpacing() throws IOException {
        Path path = file("a.npy", npy("{'shape':(2L, ),'descr':'<f4' , 'fortran_order':False}", 8));
        assertThat(only(path).toFloats()).containsExactly(0, 0);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "(3,); is damaged",
                "(1,); is damaged",
                "(1000000000,); more than 2 GB",
                "(4000000000, 4000000000, 4000000000); more than 2 GB",
                "(100000000000000000,); more than 2 GB"
            })
    void promisesThatTheFileDoesNotKeepAreRefused(String shape, String why) throws IOException {
        String header = "{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + "}";
        assertRefused(file("a.npy", npy(header, 8)), why);
    }

    @Test
    void truncatedAnywhereIsRefused() throws Exception {
        byte[] whole = Files.readAllBytes(resource("array_f4.npy"));
        for (int length = 6; length < whole.length; length += 7) {
            assertRefused(file("cut.npy", Arrays.copyOf(whole, length)), "array");
        }
        byte[] archive = Files.readAllBytes(resource("deflated.npz"));
        for (int length = 4; length < archive.length; length += 13) {
            assertRefused(file("cut.npz", Arrays.copyOf(archive, length)), "damaged");
        }
        assertRefused(file("cut.npy", new byte[3]), "not a file of NumPy");
    }

    @Test
    void aFlippedByteOfAnArchiveIsNoticed() throws Exception {
        byte[] archive = Files.readAllBytes(resource("stored.npz"));
        archive[200] ^= 1; // among the numbers of x_adv
        assertRefused(file("flipped.npz", archive), "'x_adv' is damaged");
    }

    private Path zip(String name, byte[] content) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            zip.putNextEntry(new ZipEntry(name));
            zip.write(content);
        }
        return file("a.npz", bytes.toByteArray());
    }

    @Test
    void archivesWithoutArraysOrWithSurplus() throws IOException {
        assertRefused(zip("archive/data.pkl", new byte[10]), "a zip archive without arrays");
        assertRefused(zip("a.npy", "no array".getBytes(StandardCharsets.UTF_8)), "'a' is no array");
        assertRefused(zip("a.npy", new byte[3]), "'a' is damaged, or truncated");
        // A megabyte of zeros in a kilobyte of file is more than the header says.
        byte[] bomb = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", 1 << 20);
        assertRefused(zip("a\n\u001b.npy", bomb), "is damaged", "but there are");
    }

    @Test
    void filesThatAreNotThereOrFolders() {
        assertRefused(folder.resolve("none.npz"), "no such file");
        assertRefused(folder, "no such file");
    }

    @Test
    void pngFilesInTheOrderOfTheirNumbers() throws IOException {
        for (String name : List.of("img10.png", "img2.png", "img1.png", "img02.png", "other.txt", ".hidden.png")) {
            Files.createFile(folder.resolve(name));
        }
        assertThat(OrderedImages.in(folder).stream()
                        .map(path -> path.getFileName().toString()))
                .containsExactly("img1.png", "img02.png", "img2.png", "img10.png");
    }
}
