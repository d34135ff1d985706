package varepsilon.robust.attack;

import java.util.List;
import varepsilon.base.Declared;
import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * Simultaneous perturbation stochastic approximation (Spall 1992; as an attack Uesato et al. 2018): ascent of the
 * margin along a gradient that is estimated from scores, with steps by Adam (Kingma, Ba 2015). The estimate is the mean
 * of (f(x + δv) − f(x − δv)) / 2δ · v over random vectors v of signs. In a targeted attack, the cross-entropy of the
 * target falls.
 *
 * @param steps of ascent, at least 1; each takes 2·samples + 1 forward passes
 * @param samples random vectors a step, at least 1
 * @param distance δ, in pixel units
 * @param stepSize that of Adam: about how far each pixel moves in a step
 */
@Named(value = "spsa", help = "ascent along gradients estimated from scores (Uesato et al. 2018)")
public record Spsa(
        @Parameter(value = "steps; each takes 2 samples + 1 forward passes an image", min = 1)
        int steps,

        @Parameter(value = "random vectors a step, each evaluated on both sides", min = 1)
        int samples,

        @Parameter(value = "how far from the image it is evaluated, in pixel units", above = 0)
        double distance,

        @Parameter("length of a step in each pixel, as 2/255; or in eps, as 0.25eps, 2eps-falling")
        StepSize stepSize)
        implements Attack {
    // The same for every batch size: the order in which numbers are added is then the same, too.
    private static final int SAMPLES_AT_ONCE = 8;

    /** Rejects settings outside their ranges. */
    public Spsa {
        Declared.check(Spsa.class, steps, samples, distance, stepSize);
    }

    /** The paper's δ and step size, 0.01; 100 steps of 64 vectors. */
    public Spsa() {
        this(100, 64, 0.01, StepSize.pixels(0.01));
    }

    @Override
    public Knowledge knowledge() {
        return Knowledge.SCORES;
    }

    @Override
    public List<Norm> norms() {
        return List.of(Norm.LINF, Norm.L2);
    }

    @Override
    public Tensor perturb(Problem problem, Draws draws) {
        AttackLoss loss = problem.criterion().direction() > 0 ? AttackLoss.MARGIN : AttackLoss.CROSS_ENTROPY;
        Tensor delta = problem.pixels().zerosLike();
        try (var scope = Scope.withoutGradients()) {
            AdamSteps adam = new AdamSteps(delta);
            Rows open = Rows.ALL;
            for (int i = 0; i < steps; i++) {
                try (var step = Scope.open()) {
                    Tensor met = open.of(problem).isMet(open.of(delta));
                    if (problem.leaveWhenMet()) {
                        Tensor staying = met.not().nonzero();
                        if (staying.count() == 0) {
                            break;
                        }
                        open = staying.count() < met.count() ? open.only(staying, step) : open;
                    }
                    Problem here = open.of(problem);
                    Tensor at = open.of(delta);
                    // Adam descends; the loss is to rise.
                    Tensor descent = adam.next(
                            open, gradient(here, at, loss, open.of(draws)).neg(), i);
                    double size = stepSize.of(problem.threat().epsilon(), i, steps);
                    open.put(delta, here.project(at.add(descent.mul(size))));
                }
            }
        }
        return delta;
    }

    /** The estimate of the gradient, N×…; outside the box the classifier is not evaluated. */
    private Tensor gradient(Problem problem, Tensor delta, AttackLoss loss, Draws draws) {
        Tensor sum = delta.zerosLike();
        for (int done = 0; done < samples; done += SAMPLES_AT_ONCE) {
            try (var some = Scope.open()) {
                int count = Math.min(SAMPLES_AT_ONCE, samples - done);
                Samples at = Samples.of(problem, delta, count);
                Tensor signs = at.signs(draws);
                Tensor vectors = signs.mul(distance);
                Tensor above = at.problem().evaluate(at.inBox(vectors), loss).loss();
                Tensor below =
                        at.problem().evaluate(at.inBox(vectors.neg()), loss).loss();
                Tensor slope = above.sub(below).to(delta.dtype());
                sum.addInPlace(at.sums(signs.mul(PerExample.broadcast(slope, signs))));
            }
        }
        return sum.div(2 * distance * samples);
    }
}
