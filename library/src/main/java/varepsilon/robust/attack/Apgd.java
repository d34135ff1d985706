package varepsilon.robust.attack;

import java.util.List;
import varepsilon.base.Declared;
import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.tensor.DType;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * Auto-PGD: projected gradient ascent with momentum that halves the steps of an image, and goes on from its best point,
 * where the loss stops rising (Croce, Hein 2020, "Reliable evaluation of adversarial robustness", algorithm 1). In L1
 * the steps change a share of the pixels that falls with the sparsity of the best point (Croce, Hein 2021, "Mind the
 * box").
 *
 * @param steps of ascent from one start, at least 1
 * @param restarts independent starts, at least 1
 * @param loss the loss that is maximised; with targets, moved towards each
 * @param targets 0, or how many of the other classes are tried one after the other, the most probable first
 * @param firstTarget the rank of the first of these, from 1: the most probable other class
 * @param radii over how many balls, the first as many times ε, the search shrinks to ε; 0 for three in L1 and one
 *     elsewhere, as in the papers
 */
@Named(value = "apgd", help = "gradient ascent that adapts its steps to each image (Croce, Hein 2020)")
public record Apgd(
        @Parameter(value = "steps from one start", min = 1) int steps,

        @Parameter(value = "random starts, at each target class", min = 1)
        int restarts,

        @Parameter(AttackLoss.HELP) AttackLoss loss,

        @Parameter(value = "other classes tried as targets, the most probable first; 0 for none", min = 0)
        int targets,

        @Parameter(value = "rank of the first target, from 1", min = 1)
        int firstTarget,

        @Parameter(
                value = "balls over which the search shrinks to eps, from that many times eps; 0: 3 in l1, else 1",
                min = 0,
                max = 3)
        int radii)
        implements GradientAttack {
    /** Of the way of a step, the share that is new; the rest continues the step before (algorithm 1). */
    private static final double NEW_WAY = 0.75;
    /** Steps are halved where the loss rose in at most this share of the steps since the last check (ρ). */
    private static final double RISING = 0.75;
    /** The first step in L∞ and L2, in ε. */
    private static final double FIRST_STEP = 2;
    /** In L1, the share of the pixels that the first steps change. */
    private static final double FIRST_SHARE = 0.2;
    /** In L1, how many times as many pixels the best point changes as the next steps do. */
    private static final double THINNING = 1.5;
    /** In L1, the factor between two steps that are shortened, and the most that they are shortened by. */
    private static final double SHORTENING = 1.5;

    private static final double LEAST_OF_FIRST = 0.1;
    /** In L1, a best point is sparser where it changes less than this share of the pixels changed before. */
    private static final double SPARSER = 0.95;

    /** The share of all steps that is made in each of the wider balls. */
    private static final double WIDER_BALL = 0.3;

    /** Rejects settings outside their ranges. */
    public Apgd {
        Declared.check(Apgd.class, steps, restarts, loss, targets, firstTarget, radii);
    }

    /** The cross-entropy in 100 steps from one start. */
    public Apgd() {
        this(100, 1, AttackLoss.CROSS_ENTROPY, 0, 1, 0);
    }

    /** The same with another number of steps. */
    public Apgd withSteps(int other) {
        return new Apgd(other, restarts, loss, targets, firstTarget, radii);
    }

    /** The same with another number of restarts. */
    public Apgd withRestarts(int other) {
        return new Apgd(steps, other, loss, targets, firstTarget, radii);
    }

    /** The same with another loss. */
    public Apgd withLoss(AttackLoss other) {
        return new Apgd(steps, restarts, other, targets, firstTarget, radii);
    }

    /** The same against so many target classes, one after the other. */
    public Apgd withTargets(int other) {
        return new Apgd(steps, restarts, loss, other, firstTarget, radii);
    }

    /** The same against one target class alone. */
    public Apgd withTarget(int rank) {
        return new Apgd(steps, restarts, loss, 1, rank, radii);
    }

    @Override
    public List<Norm> norms() {
        return List.of(Norm.LINF, Norm.L2, Norm.L1);
    }

    /** Four for the DLR loss towards a target class. */
    @Override
    public int leastClasses() {
        return loss.equals(AttackLoss.DLR) && targets > 0 ? 4 : GradientAttack.super.leastClasses();
    }

    @Override
    public Tensor perturb(Problem problem, Draws draws) {
        List<Problem> aims = targets == 0 ? List.of(problem) : problem.towardsHighest(firstTarget, targets);
        return aims.isEmpty()
                ? problem.pixels().zerosLike() // fewer classes than the rank of the first target
                : Restarts.worst(restarts, aims, draws, (here, own, index) -> search(here, own));
    }

    /** One start, in one ball after the other. */
    private Restarts.Found search(Problem problem, Draws draws) {
        boolean sparse = problem.threat().norm() == Norm.L1;
        int balls = radii > 0 ? radii : sparse ? 3 : 1;
        int stepsInWiderBall = (int) (WIDER_BALL * steps);
        Tensor delta = start(problem, draws);
        for (int factor = balls; factor > 1; factor--) {
            Problem wider = problem.relaxed(factor * problem.threat().epsilon());
            delta = new Ascent(wider, wider.project(delta), true)
                    .run(stepsInWiderBall)
                    .delta();
        }
        Ascent last = new Ascent(problem, problem.project(delta), balls > 1);
        return last.run(steps - (balls - 1) * stepsInWiderBall);
    }

    /** A random point of the sphere; in L1 one to be projected, which is sparse then. */
    private static Tensor start(Problem problem, Draws draws) {
        Tensor like = problem.pixels();
        Norm norm = problem.threat().norm();
        if (norm == Norm.L1) {
            return draws.normal(like);
        }
        Tensor random = norm == Norm.LINF ? draws.uniform(like).mul(2).sub(1) : draws.normal(like);
        return random.div(PerExample.broadcast(norm.length(random), random))
                .mul(problem.threat().epsilon());
    }

    /** An ascent from one point: buffers for the whole batch, of which the rows that are still open are used. */
    private final class Ascent {
        private final Problem problem;
        private final Norm norm;
        private final double epsilon;
        private final boolean sparse;
        private final Tensor delta;
        private final Tensor before;
        private final Tensor gradient;
        private final Tensor best;
        private final Tensor bestGradient;
        private final Tensor bestLoss;
        private final Tensor lossBefore;
        private final Tensor step;
        private final Tensor met;
        // What the next check looks at: steps since the last in which the loss rose, and the best loss at the last.
        private final Tensor rises;
        private final Tensor bestAtCheck;
        private final Tensor shortened;
        // In L1: the share of the pixels that a step changes, and the number that the best point changed at the last
        // check.
        private final Tensor share;
        private final Tensor density;
        private Rows open = Rows.ALL;

        /** @param continued whether the point comes from another ascent, so that its sparsity says something */
        Ascent(Problem problem, Tensor start, boolean continued) {
            this.problem = problem;
            norm = problem.threat().norm();
            epsilon = problem.threat().epsilon();
            sparse = norm == Norm.L1;
            delta = start.copy();
            before = start.copy();
            best = start.copy();
            gradient = start.zerosLike();
            bestGradient = start.zerosLike();
            Tensor none = PerExample.sum(start.zerosLike()).to(DType.FLOAT64);
            bestLoss = none.add(Double.NEGATIVE_INFINITY);
            lossBefore = bestLoss.copy();
            bestAtCheck = bestLoss.copy();
            step = none.add((sparse ? 1 : FIRST_STEP) * epsilon);
            met = none.copy();
            rises = none.copy();
            shortened = none.add(1);
            double values = (double) start.count() / start.size(0);
            Tensor changed = Norm.L0.length(start).to(DType.FLOAT64);
            share = continued ? changed.div(values * THINNING) : none.add(FIRST_SHARE);
            density = continued ? changed : none.add(values);
        }

        Restarts.Found run(int steps) {
            int firstCheck = Math.max((int) (0.22 * Apgd.this.steps), 1);
            int leastPeriod = Math.max((int) (0.06 * Apgd.this.steps), 1);
            int decrease = Math.max((int) (0.03 * Apgd.this.steps), 1);
            int period = sparse ? Math.max((int) (0.04 * steps), 1) : firstCheck;
            int sinceCheck = 0;
            look(true);
            copy(bestLoss, bestAtCheck);
            open.put(rises, open.of(rises).zerosLike());
            for (int i = 0; i < steps && isOpen(); i++) {
                try (var scope = Scope.open()) {
                    move(i == 0);
                }
                look(i < steps - 1);
                if (++sinceCheck == period && isOpen()) {
                    try (var scope = Scope.open()) {
                        if (sparse) {
                            checkSparsity();
                        } else {
                            checkProgress(period);
                            period = Math.max(period - decrease, leastPeriod);
                        }
                    }
                    sinceCheck = 0;
                }
            }
            return new Restarts.Found(best, bestLoss, met.gt(0));
        }

        private boolean isOpen() {
            return open.indices() == null || open.indices().count() > 0;
        }

        private void copy(Tensor from, Tensor to) {
            open.put(to, open.of(from));
        }

        /** Loss, gradient and criterion at the point; examples leave with the first point that meets it. */
        private void look(boolean gradientNeeded) {
            Tensor staying = null;
            try (var scope = Scope.open()) {
                Problem here = open.of(problem);
                Tensor at = open.of(delta);
                Problem.Slope slope;
                if (gradientNeeded) {
                    slope = here.slope(at, loss);
                    open.put(gradient, slope.gradient());
                } else {
                    Problem.Outcome outcome = here.evaluate(at, loss);
                    slope = new Problem.Slope(outcome.loss(), open.of(gradient), outcome.met());
                }
                Tensor height = slope.loss().to(DType.FLOAT64);
                open.put(
                        rises, open.of(rises).add(height.gt(open.of(lossBefore)).to(DType.FLOAT64)));
                open.put(lossBefore, height);
                Tensor better = height.gt(open.of(bestLoss));
                if (problem.leaveWhenMet()) {
                    better = better.or(slope.met());
                    open.put(met, slope.met().to(DType.FLOAT64));
                }
                Tensor wide = PerExample.broadcast(better, at);
                open.put(best, at.where(wide, open.of(best)));
                open.put(bestGradient, slope.gradient().where(wide, open.of(bestGradient)));
                open.put(bestLoss, height.where(better, open.of(bestLoss)));
                if (problem.leaveWhenMet() && slope.met().nonzero().count() > 0) {
                    staying = scope.keep(slope.met().not().nonzero());
                }
            }
            if (staying != null) {
                try (var scope = Scope.open()) {
                    open = open.only(staying, scope);
                }
            }
        }

        private void move(boolean first) {
            Problem here = open.of(problem);
            Tensor at = open.of(delta);
            Tensor to = sparse ? sparseStep(here, at) : momentumStep(here, at, first);
            open.put(before, at.copy());
            open.put(delta, to);
        }

        private Tensor momentumStep(Problem here, Tensor at, boolean first) {
            Tensor direction = norm == Norm.LINF ? open.of(gradient).sign() : ofLengthOne(open.of(gradient));
            Tensor there = here.project(at.add(direction.mul(lengths(at))));
            if (first) {
                return there;
            }
            Tensor continued = at.sub(open.of(before)).mul(1 - NEW_WAY);
            return here.project(at.add(there.sub(at).mul(NEW_WAY)).add(continued));
        }

        /** The same way in each of the pixels with the steepest gradient. */
        private Tensor sparseStep(Problem here, Tensor at) {
            Tensor slope = open.of(gradient).flatten(1);
            long values = slope.size(1);
            Tensor rank =
                    open.of(share).neg().add(1).mul(values).clamp(0, values - 1).to(DType.INT64);
            Tensor size = slope.abs();
            // From the flattest on, so that the rank counts those that stay as they are.
            Tensor least = size.gather(1, size.argsort(1, false)).gather(1, rank.unsqueeze(1));
            Tensor signs = slope.sign().where(size.lt(least).not(), slope.zerosLike());
            Tensor count = signs.abs().sum(1);
            Tensor way = signs.div(count.add(1e-10).unsqueeze(1)).reshape(at.shape());
            return here.project(at.add(way.mul(lengths(at))));
        }

        private Tensor lengths(Tensor like) {
            return PerExample.broadcast(open.of(step).to(like.dtype()), like);
        }

        private Tensor ofLengthOne(Tensor x) {
            Tensor rescaled = PerExample.rescaled(x);
            Tensor length = norm.length(rescaled);
            return rescaled.div(PerExample.broadcast(length.where(length.gt(0), length.add(1)), x));
        }

        /** Conditions 1 and 2 of the paper: too few steps rose, or neither step nor best loss changed. */
        private void checkProgress(int period) {
            Tensor seldom = open.of(rises).gt(RISING * period).not();
            Tensor stuck = open.of(bestLoss)
                    .gt(open.of(bestAtCheck))
                    .or(open.of(shortened).gt(0))
                    .not();
            Tensor halve = seldom.or(stuck);
            open.put(shortened, halve.to(DType.FLOAT64));
            copy(bestLoss, bestAtCheck);
            open.put(rises, open.of(rises).zerosLike());
            open.put(step, open.of(step).mul(0.5).where(halve, open.of(step)));
            goBack(halve);
        }

        /** Where the best point has become sparser: fewer pixels in long steps again; else shorter steps. */
        private void checkSparsity() {
            Tensor changed = Norm.L0.length(open.of(best)).to(DType.FLOAT64);
            Tensor sparser = changed.lt(open.of(density).mul(SPARSER));
            long values = best.count() / best.size(0);
            open.put(share, changed.div(values * THINNING));
            Tensor shorter = open.of(step).div(SHORTENING).clamp(LEAST_OF_FIRST * epsilon, epsilon);
            open.put(step, shorter.zerosLike().add(epsilon).where(sparser, shorter));
            open.put(density, changed);
            goBack(sparser);
        }

        private void goBack(Tensor rows) {
            Tensor wide = PerExample.broadcast(rows, delta);
            open.put(delta, open.of(best).where(wide, open.of(delta)));
            open.put(gradient, open.of(bestGradient).where(wide, open.of(gradient)));
        }
    }
}
