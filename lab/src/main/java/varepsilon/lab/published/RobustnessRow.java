package varepsilon.lab.published;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import varepsilon.stats.Accuracy;
import varepsilon.stats.Interval;
import varepsilon.stats.PairedComparison;
import varepsilon.stats.Percent;

/**
 * A row of a published robustness table, measured.
 *
 * @param published what was published
 * @param asRun the same with all defects
 * @param clampAlone the as-run model after the clamp alone, without an attack; null in rows without an attack
 * @param corrected by defect, or by the defect of the training, the as-run figure with that alone corrected, compared
 *     image by image with all defects
 * @param asMeant the figure without any defect
 */
record RobustnessRow(
        PublishedRow published,
        Accuracy asRun,
        Accuracy clampAlone,
        Map<String, PairedComparison> corrected,
        Accuracy asMeant) {
    private static final double SIGNIFICANT = 0.05;

    static RobustnessRow of(PublishedRow row, RobustnessExperiment.Measured of, RobustnessExperiment experiment)
            throws IOException {
        String measured = row.attacked() ? RobustnessExperiment.AS_RUN : RobustnessExperiment.CLEAN;
        boolean[] asRun = of.asRun().correct(measured);
        Map<String, PairedComparison> corrected = new LinkedHashMap<>();
        if (row.attacked()) {
            for (Defect defect : experiment.evaluationDefects()) {
                corrected.put(
                        defect.label(),
                        PairedComparison.of(of.asRun().correct(RobustnessExperiment.without(defect)), asRun));
            }
        }
        if (of.corrected().isPresent()) {
            corrected.put(
                    trainingDefect(row),
                    PairedComparison.of(of.corrected().get().correct(measured), asRun));
        }
        return new RobustnessRow(
                row,
                Accuracy.of(asRun),
                row.attacked() ? Accuracy.of(of.asRun().correct(RobustnessExperiment.CLAMP_ALONE)) : null,
                corrected,
                Accuracy.of(of.asMeant()
                        .correct(row.attacked() ? RobustnessExperiment.AS_MEANT : RobustnessExperiment.CLEAN)));
    }

    /** The defect of the training of a row's model. */
    private static String trainingDefect(PublishedRow row) {
        if (!row.defended()) {
            return Defect.NO_FURTHER_TRAINING.label();
        }
        return row.defense().equals("pgd")
                ? Defect.TRAIN_ON_CLEAN.label()
                : Defect.CLAMP_NORMALISED.label() + " in training";
    }

    /** The published accuracy as a count, up to its rounding. */
    Accuracy publishedAccuracy() {
        return new Accuracy((int) Math.round(published.accuracy() * PublishedRow.IMAGES), PublishedRow.IMAGES);
    }

    /** Whether the 95 % interval of the difference to what was published holds 0, up to its last digit. */
    boolean agrees() {
        return agrees(asRun);
    }

    /** Whether the figure without defects would agree too. */
    boolean meantAgrees() {
        return agrees(asMeant);
    }

    private boolean agrees(Accuracy measured) {
        Interval interval = difference(measured);
        double rounding = Math.pow(10, -published.decimals()) / 2;
        return interval.low() <= rounding && interval.high() >= -rounding;
    }

    /** How much higher the figure as run is than the published one. */
    Interval difference() {
        return difference(asRun);
    }

    private Interval difference(Accuracy measured) {
        return measured.less(publishedAccuracy());
    }

    /** The defect whose correction alone changes the as-run figure most, where that is more than chance. */
    Optional<String> explanation() {
        return corrected.entrySet().stream()
                .filter(entry -> entry.getValue().pValue() < SIGNIFICANT)
                .max(Comparator.comparingDouble(
                        entry -> Math.abs(entry.getValue().difference())))
                .map(Map.Entry::getKey);
    }

    /**
     * The verdict as text.
     *
     * @param comparable whether it was measured on the published data set
     */
    String verdict(boolean comparable) {
        List<String> words = new ArrayList<>();
        if (comparable) {
            words.add(agrees() ? "agrees" : "differs by " + Percent.points(asRun.rate() - published.accuracy()));
        }
        explanation()
                .ifPresentOrElse(
                        defect -> words.add(defect + ": "
                                + Percent.points(corrected.get(defect).difference()) + " when corrected"),
                        () -> words.add("no defect has a significant effect"));
        return String.join("; ", words);
    }
}
