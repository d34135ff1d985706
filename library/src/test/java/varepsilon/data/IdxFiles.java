package varepsilon.data;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.GZIPOutputStream;

/** IDX files made by hand, byte by byte. */
final class IdxFiles {
    private IdxFiles() {}

    static byte[] idx(int magic, int[] sizes, byte[] values) {
        ByteBuffer file = ByteBuffer.allocate(4 + 4 * sizes.length + values.length);
        file.putInt(magic);
        for (int size : sizes) {
            file.putInt(size);
        }
        return file.put(values).array();
    }

    /** Images whose value at place k of the whole file is k modulo 251. */
    static byte[] images(int count, int height, int width) {
        byte[] values = new byte[count * height * width];
        for (int k = 0; k < values.length; k++) {
            values[k] = (byte) (k % 251);
        }
        return idx(0x803, new int[] {count, height, width}, values);
    }

    static byte[] labels(int... labels) {
        byte[] values = new byte[labels.length];
        for (int i = 0; i < labels.length; i++) {
            values[i] = (byte) labels[i];
        }
        return idx(0x801, new int[] {labels.length}, values);
    }

    static byte[] gzip(byte[] content) throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
            out.write(content);
        }
        return packed.toByteArray();
    }
}
