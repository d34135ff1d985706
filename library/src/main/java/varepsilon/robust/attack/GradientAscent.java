package varepsilon.robust.attack;

import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * Steps of projected gradient ascent, the loop that the gradient attacks share.
 *
 * @param steps gradients computed
 * @param stepSize lengths of the steps
 * @param momentum share of the summed gradients that a step keeps; 0 for none
 * @param loss the loss that is maximised
 * @param spread over how many values steps that fall are spread, relative to the usual, in norms where that can be
 *     chosen
 */
record GradientAscent(int steps, StepSize stepSize, double momentum, AttackLoss loss, double spread) {
    /** With steps of the usual spread. */
    GradientAscent(int steps, StepSize stepSize, double momentum, AttackLoss loss) {
        this(steps, stepSize, momentum, loss, 1);
    }

    /** Where and of what the gradient of a step is taken. */
    @FunctionalInterface
    interface Gradient {
        /**
         * The gradient for the next step, and whether the criterion is met at {@code delta}.
         *
         * @param problem of the examples that are still attacked
         * @param delta their perturbations
         * @param sum their summed gradients so far; zero without momentum
         * @param rows which of the batch they are
         */
        Problem.Slope at(Problem problem, Tensor delta, Tensor sum, Rows rows);

        /**
         * That of the loss elsewhere than at δ, or of changed images. Whether the criterion is met at δ then takes
         * another forward pass, where it matters.
         */
        static Problem.Slope elsewhere(Problem problem, Tensor delta, Problem.Slope there) {
            return problem.leaveWhenMet()
                    ? new Problem.Slope(there.loss(), there.gradient(), problem.isMet(delta))
                    : there;
        }
    }

    /** Perturbations after all steps; where examples leave, the first at which the criterion was met. */
    Tensor from(Tensor start, Problem problem) {
        return from(start, problem, (here, delta, sum, rows) -> here.slope(delta, loss));
    }

    /** The same with gradients taken otherwise. */
    Tensor from(Tensor start, Problem problem, Gradient gradient) {
        Tensor delta = start.copy();
        try (var scope = Scope.withoutGradients()) {
            Tensor sum = start.zerosLike();
            Rows open = Rows.ALL;
            for (int i = 0; i < steps; i++) {
                // A scope for each step, so that memory does not grow with their number.
                try (var step = Scope.open()) {
                    Problem here = open.of(problem);
                    Tensor at = open.of(delta);
                    Problem.Slope slope = gradient.at(here, at, open.of(sum), open);
                    Tensor direction = slope.gradient();
                    Tensor staying = problem.leaveWhenMet() ? slope.met().not().nonzero() : null;
                    if (staying != null && staying.count() < here.size()) {
                        if (staying.count() == 0) {
                            break;
                        }
                        open = open.only(staying, step);
                        here = here.select(staying);
                        at = at.indexSelect(0, staying);
                        direction = direction.indexSelect(0, staying);
                    }
                    if (momentum > 0) {
                        direction = open.of(sum).mul(momentum).add(ofMeanOne(direction));
                        open.put(sum, direction);
                    }
                    double size = stepSize.of(problem.threat().epsilon(), i, steps);
                    open.put(
                            delta,
                            stepSize instanceof StepSize.Falling
                                    ? here.explore(at, direction, size, spread)
                                    : here.ascend(at, direction, size));
                }
            }
        }
        return delta;
    }

    /**
     * Each gradient at mean absolute value 1, so that in their decayed sum all count (Dong et al. 2018, equation 6).
     */
    private static Tensor ofMeanOne(Tensor gradient) {
        Tensor rescaled = PerExample.rescaled(gradient);
        Tensor size = rescaled.abs().flatten(1).mean(1);
        return rescaled.div(PerExample.broadcast(size.where(size.gt(0), size.add(1)), gradient));
    }
}
