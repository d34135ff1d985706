package varepsilon.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.base.InputException;

/** Files that NumPy wrote ({@code make_arrays.py}), and files that are wrong. */
class NumpySourceTest {
    @TempDir
    private Path folder;

    private static Path resource(String name) throws URISyntaxException {
        return Path.of(NumpySourceTest.class.getResource(name).toURI());
    }

    private static ImageSet load(String name, Split split) throws IOException {
        return Datasets.load(name, split, Path.of("nowhere"));
    }

    private static List<String> notes(String name) throws IOException {
        return Datasets.named(name).notes(Path.of("nowhere"));
    }

    /** The images of the scripts have levels that follow each other. */
    private static void assertLevelsFrom(int first, ImageSet images) {
        int level = first;
        for (int i = 0; i < images.size(); i++) {
            for (byte pixel : images.image(i)) {
                assertThat(pixel & 0xff).isEqualTo(level++ % 256);
            }
        }
    }

    @Test
    void medmnistAsItIsPublished() throws Exception {
        String name = "numpy:" + resource("medmnist.npz");
        ImageSet train = load(name, Split.TRAIN);
        assertThat(train.shape()).isEqualTo(new ImageShape(3, 4, 5));
        assertThat(train.labels()).containsExactly(2, 0, 1);
        // The classes of both parts.
        assertThat(train.classNames()).containsExactly("0", "1", "2", "3");
        assertLevelsFrom(0, train);
        ImageSet test = load(name, Split.TEST);
        assertThat(test.labels()).containsExactly(1, 3);
        assertLevelsFrom(120, test);
        assertThat(notes(name)).containsExactly(resource("medmnist.npz") + ": left out 'val_images', 'val_labels'");
        assertThat(DatasetInfo.of(name, folder).parts())
                .extracting(DatasetInfo.Part::size)
                .containsExactly(3, 2);
    }

    @Test
    void fractionsInAnyOrderOfBytesAndDimensions() throws Exception {
        String name = "numpy:" + resource("keras.npz");
        ImageSet train = load(name, Split.TRAIN);
        assertThat(train.shape()).isEqualTo(new ImageShape(3, 4, 5));
        assertThat(train.labels()).containsExactly(3, 1, 0, 2);
        assertThat(train.classNames()).hasSize(5);
        assertLevelsFrom(0, train);
        assertLevelsFrom(100, load(name, Split.TEST));
        assertThat(notes(name))
                .hasSize(2)
                .first()
                .asString()
                .contains("'x_train' ('>f4' 4×3×4×5)", "nearest of 256 levels", "1 for white");
    }

    @Test
    void filesOfOneArrayEach() throws Exception {
        Path images = resource("grey_images.npy");
        Path labels = resource("ten_labels.npy");
        String pair = "numpy:" + images + "," + labels;
        ImageSet train = load(pair, Split.TRAIN);
        assertThat(train.shape()).isEqualTo(new ImageShape(1, 4, 5));
        assertThat(train.labels()).containsExactly(0, 1, 2, 0, 2, 0, 1, 2);
        assertThat(train.image(4)[0]).isEqualTo((byte) 100);
        ImageSet test = load(pair, Split.TEST);
        assertThat(test.labels()).containsExactly(1, 0);
        assertThat(test.image(1)[19] & 0xff).isEqualTo(199);
        assertThat(load(pair + "," + images + "," + labels, Split.TEST).size()).isEqualTo(10);
        assertThat(load("numpy:" + images, Split.TRAIN).isLabelled()).isFalse();
        assertThat(notes(pair)).isEmpty();
        assertThat(Datasets.named("numpy:max=7:a.npz").name())
                .isEqualTo("numpy:max=7:" + Path.of("a.npz").toAbsolutePath());
    }

    private static byte[] npy(String type, String shape, byte... values) {
        String header = "{'descr': '" + type + "', 'fortran_order': False, 'shape': (" + shape + "), }";
        ByteBuffer bytes = ByteBuffer.allocate(10 + header.length() + values.length);
        bytes.order(ByteOrder.LITTLE_ENDIAN).put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0});
        bytes.putShort((short) header.length()).put(header.getBytes(StandardCharsets.US_ASCII));
        return bytes.put(values).array();
    }

    private static byte[] floats(String shape, float... values) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : values) {
            bytes.putFloat(value);
        }
        return npy("<f4", shape, bytes.array());
    }

    /** Grey images of one pixel each, and as many zeros for labels. */
    private static byte[] greys(int... levels) {
        byte[] values = new byte[levels.length];
        for (int i = 0; i < levels.length; i++) {
            values[i] = (byte) levels[i];
        }
        return npy("|u1", levels.length + ", 1, 1", values);
    }

    private static byte[] labels(int... labels) {
        ByteBuffer bytes = ByteBuffer.allocate(8 * labels.length).order(ByteOrder.LITTLE_ENDIAN);
        for (int label : labels) {
            bytes.putLong(label);
        }
        return npy("<i8", labels.length + ",", bytes.array());
    }

    private Path archive(Map<String, byte[]> arrays) throws IOException {
        Path file = folder.resolve("a.npz");
        try (OutputStream out = Files.newOutputStream(file);
                ZipOutputStream zip = new ZipOutputStream(out)) {
            for (Map.Entry<String, byte[]> array : arrays.entrySet()) {
                zip.putNextEntry(new ZipEntry(array.getKey() + ".npy"));
                zip.write(array.getValue());
            }
        }
        return file;
    }

    /** An archive of arrays that are of use only by their names: one grey image, or its label. */
    private Path named(String... names) throws IOException {
        Map<String, byte[]> arrays = new LinkedHashMap<>();
        for (String name : names) {
            boolean images = name.toLowerCase(java.util.Locale.ROOT).matches(".*(x|im|data|arr_0).*");
            arrays.put(name, images ? greys(9) : labels(0));
        }
        return archive(arrays);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "images labels",
                "x y",
                "X_train Y_train",
                "data targets",
                "imgs",
                "arr_0 arr_1",
                "train_x train_y"
            })
    void theNamesOfOnePart(String names) throws IOException {
        String name = "numpy:" + named(names.split(" "));
        assertThat(load(name, Split.TRAIN).image(0)).containsExactly(9);
        assertThat(load(name, Split.TRAIN).isLabelled()).isEqualTo(names.contains(" "));
        // Of one image there is no fifth.
        expectRefused(name, Split.TEST, "1 images, every fifth of which would be for testing");
        assertThat(notes(name)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "x_train y_train x_test y_test",
                "images labels test_images test_labels",
                "training_images training_labels testImages testLabels",
                "x_train x_test"
            })
    void theNamesOfTwoParts(String names) throws IOException {
        String name = "numpy:" + named(names.split(" "));
        assertThat(load(name, Split.TRAIN).size()).isEqualTo(1);
        assertThat(load(name, Split.TEST).size()).isEqualTo(1);
    }

    @Test
    void aValidationPartIsTheTestPartWhereThereIsNoOther() throws IOException {
        String name = "numpy:" + named("x_train", "y_train", "x_val", "y_val", "ids");
        assertThat(load(name, Split.TEST).size()).isEqualTo(1);
        assertThat(notes(name))
                .containsExactly(
                        folder.resolve("a.npz") + ": 'x_val' is the test part, because there is no other",
                        folder.resolve("a.npz") + ": left out 'ids'");
    }

    @Test
    void aTestPartAlone() throws IOException {
        String name = "numpy:" + named("x_test", "y_test");
        assertThat(load(name, Split.TEST).size()).isEqualTo(1);
        expectRefused(name, Split.TRAIN, "'x_test'", "there are no training images");
    }

    private static void expectRefused(String name, Split split, String... parts) {
        assertThatThrownBy(() -> load(name, split))
                .isInstanceOf(InputException.class)
                .hasMessageContainingAll(parts)
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n").doesNotContain("\u001b"));
    }

    @ParameterizedTest
    @CsvSource({
        "x y images, both 'x' and 'images'",
        "x y y_test, 'y_test' without images",
        "mu nu, no array that is named as images",
        "x x_train, two training parts",
        "x_train y_train x_test, with labels and 1×1×1 without labels"
    })
    void namesThatDoNotFitAreRefused(String names, String why) throws IOException {
        expectRefused("numpy:" + named(names.split(" ")), Split.TRAIN, why);
    }

    @Test
    void namesInAFileCannotBreakTheLine() throws IOException {
        expectRefused("numpy:" + named("evil\n\u001b[31m"), Split.TRAIN, "no array that is named as images", "evil");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a,", "a,b,c", "a,b,c,d,e", "a\0", "max=3:"})
    void otherPathsAreRefused(String paths) {
        assertThatThrownBy(() -> Datasets.named("numpy:" + paths))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("expected numpy:FILE.npz");
    }

    private String pair(byte[] images, byte[] labels) throws IOException {
        return "numpy:" + Files.write(folder.resolve("x.npy"), images) + ","
                + Files.write(folder.resolve("y.npy"), labels);
    }

    @Test
    void labelsThatDoNotFitAreRefused() throws IOException {
        expectRefused(pair(greys(7, 8), labels(0)), Split.TRAIN, "1 labels for 2 images", "x.npy", "y.npy");
        expectRefused(pair(greys(7, 8), labels(0, -1)), Split.TRAIN, "the label -1 for image 1");
        expectRefused(pair(greys(7, 8), labels(0, 100_000)), Split.TRAIN, "the label 100000", "0 to 99999");
        expectRefused(pair(greys(7, 8), floats("2,", 0, 1)), Split.TRAIN, "expected whole numbers");
        expectRefused(pair(greys(7, 8), npy("|u1", "2, 3", new byte[6])), Split.TRAIN, "expected N or N×1");
        expectRefused(pair(greys(7, 8), npy("|O", "2,", new byte[16])), Split.TRAIN, "Python objects");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "2, 784; expected N×H×W",
                "2, 4, 4, 4; expected N×H×W",
                "2, 3, 4, 3; is not clearly of images",
                "0, 4, 4; is empty",
                "2, 0, 4, 3; is empty",
                "576460752303423488, 1, 1; more than 2 GB",
                "1152921504606846976, 1, 1; has the shape",
                "2, 576460752303423488, 1; images too large",
                "1, 4000000000, 4, 3; images too large",
                "4, 4, 4; is damaged"
            })
    void shapesThatDoNotFitAreRefused(String shape, String why) throws IOException {
        String name = "numpy:" + Files.write(folder.resolve("x.npy"), npy("|u1", shape, new byte[3]));
        assertThatThrownBy(() -> load(name, Split.TRAIN))
                .isInstanceOf(InputException.class)
                .hasMessageContainingAll("x.npy", why);
    }

    @Test
    void theValueOfWhiteIsKnownOrStated() throws IOException {
        byte[] some = labels(0, 0, 0);
        assertThat(levels(pair(floats("3, 1, 1", 0, 0.5f, 1), some))).containsExactly(0, 128, 255);
        expectRefused(
                pair(floats("3, 1, 1", 0, 0.5f, 255), some),
                Split.TRAIN,
                "has the value 255.0 in image 2",
                "expected pixels from 0 to 1",
                "numpy:max=255:FILE");
        String bytes = stated(255, pair(floats("3, 1, 1", 0, 128, 255), some));
        assertThat(levels(bytes)).containsExactly(0, 128, 255);
        assertThat(notes(bytes).get(0)).contains("255 for white");
        for (float value : new float[] {-0.1f, 1.01f, Float.NaN, Float.POSITIVE_INFINITY}) {
            expectRefused(pair(floats("3, 1, 1", 0, value, 1), some), Split.TRAIN, "in image 1");
        }
        // Rounded by single precision.
        assertThat(levels(pair(floats("3, 1, 1", -1e-7f, 1.0000001f, 1), some))).containsExactly(0, 255, 255);
        byte[] wide = npy("<i2", "3, 1, 1", new byte[] {0, 0, 0, 8, -1, 15});
        expectRefused(
                pair(wide, some), Split.TRAIN, "has the value 2048.0 in image 1", "expected pixels from 0 to 255");
        assertThat(levels(stated(4095, pair(wide, some)))).containsExactly(0, 128, 255);
        expectRefused(pair(greys(0, 1, 1), some), Split.TRAIN, "holds only 0 and 1", "numpy:max=1:FILE");
        assertThat(levels(stated(1, pair(greys(0, 1, 1), some)))).containsExactly(0, 255, 255);
        assertThat(levels(stated(255, pair(greys(0, 1, 1), some)))).containsExactly(0, 1, 1);
        assertThat(levels(pair(npy("|b1", "3, 1, 1", new byte[] {0, 1, 0}), some)))
                .containsExactly(0, 255, 0);
    }

    private static String stated(int white, String name) {
        return name.replace("numpy:", "numpy:max=" + white + ":");
    }

    private static int[] levels(String name) throws IOException {
        ImageSet set = load(name, Split.TRAIN);
        int[] levels = new int[set.size()];
        Arrays.setAll(levels, i -> set.image(i)[0] & 0xff);
        return levels;
    }

    @Test
    void truncatedAnywhereIsRefused() throws Exception {
        byte[] whole = Files.readAllBytes(resource("medmnist.npz"));
        for (int length = 1; length < whole.length; length += 11) {
            Path cut = Files.write(folder.resolve("cut.npz"), Arrays.copyOf(whole, length));
            expectRefused("numpy:" + cut, Split.TRAIN, cut.toString());
        }
    }

    @Test
    void picklesAreRefusedAndNotRun() throws Exception {
        expectRefused("numpy:" + resource("objects.npy"), Split.TRAIN, "objects.npy");
        byte[] pickle =
                npy("|O", "1, 1, 1", "cos\nsystem\n(S'touch /tmp/run'\ntR.".getBytes(StandardCharsets.US_ASCII));
        expectRefused("numpy:" + archive(Map.of("x", pickle)), Split.TRAIN, "Python objects, which are programs");
    }

    /** An entry whose directory says a gigabyte, where there are a few bytes. */
    @Test
    void anArchiveThatPromisesMoreThanItCanHoldIsRefusedBeforeMemoryIsTaken() throws IOException {
        byte[] header = npy("|u1", "1000000000, 1, 1");
        Path file = archive(Map.of("x", header));
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        int directory = bytes.getInt(bytes.capacity() - 6);
        bytes.putInt(directory + 24, header.length + 1_000_000_000);
        Files.write(file, bytes.array());
        expectRefused("numpy:" + file, Split.TRAIN, "'x' is damaged", "cannot unpack to");
    }

    @Test
    void missingFilesAreNamed() {
        expectRefused("numpy:" + folder.resolve("none.npz"), Split.TRAIN, "none.npz: no such file");
    }
}
