package varepsilon.robust.attack;

import varepsilon.tensor.Tensor;

/** The directions of Adam (Kingma, Ba 2015) for each example of a batch, with its usual constants. */
final class AdamSteps {
    private static final double BETA_1 = 0.9;
    private static final double BETA_2 = 0.999;
    private static final double EPSILON = 1e-8;

    private final Tensor mean;
    private final Tensor square;

    /** Shaped as {@code like}, in the open scope. */
    AdamSteps(Tensor like) {
        mean = like.zerosLike();
        square = like.zerosLike();
    }

    /**
     * The direction of descent at step size 1.
     *
     * @param rows the examples of this gradient
     * @param step how many steps they took before
     */
    Tensor next(Rows rows, Tensor gradient, int step) {
        Tensor m = rows.of(mean).mul(BETA_1).add(gradient.mul(1 - BETA_1));
        Tensor v = rows.of(square).mul(BETA_2).add(gradient.square().mul(1 - BETA_2));
        rows.put(mean, m);
        rows.put(square, v);
        Tensor unbiased = v.div(1 - Math.pow(BETA_2, step + 1)).sqrt().add(EPSILON);
        return m.div(1 - Math.pow(BETA_1, step + 1)).div(unbiased).neg();
    }
}
