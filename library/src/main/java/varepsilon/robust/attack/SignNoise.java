package varepsilon.robust.attack;

import varepsilon.base.Named;
import varepsilon.tensor.Tensor;

/**
 * Noise of full size in a random direction. In L∞ every pixel moves by ε up or down at random, as FGSM does with random
 * signs instead of the gradient's.
 */
@Named(value = "sign-noise", help = "noise of full size in a random direction, the control of fgsm")
public record SignNoise() implements Attack {
    @Override
    public Knowledge knowledge() {
        return Knowledge.NOTHING;
    }

    @Override
    public Tensor perturb(Problem problem, Draws draws) {
        return problem.maximise(draws.normal(problem.pixels()));
    }
}
