package varepsilon.classify;

import java.util.Arrays;
import java.util.Map;
import java.util.regex.Pattern;
import varepsilon.base.InputException;

/**
 * Names and shapes of a weight file's tensors.
 *
 * @param byName the shapes
 */
public record Shapes(Map<String, long[]> byName) {
    /** Stands for the one dimension whose size {@link #sizeIn} asks for. */
    public static final long ANY = -1;

    /** Whether there is a tensor of that name. */
    public boolean has(String name) {
        return byName.containsKey(name);
    }

    /** How many names match. */
    public int count(Pattern names) {
        return (int) byName.keySet().stream()
                .filter(name -> names.matcher(name).matches())
                .count();
    }

    /**
     * The size of a tensor in the dimension that is {@link #ANY}.
     *
     * @param expected the sizes; exactly one is {@link #ANY}
     * @return at least 1
     * @throws InputException where there is no such tensor, or it has another shape
     */
    public int sizeIn(String name, long... expected) {
        long[] shape = shape(name);
        long free = 0;
        boolean fits = shape.length == expected.length;
        for (int i = 0; fits && i < shape.length; i++) {
            fits = expected[i] == ANY ? shape[i] > 0 && shape[i] <= Integer.MAX_VALUE : expected[i] == shape[i];
            free = expected[i] == ANY ? shape[i] : free;
        }
        if (!fits) {
            throw unexpected(name, shape, expected);
        }
        return (int) free;
    }

    /** @throws InputException where there is no such tensor, or it has another shape */
    public void require(String name, long... expected) {
        long[] shape = shape(name);
        if (!Arrays.equals(shape, expected)) {
            throw unexpected(name, shape, expected);
        }
    }

    private long[] shape(String name) {
        long[] shape = byName.get(name);
        if (shape == null) {
            throw new InputException("there is no tensor '" + name + "'");
        }
        return shape;
    }

    private static InputException unexpected(String name, long[] shape, long... expected) {
        return new InputException("tensor '" + name + "' is " + Arrays.toString(shape) + "; expected "
                + Arrays.toString(expected).replace(Long.toString(ANY), "any"));
    }
}
