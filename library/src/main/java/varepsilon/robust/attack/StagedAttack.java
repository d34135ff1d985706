package varepsilon.robust.attack;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * Several attacks one after the other, each on the images that are left. An evaluation runs each of them on all images
 * of a set before the next, so that a schedule can learn from what was found, and batches stay full.
 */
public interface StagedAttack extends Attack {
    /** Chooses the attacks of one evaluation. */
    @FunctionalInterface
    interface Schedule {
        /**
         * The attack that comes next.
         *
         * @param done the results so far, in order
         * @return empty to end
         */
        Optional<Stage> next(List<StageResult> done);

        /** Attacks that it has and did not run, by name. */
        default List<String> untested(List<StageResult> done) {
            return List.of();
        }

        /** How many more forward and backward passes may be used, given the results so far. */
        default long passesLeft(List<StageResult> done) {
            return Long.MAX_VALUE;
        }

        /** How many more seconds may be used, given the results so far. */
        default double secondsLeft(List<StageResult> done) {
            return Double.POSITIVE_INFINITY;
        }
    }

    /** A schedule for one evaluation. */
    Schedule schedule(Norm norm);

    /** On the images of one batch alone. */
    @Override
    default Tensor perturb(Problem problem, Draws draws) {
        Tensor result = problem.pixels().zerosLike();
        List<StageResult> done = new ArrayList<>();
        try (var scope = Scope.withoutGradients()) {
            Schedule schedule = schedule(problem.threat().norm());
            Rows open = Rows.ALL;
            Optional<Stage> next = schedule.next(done);
            while (next.isPresent()) {
                Stage stage = next.get();
                try (var running = Scope.open()) {
                    Problem here = open.of(problem);
                    Cost before = problem.cost().copy();
                    long start = System.nanoTime();
                    Tensor delta = stage.attack().perturb(here, open.of(draws).split(stage.name()));
                    Tensor met = here.isMet(delta);
                    open.put(result, delta.where(PerExample.broadcast(met, delta), open.of(result)));
                    Tensor staying = met.not().nonzero();
                    done.add(new StageResult(
                            stage,
                            Math.toIntExact(here.size()),
                            Math.toIntExact(here.size()),
                            Math.toIntExact(here.size() - staying.count()),
                            problem.cost().forwardPasses() - before.forwardPasses(),
                            problem.cost().backwardPasses() - before.backwardPasses(),
                            (System.nanoTime() - start) / 1e9));
                    if (staying.count() == 0) {
                        return result;
                    }
                    open = open.only(staying, running);
                }
                next = schedule.next(done);
            }
        }
        return result;
    }
}
