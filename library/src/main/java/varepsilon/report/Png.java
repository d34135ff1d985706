package varepsilon.report;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** Pictures as PNG bytes. */
final class Png {
    private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    private static final byte[] HEADER = {'I', 'H', 'D', 'R'};
    private static final int HEADER_AT = 12;

    private Png() {}

    /** Pixels of a picture. */
    record Size(int width, int height) {}

    /**
     * The size that a PNG file tells of.
     *
     * @throws IllegalArgumentException if it does not begin as a PNG file
     */
    static Size size(byte[] png) {
        if (!isPng(png)) {
            throw new IllegalArgumentException("these " + png.length + " bytes are no PNG file");
        }
        ByteBuffer size = ByteBuffer.wrap(png, HEADER_AT + HEADER.length, 8);
        return new Size(size.getInt(), size.getInt());
    }

    /** Whether these bytes begin as a PNG file does. */
    static boolean isPng(byte[] bytes) {
        return bytes.length >= HEADER_AT + 12
                && Arrays.equals(bytes, 0, SIGNATURE.length, SIGNATURE, 0, SIGNATURE.length)
                && Arrays.equals(bytes, HEADER_AT, HEADER_AT + HEADER.length, HEADER, 0, HEADER.length);
    }

    /** The PNG file of a picture. */
    static byte[] encode(BufferedImage image) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        ImageWriter writer = ImageIO.getImageWritersByFormatName("png").next();
        // Not ImageIO.write: it caches in a temporary file, which a full disk turns into a failure.
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
}
