package varepsilon.nn;

/** A learning rate over training, as a factor of the optimizer's base rate. */
@FunctionalInterface
public interface Schedule {
    /**
     * The factor for the step that comes next.
     *
     * @param epoch epochs done, with their fraction: 2.5 is the middle of the third
     * @param epochs epochs in all
     */
    double factor(double epoch, int epochs);

    /** The base rate throughout. */
    static Schedule constant() {
        return (epoch, epochs) -> 1;
    }

    /** Multiplied by {@code gamma} after every {@code every} epochs. */
    static Schedule stepDecay(int every, double gamma) {
        if (every < 1) {
            throw new IllegalArgumentException("step decay every " + every + " epochs: expected at least 1");
        }
        return (epoch, epochs) -> Math.pow(gamma, Math.floor(epoch / every));
    }

    /** Half a cosine from the base rate to 0 (Loshchilov, Hutter 2017). */
    static Schedule cosine() {
        return (epoch, epochs) -> 0.5 * (1 + Math.cos(Math.PI * Math.min(1, epoch / epochs)));
    }

    /** Linear from 0 to the base rate up to {@code peak} of the training, then linear to 0 (Smith, Topin 2019). */
    static Schedule oneCycle(double peak) {
        if (!(peak > 0 && peak < 1)) {
            throw new IllegalArgumentException("one-cycle peak " + peak + ": expected a fraction between 0 and 1");
        }
        return (epoch, epochs) -> {
            double t = epoch / epochs;
            return Math.max(0, t < peak ? t / peak : (1 - t) / (1 - peak));
        };
    }
}
