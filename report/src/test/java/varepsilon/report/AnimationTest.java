package varepsilon.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import varepsilon.base.InputException;

class AnimationTest {
    private record Chunk(String type, byte[] data) {}

    private static BufferedImage frame(int rgb) {
        BufferedImage image = new BufferedImage(5, 3, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < 15; i++) {
            image.setRGB(i % 5, i / 5, rgb + i);
        }
        return image;
    }

    /** The chunks of a PNG file, whose checksums are right. */
    private static List<Chunk> chunks(byte[] png) {
        ByteBuffer file = ByteBuffer.wrap(png);
        file.position(8);
        List<Chunk> chunks = new ArrayList<>();
        while (file.hasRemaining()) {
            byte[] data = new byte[file.getInt()];
            byte[] type = new byte[4];
            file.get(type).get(data);
            CRC32 checksum = new CRC32();
            checksum.update(type);
            checksum.update(data);
            assertThat(file.getInt()).isEqualTo((int) checksum.getValue());
            chunks.add(new Chunk(new String(type, StandardCharsets.US_ASCII), data));
        }
        return chunks;
    }

    private static void add(ByteArrayOutputStream file, String type, byte[] data) {
        CRC32 checksum = new CRC32();
        checksum.update(type.getBytes(StandardCharsets.US_ASCII));
        checksum.update(data);
        file.writeBytes(ByteBuffer.allocate(4).putInt(data.length).array());
        file.writeBytes(type.getBytes(StandardCharsets.US_ASCII));
        file.writeBytes(data);
        file.writeBytes(ByteBuffer.allocate(4).putInt((int) checksum.getValue()).array());
    }

    private static void assertSame(BufferedImage found, BufferedImage expected) {
        for (int i = 0; i < 15; i++) {
            assertThat(found.getRGB(i % 5, i / 5)).isEqualTo(expected.getRGB(i % 5, i / 5));
        }
    }

    @Test
    void everyFrameIsThere() throws IOException {
        List<BufferedImage> frames = List.of(frame(0x102030), frame(0xA0B0C0), frame(0));
        byte[] png = new Animation(frames, Duration.ofMillis(80)).toPng();

        assertSame(ImageIO.read(new ByteArrayInputStream(png)), frames.get(0));
        List<Chunk> chunks = chunks(png);
        assertThat(chunks.stream().map(Chunk::type))
                .containsExactly("IHDR", "acTL", "fcTL", "IDAT", "fcTL", "fdAT", "fcTL", "fdAT", "IEND");
        assertThat(chunks.get(1).data).containsExactly(0, 0, 0, 3, 0, 0, 0, 0);
        int sequence = 0;
        for (Chunk chunk : chunks) {
            if (chunk.type.equals("fcTL") || chunk.type.equals("fdAT")) {
                assertThat(ByteBuffer.wrap(chunk.data).getInt()).isEqualTo(sequence++);
            }
        }
        assertThat(ByteBuffer.wrap(chunks.get(4).data, 20, 4).getInt())
                .as("80 thousandths of a second")
                .isEqualTo(80 << 16 | 1000);
        // The data of a later frame are those of an image of its own.
        ByteArrayOutputStream alone = new ByteArrayOutputStream();
        alone.writeBytes(Arrays.copyOf(png, 8));
        add(alone, "IHDR", chunks.get(0).data);
        byte[] data = chunks.get(5).data;
        add(alone, "IDAT", Arrays.copyOfRange(data, 4, data.length));
        add(alone, "IEND", new byte[0]);
        assertSame(ImageIO.read(new ByteArrayInputStream(alone.toByteArray())), frames.get(1));
    }

    @Test
    void whatAFileCannotSayIsRefused() {
        List<BufferedImage> two = List.of(frame(0), new BufferedImage(5, 4, BufferedImage.TYPE_INT_RGB));
        assertThatThrownBy(() -> new Animation(two, Duration.ofMillis(80)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("several sizes");
        assertThatThrownBy(() -> new Animation(List.of(), Duration.ofMillis(80)))
                .isInstanceOf(IllegalArgumentException.class);
        for (long milliseconds : new long[] {0, 65_536}) {
            assertThatThrownBy(() -> new Animation(List.of(frame(0)), Duration.ofMillis(milliseconds)))
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining("expected 1 to 65535");
        }
    }
}
