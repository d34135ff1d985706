package varepsilon.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.base.InputException;

/** Images of many kinds, made by Pillow as make_images.py beside them says, against the values that Pillow reads. */
class ImageFileTest {
    private static final List<String> NOT_AS_PILLOW = List.of(
            "float.tif", // refused; Pillow cuts the numbers off to 0
            "lab.tif", // refused
            "premultiplied.tif", // refused
            "lossy.webp", // refused
            "grey16.png"); // Pillow cuts all off at 255

    @TempDir
    Path folder;

    private static Path resource(String name) throws URISyntaxException {
        return Path.of(Objects.requireNonNull(ImageFileTest.class.getResource(name), name)
                .toURI());
    }

    private static byte[] read(Path path) {
        ImageFile file = ImageFile.open(path);
        byte[] pixels = new byte[3 * file.height() * file.width()];
        file.decode(3, pixels, 0);
        return pixels;
    }

    @ParameterizedTest
    @CsvFileSource(resources = "pillow.csv", numLinesToSkip = 1)
    void levelsAreThoseOfPillow(
            String name, String mode, int leftR, int leftG, int leftB, int rightR, int rightG, int rightB)
            throws URISyntaxException {
        if (NOT_AS_PILLOW.contains(name)) {
            return;
        }
        // Decoders of JPEG may differ in rounding.
        int tolerance = name.endsWith(".jpg") ? 2 : 0;
        byte[] pixels = read(resource(name));
        int[] expected = {leftR, leftG, leftB, rightR, rightG, rightB};
        for (int c = 0; c < 3; c++) {
            for (int half = 0; half < 2; half++) {
                int found = pixels[c * 128 + 4 * 16 + 4 + 8 * half] & 0xff;
                assertThat(found)
                        .as("channel %d of half %d", c, half)
                        .isCloseTo(expected[3 * half + c], within(tolerance));
            }
        }
        boolean grey = List.of("1", "L", "LA", "I").contains(mode);
        assertThat(ImageFile.open(resource(name)).grey()).isEqualTo(grey);
    }

    @Test
    void theTableOfPillowIsWhole() throws IOException, URISyntaxException {
        try (Stream<Path> files = Files.list(resource("pillow.csv").getParent())) {
            List<String> lines = Files.readAllLines(resource("pillow.csv"));
            assertThat(files.map(file -> file.getFileName().toString())
                            .filter(name -> !name.matches(".*(\\.py|\\.csv|\\.class|\\.np[yz]|_scene\\.jpg)")))
                    .hasSize(lines.size() - 1)
                    .allMatch(name -> lines.stream().anyMatch(line -> line.startsWith(name + ",")));
        }
    }

    @Test
    void theUpperBitsOfWideGreysCount() throws URISyntaxException {
        byte[] pixels = read(resource("grey16.png"));
        assertThat(pixels[4 * 16 + 4] & 0xff).isEqualTo(86);
        assertThat(pixels[4 * 16 + 12] & 0xff).isEqualTo(134);
    }

    @ParameterizedTest
    @CsvSource({
        "float.tif, samples of 32 bits",
        "lab.tif, L*a*b*",
        "premultiplied.tif, multiplied by their opacity",
        "lossy.webp, 'is not a PNG, JPEG, BMP, GIF, TIFF or PNM image'"
    })
    void refusesWhatItWouldGiveWrongLevelsFor(String name, String why) throws URISyntaxException {
        Path file = resource(name);
        assertThatThrownBy(() -> read(file))
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith(file + ": ")
                .hasMessageContaining(why)
                .message()
                .doesNotContain("\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"baseline_scene.jpg", "progressive_scene.jpg", "grey_scene.jpg", "cmyk_scene.jpg"})
    void aJpegCutOffAnywhereIsRefused(String name) throws IOException, URISyntaxException {
        byte[] whole = Files.readAllBytes(resource(name));
        assertThat(read(resource(name))).isNotEmpty();
        Path cut = folder.resolve("cut.jpg");
        for (int length = 4; length < whole.length; length += length < whole.length - 30 ? 1 + whole.length / 50 : 1) {
            Files.write(cut, Arrays.copyOf(whole, length));
            assertThatThrownBy(() -> read(cut))
                    .as("%d of %d bytes", length, whole.length)
                    .isInstanceOf(InputException.class)
                    .hasMessageStartingWith(cut + ": ")
                    .hasMessageContaining("cut off or damaged; copy it again, or move it away");
        }
    }

    /** A picture with much in it, by format. */
    static Stream<Path> otherFormats() throws URISyntaxException {
        return Stream.concat(
                Stream.of("deflate.tif", "lzw.tif", "rgb.tif", "grey.pgm", "rgb.ppm", "bilevel.pbm")
                        .map(name -> {
                            try {
                                return resource(name);
                            } catch (URISyntaxException e) {
                                throw new IllegalStateException(e);
                            }
                        }),
                Stream.of("png", "gif", "bmp").map(Path::of));
    }

    @ParameterizedTest
    @MethodSource("otherFormats")
    void whereThePixelsAreCutOffItIsRefused(Path original) throws IOException {
        Path file = original.isAbsolute() ? original : noise(original.toString());
        byte[] whole = Files.readAllBytes(file);
        byte[] pixels = read(file);
        Path cut = folder.resolve("cut." + file.getFileName());
        int refused = 0;
        int tried = 0;
        for (int length = whole.length / 2; length < whole.length; length += length < whole.length - 30 ? 7 : 1) {
            Files.write(cut, Arrays.copyOf(whole, length));
            tried++;
            try {
                // What follows the last pixel may be missing.
                assertThat(read(cut)).as("%d of %d bytes", length, whole.length).isEqualTo(pixels);
            } catch (InputException e) {
                assertThat(e).hasMessageStartingWith(cut + ": ");
                refused++;
            }
        }
        assertThat(refused).isGreaterThan(tried / 4);
    }

    private Path noise(String format) throws IOException {
        BufferedImage noise = new BufferedImage(16, 12, BufferedImage.TYPE_3BYTE_BGR);
        Random random = new Random(1);
        IntStream.range(0, 192).forEach(i -> noise.setRGB(i % 16, i / 16, random.nextInt(1 << 24)));
        Path file = folder.resolve("noise." + format);
        assertThat(ImageIO.write(noise, format, file.toFile())).isTrue();
        return file;
    }

    @Test
    void bytesBehindTheEndOfAJpegDoNoHarm() throws IOException, URISyntaxException {
        byte[] whole = Files.readAllBytes(resource("baseline_scene.jpg"));
        Path longer = Files.write(folder.resolve("longer.jpg"), Arrays.copyOf(whole, whole.length + 100));
        assertThat(read(longer)).isEqualTo(read(resource("baseline_scene.jpg")));
    }

    @Test
    void damageWithinAJpegIsRefusedWhereTheDecoderSeesIt() throws IOException, URISyntaxException {
        byte[] damaged = Files.readAllBytes(resource("baseline_scene.jpg"));
        Arrays.fill(damaged, damaged.length - 60, damaged.length - 30, (byte) 0xff);
        Path file = Files.write(folder.resolve("damaged.jpg"), damaged);
        assertThatThrownBy(() -> read(file)).isInstanceOf(InputException.class).hasMessageContaining("damaged");
    }

    @Test
    void onlySegmentsThatDecideTheSamplesAreKept() throws IOException, URISyntaxException {
        byte[] plain = Files.readAllBytes(resource("rgb.jpg"));
        byte[] profiled = Files.readAllBytes(resource("linear_profile.jpg"));
        assertThat(JpegSegments.onlyThoseOfSamples(profiled)).isEqualTo(plain);
        assertThat(JpegSegments.onlyThoseOfSamples(plain)).isEqualTo(plain);
        byte[] cmyk = Files.readAllBytes(resource("cmyk_profile.jpg"));
        assertThat(JpegSegments.onlyThoseOfSamples(cmyk)).isEqualTo(Files.readAllBytes(resource("cmyk.jpg")));
        for (int length = 2; length < profiled.length; length++) {
            byte[] cut = Arrays.copyOf(profiled, length);
            assertThat(JpegSegments.onlyThoseOfSamples(cut)).hasSizeLessThanOrEqualTo(length);
        }
    }

    @Test
    void aFileThatIsNotThereSaysSo() {
        Path nowhere = folder.resolve("nowhere.png");
        assertThatThrownBy(() -> ImageFile.open(nowhere))
                .isInstanceOf(InputException.class)
                .hasMessageContaining(nowhere.toString());
    }
}
