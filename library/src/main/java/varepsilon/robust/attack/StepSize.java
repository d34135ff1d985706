package varepsilon.robust.attack;

import varepsilon.base.Declared;
import varepsilon.base.InputException;

/** The lengths of an attack's steps, in the norm and units of ε. */
public sealed interface StepSize {
    /**
     * The length of one step.
     *
     * @param epsilon radius of the ball
     * @param step which, from 0
     * @param steps how many there are
     */
    double of(double epsilon, int step, int steps);

    /**
     * A length by its text form, which {@link Object#toString} gives: {@code 2/255} or {@code 0.01} in pixel units,
     * {@code 0.25eps} as a share of ε, {@code 2eps-falling} for steps that fall from there.
     *
     * @throws InputException where it is none of these
     */
    static StepSize parse(String text) {
        try {
            String number = text.replaceFirst("eps(-falling)?$", "");
            double value = Declared.number(number);
            if (!(value > 0) || Double.isInfinite(value)) {
                throw new InputException("expected a positive number, in pixel units or followed by eps");
            }
            return number.equals(text) ? pixels(value) : text.endsWith("s") ? relative(value) : falling(value);
        } catch (NumberFormatException e) {
            throw new InputException("expected a length such as 2/255, 0.25eps or 2eps-falling", e);
        }
    }

    /** One length in pixel units, whatever ε is. */
    static StepSize pixels(double length) {
        return new Pixels(length);
    }

    /** One length, a share of ε. */
    static StepSize relative(double factor) {
        return new Relative(factor);
    }

    /** Lengths that fall in equal amounts from a share of ε, and would reach 0 with the step after the last. */
    static StepSize falling(double factor) {
        return new Falling(factor);
    }

    /** @see StepSize#pixels */
    record Pixels(double length) implements StepSize {
        /** Rejects values that are not positive. */
        public Pixels {
            requirePositive(length);
        }

        @Override
        public double of(double epsilon, int step, int steps) {
            return length;
        }

        @Override
        public String toString() {
            return Double.toString(length);
        }
    }

    /** @see StepSize#relative */
    record Relative(double factor) implements StepSize {
        /** Rejects values that are not positive. */
        public Relative {
            requirePositive(factor);
        }

        @Override
        public double of(double epsilon, int step, int steps) {
            return factor * epsilon;
        }

        @Override
        public String toString() {
            return StepSize.inEps(factor);
        }
    }

    /** @see StepSize#falling */
    record Falling(double factor) implements StepSize {
        /** Rejects values that are not positive. */
        public Falling {
            requirePositive(factor);
        }

        @Override
        public double of(double epsilon, int step, int steps) {
            return factor * epsilon * (steps - step) / steps;
        }

        @Override
        public String toString() {
            return StepSize.inEps(factor) + "-falling";
        }
    }

    private static String inEps(double factor) {
        return Double.toString(factor).replaceFirst("\\.0$", "") + "eps";
    }

    private static void requirePositive(double value) {
        if (!(value > 0) || Double.isInfinite(value)) {
            throw new InputException("step size " + value + ": expected a positive number");
        }
    }
}
