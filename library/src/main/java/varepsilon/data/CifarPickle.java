package varepsilon.data;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import varepsilon.base.InputException;

/**
 * A file of CIFAR's Python version: a dict with the images as a NumPy array N×3072 of bytes and the labels as a list, as
 * Python 2 pickled it (protocol 2). A pickle is a program for a stack machine that may call any Python function; here it
 * may name the three that make an array, nothing is called, and every other name or instruction is refused.
 */
final class CifarPickle {
    private static final int PROTOCOL = 2;
    /** Some eight describe an image, its labels and its name. */
    private static final int MAX_INSTRUCTIONS = 4_000_000;

    private static final String ARRAY = "numpy.core.multiarray._reconstruct";
    private static final String ARRAY_TYPE = "numpy.ndarray";
    private static final String ELEMENT_TYPE = "numpy.dtype";
    private static final Set<String> NAMES = Set.of(ARRAY, ARRAY_TYPE, ELEMENT_TYPE);

    // Instructions that are not printable characters; the names are those of Python's pickletools.
    private static final int PROTO = 0x80;
    private static final int TUPLE1 = 0x85;
    private static final int TUPLE2 = 0x86;
    private static final int TUPLE3 = 0x87;
    private static final int NEWFALSE = 0x89;

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

    private record Tuple(List<Object> items) {}

    private enum Nothing {
        NONE
    }

    private final Path file;
    private final long size;
    private final DataInputStream in;
    private final List<Object> stack = new ArrayList<>();
    private final Deque<Integer> marks = new ArrayDeque<>();
    private final Map<Integer, Object> memo = new HashMap<>();

    private CifarPickle(Path file, long size, InputStream in) {
        this.file = file;
        this.size = size;
        this.in = new DataInputStream(in);
    }

    /** Whether a file begins as such a pickle does. */
    static boolean startsIn(Path file) {
        if (!Files.isRegularFile(file)) {
            return false;
        }
        try (InputStream in = Files.newInputStream(file)) {
            return in.read() == PROTO && in.read() == PROTOCOL;
        } catch (IOException e) {
            return false; // whoever reads it will say why it cannot be read
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
        } catch (EOFException e) {
            throw new InputException(file + ": cut off; " + Idx.REMEDY, e);
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
            labels[i] = list.get(i) instanceof Integer label ? label : -1;
        }
        if (labels.length == 0 || array.bytes.length != (long) labels.length * CifarSource.IMAGE_BYTES) {
            throw refused("holds " + array.bytes.length + " bytes of pixels for " + labels.length + " labels; expected "
                    + CifarSource.IMAGE_BYTES + " for each");
        }
        return new Batch(array.bytes, labels);
    }

    private Object run() throws IOException {
        for (int count = 0; count < MAX_INSTRUCTIONS; count++) {
            int instruction = in.readUnsignedByte();
            if (instruction == '.') {
                return pop();
            }
            execute(instruction);
        }
        throw refused("has more than " + MAX_INSTRUCTIONS + " instructions");
    }

    private void execute(int instruction) throws IOException {
        switch (instruction) {
            case PROTO -> requireProtocol(in.readUnsignedByte());
            case 'N' -> stack.add(Nothing.NONE);
            case NEWFALSE -> stack.add(false);
            case 'J' -> stack.add(int32());
            case 'K' -> stack.add(in.readUnsignedByte());
            case 'M' -> stack.add(in.readUnsignedByte() | in.readUnsignedByte() << 8);
            case 'U' -> stack.add(new String(bytes(in.readUnsignedByte()), StandardCharsets.ISO_8859_1));
            case 'T' -> stack.add(bytes(int32()));
            case ']' -> stack.add(new ArrayList<>());
            case '}' -> stack.add(new HashMap<>());
            case '(' -> marks.push(stack.size());
            case 't' -> stack.add(new Tuple(popToMark()));
            case TUPLE1 -> stack.add(new Tuple(pop(1)));
            case TUPLE2 -> stack.add(new Tuple(pop(2)));
            case TUPLE3 -> stack.add(new Tuple(pop(3)));
            case 'a' -> append(pop(1));
            case 'e' -> append(popToMark());
            case 's' -> setItems(pop(2));
            case 'u' -> setItems(popToMark());
            case 'q' -> memo.put(in.readUnsignedByte(), peek());
            case 'r' -> memo.put(int32(), peek());
            case 'h' -> stack.add(recall(in.readUnsignedByte()));
            case 'j' -> stack.add(recall(int32()));
            case 'c' -> stack.add(name(line() + "." + line()));
            case 'R' -> reduce();
            case 'b' -> build();
            default -> throw refused("uses the pickle instruction 0x" + Integer.toHexString(instruction));
        }
    }

    private void requireProtocol(int protocol) {
        if (protocol != PROTOCOL) {
            throw refused("is written with pickle protocol " + protocol + "; expected " + PROTOCOL);
        }
    }

    // The stack. Nothing below the last mark may be taken.

    private Object peek() {
        int floor = marks.isEmpty() ? 0 : marks.peek();
        if (stack.size() <= floor) {
            throw refused("takes a value that was never made");
        }
        return stack.get(stack.size() - 1);
    }

    private Object pop() {
        Object top = peek();
        stack.remove(stack.size() - 1);
        return top;
    }

    private List<Object> pop(int count) {
        Object[] items = new Object[count];
        for (int i = count - 1; i >= 0; i--) {
            items[i] = pop();
        }
        return List.of(items);
    }

    private List<Object> popToMark() {
        if (marks.isEmpty()) {
            throw refused("takes values down to a mark that was never set");
        }
        List<Object> top = stack.subList(marks.pop(), stack.size());
        List<Object> items = List.copyOf(top);
        top.clear();
        return items;
    }

    private Object recall(int index) {
        Object value = memo.get(index);
        if (value == null) {
            throw refused("recalls a value that was never kept");
        }
        return value;
    }

    // Containers and arrays.

    @SuppressWarnings("unchecked") // The reader makes no other lists.
    private void append(List<Object> items) {
        if (!(peek() instanceof List<?> list)) {
            throw refused("appends to what is not a list");
        }
        ((List<Object>) list).addAll(items);
    }

    @SuppressWarnings("unchecked") // The reader makes no other maps.
    private void setItems(List<Object> keysAndValues) {
        if (!(peek() instanceof Map<?, ?> dict) || keysAndValues.size() % 2 != 0) {
            throw refused("sets items of what is not a dict");
        }
        for (int i = 0; i < keysAndValues.size(); i += 2) {
            // Other keys could contain themselves, and would then hash for ever.
            if (!(keysAndValues.get(i) instanceof String key)) {
                throw refused("has a dict with keys that are no strings");
            }
            ((Map<Object, Object>) dict).put(key, keysAndValues.get(i + 1));
        }
    }

    private Object name(String name) {
        if (!NAMES.contains(name)) {
            throw refused("names the Python object " + name.replaceAll("\\p{Cntrl}", "?")
                    + ", which is no part of CIFAR; nothing of it was run");
        }
        return new Name(name);
    }

    private void reduce() {
        Object arguments = pop();
        Object function = pop();
        if (function instanceof Name array && array.name.equals(ARRAY)) {
            stack.add(new Array());
        } else if (function instanceof Name type
                && type.name.equals(ELEMENT_TYPE)
                && arguments instanceof Tuple tuple
                && !tuple.items.isEmpty()
                && tuple.items.get(0) instanceof String code) {
            stack.add(new ElementType(code));
        } else {
            throw refused("calls what is not a function of NumPy");
        }
    }

    /** The state of an array: version, shape, type of the elements, whether columns come first, the elements. */
    private void build() {
        Object state = pop();
        if (peek() instanceof ElementType) {
            return;
        }
        if (!(peek() instanceof Array array)
                || !(state instanceof Tuple tuple)
                || tuple.items.size() != 5
                || !tuple.items.get(2).equals(new ElementType("u1"))
                || !tuple.items.get(3).equals(false)
                || !(tuple.items.get(4) instanceof byte[] bytes)) {
            throw refused("holds what is not an array of bytes, row by row");
        }
        array.bytes = bytes;
    }

    // Bytes.

    private int int32() throws IOException {
        return Integer.reverseBytes(in.readInt());
    }

    private byte[] bytes(int count) throws IOException {
        if (count < 0 || count > size) {
            throw refused("promises " + Integer.toUnsignedString(count) + " bytes, more than the file holds");
        }
        byte[] bytes = in.readNBytes(count);
        if (bytes.length < count) {
            throw new EOFException();
        }
        return bytes;
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int letter = in.readUnsignedByte(); letter != '\n'; letter = in.readUnsignedByte()) {
            if (line.length() == 100) {
                throw refused("names something of more than 100 letters");
            }
            line.append((char) letter);
        }
        return line.toString();
    }

    private InputException refused(String what) {
        return new InputException(file + ": " + what
                + "; expected a file of CIFAR's Python version as published, or use the binary version");
    }
}
