package varepsilon.robust.attack;

import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * Steps of projected gradient ascent, the loop that the gradient attacks share.
 *
 * @param steps gradients computed
 * @param stepSize length of a step
 * @param momentum share of the summed gradients that a step keeps; 0 for none
 * @param loss what is raised
 */
record GradientAscent(int steps, StepSize stepSize, double momentum, AttackLoss loss) {
    /** Perturbations after all steps; where examples leave, the first at which the criterion was met. */
    Tensor from(Tensor start, Problem problem) {
        Tensor result = start.copy();
        try (var scope = Scope.withoutGradients()) {
            double step = stepSize.of(problem.threat().epsilon());
            Problem open = problem;
            Tensor rows = null; // which examples are still open; null while all are
            Tensor delta = start;
            Tensor sum = null;
            for (int i = 0; i < steps; i++) {
                Problem.Slope slope = open.slope(delta, loss);
                Tensor gradient = slope.gradient();
                Tensor staying = problem.leaveWhenMet() ? slope.met().not().nonzero() : null;
                if (staying != null && staying.count() < open.size()) {
                    store(result, rows, delta);
                    if (staying.count() == 0) {
                        return result;
                    }
                    open = open.select(staying);
                    rows = rows == null ? staying : rows.indexSelect(0, staying);
                    delta = delta.indexSelect(0, staying);
                    gradient = gradient.indexSelect(0, staying);
                    sum = sum == null ? null : sum.indexSelect(0, staying);
                }
                if (momentum > 0) {
                    sum = accumulated(sum, gradient);
                    gradient = sum;
                }
                delta = open.ascend(delta, gradient, step);
            }
            store(result, rows, delta);
        }
        return result;
    }

    /** The decayed sum of gradients, each of mean absolute value 1 (Dong et al. 2018, equation 6). */
    private Tensor accumulated(Tensor sum, Tensor gradient) {
        Tensor size = gradient.abs().flatten(1).mean(1);
        Tensor scaled = gradient.div(PerExample.broadcast(size.where(size.gt(0), size.add(1)), gradient));
        return sum == null ? scaled : sum.mul(momentum).add(scaled);
    }

    static void store(Tensor result, Tensor rows, Tensor delta) {
        if (rows == null) {
            result.copyInPlace(delta);
        } else {
            result.indexCopyInPlace(0, rows, delta);
        }
    }
}
