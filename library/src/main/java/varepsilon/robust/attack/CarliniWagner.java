package varepsilon.robust.attack;

import java.util.List;
import varepsilon.base.Declared;
import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.tensor.DType;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * The attacks of Carlini and Wagner (2017, "Towards Evaluating the Robustness of Neural Networks"): Adam on the size of
 * the perturbation plus c times the hinge of the margin, in a variable whose hyperbolic tangent gives the pixels.
 *
 * <ul>
 *   <li>L2: ‖δ‖² + c·max(0, −margin), with a binary search for c, by a factor of 10 until the first success.
 *   <li>L∞: Σ max(0, |δᵢ| − τ) + c·max(0, −margin). Where that vanishes, τ falls to 0.9 of the size reached and the
 *       search goes on from there; where it does not, c doubles, until it is beyond 20.
 * </ul>
 *
 * A line search and the nearest point of the linearised boundary end it; both are additions to the paper and only make
 * a perturbation smaller.
 *
 * @param steps most gradients an example and value of c, at least 1; the authors' program takes up to 10,000 in L2 and
 *     1000 in L∞
 * @param searchSteps values of c in L2, at least 1
 * @param learningRate of Adam; half of it in L∞
 * @param constant the first c in L2; a hundredth of it in L∞
 */
@Named(value = "carlini-wagner", help = "size plus c times the hinge of the margin (Carlini, Wagner 2017)")
public record CarliniWagner(
        @Parameter(value = "most gradients an image and value of c", min = 1)
        int steps,

        @Parameter(value = "values of c in l2", min = 1) int searchSteps,

        @Parameter(value = "learning rate of Adam", above = 0)
        double learningRate,

        @Parameter(value = "the first c in l2", above = 0) double constant)
        implements MinimumAttack {
    /** The authors' constants. */
    private static final double FIRST_FACTOR = 10;

    private static final double LARGEST_C_OF_LINF = 20;
    private static final double DECREASE_OF_TAU = 0.9;
    private static final double SMALLEST_TAU = 1.0 / 256;
    private static final double REACHED = 1e-4;

    /** A search is given up where the loss fell by less than this share in a tenth of the steps. */
    private static final double LEAST_PROGRESS = 1e-4;

    /** Pixels at the ends of the box have no finite variable; they start this share inside. */
    private static final double INSIDE = 1e-6;

    /** Of the variable: beyond it, a pixel is at the end of the box to all digits. */
    private static final double FARTHEST = 20;

    private static final int SQUARINGS = 10;
    private static final int TERMS = 8;
    private static final int LINE_SEARCH = 3;

    /** Rejects settings outside their ranges. */
    public CarliniWagner {
        Declared.check(CarliniWagner.class, steps, searchSteps, learningRate, constant);
    }

    /** The paper's settings, in up to 1000 steps. */
    public CarliniWagner() {
        this(1000, 9, 0.01, 1e-3);
    }

    @Override
    public List<Norm> norms() {
        return List.of(Norm.LINF, Norm.L2);
    }

    @Override
    public Smallest minimise(Problem problem, double enough, Draws draws) {
        try (var scope = Scope.withoutGradients()) {
            SmallestSoFar smallest = new SmallestSoFar(problem, enough);
            Tensor zero = problem.pixels().zerosLike();
            smallest.offer(Rows.ALL, zero, problem.isMet(zero));
            if (problem.threat().norm().equals(Norm.L2)) {
                searchL2(problem, smallest);
            } else {
                searchLinf(problem, smallest);
            }
            smallest.shorten(LINE_SEARCH);
            smallest.refine();
            return smallest.result(scope);
        }
    }

    private void searchL2(Problem problem, SmallestSoFar smallest) {
        Tensor least = PerExample.sum(problem.pixels()).zerosLike();
        Tensor most = least.add(Double.POSITIVE_INFINITY);
        Tensor c = least.add(constant);
        for (int round = 0; round < searchSteps; round++) {
            try (var scope = Scope.open()) {
                Variable variable = new Variable(problem);
                Tensor stopped = smallest.none();
                Tensor succeeded = smallest.none();
                Tensor before = least.add(Double.POSITIVE_INFINITY);
                smallest.repeat(steps, stopped, (here, rows, i) -> {
                    Tensor at = variable.delta(rows, here);
                    Problem.Slope slope = here.slope(at, AttackLoss.MARGIN);
                    smallest.offer(rows, at, slope.met());
                    rows.put(succeeded, rows.of(succeeded).or(slope.met()));
                    Tensor hinge = hinge(here, slope);
                    Tensor loss = PerExample.sum(at.square()).add(rows.of(c).mul(hinge));
                    variable.descend(rows, here, at.mul(2).sub(rising(slope, hinge, rows.of(c))), learningRate, i);
                    stopWithoutProgress(rows, i, loss, before, stopped);
                });
                most.copyInPlace(most.min(c).where(succeeded, most));
                least.copyInPlace(least.where(succeeded, c));
                Tensor bounded = most.lt(most.zerosLike().add(Double.POSITIVE_INFINITY));
                c.copyInPlace(least.add(most).mul(0.5).where(bounded, c.mul(FIRST_FACTOR)));
            }
        }
    }

    private void searchLinf(Problem problem, SmallestSoFar smallest) {
        Tensor tau = PerExample.sum(problem.pixels())
                .zerosLike()
                .add(problem.threat().box().width());
        Tensor c = tau.zerosLike().add(constant / 100);
        Tensor ended = smallest.none();
        Variable variable = new Variable(problem);
        // Each round either doubles c or shortens τ, so that there is a last one.
        while (ended.not().nonzero().count() > 0) {
            try (var scope = Scope.open()) {
                Tensor stopped = ended.copy();
                Tensor succeeded = smallest.none();
                Tensor before = tau.zerosLike().add(Double.POSITIVE_INFINITY);
                Tensor reached = tau.copy();
                boolean[] worked = {false};
                variable.restart();
                smallest.repeat(steps, stopped, (here, rows, i) -> {
                    worked[0] = true;
                    Tensor at = variable.delta(rows, here);
                    Problem.Slope slope = here.slope(at, AttackLoss.MARGIN);
                    smallest.offer(rows, at, slope.met());
                    Tensor hinge = hinge(here, slope);
                    Tensor limit = PerExample.broadcast(rows.of(tau), at);
                    Tensor beyond = at.abs().sub(limit).relu();
                    Tensor loss = PerExample.sum(beyond).add(rows.of(c).mul(hinge));
                    Tensor done = loss.lt(rows.of(c).mul(REACHED)).and(slope.met());
                    rows.put(succeeded, done);
                    rows.put(reached, Norm.LINF.length(at).min(rows.of(tau)));
                    variable.descend(
                            rows,
                            here,
                            beyond.sign().mul(at.sign()).sub(rising(slope, hinge, rows.of(c))),
                            learningRate / 2,
                            i);
                    stopWithoutProgress(rows, i, loss, before, stopped);
                    rows.put(stopped, rows.of(stopped).or(done));
                });
                if (!worked[0]) {
                    break;
                }
                tau.copyInPlace(reached.mul(DECREASE_OF_TAU).where(succeeded, tau));
                c.copyInPlace(c.where(succeeded, c.mul(2)));
                ended.copyInPlace(
                        ended.or(tau.lt(tau.zerosLike().add(SMALLEST_TAU))).or(c.gt(LARGEST_C_OF_LINF)));
            }
        }
    }

    /** max(0, −excess), N. */
    private static Tensor hinge(Problem here, Problem.Slope slope) {
        return slope.loss().sub(here.criterion().threshold()).neg().relu();
    }

    /** c times the gradient of the margin, where the hinge is open. */
    private static Tensor rising(Problem.Slope slope, Tensor hinge, Tensor c) {
        return slope.gradient().mul(PerExample.broadcast(c.where(hinge.gt(0), c.zerosLike()), slope.gradient()));
    }

    private void stopWithoutProgress(Rows rows, int step, Tensor loss, Tensor before, Tensor stopped) {
        if (step % Math.max(1, steps / 10) == 0) {
            Tensor limit = rows.of(before).mul(1 - LEAST_PROGRESS);
            rows.put(stopped, loss.gt(0).and(loss.lt(limit).not()));
            rows.put(before, loss);
        }
    }

    /** w with pixels low + width·(tanh w + 1) / 2, in double precision. */
    private static final class Variable {
        private final Tensor w;
        private AdamSteps adam;

        Variable(Problem problem) {
            Box box = problem.threat().box();
            double[] start = problem.pixels().toDoubles();
            for (int j = 0; j < start.length; j++) {
                double share = Math.min(Math.max((start[j] - box.low()) / box.width(), INSIDE), 1 - INSIDE);
                start[j] = Math.log(share / (1 - share)) / 2;
            }
            w = Tensor.of(start, problem.pixels().shape()).to(problem.pixels().device());
            adam = new AdamSteps(w);
        }

        void restart() {
            adam = new AdamSteps(w);
        }

        Tensor delta(Rows rows, Problem here) {
            Box box = here.threat().box();
            Tensor pixels = share(rows.of(w)).mul(box.width()).add(box.low());
            return pixels.sub(here.pixels().to(DType.FLOAT64))
                    .to(here.pixels().dtype())
                    .clamp(here.low(), here.high());
        }

        /** One step of Adam against a gradient with respect to the pixels. */
        void descend(Rows rows, Problem here, Tensor gradient, double learningRate, int step) {
            Tensor s = share(rows.of(w));
            Tensor inner = s.mul(s.neg().add(1)).mul(2 * here.threat().box().width());
            Tensor direction = adam.next(rows, gradient.to(DType.FLOAT64).mul(inner), step);
            rows.put(w, rows.of(w).add(direction.mul(learningRate)).clamp(-FARTHEST, FARTHEST));
        }

        /** (tanh w + 1) / 2 = 1 / (1 + e^−2w). */
        private static Tensor share(Tensor w) {
            return w.zerosLike().add(1).div(exponential(w.mul(-2)).add(1));
        }

        /**
         * e^x = (e^(x/1024))^1024, the inner one by its Taylor series. The engine's exponential rounds the last values
         * of a tensor in another way than those before, so that an image's result would depend on its place in the
         * batch; sums and products it rounds alike everywhere.
         */
        private static Tensor exponential(Tensor x) {
            Tensor small = x.div(1 << SQUARINGS);
            Tensor result = small.div(TERMS).add(1);
            for (int n = TERMS - 1; n > 0; n--) {
                result = result.mul(small).div(n).add(1);
            }
            for (int i = 0; i < SQUARINGS; i++) {
                result = result.square();
            }
            return result;
        }
    }
}
