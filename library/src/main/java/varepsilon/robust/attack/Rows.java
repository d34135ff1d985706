package varepsilon.robust.attack;

import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * A subset of a batch: the examples that are still attacked.
 *
 * @param indices INT64, or null for all examples
 */
record Rows(Tensor indices) {
    static final Rows ALL = new Rows(null);

    /** These rows of a tensor of the whole batch. */
    Tensor of(Tensor whole) {
        return indices == null ? whole : whole.indexSelect(0, indices);
    }

    /** These examples of the problem of the whole batch. */
    Problem of(Problem whole) {
        return indices == null ? whole : whole.select(indices);
    }

    /** The random numbers of these examples. */
    Draws of(Draws whole) {
        return indices == null ? whole : whole.select(indices);
    }

    /** Copies values for these rows into a tensor of the whole batch. */
    void put(Tensor whole, Tensor values) {
        if (indices == null) {
            whole.copyInPlace(values);
        } else {
            whole.indexCopyInPlace(0, indices, values);
        }
    }

    /** Some of these, at INT64 positions among them; they outlive the scope. */
    Rows only(Tensor positions, Scope scope) {
        return new Rows(scope.keep(indices == null ? positions : indices.indexSelect(0, positions)));
    }
}
