package varepsilon.robust.attack;

import java.util.OptionalDouble;
import varepsilon.base.Declared;
import varepsilon.base.InputException;
import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.tensor.Tensor;

/**
 * Projected gradient descent on the negative loss (Madry et al. 2018). Of several restarts each example keeps its
 * worst.
 *
 * @param steps gradients an example and restart, at least 1
 * @param stepSize lengths of the steps
 * @param restarts independent runs, at least 1; in L1, where steps fall, each changes a third as many values, in a
 *     cycle of four
 * @param randomStart whether each begins at a random point of the ball; without it, more than one is the same again
 * @param momentum share of the summed gradients that a step keeps, from 0
 * @param loss the loss that is maximised
 */
@Named(value = "pgd", help = "projected gradient ascent on a loss (Madry et al. 2018)")
public record Pgd(
        @Parameter(value = "gradients an image and restart", min = 1)
        int steps,

        @Parameter("length of a step in pixel units, as 2/255; or in eps, as 0.25eps, 2eps-falling")
        StepSize stepSize,

        @Parameter(value = "starts, of which each image keeps its worst", min = 1)
        int restarts,

        @Parameter("whether it begins at a random point of the ball")
        boolean randomStart,

        @Parameter(value = "share of the summed gradients that a step keeps", min = 0)
        double momentum,

        @Parameter(AttackLoss.HELP) AttackLoss loss)
        implements GradientAttack {
    private static final int SPREADS = 4;

    /** Rejects settings outside their ranges. */
    public Pgd {
        Declared.check(Pgd.class, steps, stepSize, restarts, randomStart, momentum, loss);
        if (restarts > 1 && !randomStart) {
            throw new InputException(
                    "restarts " + restarts + ": expected 1 without a random start, or all would be the same");
        }
    }

    /** {@link #ofSteps} with 10 steps. */
    public Pgd() {
        this(10, StepSize.falling(2), 1, true, 0, AttackLoss.CROSS_ENTROPY);
    }

    /**
     * One random start, and steps that fall from 2 ε. The first can cross the ball, the last settle. Steps of one
     * length go back and forth across what they look for, and more of them do not help ("Steps that fall" in
     * docs/results.md).
     */
    public static Pgd ofSteps(int steps) {
        return new Pgd().withSteps(steps);
    }

    /** The same with another number of steps. */
    public Pgd withSteps(int other) {
        return new Pgd(other, stepSize, restarts, randomStart, momentum, loss);
    }

    /** The same with another step. */
    public Pgd withStepSize(StepSize other) {
        return new Pgd(steps, other, restarts, randomStart, momentum, loss);
    }

    /** The same with another number of restarts. */
    public Pgd withRestarts(int other) {
        return new Pgd(steps, stepSize, other, randomStart, momentum, loss);
    }

    /** The same from the image itself, or from random points. */
    public Pgd withRandomStart(boolean other) {
        return new Pgd(steps, stepSize, restarts, other, momentum, loss);
    }

    /** The same with momentum. */
    public Pgd withMomentum(double other) {
        return new Pgd(steps, stepSize, restarts, randomStart, other, loss);
    }

    /** The same, raising another loss. */
    public Pgd withLoss(AttackLoss other) {
        return new Pgd(steps, stepSize, restarts, randomStart, momentum, other);
    }

    @Override
    public OptionalDouble firstStep(double epsilon) {
        return OptionalDouble.of(stepSize.of(epsilon, 0, steps));
    }

    @Override
    public Tensor perturb(Problem problem, Draws draws) {
        if (restarts == 1) {
            return ascent(0).from(start(problem, draws), problem);
        }
        return Restarts.worst(restarts, problem, draws, (here, own, index) -> {
            Tensor delta = ascent(index).from(start(here, own), here);
            Problem.Outcome outcome = here.evaluate(delta, loss);
            return new Restarts.Found(delta, outcome.loss(), outcome.met());
        });
    }

    /**
     * In L1 no spread of a step is best for every network, so that restarts take a third of it, a ninth, and so on in
     * turn.
     */
    private GradientAscent ascent(int restart) {
        return new GradientAscent(steps, stepSize, momentum, loss, Math.pow(3, -(restart % SPREADS)));
    }

    private Tensor start(Problem problem, Draws draws) {
        return randomStart ? problem.sample(draws) : problem.pixels().zerosLike();
    }
}
