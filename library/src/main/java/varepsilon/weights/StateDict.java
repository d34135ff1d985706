package varepsilon.weights;

import java.util.Map;

/**
 * A dict of tensors in a weight file, before the tensors are read.
 *
 * @param place the keys that lead to it, joined by slashes, such as {@code checkpoint/model}; empty for the file's own
 *     dict
 * @param shapes of the tensors by name, in the order of the file
 */
record StateDict(String place, Map<String, long[]> shapes) {
    /** The dict as a message calls it. */
    String label() {
        return place.isEmpty() ? "the outermost dict" : WeightFile.quote(place);
    }

    /** The last of the keys that lead to it. */
    String key() {
        return place.substring(place.lastIndexOf('/') + 1);
    }
}
