package varepsilon.robust.attack;

import java.util.List;
import varepsilon.base.Declared;
import varepsilon.base.InputException;
import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * The fast adaptive boundary attack (Croce, Hein 2020, "Minimally distorted Adversarial Examples with a Fast Adaptive
 * Boundary Attack"): each step goes a little beyond the nearest linearised boundary, to a mixture of the points of it
 * that are nearest to where the search is and to the image; from a success it goes back towards the image. The nearest
 * boundary is the nearest inside the box, where the paper leaves the box out of that choice.
 *
 * @param steps gradients (of each class) an example, restart and target, at least 1
 * @param restarts searches, the first from the image and the others from random points near it
 * @param targets 0 to consider the boundaries of all other classes in each step, at the cost of a gradient each; else
 *     of how many other classes, those of the highest logits at the image, each is searched for alone: 9 in AutoAttack
 * @param firstTarget the rank of the first of these, from 1
 * @param alphaMax α_max, largest share of the image's own projection in a step
 * @param eta η, by how much a step goes beyond the boundary, as a factor of its length
 * @param beta β, share of the perturbation that is kept after a success
 */
@Named(value = "fab", help = "smallest perturbation along linearised boundaries (Croce, Hein 2020)")
public record FastAdaptiveBoundary(
        @Parameter(value = "gradients an image, restart and target", min = 1)
        int steps,

        @Parameter(value = "starts, of which each image keeps its smallest", min = 1)
        int restarts,

        @Parameter(value = "classes searched for one by one; 0 for all in each step", min = 0)
        int targets,

        @Parameter(value = "rank of the first target, from 1", min = 1)
        int firstTarget,

        @Parameter(value = "largest share of the image's own projection in a step", min = 0, max = 1)
        double alphaMax,

        @Parameter(value = "factor of a step's length beyond the boundary", min = 1)
        double eta,

        @Parameter(value = "share of the perturbation kept after a success", above = 0, below = 1)
        double beta)
        implements MinimumAttack {
    private static final int LINE_SEARCH = 3;

    /** Half of this is the size of random starts where nothing is known: ε of the paper's experiments, by norm. */
    private static double usualSize(Norm norm) {
        return norm.equals(Norm.LINF) ? 0.3 : norm.equals(Norm.L2) ? 1 : 5;
    }

    /** Rejects settings outside their ranges. */
    public FastAdaptiveBoundary {
        Declared.check(FastAdaptiveBoundary.class, steps, restarts, targets, firstTarget, alphaMax, eta, beta);
    }

    /** The paper's settings, untargeted: 100 steps from the image. */
    public FastAdaptiveBoundary() {
        this(100, 1, 0, 1, 0.1, 1.05, 0.9);
    }

    /** The same with other numbers of steps and restarts, and so many target classes. */
    public static FastAdaptiveBoundary of(int steps, int restarts, int targets) {
        return new FastAdaptiveBoundary(steps, restarts, targets, 1, 0.1, 1.05, 0.9);
    }

    /** The same against one target class alone. */
    public FastAdaptiveBoundary withTarget(int rank) {
        return new FastAdaptiveBoundary(steps, restarts, 1, rank, alphaMax, eta, beta);
    }

    @Override
    public List<Norm> norms() {
        return List.of(Norm.LINF, Norm.L2, Norm.L1);
    }

    /**
     * @throws InputException where it has targets of its own and the criterion names a target class
     */
    @Override
    public Smallest minimise(Problem problem, double enough, Draws draws) {
        try (var scope = Scope.withoutGradients()) {
            SmallestSoFar smallest = new SmallestSoFar(problem, enough);
            for (int restart = 0; restart < restarts; restart++) {
                try (var inner = Scope.open()) {
                    for (Problem towards : goals(problem)) {
                        search(problem, towards, smallest, start(problem, smallest, enough, restart, draws));
                    }
                }
            }
            smallest.shorten(LINE_SEARCH);
            return smallest.result(scope);
        }
    }

    /** The problem as it is, or one for each target class. */
    private List<Problem> goals(Problem problem) {
        return targets == 0 ? List.of(problem) : problem.towardsHighest(firstTarget, targets);
    }

    private Tensor start(Problem problem, SmallestSoFar smallest, double enough, int restart, Draws draws) {
        Tensor zero = problem.pixels().zerosLike();
        if (restart == 0) {
            return zero;
        }
        Norm norm = problem.threat().norm();
        smallest.repeat(1, (here, rows, i) -> {
            Tensor way = norm.equals(Norm.LINF)
                    ? rows.of(draws).uniform(here.pixels()).mul(2).sub(1)
                    : rows.of(draws).normal(here.pixels());
            Tensor usual = smallest.size(rows).zerosLike().add(enough > 0 ? enough : usualSize(norm));
            Tensor size = smallest.size(rows).min(usual).mul(0.5).to(way.dtype());
            Tensor start = way.mul(PerExample.broadcast(size.div(norm.length(way)), way));
            rows.put(zero, start.clamp(here.low(), here.high()));
        });
        return zero;
    }

    private void search(Problem whole, Problem towards, SmallestSoFar smallest, Tensor delta) {
        Norm norm = whole.threat().norm();
        smallest.repeat(steps, (any, rows, i) -> {
            Problem here = rows.of(towards);
            Tensor at = rows.of(delta);
            Problem.Rivals rivals = here.rivals(at, Integer.MAX_VALUE);
            smallest.offer(rows, at, rivals.met());
            Hyperplane.Nearest nearest = Hyperplane.nearest(
                    norm, rivals, here.low().sub(at), here.high().sub(at));
            Tensor fromHere = nearest.step();
            Tensor rise = PerExample.dot(nearest.gradient(), at).sub(nearest.excess());
            Tensor fromImage = Hyperplane.step(norm, nearest.gradient(), rise, here.low(), here.high())
                    .to(at.dtype());
            Tensor alpha = PerExample.broadcast(share(norm.length(fromHere), norm.length(fromImage)), at);
            Tensor ahead = at.add(fromHere.mul(eta));
            Tensor moved = ahead.add(fromImage.mul(eta).sub(ahead).mul(alpha)).clamp(here.low(), here.high());
            Tensor met = here.isMet(moved);
            smallest.offer(rows, moved, met);
            rows.put(delta, moved.mul(beta).where(PerExample.broadcast(met, moved), moved));
        });
    }

    /** α: the farther the search is from the boundary, the more the image's own projection counts. */
    private Tensor share(Tensor fromHere, Tensor fromImage) {
        Tensor tiny = fromHere.zerosLike().add(1e-8);
        Tensor here = fromHere.max(tiny);
        return here.div(here.add(fromImage.max(tiny))).clamp(0, alphaMax);
    }
}
