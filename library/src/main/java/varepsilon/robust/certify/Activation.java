package varepsilon.robust.certify;

import varepsilon.tensor.Tensor;

/** A function of single numbers, bounded by lines on intervals. */
interface Activation {
    /** Its values. */
    Tensor apply(Tensor x);

    /** Its range on intervals. */
    Bounds range(Bounds interval);

    /**
     * Lines below and above it on intervals, N×….
     *
     * @param choice for each element a number in [0, 1] that chooses among lines below, N×…, or N×S×… for S functions;
     *     null for the one that the method of CROWN chooses
     */
    Lines lines(Bounds interval, Tensor choice);

    /** Where the lines are not the function itself: where branching, or better bounds of the input, help. */
    Tensor isRelaxed(Bounds interval);
}
