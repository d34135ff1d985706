package varepsilon.weights;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Pickles written instruction by instruction, as only an attacker would. */
final class PickleBytes {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    PickleBytes() {
        op(0x80).op(2);
    }

    PickleBytes op(int... instructions) {
        for (int instruction : instructions) {
            bytes.write(instruction);
        }
        return this;
    }

    PickleBytes global(String module, String name) {
        op('c');
        bytes.writeBytes((module + "\n" + name + "\n").getBytes(StandardCharsets.UTF_8));
        return this;
    }

    PickleBytes string(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        op('X').int32(utf8.length);
        bytes.writeBytes(utf8);
        return this;
    }

    PickleBytes int32(int value) {
        bytes.writeBytes(ByteBuffer.allocate(Integer.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(value)
                .array());
        return this;
    }

    /** LONG1 with eight bytes. */
    PickleBytes integer(long value) {
        op(0x8a, Long.BYTES);
        bytes.writeBytes(ByteBuffer.allocate(Long.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(value)
                .array());
        return this;
    }

    PickleBytes tuple(long... values) {
        op('(');
        for (long value : values) {
            integer(value);
        }
        return op('t');
    }

    PickleBytes storage(String type, String key, long elements) {
        return op('(').string("storage")
                .global("torch", type)
                .string(key)
                .string("cpu")
                .integer(elements)
                .op('t', 'Q');
    }

    /** A tensor on the FloatStorage called 0. */
    PickleBytes tensor(long storageElements, long offset, long[] shape, long[] strides) {
        return global("torch._utils", "_rebuild_tensor_v2")
                .op('(')
                .storage("FloatStorage", "0", storageElements)
                .integer(offset)
                .tuple(shape)
                .tuple(strides)
                .op(0x89)
                .global("collections", "OrderedDict")
                .op(')', 'R', 't', 'R');
    }

    /** With the STOP instruction. */
    byte[] done() {
        op('.');
        return bytes.toByteArray();
    }
}
