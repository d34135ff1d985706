package varepsilon.lab.cli;

import java.util.List;
import java.util.Locale;
import varepsilon.lab.run.Run;
import varepsilon.lab.spec.VaeSpec;
import varepsilon.train.EpochResult;
import varepsilon.train.TrainingListener;

/** Shows the progress of a training on the terminal. */
final class TrainingProgress implements TrainingListener {
    private static final int EPOCHS_TO_COLLAPSE = 2;

    private final WorkProgress work;
    private final Run<?, ?> run;
    private int collapsed;

    TrainingProgress(Run<?, ?> run, WorkProgress work) {
        this.run = run;
        this.work = work;
    }

    @Override
    public void started(List<EpochResult> history) {
        if (!history.isEmpty()) {
            work.say(history.size() + " of " + run.epochs() + " epochs are done");
        }
    }

    @Override
    public void stepped(Step step) {
        work.status(String.format(
                Locale.ROOT, "epoch %d/%d  %s", step.epoch() + 1, run.epochs(), run.figures(step.averages())));
    }

    @Override
    public void finished(EpochResult result) {
        work.say(String.format(
                Locale.ROOT,
                "epoch %d/%d  validation: %s  (training: %s)",
                result.epoch() + 1,
                run.epochs(),
                run.figures(result.validation()),
                run.figures(result.train())));
        noteCollapse(result);
    }

    /** Printed once, after two epochs, because the divergence is small at the beginning of every training. */
    private void noteCollapse(EpochResult result) {
        Double klNats = result.validation().get("kl_nats");
        collapsed = klNats != null && VaeNotes.isCollapsed(klNats) ? collapsed + 1 : 0;
        if (collapsed == EPOCHS_TO_COLLAPSE) {
            work.say(String.format(
                    Locale.ROOT,
                    "Note: the divergence is %.4f nats: %s %s",
                    klNats,
                    VaeNotes.COLLAPSED,
                    run.config() instanceof VaeSpec config ? VaeNotes.advice(config) : ""));
        }
    }
}
