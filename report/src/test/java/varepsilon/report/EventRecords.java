package varepsilon.report;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.tensorflow.util.Event;

/**
 * A reader of TensorBoard event files that shares nothing with the writer: framing and checksum are written anew, from
 * the polynomial, and the messages are TensorFlow's own classes.
 */
final class EventRecords {
    private EventRecords() {}

    /** All events of a file; a record that is cut off, as after a kill, ends it, and a wrong checksum is an error. */
    static List<Event> read(Path file) throws IOException {
        return read(Files.readAllBytes(file));
    }

    static List<Event> read(byte[] file) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        List<Event> events = new ArrayList<>();
        while (bytes.remaining() >= 12) {
            byte[] header = new byte[8];
            bytes.get(header);
            long length = ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN).getLong();
            require(bytes.getInt() == masked(header), "checksum of the length of record " + events.size());
            if (bytes.remaining() < length + 4) {
                break;
            }
            byte[] data = new byte[(int) length];
            bytes.get(data);
            require(bytes.getInt() == masked(data), "checksum of the data of record " + events.size());
            events.add(Event.parseFrom(data));
        }
        return events;
    }

    /** CRC-32C, one bit at a time. */
    static int crc32c(byte[] data) {
        int crc = ~0;
        for (byte value : data) {
            crc ^= value & 0xFF;
            for (int bit = 0; bit < 8; bit++) {
                crc = (crc & 1) == 1 ? crc >>> 1 ^ 0x82F63B78 : crc >>> 1;
            }
        }
        return ~crc;
    }

    private static int masked(byte[] data) {
        int crc = crc32c(data);
        return (crc >>> 15 | crc << 17) + 0xA282EAD8;
    }

    private static void require(boolean right, String what) throws IOException {
        if (!right) {
            throw new IOException("wrong " + what);
        }
    }
}
