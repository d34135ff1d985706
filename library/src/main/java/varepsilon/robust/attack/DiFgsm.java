package varepsilon.robust.attack;

import java.util.OptionalDouble;
import varepsilon.base.Declared;
import varepsilon.base.InputException;
import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.tensor.DType;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Tensor;

/**
 * The diverse inputs iterative fast gradient sign method (Xie et al. 2019): as {@link MiFgsm}, with each gradient taken
 * of an image that is, with some probability, shrunk to a random size and put at a random place before a black
 * background. The perturbation found depends less on the one model and transfers better to others.
 *
 * @param steps gradients an example, at least 1
 * @param momentum share of the sum that a step keeps
 * @param probability that an image is shrunk, in each step
 * @param resizeRate the smallest size, as a share of the image's
 * @param loss the loss that is maximised
 */
@Named(value = "di-fgsm", help = "mi-fgsm on randomly shrunk and moved images (Xie et al. 2019)")
public record DiFgsm(
        @Parameter(value = "gradients an image", min = 1) int steps,

        @Parameter(value = "share of the summed gradients that a step keeps", min = 0)
        double momentum,

        @Parameter(value = "probability that an image is shrunk", min = 0, max = 1)
        double probability,

        @Parameter(value = "smallest size, as a share of the image's", above = 0, max = 1)
        double resizeRate,

        @Parameter(AttackLoss.HELP) AttackLoss loss)
        implements GradientAttack {
    /** Rejects settings outside their ranges. */
    public DiFgsm {
        Declared.check(DiFgsm.class, steps, momentum, probability, resizeRate, loss);
    }

    /** 10 steps with momentum 1, sizes from 90 % with probability 0.7. */
    public DiFgsm() {
        this(10, 1, 0.7, 0.9, AttackLoss.CROSS_ENTROPY);
    }

    @Override
    public OptionalDouble firstStep(double epsilon) {
        return OptionalDouble.of(epsilon / steps);
    }

    @Override
    public Tensor perturb(Problem problem, Draws draws) {
        if (problem.pixels().dimensions() != 4) {
            throw new InputException("di-fgsm shrinks images of N×C×H×W, and these have "
                    + problem.pixels().dimensions() + " dimensions");
        }
        return new GradientAscent(steps, StepSize.relative(1.0 / steps), momentum, loss)
                .from(problem.pixels().zerosLike(), problem, (here, delta, sum, rows) -> {
                    Tensor maps = maps(here.pixels(), rows.of(draws));
                    return GradientAscent.Gradient.elsewhere(
                            here, delta, here.probe().slope(delta, loss, x -> Ops.affineSample(x, maps)));
                });
    }

    /** Random maps from the places of the pixels shown to those in the image, N×2×3. */
    private Tensor maps(Tensor images, Draws draws) {
        int n = (int) images.size(0);
        long height = images.size(2);
        long width = images.size(3);
        double[] u = draws.uniform(Tensor.zeros(DType.FLOAT64, n, 4)).toDoubles();
        double[] maps = new double[n * 6];
        for (int i = 0; i < n; i++) {
            boolean shrunk = u[4 * i] < probability;
            double share = shrunk ? resizeRate + (1 - resizeRate) * u[4 * i + 1] : 1;
            long rows = Math.max(1, Math.round(share * height));
            long columns = Math.max(1, Math.round(share * width));
            double top = Math.floor(u[4 * i + 2] * (height - rows + 1));
            double left = Math.floor(u[4 * i + 3] * (width - columns + 1));
            // A pixel at j, in coordinates from −1 to 1 over the whole image, shows the image at
            // (j·W + W − 2·left) / columns − 1, in the same coordinates.
            maps[6 * i] = (double) width / columns;
            maps[6 * i + 2] = (width - 2 * left) / columns - 1;
            maps[6 * i + 4] = (double) height / rows;
            maps[6 * i + 5] = (height - 2 * top) / rows - 1;
        }
        return Tensor.of(maps, n, 2, 3).to(images.dtype()).to(images.device());
    }
}
