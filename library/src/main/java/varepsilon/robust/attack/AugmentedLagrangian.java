package varepsilon.robust.attack;

import java.util.List;
import varepsilon.base.Declared;
import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * The augmented Lagrangian method for adversarial attacks (Rony et al. 2021, "Augmented Lagrangian Adversarial
 * Attacks"): the size of the perturbation plus a penalty of the constraint y ≤ 0, with y the negative difference of
 * logits ratio; of two classes, or for a margin in logits, the margin as a share of that at the image. The penalty is
 * the paper's P₂ with a multiplier μ, an exponential mean of the penalty's derivative, and a parameter ρ that rises
 * while the constraint does not improve. Steps are those of RMSprop with momentum; the first has a given size. A line
 * search and the nearest point of the linearised boundary end the search; both are additions to the paper and only make
 * a perturbation smaller.
 *
 * @param steps gradients an example, at least 1
 * @param alpha α, the weight of the past in the means of μ and of RMSprop and in the momentum
 * @param firstLength size of the first step in l2, in pixel units; five times that in l1
 */
@Named(value = "alma", help = "size plus an augmented Lagrangian penalty (Rony et al. 2021)")
public record AugmentedLagrangian(
        @Parameter(value = "gradients an image", min = 1) int steps,

        @Parameter(value = "weight of the past in its means", min = 0, below = 1)
        double alpha,

        @Parameter(value = "the first length, in pixel units", above = 0)
        double firstLength)
        implements MinimumAttack {
    /** Of the paper: how often the constraint must have improved to this share, else ρ grows by the factor. */
    private static final int CHECK = 10;

    private static final double IMPROVED = 0.95;
    private static final double GROWTH = 1.2;

    /** Of the paper: the step falls to this share from the first success on. */
    private static final double LAST_STEP = 0.01;

    private static final double LEAST_MU = 1e-6;
    private static final double MOST_MU = 1e12;

    /** By how much the constraint is to be fulfilled: rounding must not decide about success. */
    private static final double TOLERANCE = 1e-4;

    /** How much larger a first step is in L1, where changes add up. */
    private static final double L1_FACTOR = 5;

    private static final int DOUBLINGS = 60;
    private static final int HALVINGS = 20;
    private static final int LINE_SEARCH = 3;

    /** Rejects settings outside their ranges. */
    public AugmentedLagrangian {
        Declared.check(AugmentedLagrangian.class, steps, alpha, firstLength);
    }

    /** The α of the authors' code in 1,000 steps; the length of the first step is ours. */
    public AugmentedLagrangian() {
        this(1000, 0.9, 0.1);
    }

    @Override
    public List<Norm> norms() {
        return List.of(Norm.L2, Norm.L1);
    }

    @Override
    public Smallest minimise(Problem problem, double enough, Draws draws) {
        Norm norm = problem.threat().norm();
        try (var scope = Scope.withoutGradients()) {
            SmallestSoFar smallest = new SmallestSoFar(problem, enough);
            Tensor delta = problem.pixels().zerosLike();
            // The ratio needs a third logit, and has no room for a margin in logits.
            boolean ratio = problem.criterion().threshold() == 0
                    && problem.logits(delta).size(1) > 2;
            Tensor scale = PerExample.sum(delta).zerosLike().add(1);
            RmsSteps descent = new RmsSteps(delta, alpha);
            Multipliers multipliers = new Multipliers(PerExample.sum(delta).add(1));
            Tensor stepSize = PerExample.sum(delta).zerosLike();
            Tensor foundAt = stepSize.add(steps);
            smallest.repeat(steps, (here, rows, i) -> {
                Tensor at = rows.of(delta);
                Problem.Slope slope = here.slope(at, ratio ? AttackLoss.DLR : AttackLoss.MARGIN);
                smallest.offer(rows, at, slope.met());
                Tensor excess =
                        slope.loss().sub(problem.criterion().threshold()).to(at.dtype());
                if (i == 0 && !ratio) {
                    rows.put(scale, excess.abs().add(1e-12));
                }
                Tensor unit = rows.of(scale);
                Tensor y = excess.div(unit).neg().add(TOLERANCE);
                Tensor first = rows.of(foundAt).min(rows.of(foundAt).zerosLike().add(i));
                rows.put(foundAt, first.where(slope.met(), rows.of(foundAt)));
                Tensor weight = multipliers.at(
                        rows, y, rows.of(foundAt).lt(first.zerosLike().add(steps)), i);
                Tensor gradient = slope.gradient()
                        .mul(PerExample.broadcast(weight.div(unit), at))
                        .neg();
                if (i == 0) {
                    double length = norm.equals(Norm.L1) ? L1_FACTOR * firstLength : firstLength;
                    rows.put(stepSize, stepOfLength(norm, gradient, length, here));
                } else {
                    gradient = gradient.add(norm.equals(Norm.L1) ? at.sign() : PerExample.unit(at));
                }
                Tensor size = rows.of(stepSize).mul(decay(rows.of(foundAt), i));
                Tensor step = descent.next(rows, gradient).mul(PerExample.broadcast(size, at));
                rows.put(delta, at.add(step).clamp(here.low(), here.high()));
            });
            smallest.shorten(LINE_SEARCH);
            smallest.refine();
            return smallest.result(scope);
        }
    }

    /** From 1 at the first success to the last share at the end. */
    private Tensor decay(Tensor foundAt, int step) {
        double[] factors = foundAt.toDoubles();
        for (int n = 0; n < factors.length; n++) {
            double since = Math.max(0, step - factors[n]);
            factors[n] = Math.pow(LAST_STEP, since / Math.max(1, steps - factors[n]));
        }
        return Tensor.of(factors, factors.length).to(foundAt.dtype()).to(foundAt.device());
    }

    /** The factor of the gradient at which a step against it, cut off at the box, has this length; 1 where none has. */
    private static Tensor stepOfLength(Norm norm, Tensor gradient, double length, Problem here) {
        Tensor low = PerExample.sum(gradient).zerosLike();
        Tensor high = low.add(1);
        for (int i = 0; i < DOUBLINGS; i++) {
            Tensor shorter = isShorter(norm, gradient, high, length, here);
            low = high.where(shorter, low);
            high = high.mul(2).where(shorter, high);
        }
        Tensor never = isShorter(norm, gradient, high, length, here);
        for (int i = 0; i < HALVINGS; i++) {
            Tensor middle = low.add(high).mul(0.5);
            Tensor shorter = isShorter(norm, gradient, middle, length, here);
            low = middle.where(shorter, low);
            high = high.where(shorter, middle);
        }
        return high.zerosLike().add(1).where(never, high);
    }

    private static Tensor isShorter(Norm norm, Tensor gradient, Tensor factor, double length, Problem here) {
        Tensor step = gradient.mul(PerExample.broadcast(factor, gradient)).neg();
        Tensor reached = norm.length(step.clamp(here.low(), here.high()));
        return reached.lt(reached.zerosLike().add(length));
    }

    /** μ and ρ of the penalty, for each example. */
    private final class Multipliers {
        private final Tensor mu;
        private final Tensor rho;
        private final Tensor before;

        Multipliers(Tensor ones) {
            mu = ones.copy();
            rho = ones.copy();
            before = ones.zerosLike();
        }

        /** Updates them by the constraint's value, and returns the derivative of the penalty there. */
        Tensor at(Rows rows, Tensor y, Tensor found, int step) {
            if (step > 0 && (step + 1) % CHECK == 0) {
                Tensor stays = found.or(y.lt(rows.of(before).mul(IMPROVED)));
                rows.put(rho, rows.of(rho).where(stays, rows.of(rho).mul(GROWTH)));
            }
            if (step == 0 || (step + 1) % CHECK == 0) {
                rows.put(before, y);
            }
            if (step > 0) {
                Tensor next = derivative(y, rows.of(rho), rows.of(mu));
                Tensor mean = rows.of(mu).mul(alpha).add(next.mul(1 - alpha));
                rows.put(mu, mean.clamp(LEAST_MU, MOST_MU));
            }
            return derivative(y, rows.of(rho), rows.of(mu));
        }

        /** Of P₂: μy + μρy² + ρ²y³/6 above 0, and μy / (1 − ρy) below. */
        private static Tensor derivative(Tensor y, Tensor rho, Tensor mu) {
            Tensor up = y.relu();
            Tensor above =
                    mu.add(mu.mul(rho).mul(up).mul(2)).add(rho.mul(up).square().mul(0.5));
            Tensor below = mu.div(rho.mul(y.neg().relu()).add(1).square());
            return above.where(y.gt(0), below);
        }
    }

    /** RMSprop whose steps accumulate. */
    private static final class RmsSteps {
        private final double weight;
        private final Tensor square;
        private final Tensor momentum;

        RmsSteps(Tensor like, double weight) {
            this.weight = weight;
            square = like.zerosLike().add(1);
            momentum = like.zerosLike();
        }

        Tensor next(Rows rows, Tensor gradient) {
            Tensor mean = rows.of(square).mul(weight).add(gradient.square().mul(1 - weight));
            Tensor way =
                    rows.of(momentum).mul(weight).add(gradient.div(mean.sqrt().add(1e-8)));
            rows.put(square, mean);
            rows.put(momentum, way);
            return way.neg();
        }
    }
}
