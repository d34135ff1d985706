package varepsilon.nn;

import varepsilon.base.Declared;
import varepsilon.base.Named;
import varepsilon.base.Parameter;

/** A learning rate over training, as a factor of the optimizer's base rate. */
@FunctionalInterface
@Named(value = "schedule", help = "the learning rate over training")
public interface Schedule {
    /**
     * The factor for the step that comes next.
     *
     * @param epoch epochs done, with their fraction: 2.5 is the middle of the third
     * @param epochs epochs in all
     */
    double factor(double epoch, int epochs);

    /**
     * Whether it depends on the number of epochs, so that no epochs can be added to a training that has begun.
     * A lambda that uses {@code epochs} must be a class that returns true here.
     */
    default boolean dependsOnTheEnd() {
        return false;
    }

    /** The base rate throughout. */
    static Schedule constant() {
        return new Constant();
    }

    /** Multiplied by {@code gamma}, in (0, 1], after every {@code every} epochs. */
    static Schedule stepDecay(int every, double gamma) {
        return new StepDecay(every, gamma);
    }

    /** Half a cosine from the base rate to 0 (Loshchilov, Hutter 2017). */
    static Schedule cosine() {
        return new Cosine();
    }

    /** Linear from 0 to the base rate up to {@code peak} of the training, then linear to 0 (Smith, Topin 2019). */
    static Schedule oneCycle(double peak) {
        return new OneCycle(peak);
    }

    /** @see Schedule#constant */
    @Named(value = "constant", help = "one rate throughout")
    record Constant() implements Schedule {
        @Override
        public double factor(double epoch, int epochs) {
            return 1;
        }
    }

    /** @see Schedule#stepDecay */
    @Named(value = "step", help = "a rate that falls by a factor every few epochs")
    record StepDecay(
            @Parameter(value = "epochs between two decays", min = 1)
            int decayEvery,

            @Parameter(value = "what the rate is multiplied by", above = 0, max = 1)
            double decayFactor)
            implements Schedule {
        /** Rejects values outside their ranges. */
        public StepDecay {
            Declared.check(StepDecay.class, decayEvery, decayFactor);
        }

        /** A tenth every 7 epochs. */
        public StepDecay() {
            this(7, 0.1);
        }

        @Override
        public double factor(double epoch, int epochs) {
            return Math.pow(decayFactor, Math.floor(epoch / decayEvery));
        }
    }

    /** @see Schedule#cosine */
    @Named(value = "cosine", help = "half a cosine to 0 (Loshchilov, Hutter 2017)")
    record Cosine() implements Schedule {
        @Override
        public double factor(double epoch, int epochs) {
            return 0.5 * (1 + Math.cos(Math.PI * Math.min(1, epoch / epochs)));
        }

        @Override
        public boolean dependsOnTheEnd() {
            return true;
        }
    }

    /** @see Schedule#oneCycle */
    @Named(value = "one-cycle", help = "linear from 0 to the rate, then linear to 0 (Smith, Topin 2019)")
    record OneCycle(
            @Parameter(value = "part of the training after which it is at its highest", above = 0, below = 1)
            double peak)
            implements Schedule {
        /** Rejects values outside their ranges. */
        public OneCycle {
            Declared.check(OneCycle.class, peak);
        }

        /** At its highest after three tenths. */
        public OneCycle() {
            this(0.3);
        }

        @Override
        public double factor(double epoch, int epochs) {
            double t = epoch / epochs;
            return Math.max(0, t < peak ? t / peak : (1 - t) / (1 - peak));
        }

        @Override
        public boolean dependsOnTheEnd() {
            return true;
        }
    }
}
