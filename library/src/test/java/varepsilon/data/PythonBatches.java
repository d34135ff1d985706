package varepsilon.data;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** CIFAR's Python files, made instruction by instruction in the way of Python 2's cPickle with protocol 2. */
final class PythonBatches {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private int kept;

    private PythonBatches() {}

    /**
     * A file.
     *
     * @param labelKeys {@code labels}, or the two of CIFAR-100; all with these labels
     * @param pixels N·3072 bytes
     */
    static byte[] file(String[] labelKeys, int[] labels, byte[] pixels) {
        return new PythonBatches().write(labelKeys, labels, pixels);
    }

    private byte[] write(String[] labelKeys, int[] labels, byte[] pixels) {
        bytes(0x80, 2, '}').keep().bytes('(');
        text("batch_label").text("testing batch 1 of 1");
        for (String key : labelKeys) {
            text(key).bytes(']').keep().bytes('(');
            for (int label : labels) {
                bytes('K', label);
            }
            bytes('e');
        }
        text("data").name("numpy.core.multiarray", "_reconstruct").name("numpy", "ndarray");
        bytes('K', 0, 0x85).keep().text("b").bytes(0x87).keep().bytes('R').keep();
        bytes('(', 'K', 1).number(labels.length).number(3072).bytes(0x86).keep();
        name("numpy", "dtype")
                .text("u1")
                .bytes('K', 0, 'K', 1, 0x87)
                .keep()
                .bytes('R')
                .keep();
        bytes('(', 'K', 3)
                .text("|")
                .bytes('N', 'N', 'N')
                .number(-1)
                .number(-1)
                .bytes('K', 0, 't')
                .keep()
                .bytes('b');
        bytes(0x89, 'T').int32(pixels.length);
        out.writeBytes(pixels);
        keep().bytes('t').keep().bytes('b');
        text("filenames").bytes(']').keep().bytes('(');
        for (int i = 0; i < labels.length; i++) {
            text("thing_s_" + i + ".png");
        }
        bytes('e', 'u', '.');
        return out.toByteArray();
    }

    private PythonBatches bytes(int... values) {
        for (int value : values) {
            out.write(value);
        }
        return this;
    }

    private PythonBatches int32(int value) {
        out.writeBytes(ByteBuffer.allocate(4)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(value)
                .array());
        return this;
    }

    private PythonBatches number(int value) {
        return value >= 0 && value < 256
                ? bytes('K', value)
                : value >= 0 && value < 65536
                        ? bytes('M', value & 0xff, value >> 8)
                        : bytes('J').int32(value);
    }

    private PythonBatches keep() {
        int index = ++kept;
        return index < 256 ? bytes('q', index) : bytes('r').int32(index);
    }

    private PythonBatches text(String text) {
        bytes('U', text.length());
        out.writeBytes(text.getBytes(StandardCharsets.US_ASCII));
        return keep();
    }

    private PythonBatches name(String module, String name) {
        out.writeBytes(("c" + module + "\n" + name + "\n").getBytes(StandardCharsets.US_ASCII));
        return keep();
    }
}
