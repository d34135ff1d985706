package varepsilon.lab.cli;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import varepsilon.generative.Likelihood;
import varepsilon.lab.run.ClassifierRun;
import varepsilon.lab.run.RunWatcher;
import varepsilon.lab.run.VaeRun;
import varepsilon.train.EpochResult;

/** Shows on the terminal how a training goes. */
final class TrainingProgress implements RunWatcher, AutoCloseable {
    private static final int EPOCHS_TO_COLLAPSE = 2;

    private final Output output;
    private final int epochs;
    private final long batches;
    private final Function<Map<String, Double>, String> figures;
    private final String againstCollapse;
    private int collapsed;
    private Progress training;
    private Progress testing;
    private long tested;

    TrainingProgress(VaeRun run, Output output) {
        this(
                output,
                run.config().epochs(),
                run.steps(),
                bitsPerDimension(run.config().distribution()),
                VaeNotes.advice(run.config()));
    }

    TrainingProgress(ClassifierRun run, Output output) {
        this(output, run.config().fitting().epochs(), run.batches(), TrainingProgress::accuracies, "");
    }

    private TrainingProgress(
            Output output,
            int epochs,
            long batches,
            Function<Map<String, Double>, String> figures,
            String againstCollapse) {
        this.output = output;
        this.epochs = epochs;
        this.batches = batches;
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
        return Optional.ofNullable(share).map(value -> String.format(Locale.ROOT, "%s %.1f %%", name, 100 * value));
    }

    @Override
    public void started(List<EpochResult> history) {
        if (!history.isEmpty()) {
            output.say(history.size() + " of " + epochs + " epochs are done");
        }
    }

    @Override
    public void stepped(Step step) {
        if (training == null) {
            training = output.progress("training", batches, "batches");
            training.already((long) step.epoch() * step.batches() + step.batch() - 1);
        }
        training.advance(1);
        training.status(String.format(
                Locale.ROOT, "epoch %d/%d  %s", step.epoch() + 1, epochs, figures.apply(step.averages())));
    }

    @Override
    public void finished(EpochResult result) {
        if (!output.isQuiet()) {
            training.note(String.format(
                    Locale.ROOT,
                    "epoch %d/%d  validation: %s  (training: %s)",
                    result.epoch() + 1,
                    epochs,
                    figures.apply(result.validation()),
                    figures.apply(result.train())));
            noteCollapse(result);
        }
    }

    /** Once, when it has lasted for two epochs: a model that has hardly begun to train looks the same. */
    private void noteCollapse(EpochResult result) {
        Double klNats = result.validation().get("kl_nats");
        collapsed = klNats != null && VaeNotes.isCollapsed(klNats) ? collapsed + 1 : 0;
        if (collapsed == EPOCHS_TO_COLLAPSE) {
            training.note(String.format(
                    Locale.ROOT,
                    "Note: the divergence is %.4f nats: %s %s",
                    klNats,
                    VaeNotes.COLLAPSED,
                    againstCollapse));
        }
    }

    @Override
    public void tested(long done, long all) {
        if (testing == null) {
            close();
            testing = output.progress("testing", all, "images");
        }
        testing.advance(done - tested);
        tested = done;
    }

    @Override
    public void close() {
        if (training != null) {
            training.close();
        }
        if (testing != null) {
            testing.close();
        }
    }
}
