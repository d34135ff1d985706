package varepsilon.weights;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import varepsilon.base.InputException;

/**
 * The part of Python's pickle protocol 2 that makes values: dicts, lists, tuples, numbers and strings. A pickle is a
 * program for a stack machine that may call any Python function. Here nothing is called; a subclass defines the meaning
 * of names, calls and attributes, and rejects or ignores unknown ones. Values nest without recursion, so depth costs no
 * stack, and no more memory is taken for bytes than the pickle has.
 */
public abstract class PickleMachine {
    private static final int PROTOCOL = 2;
    private static final int LONGEST_NAME = 1 << 16;

    // Instructions that are not printable characters; the names are those of Python's pickletools.
    private static final int PROTO = 0x80;
    private static final int TUPLE1 = 0x85;
    private static final int TUPLE2 = 0x86;
    private static final int TUPLE3 = 0x87;
    private static final int NEWTRUE = 0x88;
    private static final int NEWFALSE = 0x89;
    private static final int LONG1 = 0x8a;

    /** A Python tuple. */
    public record Tuple(List<Object> items) {}

    /** Python's None; null would not tell it from an absent value. */
    public enum None {
        NONE
    }

    /** A key of a dict that is neither text nor a whole number, and that no two entries share. */
    private static final class OtherKey {
        @Override
        public String toString() {
            return "a key that is neither text nor an integer";
        }
    }

    private final DataInputStream in;
    private final long size;
    private final int maxInstructions;
    private final List<Object> stack = new ArrayList<>();
    private final Deque<Integer> marks = new ArrayDeque<>();
    private final Map<Integer, Object> memo = new HashMap<>();

    /**
     * A machine for one pickle.
     *
     * @param size of the pickle in bytes
     * @param maxInstructions after which it is refused; each may keep an object of some seventy bytes alive
     */
    protected PickleMachine(InputStream in, long size, int maxInstructions) {
        this.in = new DataInputStream(in);
        this.size = size;
        this.maxInstructions = maxInstructions;
    }

    // What a subclass defines.

    /** What a Python name, such as {@code collections.OrderedDict}, stands for. */
    protected abstract Object global(String name);

    /** What a call gives; {@code function} is what {@link #global} gave, or any other value. */
    protected abstract Object call(Object function, List<Object> arguments);

    /** Sets attributes, or the state, of a value. */
    protected abstract void build(Object value, Object state);

    /**
     * Executes an instruction that this class does not handle.
     *
     * @return false where it is unknown here too, which is an error
     */
    protected boolean executeOther(int instruction) throws IOException {
        return false;
    }

    /** Whether items of this value are left out. */
    protected boolean ignoresItems(Object container) {
        return false;
    }

    /** The error for a pickle that does what {@code what} says: "uses …", "has …". */
    protected abstract InputException refused(String what);

    /** The error for one that ends before its last instruction. */
    protected abstract InputException cutOff(Throwable cause);

    /** The error for one of another protocol. */
    protected abstract InputException otherProtocol(int protocol);

    /**
     * Runs the pickle.
     *
     * @return a {@code Map} (dict), {@code List}, {@link Tuple}, {@code String}, {@code Long}, {@code BigInteger},
     *     {@code Double}, {@code Boolean}, {@link None}, or what the subclass makes
     */
    protected final Object run() throws IOException {
        try {
            for (int count = 0; count < maxInstructions; count++) {
                int instruction = in.readUnsignedByte();
                if (instruction == '.') {
                    return pop();
                }
                execute(instruction);
            }
        } catch (EOFException e) {
            throw cutOff(e);
        }
        throw refused("has more than " + maxInstructions + " instructions");
    }

    private void execute(int instruction) throws IOException {
        switch (instruction) {
            case PROTO -> requireProtocol(in.readUnsignedByte());
            case 'N' -> push(None.NONE);
            case NEWTRUE -> push(true);
            case NEWFALSE -> push(false);
            case 'J' -> push((long) int32());
            case 'K' -> push((long) in.readUnsignedByte());
            case 'M' -> push((long) (in.readUnsignedByte() | in.readUnsignedByte() << 8));
            case LONG1 -> push(integer(bytes(in.readUnsignedByte())));
            case 'G' -> push(in.readDouble());
            case 'X' -> push(text(bytes(int32())));
            case ')' -> push(new Tuple(List.of()));
            case ']' -> push(new ArrayList<>());
            case '}' -> push(new LinkedHashMap<>());
            case '(' -> marks.push(stack.size());
            case 't' -> push(new Tuple(popToMark()));
            case TUPLE1 -> push(new Tuple(pop(1)));
            case TUPLE2 -> push(new Tuple(pop(2)));
            case TUPLE3 -> push(new Tuple(pop(3)));
            case 'a' -> append(pop(1));
            case 'e' -> append(popToMark());
            case 's' -> setItems(pop(2));
            case 'u' -> setItems(popToMark());
            case 'q' -> memo.put(in.readUnsignedByte(), peek());
            case 'r' -> memo.put(int32(), peek());
            case 'h' -> push(recall(in.readUnsignedByte()));
            case 'j' -> push(recall(int32()));
            case 'c' -> push(global(line() + "." + line()));
            case 'R' -> reduce();
            case 'b' -> {
                Object state = pop();
                build(peek(), state);
            }
            default -> {
                if (!executeOther(instruction)) {
                    throw refused("uses instruction 0x" + Integer.toHexString(instruction));
                }
            }
        }
    }

    private void requireProtocol(int protocol) {
        if (protocol != PROTOCOL) {
            throw otherProtocol(protocol);
        }
    }

    private void reduce() {
        Object arguments = pop();
        Object function = pop();
        if (!(arguments instanceof Tuple tuple)) {
            throw refused("uses a call of what is not a function");
        }
        push(call(function, tuple.items()));
    }

    // The stack. Nothing below the last mark may be taken.

    /** Puts a value on the stack. */
    protected final void push(Object value) {
        stack.add(value);
    }

    private Object peek() {
        int floor = marks.isEmpty() ? 0 : marks.peek();
        if (stack.size() <= floor) {
            throw refused("uses a value that was never made");
        }
        return stack.get(stack.size() - 1);
    }

    /** Takes a value from the stack. */
    protected final Object pop() {
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
            throw refused("uses a mark that was never set");
        }
        List<Object> top = stack.subList(marks.pop(), stack.size());
        List<Object> items = List.copyOf(top);
        top.clear();
        return items;
    }

    private Object recall(int index) {
        return Optional.ofNullable(memo.get(index))
                .orElseThrow(() -> refused("uses memo " + Integer.toUnsignedString(index) + " that was never set"));
    }

    // Containers.

    @SuppressWarnings("unchecked") // The machine makes no other lists.
    private void append(List<Object> items) {
        Object container = peek();
        if (container instanceof List<?> list) {
            ((List<Object>) list).addAll(items);
        } else if (!ignoresItems(container)) {
            throw refused("uses items of what is not a list");
        }
    }

    private void setItems(List<Object> keysAndValues) {
        if (keysAndValues.size() % 2 != 0) {
            throw refused("uses a dict with a key that has no value");
        }
        if (ignoresItems(peek())) {
            return;
        }
        Map<Object, Object> dict = requireDict(peek());
        for (int i = 0; i < keysAndValues.size(); i += 2) {
            Object key = keysAndValues.get(i);
            // Other keys could contain themselves, and would then hash for ever.
            boolean hashable = key instanceof String || key instanceof Long;
            dict.put(hashable ? key : new OtherKey(), keysAndValues.get(i + 1));
        }
    }

    /** The value as a dict, which it must be. */
    @SuppressWarnings("unchecked") // The machine makes no other maps.
    protected final Map<Object, Object> requireDict(Object value) {
        if (value instanceof Map<?, ?> map) {
            return (Map<Object, Object>) map;
        }
        throw refused("uses items or attributes of what is not a dict");
    }

    // Bytes.

    /** The next four bytes, little-endian. */
    protected final int int32() throws IOException {
        return Integer.reverseBytes(in.readInt());
    }

    /** The next byte. */
    protected final int uint8() throws IOException {
        return in.readUnsignedByte();
    }

    /** The next {@code count} bytes. */
    protected final byte[] bytes(int count) throws IOException {
        // Unsigned in the format; a length beyond an int exceeds the size of the pickle.
        if (count < 0 || count > size) {
            throw new EOFException();
        }
        byte[] bytes = in.readNBytes(count);
        if (bytes.length < count) {
            throw new EOFException();
        }
        return bytes;
    }

    private String line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int letter = in.readUnsignedByte(); letter != '\n'; letter = in.readUnsignedByte()) {
            if (line.size() == LONGEST_NAME) {
                throw refused("uses a name of more than " + LONGEST_NAME + " bytes");
            }
            line.write(letter);
        }
        return text(line.toByteArray());
    }

    private String text(byte[] bytes) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw refused("has text that is not UTF-8");
        }
    }

    /** Little-endian two's complement; no bytes are zero. */
    private static Object integer(byte[] littleEndian) {
        byte[] bigEndian = new byte[littleEndian.length + 1];
        for (int i = 0; i < littleEndian.length; i++) {
            bigEndian[bigEndian.length - 1 - i] = littleEndian[i];
        }
        boolean negative = littleEndian.length > 0 && littleEndian[littleEndian.length - 1] < 0;
        bigEndian[0] = (byte) (negative ? -1 : 0);
        BigInteger value = new BigInteger(bigEndian);
        return value.bitLength() < Long.SIZE ? (Object) value.longValueExact() : value;
    }
}
