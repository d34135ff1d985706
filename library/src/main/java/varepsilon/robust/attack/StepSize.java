package varepsilon.robust.attack;

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
        /** Refuses what is not a positive number. */
        public Pixels {
            requirePositive(length);
        }

        @Override
        public double of(double epsilon, int step, int steps) {
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
        public double of(double epsilon, int step, int steps) {
            return factor * epsilon;
        }
    }

    /** @see StepSize#falling */
    record Falling(double factor) implements StepSize {
        /** Refuses what is not a positive number. */
        public Falling {
            requirePositive(factor);
        }

        @Override
        public double of(double epsilon, int step, int steps) {
            return factor * epsilon * (steps - step) / steps;
        }
    }

    private static void requirePositive(double value) {
        if (!(value > 0) || Double.isInfinite(value)) {
            throw new InputException("step size " + value + ": expected a positive number");
        }
    }
}
