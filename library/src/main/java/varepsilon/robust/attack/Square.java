package varepsilon.robust.attack;

import java.util.List;
import varepsilon.base.Declared;
import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.tensor.DType;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * Square Attack (Andriushchenko et al. 2020): random search over square windows of the image, of which a change is kept
 * where it raises the loss. It uses scores alone. The L1 version is that of Croce, Hein 2021, "Mind the box".
 *
 * <p>The loss is the margin, and the cross-entropy of the target in a targeted attack. Images that are not square have
 * windows of the same area that fit into them; inputs without height and width, N×D, are images of height 1.
 *
 * @param queries forward passes an example and restart, at least 1
 * @param restarts independent runs, at least 1
 * @param pInit share of the pixels that the first windows cover; in the course of the queries it falls to 1/512 of this
 */
@Named(value = "square", help = "random search over square windows, by scores alone (Andriushchenko et al. 2020)")
public record Square(
        @Parameter(value = "forward passes an image and restart", min = 1)
        int queries,

        @Parameter(value = "starts, of which each image keeps its worst", min = 1)
        int restarts,

        @Parameter(value = "share of the pixels that the first squares cover", above = 0, max = 1)
        double pInit)
        implements Attack {
    // The paper halves the share of the pixels after so many of 10,000 queries.
    private static final double[] HALVED_AFTER = {10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000};
    private static final double SCHEDULED = 10_000;

    // Drawing a few numbers for each image and step takes longer than the step.
    private static final int STEPS_DRAWN_AT_ONCE = 256;

    /** Rejects settings outside their ranges. */
    public Square {
        Declared.check(Square.class, queries, restarts, pInit);
    }

    /** 5,000 queries and squares from 80 % of the image, as in AutoAttack (Croce, Hein 2020). */
    public Square() {
        this(5000, 1, 0.8);
    }

    @Override
    public Knowledge knowledge() {
        return Knowledge.SCORES;
    }

    @Override
    public List<Norm> norms() {
        return List.of(Norm.LINF, Norm.L2, Norm.L1);
    }

    @Override
    public Tensor perturb(Problem problem, Draws draws) {
        return Restarts.worst(restarts, problem, draws, (here, own, index) -> search(here, own));
    }

    private Restarts.Found search(Problem problem, Draws draws) {
        AttackLoss loss = problem.criterion().direction() > 0 ? AttackLoss.MARGIN : AttackLoss.CROSS_ENTROPY;
        SquareMoves moves = SquareMoves.of(problem);
        try (var scope = Scope.withoutGradients()) {
            Tensor delta = moves.start(problem, draws);
            Problem.Outcome first = problem.evaluate(delta, loss);
            Tensor highest = first.loss().copy();
            Tensor met = first.met().copy();
            Rows open = Rows.ALL;
            Tensor numbers = null;
            for (int i = 0; i < queries - 1; i++) {
                try (var step = Scope.open()) {
                    if (problem.leaveWhenMet()) {
                        Tensor metHere = open.of(met);
                        Tensor staying = metHere.not().nonzero();
                        if (staying.count() == 0) {
                            break;
                        }
                        if (staying.count() < metHere.count()) {
                            open = open.only(staying, step);
                            numbers = numbers == null ? null : replaced(numbers, numbers.indexSelect(0, staying), step);
                        }
                    }
                    Problem here = open.of(problem);
                    int drawn = i % STEPS_DRAWN_AT_ONCE;
                    if (drawn == 0) {
                        numbers = replaced(numbers, open.of(draws).uniform(numbersOf(here, moves)), step);
                    }
                    Tensor now = numbers.narrow(1, drawn, 1).squeeze(1);
                    Tensor before = open.of(delta);
                    Tensor after = moves.propose(here, before, now, share(i));
                    Problem.Outcome outcome = here.evaluate(after, loss);
                    Tensor better = outcome.loss().gt(open.of(highest));
                    if (problem.leaveWhenMet()) {
                        better = better.or(outcome.met());
                    }
                    open.put(delta, after.where(PerExample.broadcast(better, after), before));
                    open.put(highest, outcome.loss().where(better, open.of(highest)));
                    open.put(met, outcome.met().where(better, open.of(met)));
                }
            }
            return new Restarts.Found(scope.keep(delta), scope.keep(highest), scope.keep(met));
        }
    }

    /** Keeps the one and frees the other, so that memory does not grow with the steps. */
    private static Tensor replaced(Tensor before, Tensor after, Scope step) {
        if (before != null) {
            before.close();
        }
        return step.keep(after);
    }

    private static Tensor numbersOf(Problem problem, SquareMoves moves) {
        return Tensor.zeros(DType.FLOAT64, problem.size(), STEPS_DRAWN_AT_ONCE, moves.numbers())
                .to(problem.pixels().device());
    }

    /** The share of the pixels that a window of that step covers. */
    private double share(int step) {
        double scheduled = Math.floor(step / (double) queries * SCHEDULED);
        double share = pInit;
        for (double halved : HALVED_AFTER) {
            share = scheduled > halved ? share / 2 : share;
        }
        return share;
    }
}
