package varepsilon.robust.attack;

import varepsilon.base.Named;
import varepsilon.tensor.Tensor;

/** A point drawn uniformly from the ball: the baseline for every attack. */
@Named(value = "uniform-noise", help = "a point drawn uniformly from the ball")
public record UniformNoise() implements Attack {
    @Override
    public Knowledge knowledge() {
        return Knowledge.NOTHING;
    }

    @Override
    public Tensor perturb(Problem problem, Draws draws) {
        return problem.sample(draws);
    }
}
