package varepsilon.robust.attack;

import varepsilon.base.Named;
import varepsilon.tensor.Tensor;

/**
 * Noise of full size in a random direction. In L∞ every pixel moves by ε up or down at random, as FGSM would move it had it
 * no gradient to look at.
 */
@Named(value = "sign-noise", help = "noise of full size in a random direction, the control of fgsm")
public record SignNoise() implements Attack {
    @Override
    public Tensor perturb(Problem problem, Draws draws) {
        return problem.maximise(draws.normal(problem.pixels()));
    }
}
