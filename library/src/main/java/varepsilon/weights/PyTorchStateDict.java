package varepsilon.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import varepsilon.base.InputException;
import varepsilon.tensor.Tensor;
import varepsilon.weights.PickleMachine.Tuple;
import varepsilon.weights.PickleReader.Foreign;
import varepsilon.weights.PickleReader.Storage;
import varepsilon.weights.PickleReader.StoredTensor;

/**
 * Reads what {@code torch.save(model.state_dict(), path)} writes, PyTorch 1.6 and later: tensors by name. No code of
 * the file is ever run; Python objects beside a state dict are left out, and one in it is refused.
 *
 * <p>Also accepted: a checkpoint, that is a dict with exactly one of the usual keys ({@code state_dict}, {@code model},
 * {@code net} …) that is such a dict of tensors (the rest of it is left out); and the prefix {@code module.} that
 * {@code DataParallel} adds, where all names have it: it is taken off. Views of shared storages become tensors of their
 * own.
 */
public final class PyTorchStateDict {
    private static final String PARALLEL_PREFIX = "module.";
    /** What all storages, or all tensors, may take together: compression and overlap are rarely this good. */
    private static final int MAX_EXPANSION = 4;

    private static final long ALWAYS_ALLOWED_BYTES = 64L << 20;
    /** How many keys may lead to a state dict, and how many dicts and lists are looked into for one. */
    private static final int MAX_DEPTH = 6;

    private static final int MAX_CONTAINERS = 100_000;

    private PyTorchStateDict() {}

    /**
     * Reads every tensor into the open scope. Beyond the tensors themselves this takes the memory of the largest
     * storage.
     *
     * @throws InputException where the file is missing or damaged, or holds anything but a state dict
     * @throws IOException on an I/O error
     */
    public static Weights read(Path path) throws IOException {
        try (OpenWeightFile open = open(path)) {
            StateDict found = only((Opened) open);
            Weights read = open.read(found, found.shapes().keySet());
            return new Weights(path.toString(), withoutParallelPrefix(read.tensors()), Map.of());
        }
    }

    /** Reads the pickle, and keeps the archive open. */
    static OpenWeightFile open(Path path) throws IOException {
        WeightFile file = new WeightFile(path);
        TorchArchive archive = TorchArchive.open(file);
        try {
            return new Opened(file, archive, new PickleReader(file, archive.pickle()).read());
        } catch (IOException | RuntimeException e) {
            archive.close();
            throw e;
        }
    }

    private static final class Opened implements OpenWeightFile {
        private final WeightFile file;
        private final TorchArchive archive;
        private final Object content;
        private final Map<StateDict, Map<?, ?>> dicts = new LinkedHashMap<>();

        Opened(WeightFile file, TorchArchive archive, Object content) {
            this.file = file;
            this.archive = archive;
            this.content = content;
            find();
        }

        /**
         * Breadth first. Dicts that contain themselves, or are nested deeper than in any state dict, are not searched
         * further.
         */
        private void find() {
            Deque<Placed> open = new ArrayDeque<>(List.of(new Placed(null, "", 0, content)));
            Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());
            while (!open.isEmpty()) {
                Placed next = open.remove();
                if (!seen.add(next.value())) {
                    continue;
                }
                if (next.value() instanceof Map<?, ?> dict) {
                    Map<String, long[]> shapes = shapes(dict);
                    if (!shapes.isEmpty()) {
                        dicts.put(new StateDict(next.place(), shapes), dict);
                    }
                }
                if (next.depth() < MAX_DEPTH) {
                    open.addAll(next.inside());
                }
                if (seen.size() + open.size() > MAX_CONTAINERS) {
                    throw file.refused("more than " + MAX_CONTAINERS + " dicts and lists");
                }
            }
        }

        private Map<String, long[]> shapes(Map<?, ?> dict) {
            Map<String, long[]> shapes = new LinkedHashMap<>();
            dict.forEach((name, value) -> {
                if (name instanceof String text && value instanceof StoredTensor tensor) {
                    archive.bytes(tensor.storage());
                    checkedBytes(file, text, tensor);
                    shapes.put(text, tensor.shape());
                }
            });
            if (shapes.size() > WeightFile.MAX_TENSORS) {
                throw file.refused("more than " + WeightFile.MAX_TENSORS + " tensors");
            }
            return shapes;
        }

        @Override
        public WeightFile file() {
            return file;
        }

        @Override
        public List<StateDict> stateDicts() {
            if (dicts.isEmpty()) {
                throw noStateDict(file, content);
            }
            return List.copyOf(dicts.keySet());
        }

        @Override
        public Weights read(StateDict dict, Set<String> names) throws IOException {
            Map<String, StoredTensor> stored = new LinkedHashMap<>();
            dicts.get(dict).forEach((name, value) -> {
                if (value instanceof Foreign foreign) {
                    throw file.refused(WeightFile.quote(name.toString()) + " in the state dict is " + kind(foreign));
                }
                if (name instanceof String text && value instanceof StoredTensor tensor && names.contains(text)) {
                    stored.put(text, tensor);
                }
            });
            checkSizes(file, archive, stored);
            return new Weights(file.path().toString(), load(file, archive, stored), Map.of());
        }

        @Override
        public void close() throws IOException {
            archive.close();
        }
    }

    /** A value of the pickle, and where it lies: outermost without parent, else under a key of it. */
    private record Placed(Placed parent, Object key, int depth, Object value) {
        List<Placed> inside() {
            List<Placed> inside = new ArrayList<>();
            if (value instanceof Map<?, ?> dict) {
                dict.forEach((name, item) -> add(inside, name, item));
            } else if (value instanceof List<?> || value instanceof Tuple) {
                List<?> items = value instanceof Tuple tuple ? tuple.items() : (List<?>) value;
                for (int i = 0; i < items.size(); i++) {
                    add(inside, i, items.get(i));
                }
            }
            return inside;
        }

        private void add(List<Placed> to, Object name, Object item) {
            if (item instanceof Map<?, ?> || item instanceof List<?> || item instanceof Tuple) {
                to.add(new Placed(this, name, depth + 1, item));
            }
        }

        String place() {
            String shown = WeightFile.shortened(key.toString());
            return depth <= 1 ? shown : parent.place() + "/" + shown;
        }
    }

    // Which tensors.

    private static StateDict only(Opened open) {
        if (!(open.content instanceof Map<?, ?> dict)) {
            throw noStateDict(open.file, open.content);
        }
        if (isFlat(dict)) {
            return open.stateDicts().get(0);
        }
        List<String> wrappers = ModelWeights.KEYS.stream()
                .filter(key -> dict.get(key) instanceof Map<?, ?> inner && isFlat(inner))
                .toList();
        if (wrappers.size() != 1) {
            throw open.file.refused("neither a dict of tensors nor a checkpoint with one under " + ModelWeights.KEYS
                    + ": " + wrappers.size() + " of these, and " + firstOther(dict));
        }
        return open.stateDicts().stream()
                .filter(found -> found.place().equals(wrappers.get(0)))
                .findFirst()
                .orElseThrow();
    }

    private static InputException noStateDict(WeightFile file, Object content) {
        if (content instanceof Map<?, ?> dict) {
            return file.refused("neither a dict of tensors nor a checkpoint with one: " + firstOther(dict));
        }
        String expected = content instanceof Foreign ? "" : "; expected a state dict, that is a dict of tensors";
        return file.refused("holds " + kind(content) + expected);
    }

    private static boolean isFlat(Map<?, ?> dict) {
        return !dict.isEmpty()
                && dict.entrySet().stream()
                        .allMatch(
                                entry -> entry.getKey() instanceof String && entry.getValue() instanceof StoredTensor);
    }

    private static String firstOther(Map<?, ?> dict) {
        return dict.entrySet().stream()
                .filter(entry -> !(entry.getValue() instanceof StoredTensor))
                .findFirst()
                .map(entry -> WeightFile.quote(entry.getKey().toString()) + " is " + kind(entry.getValue()))
                .orElse("no names");
    }

    private static String kind(Object value) {
        if (value instanceof StoredTensor) {
            return "a tensor";
        }
        if (value instanceof Map<?, ?> map) {
            return map.isEmpty() ? "an empty dict" : "a dict";
        }
        if (value instanceof List<?> || value instanceof Tuple) {
            return "a list";
        }
        if (value instanceof Foreign foreign) {
            return "the Python object " + WeightFile.quote(foreign.name())
                    + ", which is not part of a state dict; nothing of it was run. In Python, save"
                    + " model.state_dict() alone";
        }
        return value instanceof String ? "a string" : "no tensor";
    }

    private static Map<String, Tensor> withoutParallelPrefix(Map<String, Tensor> tensors) {
        if (!tensors.keySet().stream().allMatch(name -> name.startsWith(PARALLEL_PREFIX))) {
            return tensors;
        }
        Map<String, Tensor> renamed = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> renamed.put(name.substring(PARALLEL_PREFIX.length()), tensor));
        return renamed;
    }

    // Whether their sizes are possible.

    private static void checkSizes(WeightFile file, TorchArchive archive, Map<String, StoredTensor> stored) {
        long limit = Math.max(
                ALWAYS_ALLOWED_BYTES, MAX_EXPANSION * file.path().toFile().length());
        Map<String, Integer> storageBytes = new HashMap<>();
        long tensorBytes = 0;
        for (Map.Entry<String, StoredTensor> named : stored.entrySet()) {
            Storage storage = named.getValue().storage();
            storageBytes.put(storage.key(), archive.bytes(storage));
            tensorBytes += checkedBytes(file, named.getKey(), named.getValue());
        }
        long allStorages =
                storageBytes.values().stream().mapToLong(Integer::longValue).sum();
        if (Math.max(allStorages, tensorBytes) > limit) {
            throw file.refused("unpacks to " + Math.max(allStorages, tensorBytes) + " bytes, more than the " + limit
                    + " that a file of this size may; re-save contiguous tensors, uncompressed");
        }
    }

    private static int checkedBytes(WeightFile file, String name, StoredTensor tensor) {
        long[] shape = tensor.shape();
        long[] strides = tensor.strides();
        int bytes = file.bytes(name, tensor.storage().dtype(), shape);
        boolean inside = shape.length == strides.length && tensor.offset() >= 0;
        if (inside && bytes > 0) {
            long last = lastElement(tensor);
            inside = last >= 0 && last < tensor.storage().elements();
        }
        if (!inside) {
            throw file.refused("tensor " + WeightFile.quote(name) + " reaches outside its storage of "
                    + tensor.storage().elements() + " elements");
        }
        return bytes;
    }

    /** The farthest element of a tensor that is not empty, or −1 where a stride is negative or leads beyond a long. */
    private static long lastElement(StoredTensor tensor) {
        long last = tensor.offset();
        try {
            for (int d = 0; d < tensor.shape().length; d++) {
                if (tensor.strides()[d] < 0) {
                    return -1;
                }
                last = Math.addExact(last, Math.multiplyExact(tensor.shape()[d] - 1, tensor.strides()[d]));
            }
        } catch (ArithmeticException e) {
            return -1;
        }
        return last;
    }

    // Their elements.

    /** Goes storage by storage, so that each is read once and only one is in memory. */
    private static Map<String, Tensor> load(WeightFile file, TorchArchive archive, Map<String, StoredTensor> stored)
            throws IOException {
        Map<String, List<String>> namesByStorage = new LinkedHashMap<>();
        stored.forEach((name, tensor) -> namesByStorage
                .computeIfAbsent(tensor.storage().key(), key -> new ArrayList<>())
                .add(name));
        // All names first: the result keeps the order of the file.
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        stored.keySet().forEach(name -> tensors.put(name, null));
        for (List<String> names : namesByStorage.values()) {
            ByteBuffer elements = archive.read(stored.get(names.get(0)).storage());
            for (String name : names) {
                StoredTensor tensor = stored.get(name);
                int bytes = file.bytes(name, tensor.storage().dtype(), tensor.shape());
                tensors.put(
                        name,
                        Tensor.ofRaw(
                                contiguous(elements, tensor, bytes),
                                tensor.storage().dtype(),
                                tensor.shape()));
            }
        }
        return tensors;
    }

    private static ByteBuffer contiguous(ByteBuffer storage, StoredTensor tensor, int bytes) {
        int width = tensor.storage().dtype().bytes();
        if (bytes == 0) {
            return ByteBuffer.allocate(0).order(ByteOrder.LITTLE_ENDIAN);
        }
        if (isContiguous(tensor)) {
            return storage.slice((int) tensor.offset() * width, bytes).order(ByteOrder.LITTLE_ENDIAN);
        }
        long[] shape = tensor.shape();
        long[] strides = tensor.strides();
        long[] index = new long[shape.length];
        long element = tensor.offset();
        ByteBuffer gathered = ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 0; at < bytes; at += width) {
            gathered.put(at, storage, (int) element * width, width);
            for (int d = shape.length - 1; d >= 0; d--) {
                element += strides[d];
                index[d]++;
                if (index[d] < shape[d]) {
                    break;
                }
                element -= strides[d] * shape[d];
                index[d] = 0;
            }
        }
        return gathered;
    }

    private static boolean isContiguous(StoredTensor tensor) {
        long expected = 1;
        for (int d = tensor.shape().length - 1; d >= 0; d--) {
            if (tensor.shape()[d] != 1 && tensor.strides()[d] != expected) {
                return false;
            }
            expected *= tensor.shape()[d];
        }
        return true;
    }
}
