package varepsilon.data;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import varepsilon.base.InputException;
import varepsilon.weights.PickleMachine;

/**
 * A file of CIFAR's Python version: a dict with the images as a NumPy array N×3072 of bytes and the labels as a list,
 * as Python 2 pickled it (protocol 2). It may name the three functions and types that make an array; every other name
 * is refused.
 */
final class CifarPickle extends PickleMachine {
    /** Some eight describe an image, its labels and its name. */
    private static final int MAX_INSTRUCTIONS = 4_000_000;

    private static final String ARRAY = "numpy.core.multiarray._reconstruct";
    private static final String ARRAY_TYPE = "numpy.ndarray";
    private static final String ELEMENT_TYPE = "numpy.dtype";
    private static final Set<String> NAMES = Set.of(ARRAY, ARRAY_TYPE, ELEMENT_TYPE);

    /**
     * What a file holds.
     *
     * @param pixels N·3072 bytes, image after image
     * @param labels N numbers
     */
    record Batch(byte[] pixels, int[] labels) {}

    /** The name of one of the functions. */
    private record Name(String name) {}

    /** An array, filled by its state. */
    private static final class Array {
        private byte[] bytes;
    }

    private record ElementType(String code) {}

    private final Path file;

    private CifarPickle(Path file, long size, InputStream in) {
        super(in, size, MAX_INSTRUCTIONS);
        this.file = file;
    }

    /** Whether a file begins as such a pickle does. */
    static boolean startsIn(Path file) {
        if (!Files.isRegularFile(file)) {
            return false;
        }
        try (InputStream in = Files.newInputStream(file)) {
            return in.read() == 0x80 && in.read() == 2; // the first instruction: the protocol
        } catch (IOException e) {
            return false; // the reader reports the error
        }
    }

    /**
     * Reads a file.
     *
     * @param labels the key of the labels
     * @throws InputException where it is cut off, damaged, or holds anything else
     */
    static Batch read(Path file, String labels) throws IOException {
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
            CifarPickle pickle = new CifarPickle(file, Files.size(file), in);
            return pickle.batch(pickle.run(), labels);
        }
    }

    private Batch batch(Object value, String labelsKey) {
        if (!(value instanceof Map<?, ?> dict)
                || !(dict.get("data") instanceof Array array)
                || array.bytes == null
                || !(dict.get(labelsKey) instanceof List<?> list)) {
            throw refused("holds no dict with 'data' and '" + labelsKey + "'");
        }
        int[] labels = new int[list.size()];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = list.get(i) instanceof Long label && label == label.intValue() ? label.intValue() : -1;
        }
        if (labels.length == 0 || array.bytes.length != (long) labels.length * CifarSource.IMAGE_BYTES) {
            throw refused("holds " + array.bytes.length + " bytes of pixels for " + labels.length + " labels; expected "
                    + CifarSource.IMAGE_BYTES + " for each");
        }
        return new Batch(array.bytes, labels);
    }

    /** Byte strings, as Python 2 writes text (short ones) and pixels. */
    @Override
    protected boolean executeOther(int instruction) throws IOException {
        switch (instruction) {
            case 'U' -> push(new String(bytes(uint8()), StandardCharsets.ISO_8859_1));
            case 'T' -> push(bytes(int32()));
            default -> {
                return false;
            }
        }
        return true;
    }

    @Override
    protected Object global(String name) {
        if (!NAMES.contains(name)) {
            String shown = name.substring(0, Math.min(name.length(), 100)).replaceAll("\\p{Cntrl}", "?");
            throw refused("names the Python object " + shown + ", which is no part of CIFAR; nothing of it was run");
        }
        return new Name(name);
    }

    @Override
    protected Object call(Object function, List<Object> arguments) {
        if (function instanceof Name array && array.name.equals(ARRAY)) {
            return new Array();
        }
        if (function instanceof Name type
                && type.name.equals(ELEMENT_TYPE)
                && !arguments.isEmpty()
                && arguments.get(0) instanceof String code) {
            return new ElementType(code);
        }
        throw refused("calls what is not a function of NumPy");
    }

    /** The state of an array: version, shape, type of the elements, whether columns come first, the elements. */
    @Override
    protected void build(Object value, Object state) {
        if (value instanceof ElementType) {
            return;
        }
        if (!(value instanceof Array array)
                || !(state instanceof Tuple tuple)
                || tuple.items().size() != 5
                || !tuple.items().get(2).equals(new ElementType("u1"))
                || !tuple.items().get(3).equals(false)
                || !(tuple.items().get(4) instanceof byte[] bytes)) {
            throw refused("holds what is not an array of bytes, row by row");
        }
        array.bytes = bytes;
    }

    @Override
    protected InputException refused(String what) {
        return new InputException(file + ": " + what
                + "; expected a file of CIFAR's Python version as published, or use the binary version");
    }

    @Override
    protected InputException cutOff(Throwable cause) {
        return new InputException(file + ": cut off; " + Idx.REMEDY, cause);
    }

    @Override
    protected InputException otherProtocol(int protocol) {
        return refused("is written with pickle protocol " + protocol + ", not 2");
    }
}
