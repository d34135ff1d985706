package varepsilon.robust.attack;

import varepsilon.tensor.Tensor;

/** A point drawn uniformly from the ball: what an attack must beat to be more than noise. */
public record UniformNoise() implements Attack {
    @Override
    public String name() {
        return "uniform-noise";
    }

    @Override
    public Tensor perturb(Problem problem, Draws draws) {
        return problem.sample(draws);
    }
}
