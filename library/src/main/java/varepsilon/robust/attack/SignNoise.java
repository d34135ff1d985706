package varepsilon.robust.attack;

import varepsilon.tensor.Tensor;

/**
 * Noise of full size in a random direction. In L∞ every pixel moves by ε up or down at random, as FGSM would move it had it
 * no gradient to look at.
 */
public record SignNoise() implements Attack {
    @Override
    public String name() {
        return "sign-noise";
    }

    @Override
    public Tensor perturb(Problem problem, Draws draws) {
        return problem.maximise(draws.normal(problem.pixels()));
    }
}
