package varepsilon.robust.evaluate;

import java.awt.image.BufferedImage;
import java.awt.image.WritableRaster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageInputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import varepsilon.base.AtomicFile;
import varepsilon.base.InputException;
import varepsilon.data.Batch;
import varepsilon.tensor.DType;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * Adversarial examples as pairs of PNG pictures: {@code 00017-clean.png} and {@code 00017-adversarial.png} for image
 * 17, each pixel rounded to the nearest of the 256 levels of a byte, grey or red, green, blue.
 *
 * @param folder where they lie
 */
public record PngPairs(Path folder) {
    /** Bytes allowed for the parts of a file other than pixels. */
    private static final long MOST_OVERHEAD = 1 << 16;

    /** The two pictures of a pair. */
    enum Side {
        CLEAN,
        ADVERSARIAL
    }

    /**
     * Writes all pairs, over those that are there.
     *
     * @throws InputException where images have neither one nor three channels
     * @throws IOException where a file cannot be written
     */
    public void write(AdversarialExamples examples) throws IOException {
        long channels = examples.clean().size(1);
        if (channels != 1 && channels != 3) {
            throw new InputException(
                    "images of " + channels + " channels cannot be saved as PNG; expected 1 (grey) or 3 (colours)");
        }
        for (int i = 0; i < examples.n(); i++) {
            write(file(examples.indices()[i], Side.CLEAN), examples.clean(), i);
            write(file(examples.indices()[i], Side.ADVERSARIAL), examples.adversarial(), i);
        }
    }

    /**
     * Reads one side of some pairs into the open scope.
     *
     * @param channels 1 or 3
     * @return FLOAT32 N×C×H×W: level / 255
     * @throws InputException where a file is missing, damaged, or not such an image
     */
    Tensor read(Side side, int[] indices, int channels, int height, int width) throws IOException {
        int dimensions = channels * height * width;
        byte[] levels = new byte[Math.multiplyExact(indices.length, dimensions)];
        for (int i = 0; i < indices.length; i++) {
            read(file(indices[i], side), channels, height, width, levels, i * dimensions);
        }
        return Batch.pixels(Tensor.of(levels, indices.length, channels, height, width));
    }

    private Path file(int index, Side side) {
        return folder.resolve(
                String.format(Locale.ROOT, "%05d-%s.png", index, side.name().toLowerCase(Locale.ROOT)));
    }

    private static void write(Path path, Tensor images, int i) throws IOException {
        byte[] levels;
        try (var scope = Scope.withoutGradients()) {
            // The conversion to bytes truncates.
            levels = images.narrow(0, i, 1).mul(255).add(0.5).to(DType.UINT8).toBytes();
        }
        int channels = (int) images.size(1);
        int width = (int) images.size(3);
        BufferedImage image = new BufferedImage(
                width,
                (int) images.size(2),
                channels == 1 ? BufferedImage.TYPE_BYTE_GRAY : BufferedImage.TYPE_3BYTE_BGR);
        // Writes the raster, because setRGB converts grey values between gamma curves.
        WritableRaster raster = image.getRaster();
        int plane = levels.length / channels;
        for (int at = 0; at < levels.length; at++) {
            int place = at % plane;
            raster.setSample(place % width, place / width, at / plane, levels[at] & 0xff);
        }
        AtomicFile.write(path, out -> encode(image, out));
    }

    private static void encode(BufferedImage image, OutputStream out) throws IOException {
        ImageWriter writer = ImageIO.getImageWritersByFormatName("png").next();
        // ImageIO.write would cache in a temporary file and fail when the disk is full.
        try (MemoryCacheImageOutputStream stream = new MemoryCacheImageOutputStream(out)) {
            writer.setOutput(stream);
            writer.write(new IIOImage(image, null, null));
        } finally {
            writer.dispose();
        }
    }

    private static void read(Path path, int channels, int height, int width, byte[] levels, int start)
            throws IOException {
        if (!Files.isRegularFile(path)) {
            throw new InputException(path + ": there is no such file; was the pair saved?");
        }
        long mostBytes = MOST_OVERHEAD + 2L * channels * height * width;
        if (Files.size(path) > mostBytes) {
            throw new InputException(
                    path + ": " + Files.size(path) + " bytes; expected at most " + mostBytes + " for such a picture");
        }
        byte[] file = Files.readAllBytes(path);
        ImageReader reader = ImageIO.getImageReadersByFormatName("png").next();
        try (var stream = new MemoryCacheImageInputStream(new ByteArrayInputStream(file))) {
            reader.setInput(stream, true, true);
            // The size in the header, before that much is allocated.
            require(path, reader.getWidth(0) == width && reader.getHeight(0) == height, height, width, channels);
            copy(path, reader.read(0).getRaster(), channels, height, width, levels, start);
        } catch (InputException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            // The decoder throws many kinds of exceptions on damaged files.
            throw new InputException(path + ": this is not a PNG picture, or it is damaged", e);
        } finally {
            reader.dispose();
        }
    }

    private static void copy(
            Path path, WritableRaster raster, int channels, int height, int width, byte[] levels, int start) {
        boolean fits = raster.getNumBands() == channels
                && raster.getSampleModel().getSampleSize(0) == Byte.SIZE
                && raster.getHeight() == height
                && raster.getWidth() == width;
        require(path, fits, height, width, channels);
        int at = start;
        for (int band = 0; band < channels; band++) {
            for (int sample : raster.getSamples(0, 0, width, height, band, (int[]) null)) {
                levels[at++] = (byte) sample;
            }
        }
    }

    private static void require(Path path, boolean fits, int height, int width, int channels) {
        if (!fits) {
            throw new InputException(path + ": expected a picture of " + height + "×" + width + " pixels with "
                    + channels + " channels of 8 bits, like the examples that were saved");
        }
    }
}
