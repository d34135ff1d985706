package varepsilon.robust.attack;

import java.util.List;
import varepsilon.tensor.DType;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/** Independent runs of a search, of which each example keeps its worst. */
final class Restarts {
    private Restarts() {}

    /** One run of a search over all examples of a problem. */
    @FunctionalInterface
    interface Search {
        /** @param index which run, from 0 */
        Found run(Problem problem, Draws draws, int index);
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
        return worst(restarts, List.of(problem), draws, search);
    }

    /** The same of so many runs for each of several aims with the same examples. */
    static Tensor worst(int restarts, List<Problem> aims, Draws draws, Search search) {
        Tensor worst = aims.get(0).pixels().zerosLike();
        try (var scope = Scope.withoutGradients()) {
            Tensor highest = Tensor.full(Double.NEGATIVE_INFINITY, DType.FLOAT64, worst.size(0))
                    .to(worst.device());
            Rows open = Rows.ALL;
            for (Problem aim : aims) {
                for (int i = 0; i < restarts; i++) {
                    try (var restart = Scope.open()) {
                        Found found = search.run(open.of(aim), open.of(draws), i);
                        Tensor height = found.loss().to(DType.FLOAT64);
                        Tensor better = height.gt(open.of(highest));
                        if (aim.leaveWhenMet()) {
                            better = better.or(found.met());
                        }
                        open.put(highest, height.max(open.of(highest)));
                        open.put(worst, found.delta().where(PerExample.broadcast(better, worst), open.of(worst)));
                        if (aim.leaveWhenMet()) {
                            Tensor staying = found.met().not().nonzero();
                            if (staying.count() == 0) {
                                return worst;
                            }
                            open = open.only(staying, restart);
                        }
                    }
                }
            }
        }
        return worst;
    }
}
