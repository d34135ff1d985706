package varepsilon.weights;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import varepsilon.base.InputException;
import varepsilon.tensor.DType;

/**
 * Reads the pickles in which PyTorch writes state dicts, with tensors as places in storages. Only the names of {@link
 * Global} and the storage types mean anything, none of which does more than hold values; whatever any other name would
 * make is a {@link Foreign}, which does nothing.
 */
final class PickleReader extends PickleMachine {
    /** Some forty describe a tensor. */
    private static final int MAX_INSTRUCTIONS = 1_000_000;

    private static final int NEWOBJ = 0x81; // the name is that of Python's pickletools

    /** Part of a file of raw elements. */
    record Storage(DType dtype, String key, long elements) {}

    /** A strided view of a storage; offset and strides count elements. */
    record StoredTensor(Storage storage, long offset, long[] shape, long[] strides) {}

    /**
     * A placeholder for an unknown Python object. Its arguments, items and attributes are skipped, and none of its code
     * is run.
     *
     * @param name of the class or function, such as {@code argparse.Namespace}
     */
    record Foreign(String name) {}

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

    PickleReader(WeightFile file, ByteBuffer pickle) {
        super(new BufferStream(pickle.duplicate()), pickle.remaining(), MAX_INSTRUCTIONS);
        this.file = file;
    }

    private static final class BufferStream extends InputStream {
        private final ByteBuffer buffer;

        BufferStream(ByteBuffer buffer) {
            this.buffer = buffer;
        }

        @Override
        public int read() {
            return buffer.hasRemaining() ? buffer.get() & 0xff : -1;
        }

        @Override
        public int read(byte[] into, int offset, int length) {
            int count = Math.min(length, buffer.remaining());
            buffer.get(into, offset, count);
            return count == 0 && length > 0 ? -1 : count;
        }
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
            return run();
        } catch (IOException e) {
            throw new UncheckedIOException(e); // cannot happen: reads from memory
        }
    }

    @Override
    protected boolean executeOther(int instruction) {
        switch (instruction) {
            case NEWOBJ -> create();
            case 'Q' -> push(storage(pop()));
            default -> {
                return false;
            }
        }
        return true;
    }

    @Override
    protected boolean ignoresItems(Object container) {
        return container instanceof Foreign;
    }

    /** Attributes: a state dict carries its {@code _metadata} so. They hold no tensors, and are left out. */
    @Override
    protected void build(Object value, Object state) {
        if (!(value instanceof Foreign)) {
            requireDict(value);
        }
    }

    // Names, and what they build.

    @Override
    protected Object global(String name) {
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

    @Override
    protected Object call(Object function, List<Object> arguments) {
        if (function instanceof Foreign) {
            return function;
        }
        if (!(function instanceof Global global)) {
            throw damaged("a call of what is not a function");
        }
        return switch (global) {
            case ORDERED_DICT -> orderedDict(arguments);
            // Its argument makes the values of missing keys, of which there are none here.
            case DEFAULT_DICT -> new LinkedHashMap<>();
            case SIZE -> arguments.size() == 1 ? arguments.get(0) : wrongArguments(global);
            case REBUILD_TENSOR -> tensor(arguments);
            case REBUILD_PARAMETER -> parameter(arguments);
        };
    }

    /** An object of a class, before it has attributes. */
    private void create() {
        Object arguments = pop();
        Object type = pop();
        if (!(arguments instanceof Tuple && type instanceof Foreign)) {
            throw damaged("an object of what is not a class");
        }
        push(type);
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

    private InputException damaged(String found) {
        return refused("uses " + found);
    }

    @Override
    protected InputException refused(String what) {
        return file.refused("the pickle in it " + what + "; damaged, or not written by torch.save");
    }

    @Override
    protected InputException cutOff(Throwable cause) {
        return file.refused("the pickle in it ends too early", cause);
    }

    @Override
    protected InputException otherProtocol(int protocol) {
        return file.refused("written with pickle protocol " + protocol + "; re-save it with torch.save's default, 2");
    }
}
