package varepsilon.report;

import java.awt.image.BufferedImage;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** Pictures as PNG bytes. */
public final class Png {
    private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    private static final byte[] HEADER = {'I', 'H', 'D', 'R'};
    private static final int HEADER_AT = 12;
    private static final int PALETTE = 256;

    private Png() {}

    /** Pixels of a picture. */
    public record Size(int width, int height) {}

    /**
     * The size in the header of a PNG file.
     *
     * @throws IllegalArgumentException if it does not begin as a PNG file
     */
    public static Size size(byte[] png) {
        if (!isPng(png)) {
            throw new IllegalArgumentException("these " + png.length + " bytes are no PNG file");
        }
        ByteBuffer size = ByteBuffer.wrap(png, HEADER_AT + HEADER.length, 8);
        return new Size(size.getInt(), size.getInt());
    }

    /** Whether these bytes begin as a PNG file does. */
    public static boolean isPng(byte[] bytes) {
        return bytes.length >= HEADER_AT + 12
                && Arrays.equals(bytes, 0, SIGNATURE.length, SIGNATURE, 0, SIGNATURE.length)
                && Arrays.equals(bytes, HEADER_AT, HEADER_AT + HEADER.length, HEADER, 0, HEADER.length);
    }

    /**
     * The PNG file of a picture: one byte a pixel where 256 colours are enough, which is a third of the size or less.
     */
    static byte[] encode(BufferedImage picture) {
        BufferedImage image = indexed(picture).orElse(picture);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        ImageWriter writer = ImageIO.getImageWritersByFormatName("png").next();
        // ImageIO.write would cache in a temporary file and fail when the disk is full.
        try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
            writer.setOutput(out);
            writer.write(new IIOImage(image, null, null));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            writer.dispose();
        }
        return bytes.toByteArray();
    }

    /** The same picture by a palette; empty where it has too many colours, or transparent ones. */
    private static Optional<BufferedImage> indexed(BufferedImage picture) {
        if (picture.getColorModel().hasAlpha()) {
            return Optional.empty();
        }
        int width = picture.getWidth();
        int[] pixels = picture.getRGB(0, 0, width, picture.getHeight(), null, 0, width);
        int[] palette = Arrays.stream(pixels).sorted().distinct().toArray();
        if (palette.length > PALETTE) {
            return Optional.empty();
        }
        IndexColorModel colours =
                new IndexColorModel(Byte.SIZE, palette.length, palette, 0, false, -1, DataBuffer.TYPE_BYTE);
        BufferedImage indexed = new BufferedImage(width, picture.getHeight(), BufferedImage.TYPE_BYTE_INDEXED, colours);
        for (int i = 0; i < pixels.length; i++) {
            indexed.getRaster().setSample(i % width, i / width, 0, Arrays.binarySearch(palette, pixels[i]));
        }
        return Optional.of(indexed);
    }
}
