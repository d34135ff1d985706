package varepsilon.robust.attack;

import varepsilon.tensor.DType;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/** Independent runs of a search, of which each example keeps its worst. */
final class Restarts {
    private Restarts() {}

    /** One run of a search over all examples of a problem. */
    @FunctionalInterface
    interface Search {
        Found from(Problem problem, Draws draws);
    }

    /**
     * The result of one run.
     *
     * @param delta N×…
     * @param loss at {@code delta}, N
     * @param met BOOL N, whether the criterion is met there
     */
    record Found(Tensor delta, Tensor loss, Tensor met) {}

    /** Where examples leave, the first perturbation that meets the criterion, else the one of the highest loss. */
    static Tensor worst(int restarts, Problem problem, Draws draws, Search search) {
        Tensor worst = problem.pixels().zerosLike();
        try (var scope = Scope.withoutGradients()) {
            Tensor highest = Tensor.full(Double.NEGATIVE_INFINITY, DType.FLOAT64, problem.size())
                    .to(worst.device());
            Rows open = Rows.ALL;
            for (int i = 0; i < restarts; i++) {
                try (var restart = Scope.open()) {
                    Found found = search.from(open.of(problem), open.of(draws));
                    Tensor height = found.loss().to(DType.FLOAT64);
                    Tensor better = height.gt(open.of(highest));
                    if (problem.leaveWhenMet()) {
                        better = better.or(found.met());
                    }
                    open.put(highest, height.max(open.of(highest)));
                    open.put(worst, found.delta().where(PerExample.broadcast(better, worst), open.of(worst)));
                    if (problem.leaveWhenMet()) {
                        Tensor staying = found.met().not().nonzero();
                        if (staying.count() == 0) {
                            break;
                        }
                        open = open.only(staying, restart);
                    }
                }
            }
        }
        return worst;
    }
}
