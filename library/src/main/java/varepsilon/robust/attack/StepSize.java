package varepsilon.robust.attack;

import varepsilon.tensor.InputException;

/** The length of an attack's step, in the norm and units of ε. */
public sealed interface StepSize {
    /** The length where the ball has radius {@code epsilon}. */
    double of(double epsilon);

    /** A length in pixel units, whatever ε is. */
    static StepSize pixels(double length) {
        return new Pixels(length);
    }

    /** A share of ε. */
    static StepSize relative(double factor) {
        return new Relative(factor);
    }

    /** @see StepSize#pixels */
    record Pixels(double length) implements StepSize {
        /** Refuses what is not a positive number. */
        public Pixels {
            requirePositive(length);
        }

        @Override
        public double of(double epsilon) {
            return length;
        }
    }

    /** @see StepSize#relative */
    record Relative(double factor) implements StepSize {
        /** Refuses what is not a positive number. */
        public Relative {
            requirePositive(factor);
        }

        @Override
        public double of(double epsilon) {
            return factor * epsilon;
        }
    }

    private static void requirePositive(double value) {
        if (!(value > 0) || Double.isInfinite(value)) {
            throw new InputException("step size " + value + ": expected a positive number");
        }
    }
}
