package varepsilon.robust.certify;

import java.util.List;
import varepsilon.tensor.Tensor;

/**
 * An operation of a network on values that the perturbation changes. Values are numbered: 0 is the input, i + 1 what step
 * i gives. Bounds are N×…; coefficients of S linear functions for each of N examples are N×S×….
 */
abstract sealed class Step permits AffineStep, ActivationStep, MonotoneStep {
    private final String name;
    private final int[] inputs;

    Step(String name, int... inputs) {
        this.name = name;
        this.inputs = inputs.clone();
    }

    /** As messages name it. */
    final String name() {
        return name;
    }

    /** The values that it takes. */
    final int[] inputs() {
        return inputs.clone();
    }

    /** Its result, N×…. */
    abstract Tensor forward(List<Tensor> values);

    /** Bounds of its result, without regard to rounding. */
    abstract Bounds interval(List<Bounds> values);

    /** For each result, the sum of the magnitudes of what it is computed of, given the largest of its inputs. */
    abstract Tensor magnitude(List<Tensor> values);

    /** How many products a result is the sum of. */
    long terms() {
        return 1;
    }
}
