package varepsilon.robust.attack;

import java.util.OptionalDouble;
import varepsilon.base.Declared;
import varepsilon.base.InputException;
import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Tensor;

/**
 * The translation-invariant iterative fast gradient sign method (Dong et al. 2019): as {@link MiFgsm}, with each
 * gradient smoothed by a Gaussian, which is nearly the mean gradient of shifted images.
 *
 * @param steps gradients an example, at least 1
 * @param momentum share of the sum that a step keeps
 * @param kernel rows and columns of the Gaussian, an odd number
 * @param sigma its standard deviation, in pixels
 * @param loss the loss that is maximised
 */
@Named(value = "ti-fgsm", help = "mi-fgsm with gradients smoothed by a Gaussian (Dong et al. 2019)")
public record TiFgsm(
        @Parameter(value = "gradients an image", min = 1) int steps,

        @Parameter(value = "share of the summed gradients that a step keeps", min = 0)
        double momentum,

        @Parameter(value = "rows and columns of the Gaussian, an odd number", min = 1)
        int kernel,

        @Parameter(value = "standard deviation of the Gaussian, in pixels", above = 0)
        double sigma,

        @Parameter(AttackLoss.HELP) AttackLoss loss)
        implements GradientAttack {
    /** Rejects settings outside their ranges. */
    public TiFgsm {
        Declared.check(TiFgsm.class, steps, momentum, kernel, sigma, loss);
        if (kernel % 2 == 0) {
            throw new InputException("kernel " + kernel + ": expected an odd number");
        }
    }

    /** 10 steps with momentum 1; the paper's 15×15 pixels of σ 3. */
    public TiFgsm() {
        this(10, 1, 15, 3, AttackLoss.CROSS_ENTROPY);
    }

    @Override
    public OptionalDouble firstStep(double epsilon) {
        return OptionalDouble.of(epsilon / steps);
    }

    @Override
    public Tensor perturb(Problem problem, Draws draws) {
        Tensor pixels = problem.pixels();
        if (pixels.dimensions() != 4) {
            throw new InputException("ti-fgsm smooths gradients over images of N×C×H×W, and these have "
                    + pixels.dimensions() + " dimensions");
        }
        Tensor gaussian = gaussian().to(pixels.dtype()).to(pixels.device());
        return new GradientAscent(steps, StepSize.relative(1.0 / steps), momentum, loss)
                .from(pixels.zerosLike(), problem, (here, delta, sum, rows) -> {
                    Problem.Slope slope = here.slope(delta, loss);
                    return new Problem.Slope(slope.loss(), smoothed(slope.gradient(), gaussian), slope.met());
                });
    }

    /** 1×1×{@link #kernel}×{@link #kernel}, of sum 1. */
    private Tensor gaussian() {
        double[] weights = new double[kernel * kernel];
        double sum = 0;
        for (int i = 0; i < weights.length; i++) {
            int row = i / kernel - kernel / 2;
            int column = i % kernel - kernel / 2;
            weights[i] = Math.exp(-(row * row + column * column) / (2 * sigma * sigma));
            sum += weights[i];
        }
        return Tensor.of(weights, 1, 1, kernel, kernel).div(sum);
    }

    private Tensor smoothed(Tensor gradient, Tensor gaussian) {
        Tensor channels = gradient.reshape(-1, 1, gradient.size(2), gradient.size(3));
        return Ops.conv2d(channels, gaussian, null, 1, kernel / 2).reshape(gradient.shape());
    }
}
