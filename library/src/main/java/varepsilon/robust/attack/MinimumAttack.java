package varepsilon.robust.attack;

import varepsilon.tensor.Tensor;

/**
 * An attack that searches for the smallest perturbation that meets the criterion, whatever its size. Inside a threat
 * model it succeeds where what it finds is no longer than ε.
 */
public interface MinimumAttack extends Attack {
    /**
     * The smallest perturbations found, by example.
     *
     * @param delta inside the box, N×…; of any size; 0 where none was found
     * @param found BOOL N, whether {@code delta} meets the criterion
     */
    record Smallest(Tensor delta, Tensor found) {}

    /**
     * Searches.
     *
     * @param problem whose ε is not used, and whose norm is minimised
     * @param enough a size in that norm; for an example with a perturbation that is no longer the search ends. 0
     *     searches for the smallest
     * @param draws random starts and noise come from here alone
     * @return without gradient history
     */
    Smallest minimise(Problem problem, double enough, Draws draws);

    /**
     * The smallest perturbations, those longer than ε moved to the nearest point of the ball. Where none was found it is
     * 0, also in training.
     */
    @Override
    default Tensor perturb(Problem problem, Draws draws) {
        double enough = problem.leaveWhenMet() ? problem.threat().epsilon() : 0;
        return problem.project(minimise(problem, enough, draws).delta());
    }
}
