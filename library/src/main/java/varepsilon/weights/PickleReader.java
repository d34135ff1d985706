package varepsilon.weights;

import java.math.BigInteger;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import varepsilon.base.InputException;
import varepsilon.tensor.DType;

/**
 * Reads the part of Python's pickle protocol 2 in which PyTorch writes state dicts: dicts, lists, tuples, numbers,
 * strings, and tensors as places in storages. A pickle is a program for a stack machine that may call any Python
 * function. Here only those of {@link Global} and the storage types mean anything, none of which does more than hold
 * values; whatever any other name would make is a {@link Foreign}, which does nothing. Values nest without recursion, so
 * depth costs no stack.
 */
final class PickleReader {
    /** Some forty describe a tensor; each may keep an object of some seventy bytes alive. */
    private static final int MAX_INSTRUCTIONS = 1_000_000;

    private static final int PROTOCOL = 2;

    // Instructions that are not printable characters; the names are those of Python's pickletools.
    private static final int PROTO = 0x80;
    private static final int NEWOBJ = 0x81;
    private static final int TUPLE1 = 0x85;
    private static final int TUPLE2 = 0x86;
    private static final int TUPLE3 = 0x87;
    private static final int NEWTRUE = 0x88;
    private static final int NEWFALSE = 0x89;
    private static final int LONG1 = 0x8a;

    /** Part of a file of raw elements. */
    record Storage(DType dtype, String key, long elements) {}

    /** A strided view of a storage; offset and strides count elements. */
    record StoredTensor(Storage storage, long offset, long[] shape, long[] strides) {}

    /** A Python tuple. */
    record Tuple(List<Object> items) {}

    /** Python's None; null would not tell it from an absent value. */
    enum None {
        NONE
    }

    /**
     * What stands for an object of Python that this reader does not know. Its arguments, items and attributes are left
     * out, and nothing of it is run.
     *
     * @param name of the class or function, such as {@code argparse.Namespace}
     */
    record Foreign(String name) {}

    /** A key of a dict that is neither text nor a whole number, and that no two entries share. */
    private static final class OtherKey {
        @Override
        public String toString() {
            return "a key that is neither text nor an integer";
        }
    }

    /** The functions and classes that a state dict, or what is commonly saved beside one, may name. */
    private enum Global {
        ORDERED_DICT("collections.OrderedDict"),
        DEFAULT_DICT("collections.defaultdict"),
        SIZE("torch.Size"),
        REBUILD_TENSOR("torch._utils._rebuild_tensor_v2"),
        REBUILD_PARAMETER("torch._utils._rebuild_parameter");

        private final String pythonName;

        Global(String pythonName) {
            this.pythonName = pythonName;
        }
    }

    private static final Map<String, DType> STORAGES = Map.of(
            "torch.DoubleStorage", DType.FLOAT64,
            "torch.FloatStorage", DType.FLOAT32,
            "torch.HalfStorage", DType.FLOAT16,
            "torch.BFloat16Storage", DType.BFLOAT16,
            "torch.LongStorage", DType.INT64,
            "torch.IntStorage", DType.INT32,
            "torch.ShortStorage", DType.INT16,
            "torch.CharStorage", DType.INT8,
            "torch.ByteStorage", DType.UINT8,
            "torch.BoolStorage", DType.BOOL);

    private final WeightFile file;
    private final ByteBuffer in;
    private final List<Object> stack = new ArrayList<>();
    private final Deque<Integer> marks = new ArrayDeque<>();
    private final Map<Integer, Object> memo = new HashMap<>();

    PickleReader(WeightFile file, ByteBuffer pickle) {
        this.file = file;
        this.in = pickle.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * Runs the pickle.
     *
     * @return a {@code Map} (dict), {@code List}, {@link Tuple}, {@link StoredTensor}, {@code String}, {@code Long},
     *     {@code BigInteger}, {@code Double}, {@code Boolean}, {@link None} or {@link Foreign}
     * @throws InputException where it is damaged or uses instructions that {@code torch.save} does not
     */
    Object read() {
        try {
            for (int count = 0; count < MAX_INSTRUCTIONS; count++) {
                int instruction = in.get() & 0xff;
                if (instruction == '.') {
                    return pop();
                }
                execute(instruction);
            }
        } catch (BufferUnderflowException e) {
            throw file.refused("the pickle in it ends too early", e);
        }
        throw file.refused("the pickle in it has more than " + MAX_INSTRUCTIONS + " instructions");
    }

    private void execute(int instruction) {
        switch (instruction) {
            case PROTO -> checkProtocol(in.get() & 0xff);
            case 'N' -> stack.add(None.NONE);
            case NEWTRUE -> stack.add(true);
            case NEWFALSE -> stack.add(false);
            case 'J' -> stack.add((long) in.getInt());
            case 'K' -> stack.add((long) (in.get() & 0xff));
            case 'M' -> stack.add((long) (in.getShort() & 0xffff));
            case LONG1 -> stack.add(integer(bytes(in.get() & 0xff)));
            case 'G' -> stack.add(in.duplicate().order(ByteOrder.BIG_ENDIAN).getDouble(skip(Double.BYTES)));
            case 'X' -> stack.add(text(bytes(length(in.getInt()))));
            case ')' -> stack.add(new Tuple(List.of()));
            case ']' -> stack.add(new ArrayList<>());
            case '}' -> stack.add(new LinkedHashMap<>());
            case '(' -> marks.push(stack.size());
            case 't' -> stack.add(new Tuple(popToMark()));
            case TUPLE1 -> stack.add(new Tuple(pop(1)));
            case TUPLE2 -> stack.add(new Tuple(pop(2)));
            case TUPLE3 -> stack.add(new Tuple(pop(3)));
            case 'a' -> append(pop(1));
            case 'e' -> append(popToMark());
            case 's' -> setItems(pop(2));
            case 'u' -> setItems(popToMark());
            case 'q' -> memo.put(in.get() & 0xff, peek());
            case 'r' -> memo.put(in.getInt(), peek());
            case 'h' -> stack.add(recall(in.get() & 0xff));
            case 'j' -> stack.add(recall(in.getInt()));
            case 'c' -> stack.add(global(line() + "." + line()));
            case 'R' -> reduce();
            case NEWOBJ -> create();
            case 'Q' -> stack.add(storage(pop()));
            case 'b' -> build();
            default -> throw damaged("instruction 0x" + Integer.toHexString(instruction));
        }
    }

    private void checkProtocol(int protocol) {
        if (protocol != PROTOCOL) {
            throw file.refused(
                    "written with pickle protocol " + protocol + "; re-save it with torch.save's default, " + PROTOCOL);
        }
    }

    // The stack. Nothing below the last mark may be taken.

    private Object peek() {
        int floor = marks.isEmpty() ? 0 : marks.peek();
        if (stack.size() <= floor) {
            throw damaged("a value that was never made");
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
            throw damaged("a mark that was never set");
        }
        List<Object> top = stack.subList(marks.pop(), stack.size());
        List<Object> items = List.copyOf(top);
        top.clear();
        return items;
    }

    private Object recall(int index) {
        return Optional.ofNullable(memo.get(index))
                .orElseThrow(() -> damaged("memo " + Integer.toUnsignedString(index) + " that was never set"));
    }

    // Containers.

    private void append(List<Object> items) {
        if (!(peek() instanceof Foreign)) {
            list(peek()).addAll(items);
        }
    }

    private void setItems(List<Object> keysAndValues) {
        if (keysAndValues.size() % 2 != 0) {
            throw damaged("a dict with a key that has no value");
        }
        if (peek() instanceof Foreign) {
            return;
        }
        Map<Object, Object> dict = dict(peek());
        for (int i = 0; i < keysAndValues.size(); i += 2) {
            Object key = keysAndValues.get(i);
            // Other keys could contain themselves, and would then hash for ever.
            boolean hashable = key instanceof String || key instanceof Long;
            dict.put(hashable ? key : new OtherKey(), keysAndValues.get(i + 1));
        }
    }

    /** Attributes: a state dict carries its {@code _metadata} so. They hold no tensors, and are left out. */
    private void build() {
        pop();
        if (!(peek() instanceof Foreign)) {
            dict(peek());
        }
    }

    @SuppressWarnings("unchecked") // The reader makes no other maps.
    private Map<Object, Object> dict(Object value) {
        if (value instanceof Map<?, ?> map) {
            return (Map<Object, Object>) map;
        }
        throw damaged("items or attributes of what is not a dict");
    }

    @SuppressWarnings("unchecked") // The reader makes no other lists.
    private List<Object> list(Object value) {
        if (value instanceof List<?> list) {
            return (List<Object>) list;
        }
        throw damaged("items of what is not a list");
    }

    // Names, and what they build.

    private Object global(String name) {
        DType storage = STORAGES.get(name);
        if (storage != null) {
            return storage;
        }
        return Arrays.stream(Global.values())
                .filter(global -> global.pythonName.equals(name))
                .findAny()
                .<Object>map(global -> global)
                .orElseGet(() -> new Foreign(name));
    }

    private void reduce() {
        Object argument = pop();
        Object function = pop();
        if (argument instanceof Tuple && function instanceof Foreign) {
            stack.add(function);
            return;
        }
        if (!(argument instanceof Tuple arguments) || !(function instanceof Global global)) {
            throw damaged("a call of what is not a function");
        }
        List<Object> items = arguments.items();
        stack.add(
                switch (global) {
                    case ORDERED_DICT -> orderedDict(items);
                    // Its argument makes the values of missing keys, of which there are none here.
                    case DEFAULT_DICT -> new LinkedHashMap<>();
                    case SIZE -> items.size() == 1 ? items.get(0) : wrongArguments(global);
                    case REBUILD_TENSOR -> tensor(items);
                    case REBUILD_PARAMETER -> parameter(items);
                });
    }

    /** An object of a class, before it has attributes. */
    private void create() {
        Object arguments = pop();
        Object type = pop();
        if (!(arguments instanceof Tuple && type instanceof Foreign)) {
            throw damaged("an object of what is not a class");
        }
        stack.add(type);
    }

    private Object orderedDict(List<Object> arguments) {
        return arguments.isEmpty() ? new LinkedHashMap<>() : wrongArguments(Global.ORDERED_DICT);
    }

    /** Storage, offset, size, strides; then whether it needs a gradient, its hooks and, later, its metadata. */
    private Object tensor(List<Object> arguments) {
        if ((arguments.size() == 6 || arguments.size() == 7)
                && arguments.get(0) instanceof Storage storage
                && arguments.get(1) instanceof Long offset) {
            return new StoredTensor(storage, offset, longs(arguments.get(2)), longs(arguments.get(3)));
        }
        if (!arguments.isEmpty() && arguments.get(0) instanceof Foreign unknown) {
            return unknown;
        }
        return wrongArguments(Global.REBUILD_TENSOR);
    }

    /** The tensor, whether it needs a gradient, and its hooks. */
    private Object parameter(List<Object> arguments) {
        return arguments.size() == 3
                        && (arguments.get(0) instanceof StoredTensor || arguments.get(0) instanceof Foreign)
                ? arguments.get(0)
                : wrongArguments(Global.REBUILD_PARAMETER);
    }

    private Object wrongArguments(Global global) {
        throw damaged("unknown arguments of " + global.pythonName);
    }

    /** From ('storage', type, key, device, number of elements): a {@link Storage}, or {@link Foreign} by its type. */
    private Object storage(Object id) {
        if (id instanceof Tuple tuple
                && tuple.items().size() == 5
                && tuple.items().get(1) instanceof Foreign unknown) {
            return unknown;
        }
        if (id instanceof Tuple tuple
                && tuple.items().size() == 5
                && tuple.items().get(0).equals("storage")
                && tuple.items().get(1) instanceof DType dtype
                && tuple.items().get(2) instanceof String key
                && tuple.items().get(4) instanceof Long elements) {
            return new Storage(dtype, key, elements);
        }
        throw damaged("a reference to something else than a storage");
    }

    private long[] longs(Object value) {
        if (value instanceof Tuple tuple && tuple.items().stream().allMatch(Long.class::isInstance)) {
            return tuple.items().stream().mapToLong(Long.class::cast).toArray();
        }
        throw damaged("a shape or strides that are not integers");
    }

    // Bytes.

    private int length(int length) {
        // Unsigned in the format; what an int cannot hold, the file cannot hold either.
        if (length < 0) {
            throw new BufferUnderflowException();
        }
        return length;
    }

    private int skip(int count) {
        int position = in.position();
        if (in.remaining() < count) {
            throw new BufferUnderflowException();
        }
        in.position(position + count);
        return position;
    }

    private byte[] bytes(int count) {
        int position = skip(count);
        byte[] bytes = new byte[count];
        in.get(position, bytes);
        return bytes;
    }

    private String line() {
        int start = in.position();
        while (in.get() != '\n') {
            // The buffer's end stops it.
        }
        byte[] bytes = new byte[in.position() - start - 1];
        in.get(start, bytes);
        return text(bytes);
    }

    private String text(byte[] bytes) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw file.refused("the pickle in it has text that is not UTF-8", e);
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

    private InputException damaged(String found) {
        return file.refused("the pickle in it uses " + found + "; damaged, or not written by torch.save");
    }
}
