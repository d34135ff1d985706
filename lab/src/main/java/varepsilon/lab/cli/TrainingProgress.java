package varepsilon.lab.cli;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import varepsilon.generative.Likelihood;
import varepsilon.lab.run.ClassifierRun;
import varepsilon.lab.run.VaeRun;
import varepsilon.stats.Percent;
import varepsilon.train.EpochResult;
import varepsilon.train.TrainingListener;

/** Shows on the terminal how a training goes. */
final class TrainingProgress implements TrainingListener {
    private static final int EPOCHS_TO_COLLAPSE = 2;

    private final WorkProgress work;
    private final int epochs;
    private final Function<Map<String, Double>, String> figures;
    private final String againstCollapse;
    private int collapsed;

    TrainingProgress(VaeRun run, WorkProgress work) {
        this(work, run.config().epochs(), bitsPerDimension(run.config().likelihood()), VaeNotes.advice(run.config()));
    }

    TrainingProgress(ClassifierRun run, WorkProgress work) {
        this(work, run.config().fitting().epochs(), TrainingProgress::accuracies, "");
    }

    private TrainingProgress(
            WorkProgress work, int epochs, Function<Map<String, Double>, String> figures, String againstCollapse) {
        this.work = work;
        this.epochs = epochs;
        this.figures = figures;
        this.againstCollapse = againstCollapse;
    }

    private static Function<Map<String, Double>, String> bitsPerDimension(Likelihood likelihood) {
        String unit = likelihood.isDensity() ? "bits/dim (density)" : "bits/dim";
        return averages -> String.format(Locale.ROOT, "%.4f %s", averages.get("bpd"), unit);
    }

    /** Some trainings measure one of them only. */
    private static String accuracies(Map<String, Double> averages) {
        Optional<String> clean = percent("accuracy", averages.get("accuracy"));
        Optional<String> robust = percent("robust", averages.get("robust_accuracy"));
        return String.join(", ", clean.stream().toList())
                + (clean.isPresent() && robust.isPresent() ? ", " : "")
                + robust.orElse("");
    }

    private static Optional<String> percent(String name, Double share) {
        return Optional.ofNullable(share).map(value -> name + " " + Percent.of(value));
    }

    @Override
    public void started(List<EpochResult> history) {
        if (!history.isEmpty()) {
            work.say(history.size() + " of " + epochs + " epochs are done");
        }
    }

    @Override
    public void stepped(Step step) {
        work.status(String.format(
                Locale.ROOT, "epoch %d/%d  %s", step.epoch() + 1, epochs, figures.apply(step.averages())));
    }

    @Override
    public void finished(EpochResult result) {
        work.say(String.format(
                Locale.ROOT,
                "epoch %d/%d  validation: %s  (training: %s)",
                result.epoch() + 1,
                epochs,
                figures.apply(result.validation()),
                figures.apply(result.train())));
        noteCollapse(result);
    }

    /** Once, when it has lasted for two epochs: a model that has hardly begun to train looks the same. */
    private void noteCollapse(EpochResult result) {
        Double klNats = result.validation().get("kl_nats");
        collapsed = klNats != null && VaeNotes.isCollapsed(klNats) ? collapsed + 1 : 0;
        if (collapsed == EPOCHS_TO_COLLAPSE) {
            work.say(String.format(
                    Locale.ROOT,
                    "Note: the divergence is %.4f nats: %s %s",
                    klNats,
                    VaeNotes.COLLAPSED,
                    againstCollapse));
        }
    }
}
