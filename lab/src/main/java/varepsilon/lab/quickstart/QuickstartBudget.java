package varepsilon.lab.quickstart;

import java.io.IOException;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Chooses the most epochs with which the quickstart is expected to end in time: those of the VAEs before the start,
 * those of the classifiers when the VAEs are done, by what is left then. Whatever is chosen, the models of these epochs
 * are the same.
 */
public final class QuickstartBudget implements QuickstartEpochs {
    /** The largest number of epochs of each VAE. */
    public static final int MOST_VAE_EPOCHS = 12;

    /** The largest number of epochs of each classifier. */
    public static final int MOST_CLASSIFIER_EPOCHS = 4;

    // Of each VAE: steps of an epoch on 18,000 digits, and as many as take the time of its validation and,
    // at the end, of the test and the pictures.
    private static final int VAE_STEPS = 282;
    private static final int VAE_VALIDATION = 12;
    private static final int VAE_END = 60;

    // Of each classifier: steps of an epoch on 19,000 digits. A step of standard training costs no less than
    // an attack's gradient for as many digits, of which 1,000 take 8: validation by PGD-10 after an epoch, the
    // test by PGD-10, and noise, FGSM and PGD-20 on 2,000 digits for both.
    private static final int CLASSIFIER_STEPS = 149;
    private static final int DEFENDED_VALIDATION = 8 * 11;
    private static final int CLASSIFIER_END = 16 * 11 + 2 * 16 * 25;

    /** The share of the remaining time that is planned; the rest is a reserve. */
    private static final double PLANNED = 0.9;

    private final double minutes;
    private final OptionalInt givenVae;
    private final OptionalInt givenClassifier;
    private final QuickstartPace pace;
    private final LongSupplier nanoTime;
    private final Consumer<String> say;
    private final long start;

    /**
     * A budget that starts now.
     *
     * @param minutes that all of it may take
     * @param givenVae epochs of each VAE where they are given
     * @param givenClassifier epochs of each classifier where they are given
     * @param pace the speed of this machine
     * @param nanoTime a clock
     * @param say receives messages on the choice
     */
    public QuickstartBudget(
            double minutes,
            OptionalInt givenVae,
            OptionalInt givenClassifier,
            QuickstartPace pace,
            LongSupplier nanoTime,
            Consumer<String> say) {
        this.minutes = minutes;
        this.givenVae = givenVae;
        this.givenClassifier = givenClassifier;
        this.pace = pace;
        this.nanoTime = nanoTime;
        this.say = say;
        start = nanoTime.getAsLong();
    }

    @Override
    public int vae() throws IOException {
        if (givenVae.isPresent()) {
            return givenVae.getAsInt();
        }
        double vaeStep = pace.vaeStep();
        Classifiers classifiers = Classifiers.measure(pace);
        int chosen = MOST_VAE_EPOCHS;
        while (chosen > 1 && expected(chosen, vaeStep, classifiers) > PLANNED * secondsLeft()) {
            chosen--;
        }
        double expected = expected(chosen, vaeStep, classifiers);
        say.accept(String.format(
                Locale.ROOT,
                "Measured: %.0f ms a step of a VAE, %.0f and %.0f ms a step of a classifier, without and with attacks.",
                1e3 * vaeStep,
                1e3 * classifiers.standardStep(),
                1e3 * classifiers.adversarialStep()));
        say.accept(String.format(
                Locale.ROOT,
                "Training each VAE for %d of at most %d epochs; all of it is expected to take %.1f minutes.",
                chosen,
                MOST_VAE_EPOCHS,
                (elapsed() + expected) / 60));
        warnWhereItTakesLonger(expected);
        return chosen;
    }

    @Override
    public int classifier() throws IOException {
        if (givenClassifier.isPresent()) {
            return givenClassifier.getAsInt();
        }
        Classifiers classifiers = Classifiers.measure(pace);
        int chosen = MOST_CLASSIFIER_EPOCHS;
        while (chosen > 1 && classifiers.seconds(chosen) > PLANNED * secondsLeft()) {
            chosen--;
        }
        double expected = classifiers.seconds(chosen);
        say.accept(String.format(
                Locale.ROOT,
                "Training each classifier for %d of at most %d epochs; this half is expected to take %.1f minutes.",
                chosen,
                MOST_CLASSIFIER_EPOCHS,
                expected / 60));
        warnWhereItTakesLonger(expected);
        return chosen;
    }

    /** The time of all remaining work, with the number of classifier epochs that corresponds to that of the VAEs. */
    private double expected(int vaeEpochs, double vaeStep, Classifiers classifiers) {
        int proportional = Math.max(1, vaeEpochs * MOST_CLASSIFIER_EPOCHS / MOST_VAE_EPOCHS);
        return 2 * vaeStep * (vaeEpochs * (VAE_STEPS + VAE_VALIDATION) + VAE_END)
                + classifiers.seconds(givenClassifier.orElse(proportional));
    }

    private record Classifiers(double standardStep, double adversarialStep) {
        static Classifiers measure(QuickstartPace pace) throws IOException {
            return new Classifiers(pace.standardStep(), pace.adversarialStep());
        }

        double seconds(int epochs) {
            return epochs * (CLASSIFIER_STEPS * (standardStep + adversarialStep) + DEFENDED_VALIDATION * standardStep)
                    + CLASSIFIER_END * standardStep;
        }
    }

    private void warnWhereItTakesLonger(double expected) {
        if (expected > secondsLeft()) {
            say.accept(String.format(
                    Locale.ROOT,
                    "This machine is too slow or too busy for %s minutes: even so it is expected to take %.1f.",
                    minutes == Math.rint(minutes) ? String.valueOf((long) minutes) : String.valueOf(minutes),
                    (elapsed() + expected) / 60));
        }
    }

    private double elapsed() {
        return (nanoTime.getAsLong() - start) / 1e9;
    }

    private double secondsLeft() {
        return 60 * minutes - elapsed();
    }
}
