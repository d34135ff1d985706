package varepsilon.nn;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import varepsilon.nn.PickleReader.Storage;
import varepsilon.nn.PickleReader.StoredTensor;
import varepsilon.tensor.InputException;
import varepsilon.tensor.Tensor;

/**
 * Reads what {@code torch.save(model.state_dict(), path)} writes, PyTorch 1.6 and later: tensors by name. No code of
 * the file is ever run; a file that names any Python object beyond those a state dict needs is refused.
 *
 * <p>Also accepted: a checkpoint, that is a dict with exactly one of {@code state_dict}, {@code model_state_dict} and
 * {@code model} that is such a dict of tensors (the rest of it is left out); and the prefix {@code module.} that
 * {@code DataParallel} adds, where all names have it: it is taken off. Views of shared storages become tensors of their
 * own.
 */
public final class PyTorchStateDict {
    private static final List<String> WRAPPERS = List.of("state_dict", "model_state_dict", "model");
    private static final String PARALLEL_PREFIX = "module.";
    /** What all storages, or all tensors, may take together: compression and overlap are rarely this good. */
    private static final int MAX_EXPANSION = 4;

    private static final long ALWAYS_ALLOWED_BYTES = 64L << 20;

    private PyTorchStateDict() {}

    /**
     * Reads every tensor into the open scope. Beyond the tensors themselves this takes the memory of the largest
     * storage.
     *
     * @throws InputException where the file is missing or damaged, or holds anything but a state dict
     * @throws IOException where the disk fails
     */
    public static Weights read(Path path) throws IOException {
        WeightFile file = new WeightFile(path);
        try (TorchArchive archive = TorchArchive.open(file)) {
            Object content = new PickleReader(file, archive.pickle()).read();
            Map<String, StoredTensor> stored = withoutParallelPrefix(stateDict(file, content));
            checkSizes(file, archive, stored);
            return new Weights(path.toString(), load(file, archive, stored), Map.of());
        }
    }

    // Which tensors.

    private static Map<String, StoredTensor> stateDict(WeightFile file, Object content) {
        if (!(content instanceof Map<?, ?> dict)) {
            throw file.refused("holds " + kind(content) + "; expected a state dict, that is a dict of tensors");
        }
        if (isFlat(dict)) {
            return tensors(file, dict);
        }
        List<String> wrappers = WRAPPERS.stream()
                .filter(key -> dict.get(key) instanceof Map<?, ?> inner && isFlat(inner))
                .toList();
        if (wrappers.size() != 1) {
            throw file.refused("neither a dict of tensors nor a checkpoint with one under " + WRAPPERS + ": "
                    + wrappers.size() + " of these, and " + firstOther(dict));
        }
        return tensors(file, (Map<?, ?>) dict.get(wrappers.get(0)));
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
        if (value instanceof List<?> || value instanceof PickleReader.Tuple) {
            return "a list";
        }
        return value instanceof String ? "a string" : "no tensor";
    }

    private static Map<String, StoredTensor> tensors(WeightFile file, Map<?, ?> dict) {
        if (dict.size() > WeightFile.MAX_TENSORS) {
            throw file.refused("more than " + WeightFile.MAX_TENSORS + " tensors");
        }
        Map<String, StoredTensor> tensors = new LinkedHashMap<>();
        dict.forEach((name, tensor) -> tensors.put((String) name, (StoredTensor) tensor));
        return tensors;
    }

    private static Map<String, StoredTensor> withoutParallelPrefix(Map<String, StoredTensor> tensors) {
        if (!tensors.keySet().stream().allMatch(name -> name.startsWith(PARALLEL_PREFIX))) {
            return tensors;
        }
        Map<String, StoredTensor> renamed = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> renamed.put(name.substring(PARALLEL_PREFIX.length()), tensor));
        return renamed;
    }

    // Whether their sizes can be true.

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
