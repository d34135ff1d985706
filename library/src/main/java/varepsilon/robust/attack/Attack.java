package varepsilon.robust.attack;

import java.util.List;
import java.util.OptionalDouble;
import varepsilon.base.Family;
import varepsilon.base.InputException;
import varepsilon.base.Named;
import varepsilon.classify.Classifier;
import varepsilon.tensor.Tensor;

/**
 * A search for perturbations. A new one is a record in a file of its own, registered as {@link Family} says, with
 * {@link GradientAttack} where it raises a loss. Attacks are values: they hold settings, never a model or state, and
 * are safe to share. To measure a model, run one through {@link AttackRun}, which checks what goes in and what comes
 * out.
 */
@Named(value = "attack", help = "a search for perturbations that change what a classifier predicts")
public interface Attack {
    /** Its name in configurations and reports. */
    default String name() {
        return Family.nameOf(this);
    }

    /** What it uses of the classifier. */
    default Knowledge knowledge() {
        return Knowledge.GRADIENTS;
    }

    /**
     * Checks that a classifier has the gradients that this follows, as far as that is known beforehand.
     *
     * @throws InputException naming the attacks that need none, where it has not
     */
    default void requireUsableOn(Classifier classifier) {
        if (knowledge() == Knowledge.GRADIENTS && !classifier.hasGradients()) {
            throw new InputException(
                    name() + " follows gradients, which this classifier does not have" + Problem.withoutGradients());
        }
    }

    /** The norms in which it searches: all by default. */
    default List<Norm> norms() {
        return Norm.ALL;
    }

    /** The fewest classes for which its loss is what its name says; of fewer, the loss is a simpler one. */
    default int leastClasses() {
        return 2;
    }

    /** The length of its first step, in the norm and units of ε; empty for an attack without a step size. */
    default OptionalDouble firstStep(double epsilon) {
        return OptionalDouble.empty();
    }

    /**
     * Perturbations for all examples of a problem. The caller has set the mode of the classifier.
     *
     * @param draws random starts and noise come from here alone
     * @return δ, shaped as the problem's pixels, inside its threat model up to rounding; without gradient history
     */
    Tensor perturb(Problem problem, Draws draws);
}
