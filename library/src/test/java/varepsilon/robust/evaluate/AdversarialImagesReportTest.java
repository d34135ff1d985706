package varepsilon.robust.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import varepsilon.ScopedTest;
import varepsilon.base.InputException;
import varepsilon.base.Watch;
import varepsilon.data.ImageSet;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.stats.Accuracy;
import varepsilon.tensor.Device;
import varepsilon.tensor.Tensor;
import varepsilon.weights.Safetensors;
import varepsilon.weights.Weights;

/**
 * Adversarial images of a linear classifier, in every form that tools save them in, against what a sum says of them.
 */
class AdversarialImagesReportTest extends ScopedTest {
    private static final int N = 23;
    private static final int CHANNELS = 3;
    private static final int HEIGHT = 4;
    private static final int WIDTH = 5;
    private static final int D = CHANNELS * HEIGHT * WIDTH;
    private static final double EPS = 8.0 / 255;
    private static final float[] W = new float[D];

    /** So that images of middle grey lie on the border. */
    private static final double B;

    static {
        double centre = 0;
        Random random = new Random(3);
        for (int i = 0; i < D; i++) {
            W[i] = random.nextInt(9) - 4;
            centre -= W[i] / 2;
        }
        B = centre;
    }

    @TempDir
    Path folder;

    private ImageSet images;
    /** Levels, image after image, plane after plane. */
    private byte[] adversarial;

    /** Every pixel of image i is moved by 4 + i % 8 levels against its score: some too far, some in vain. */
    @BeforeEach
    void make() {
        Random random = new Random(4);
        byte[] pixels = new byte[N * D];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte) (20 + random.nextInt(216));
        }
        images = Toys.labelledBy(Toys.images(pixels, CHANNELS, HEIGHT, WIDTH, new int[N], 2), W, B);
        adversarial = new byte[N * D];
        for (int i = 0; i < N; i++) {
            byte[] image = images.image(i);
            int direction = images.label(i) == 1 ? -1 : 1;
            for (int d = 0; d < D; d++) {
                adversarial[i * D + d] = (byte) ((image[d] & 0xff) + direction * (int) Math.signum(W[d]) * levels(i));
            }
        }
    }

    private static int levels(int i) {
        return 4 + i % 8;
    }

    /** Right after, by the sum. */
    private boolean stays(int i) {
        double score = B;
        for (int d = 0; d < D; d++) {
            score += W[d] * ((adversarial[i * D + d] & 0xff) / 255.0);
        }
        return (score > 0 ? 1 : 0) == images.label(i);
    }

    private int robust(double most) {
        int robust = 0;
        for (int i = 0; i < N; i++) {
            robust += stays(i) || levels(i) > most ? 1 : 0;
        }
        return robust;
    }

    private int tooLarge(double most) {
        int tooLarge = 0;
        for (int i = 0; i < N; i++) {
            tooLarge += levels(i) > most ? 1 : 0;
        }
        return tooLarge;
    }

    private AdversarialImagesReport report(Path path, double eps) throws IOException {
        AdversarialImages read = AdversarialImages.read(path, images);
        return AdversarialImagesReport.of(
                Toys.linear(W, B), images, read, ThreatModel.of(Norm.LINF, eps), 7, Device.CPU, Watch.NONE);
    }

    /** Of one array. */
    private Path npz(String name, String type, String shape, byte[] content) throws IOException {
        String header = "{'descr': '" + type + "', 'fortran_order': False, 'shape': (" + shape + "), }\n";
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            zip.putNextEntry(new ZipEntry(name + ".npy"));
            zip.write(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (byte) header.length(), 0});
            zip.write(header.getBytes(StandardCharsets.US_ASCII));
            zip.write(content);
        }
        return Files.write(folder.resolve(name + ".npz"), bytes.toByteArray());
    }

    private byte[] channelsLast() {
        byte[] moved = new byte[adversarial.length];
        int plane = HEIGHT * WIDTH;
        for (int at = 0; at < moved.length; at++) {
            int image = at / D;
            int channel = at % D / plane;
            moved[image * D + at % plane * CHANNELS + channel] = adversarial[at];
        }
        return moved;
    }

    private byte[] floats(double factor) {
        ByteBuffer buffer = ByteBuffer.allocate(adversarial.length * 4).order(ByteOrder.LITTLE_ENDIAN);
        for (byte level : adversarial) {
            buffer.putFloat((float) ((level & 0xff) * factor));
        }
        return buffer.array();
    }

    private byte[] doublesBigEndian() {
        ByteBuffer buffer = ByteBuffer.allocate(adversarial.length * 8);
        for (byte level : adversarial) {
            buffer.putDouble((level & 0xff) / 255.0);
        }
        return buffer.array();
    }

    private Path pngs(String pattern) throws IOException {
        Path pngs = Files.createDirectories(folder.resolve("pngs"));
        for (int i = 0; i < N; i++) {
            BufferedImage image = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
            for (int p = 0; p < HEIGHT * WIDTH; p++) {
                int rgb = 0;
                for (int c = 0; c < CHANNELS; c++) {
                    rgb = rgb << 8 | adversarial[i * D + c * HEIGHT * WIDTH + p] & 0xff;
                }
                image.setRGB(p % WIDTH, p / WIDTH, rgb);
            }
            ImageIO.write(image, "png", pngs.resolve(String.format(pattern, i)).toFile());
        }
        return pngs;
    }

    private void assertReport(AdversarialImagesReport report, boolean rounded) {
        assertThat(report.clean()).isEqualTo(new Accuracy(N, N));
        assertThat(robust(8)).as("a case worth the test").isBetween(1, N - 1).isNotEqualTo(robust(99));
        assertThat(report.exact().robust()).isEqualTo(new Accuracy(robust(8), N));
        assertThat(report.exact().tooLarge()).isEqualTo(tooLarge(8));
        assertThat(report.exact().tooLargeAndMisclassified()).isEqualTo(robust(8) - robust(99));
        assertThat(report.maxPerturbation()).isCloseTo(11 / 255.0, within(1e-6));
        assertThat(report.medianPerturbation()).isCloseTo(7 / 255.0, within(1e-6));
        assertThat(report.rounded() != null).isEqualTo(rounded);
    }

    @Test
    void everyFormatGivesTheSameReport() throws IOException {
        String first = N + ", 3, 4, 5";
        String last = N + ", 4, 5, 3";
        assertReport(report(npz("x_adv", "|u1", first, adversarial), EPS), true);
        assertReport(report(npz("arr_0", "|u1", last, channelsLast()), EPS), true);
        assertReport(report(npz("images", "<f4", first, floats(1 / 255.0)), EPS), false);
        assertReport(report(npz("whatever", ">f8", first, doublesBigEndian()), EPS), false);
        assertReport(report(pngs("%d.png"), EPS), true);
    }

    @Test
    void safetensorsAndOurOwnPairs() throws IOException {
        Path file = folder.resolve("adv.safetensors");
        Tensor pixels = Tensor.of(adversarial, N, CHANNELS, HEIGHT, WIDTH);
        Safetensors.write(file, Weights.of(Map.of("x", pixels), Map.of()));
        assertReport(report(file, EPS), true);

        long[] backwards = new long[N];
        for (int i = 0; i < N; i++) {
            backwards[i] = N - 1L - i;
        }
        Safetensors.write(
                file, Weights.of(Map.of("adversarial", pixels, "indices", Tensor.of(backwards, N)), Map.of()));
        assertThatThrownBy(() -> report(file, EPS))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("indices");

        assertReport(report(pngs("%05d-adversarial.png"), EPS), true);
        pngs("%05d-clean.png");
        assertReport(report(folder.resolve("pngs"), EPS), true);
        Files.move(folder.resolve("pngs/00003-adversarial.png"), folder.resolve("pngs/00099-adversarial.png"));
        assertThatThrownBy(() -> report(folder.resolve("pngs"), EPS))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("expected the pair of image 3");
    }

    /** 7.6 levels round to 8, which is above ε and within ε and half a level. */
    @Test
    void roundingToLevelsIsCountedApart() throws IOException {
        AdversarialImagesReport report = report(npz("x_adv", "|u1", N + ", 3, 4, 5", adversarial), 7.6 / 255);

        assertThat(report.exact().tooLarge()).isEqualTo(tooLarge(7)).isGreaterThan(tooLarge(8));
        assertThat(report.exact().robust().correct()).isEqualTo(robust(7));
        assertThat(report.rounded().allowed()).isCloseTo(8.1 / 255, within(1e-12));
        assertThat(report.rounded().tooLarge()).isEqualTo(tooLarge(8));
        assertThat(report.rounded().robust().correct()).isEqualTo(robust(8));
    }

    @Test
    void theCleanImagesThemselvesBreakNothing() throws IOException {
        for (int i = 0; i < N; i++) {
            System.arraycopy(images.image(i), 0, adversarial, i * D, D);
        }
        AdversarialImagesReport report = report(npz("x", "<f4", N + ", 3, 4, 5", floats(1 / 255.0)), 0);
        assertThat(report.exact()).isEqualTo(new AdversarialImagesReport.Counted(0, new Accuracy(N, N), 0, 0));
        assertThat(report.maxPerturbation()).isZero();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "22, 3, 4, 5; 22×3×4×5; expected 23×3×4×5 or 23×4×5×3 for the 23 images of toys: choose the first 22",
                "23, 3, 5, 4; 23×3×5×4; expected 23×3×4×5",
                "23, 60; 23×60; expected 23×3×4×5",
                "1380; 1380; expected 23×3×4×5"
            })
    void shapesThatDoNotFitAreRefused(String shape, String found, String expected) throws IOException {
        int count = 1;
        for (String size : shape.split(", ")) {
            count *= Integer.parseInt(size);
        }
        Path path = npz("x", "|u1", shape.contains(",") ? shape : shape + ",", new byte[count]);
        assertThatThrownBy(() -> report(path, EPS))
                .isInstanceOf(InputException.class)
                .hasMessageContainingAll(path + ": x is " + found, expected);
    }

    @Test
    void valuesOutOfRangeAreRefused() throws IOException {
        for (double factor : new double[] {1, -1 / 255.0, Double.NaN}) {
            Path path = npz("x", "<f4", N + ", 3, 4, 5", floats(factor));
            assertThatThrownBy(() -> report(path, EPS))
                    .isInstanceOf(InputException.class)
                    .hasMessageContainingAll("x has values from ", "floats from 0 to 1");
        }
        byte[] wide = new byte[N * D * 2];
        wide[1] = 1; // 256 as a little-endian integer of two bytes
        Path path = npz("x", "<i2", N + ", 3, 4, 5", wide);
        assertThatThrownBy(() -> report(path, EPS))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("to 256");
    }

    @Test
    void otherFilesAreRefusedByName() throws IOException {
        Path text = Files.writeString(folder.resolve("adv.txt"), "images");
        assertThatThrownBy(() -> report(text, EPS))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("unknown file format");
        assertThatThrownBy(() -> report(folder.resolve("none.npz"), EPS))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("no such file");
        Path few = pngs("%d.png");
        Files.delete(few.resolve("5.png"));
        assertThatThrownBy(() -> report(few, EPS))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("holds 22 PNG files; expected one for each of 23 images");
        ImageIO.write(
                new BufferedImage(6, 6, BufferedImage.TYPE_INT_RGB),
                "png",
                few.resolve("5.png").toFile());
        assertThatThrownBy(() -> report(few, EPS))
                .isInstanceOf(InputException.class)
                .hasMessageContainingAll("5.png: 6×6 pixels", "expected 3×4×5");
    }
}
