package varepsilon.report;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;
import varepsilon.base.InputException;

/**
 * Pictures shown one after another, again and again, as an animated PNG file (APNG, PNG specification third edition).
 * Programs that do not know animations show the first.
 *
 * @param frames of one size, at least one
 * @param each how long each is shown
 */
public record Animation(List<BufferedImage> frames, Duration each) implements PngPicture {
    private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    private static final byte TRUE_COLOUR = 2;
    private static final int FRAME_CONTROL = 26;
    private static final short MILLISECONDS = 1000;
    private static final short KEEP = 0; // the frame stays, and the next replaces all of it

    private static final int LONGEST = 0xFFFF; // 16 bits

    /** Rejects frames of several sizes, and times that the file cannot say. */
    public Animation {
        if (frames.isEmpty()) {
            throw new IllegalArgumentException("an animation without frames");
        }
        if (each.toMillis() < 1 || each.toMillis() > LONGEST) {
            throw new InputException("milliseconds " + each.toMillis() + " a frame: expected 1 to " + LONGEST);
        }
        for (BufferedImage frame : frames) {
            if (frame.getWidth() != frames.get(0).getWidth()
                    || frame.getHeight() != frames.get(0).getHeight()) {
                throw new IllegalArgumentException("frames of several sizes");
            }
        }
    }

    @Override
    public byte[] toPng() {
        int width = frames.get(0).getWidth();
        int height = frames.get(0).getHeight();
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        file.writeBytes(SIGNATURE);
        chunk(file, "IHDR", ByteBuffer.allocate(13).putInt(width).putInt(height).put(new byte[] {8, TRUE_COLOUR, 0, 0, 0
        }));
        int forever = 0;
        chunk(file, "acTL", ByteBuffer.allocate(8).putInt(frames.size()).putInt(forever));
        int sequence = 0;
        for (int i = 0; i < frames.size(); i++) {
            chunk(
                    file,
                    "fcTL",
                    ByteBuffer.allocate(FRAME_CONTROL)
                            .putInt(sequence++)
                            .putInt(width)
                            .putInt(height)
                            .putInt(0)
                            .putInt(0)
                            .putShort((short) each.toMillis())
                            .putShort(MILLISECONDS)
                            .putShort(KEEP));
            byte[] data = pixels(frames.get(i));
            if (i == 0) {
                chunk(file, "IDAT", ByteBuffer.allocate(data.length).put(data));
            } else {
                chunk(
                        file,
                        "fdAT",
                        ByteBuffer.allocate(4 + data.length).putInt(sequence++).put(data));
            }
        }
        chunk(file, "IEND", ByteBuffer.allocate(0));
        return file.toByteArray();
    }

    /** Rows of red, green, blue behind a 0 for "not filtered", compressed. */
    private static byte[] pixels(BufferedImage frame) {
        int width = frame.getWidth();
        ByteArrayOutputStream compressed = new ByteArrayOutputStream();
        try (DeflaterOutputStream out = new DeflaterOutputStream(compressed)) {
            byte[] row = new byte[1 + 3 * width];
            for (int y = 0; y < frame.getHeight(); y++) {
                for (int x = 0; x < width; x++) {
                    int rgb = frame.getRGB(x, y);
                    row[1 + 3 * x] = (byte) (rgb >> 16);
                    row[2 + 3 * x] = (byte) (rgb >> 8);
                    row[3 + 3 * x] = (byte) rgb;
                }
                out.write(row);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return compressed.toByteArray();
    }

    private static void chunk(ByteArrayOutputStream file, String type, ByteBuffer data) {
        byte[] name = type.getBytes(StandardCharsets.US_ASCII);
        CRC32 checksum = new CRC32();
        checksum.update(name);
        checksum.update(data.array());
        file.writeBytes(ByteBuffer.allocate(4).putInt(data.array().length).array());
        file.writeBytes(name);
        file.writeBytes(data.array());
        file.writeBytes(ByteBuffer.allocate(4).putInt((int) checksum.getValue()).array());
    }
}
