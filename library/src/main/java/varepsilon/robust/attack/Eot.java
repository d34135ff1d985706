package varepsilon.robust.attack;

import java.util.List;
import java.util.OptionalDouble;
import varepsilon.base.Declared;
import varepsilon.base.Family;
import varepsilon.base.InputException;
import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.tensor.Tensor;

/**
 * Expectation over transformation (Athalye et al. 2018): any attack, on a classifier that answers at random, with
 * losses, gradients and predictions averaged over several passes.
 *
 * @param samples passes that are averaged, at least 1
 * @param inner the attack
 */
@Named(value = "eot", help = "another attack, with gradients averaged over passes (Athalye et al. 2018)")
public record Eot(
        @Parameter(value = "passes that are averaged", min = 1)
        int samples,

        @Parameter("the attack, with + before its parameters: pgd+steps=40")
        Inner inner)
        implements Attack {
    /** Rejects settings outside their ranges. */
    public Eot {
        Declared.check(Eot.class, samples, inner);
    }

    /** PGD with 20 passes a gradient. */
    public Eot() {
        this(20, new Inner(new Pgd()));
    }

    /** Another attack, averaged over so many passes. */
    public static Eot of(Attack attack, int samples) {
        return new Eot(samples, new Inner(attack));
    }

    /**
     * An attack as a parameter of another.
     *
     * @param attack the attack
     */
    public record Inner(Attack attack) {
        private static final char SEPARATOR = '+';

        /**
         * The text form of an attack, with {@code +} in place of {@code :}.
         *
         * @throws InputException where it is none, or itself {@code eot}
         */
        public static Inner parse(String text) {
            Attack attack = Family.of(Attack.class).parse(text.replace(SEPARATOR, ':'));
            if (attack instanceof Eot) {
                throw new InputException("expected an attack other than eot");
            }
            return new Inner(attack);
        }

        @Override
        public String toString() {
            return Family.of(Attack.class).text(attack).replace(':', SEPARATOR);
        }
    }

    @Override
    public Knowledge knowledge() {
        return inner.attack().knowledge();
    }

    @Override
    public int leastClasses() {
        return inner.attack().leastClasses();
    }

    @Override
    public List<Norm> norms() {
        return inner.attack().norms();
    }

    @Override
    public OptionalDouble firstStep(double epsilon) {
        return inner.attack().firstStep(epsilon);
    }

    @Override
    public Tensor perturb(Problem problem, Draws draws) {
        return inner.attack().perturb(problem.averaging(samples), draws);
    }
}
