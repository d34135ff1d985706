package varepsilon.robust.attack;

import java.util.List;
import varepsilon.base.Declared;
import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * DeepFool (Moosavi-Dezfooli et al. 2016): steps to the nearest of the boundaries that the classes would have if the
 * logits were linear, until the criterion is met a little beyond. Each step is the smallest inside the box, where the
 * paper cuts off what leaves it. A line search back to the boundary ends the search and takes off what the overshoot
 * was too much; it is an addition to the paper and only makes a perturbation smaller. Towards a target class, the steps
 * go to its boundary with whichever other class has the highest logit.
 *
 * @param steps most steps, at least 1
 * @param overshoot share by which the perturbation is longer than the sum of the steps
 * @param classes how many other classes, those of the highest logits, are considered, each by a gradient a step
 */
@Named(value = "deepfool", help = "steps to the nearest linearised boundary (Moosavi-Dezfooli et al. 2016)")
public record DeepFool(
        @Parameter(value = "most steps", min = 1) int steps,

        @Parameter(value = "share by which the perturbation is longer than the steps", min = 0)
        double overshoot,

        @Parameter(value = "other classes considered, each by a gradient a step", min = 1)
        int classes)
        implements MinimumAttack {
    private static final int LINE_SEARCH = 3;

    /** Rejects settings outside their ranges. */
    public DeepFool {
        Declared.check(DeepFool.class, steps, overshoot, classes);
    }

    /** The paper's settings: 50 steps, overshoot 0.02, ten classes. */
    public DeepFool() {
        this(50, 0.02, 10);
    }

    @Override
    public List<Norm> norms() {
        return List.of(Norm.LINF, Norm.L2, Norm.L1);
    }

    @Override
    public Smallest minimise(Problem problem, double enough, Draws draws) {
        Norm norm = problem.threat().norm();
        try (var scope = Scope.withoutGradients()) {
            SmallestSoFar smallest = new SmallestSoFar(problem, enough);
            Tensor sum = problem.pixels().zerosLike();
            smallest.repeatUntilFound(steps, (here, rows, i) -> {
                Tensor at = beyond(rows.of(sum), here);
                Problem.Rivals rivals = here.rivals(at, classes);
                smallest.offer(rows, at, rivals.met());
                Tensor step = Hyperplane.nearest(
                                norm, rivals, here.low().sub(at), here.high().sub(at))
                        .step();
                rows.put(sum, rows.of(sum).add(step));
            });
            smallest.repeatUntilFound(1, (here, rows, i) -> {
                Tensor at = beyond(rows.of(sum), here);
                smallest.offer(rows, at, here.isMet(at));
            });
            smallest.shorten(LINE_SEARCH);
            return smallest.result(scope);
        }
    }

    private Tensor beyond(Tensor sum, Problem here) {
        return sum.mul(1 + overshoot).clamp(here.low(), here.high());
    }
}
