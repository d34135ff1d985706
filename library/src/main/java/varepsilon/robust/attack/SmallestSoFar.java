package varepsilon.robust.attack;

import varepsilon.tensor.DType;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * The smallest perturbation that has met the criterion so far, of each example of a batch. What is kept is a
 * perturbation at which the criterion was seen to be met, bit for bit. An example whose perturbation is small enough
 * is not searched further.
 */
final class SmallestSoFar {
    /** How far beyond its estimate of the boundary the line search goes: rounding must not decide about success. */
    private static final double BEYOND = 1e-4;

    /** Of the distance between that estimate and the last success, the share that is left. */
    private static final double LEFT = 0.01;

    /** How far beyond the linearised boundary {@link #refine} goes, where the loss is not linear. */
    private static final double[] OVERSHOOTS = {1.001, 1.01, 1.05, 1.2};

    /** In L0, where values are moved to the end of the box, the boundary itself is passed. */
    private static final double[] OVERSHOOTS_OF_L0 = {1, 1.1, 1.3, 2};

    private final Problem problem;
    private final double enough;
    private final Tensor delta;
    private final Tensor size;

    /** One step of a search, for the examples that are still searched. */
    interface Step {
        /**
         * Takes it.
         *
         * @param here the problem of these examples
         * @param rows where they are in the batch
         * @param index which step, from 0
         */
        void take(Problem here, Rows rows, int index);
    }

    /** Made inside the scope of the whole search. */
    SmallestSoFar(Problem problem, double enough) {
        this.problem = problem;
        this.enough = enough;
        delta = problem.pixels().zerosLike();
        size = Tensor.full(Double.POSITIVE_INFINITY, DType.FLOAT64, problem.size())
                .to(delta.device());
    }

    /** Takes steps until every example has a perturbation that is small enough. */
    void repeat(int steps, Step step) {
        repeat(steps, enough, none(), step);
    }

    /**
     * The same, for examples that have not stopped.
     *
     * @param stopped BOOL N, to which the steps write
     */
    void repeat(int steps, Tensor stopped, Step step) {
        repeat(steps, enough, stopped, step);
    }

    /** False for every example. */
    Tensor none() {
        return size.gt(Double.POSITIVE_INFINITY);
    }

    /** Takes steps until something was found for every example, whatever its size. */
    void repeatUntilFound(int steps, Step step) {
        repeat(steps, Double.MAX_VALUE, none(), step);
    }

    /** Each step has a scope of its own, so that memory does not grow with their number. */
    private void repeat(int steps, double limit, Tensor stopped, Step step) {
        Rows rows = Rows.ALL;
        for (int i = 0; i < steps; i++) {
            try (var scope = Scope.open()) {
                Tensor staying =
                        rows.of(size).gt(limit).and(rows.of(stopped).not()).nonzero();
                if (staying.count() == 0) {
                    break;
                }
                if (staying.count() < rows.of(size).size(0)) {
                    rows = rows.only(staying, scope);
                }
                step.take(rows.of(problem), rows, i);
            }
        }
    }

    /** Takes over those that meet the criterion and are smaller than what is kept. */
    void offer(Rows rows, Tensor at, Tensor met) {
        Tensor images = rows.of(problem.pixels());
        Tensor length = length(images, at);
        Tensor better = met.and(length.lt(rows.of(size)));
        if (better.nonzero().count() > 0) {
            rows.put(size, length.where(better, rows.of(size)));
            rows.put(delta, at.where(PerExample.broadcast(better, at), rows.of(delta)));
        }
    }

    /** The size of the difference that is left after the perturbed pixels are rounded. */
    private Tensor length(Tensor images, Tensor at) {
        Tensor moved = images.add(at).to(DType.FLOAT64);
        return problem.threat().norm().length(moved.sub(images.to(DType.FLOAT64)));
    }

    /** The sizes of some of the examples, FLOAT64; infinite where nothing was found. */
    Tensor size(Rows rows) {
        return rows.of(size);
    }

    /**
     * Moves what was found towards the image, up to where a line through the margin losses of both ends reaches the
     * boundary (regula falsi), a few times (the final search of Croce, Hein 2020). L0 does not change by it.
     */
    void shorten(int steps) {
        if (problem.threat().norm().equals(Norm.L0)) {
            return;
        }
        forFound((here, rows) -> {
            Tensor from = rows.of(delta).copy();
            Tensor above = here.excess(from).to(DType.FLOAT64);
            Tensor below = here.excess(from.zerosLike()).to(DType.FLOAT64);
            Tensor low = above.zerosLike();
            Tensor high = low.add(1);
            for (int i = 0; i < steps; i++) {
                Tensor way = above.sub(below).clamp(1e-300, Double.POSITIVE_INFINITY);
                Tensor root = low.sub(high.sub(low).mul(below).div(way)).clamp(low, high);
                Tensor share = root.add(high.sub(root).mul(LEFT)).add(BEYOND).min(high);
                Tensor at = from.mul(PerExample.broadcast(share.to(from.dtype()), from));
                Problem.Outcome outcome = here.evaluate(at, AttackLoss.MARGIN);
                offer(rows, at, outcome.met());
                Tensor excess = outcome.loss().to(DType.FLOAT64).sub(threshold());
                high = share.where(outcome.met(), high);
                above = excess.where(outcome.met(), above);
                low = low.where(outcome.met(), share);
                below = below.where(outcome.met(), excess);
            }
        });
    }

    /**
     * Linearises the margin loss where it was found, and tries the points that are nearest to the image on that
     * boundary and a little beyond it.
     */
    void refine() {
        Norm norm = problem.threat().norm();
        forFound((here, rows) -> {
            Tensor from = rows.of(delta);
            Problem.Slope slope = here.slope(from, AttackLoss.MARGIN);
            Tensor rise = PerExample.dot(slope.gradient(), from)
                    .sub(slope.loss().to(DType.FLOAT64))
                    .add(threshold());
            for (double factor : norm.equals(Norm.L0) ? OVERSHOOTS_OF_L0 : OVERSHOOTS) {
                Tensor at = Hyperplane.step(norm, slope.gradient(), rise.mul(factor), here.low(), here.high())
                        .to(from.dtype());
                offer(rows, at, here.isMet(at));
            }
        });
    }

    private double threshold() {
        return problem.criterion().threshold();
    }

    private interface Work {
        void on(Problem here, Rows rows);
    }

    /** For the examples with a perturbation that is not small enough. */
    private void forFound(Work work) {
        try (var scope = Scope.open()) {
            Tensor found = size.gt(enough).and(isFound()).nonzero();
            if (found.count() > 0) {
                Rows rows = new Rows(found);
                work.on(rows.of(problem), rows);
            }
        }
    }

    private Tensor isFound() {
        return size.lt(size.zerosLike().add(Double.POSITIVE_INFINITY));
    }

    /** What was found, kept in the enclosing scope. */
    MinimumAttack.Smallest result(Scope scope) {
        return new MinimumAttack.Smallest(scope.keep(delta), scope.keep(isFound()));
    }
}
