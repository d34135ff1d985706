package varepsilon.lab.cli;

import java.util.List;
import java.util.Locale;
import varepsilon.lab.experiment.VaeRun;
import varepsilon.report.Progress;
import varepsilon.train.EpochResult;

/** Shows on the terminal how a VAE's training goes. */
final class TrainingProgress implements VaeRun.Watcher, AutoCloseable {
    private final Output output;
    private final int epochs;
    private final long steps;
    private Progress training;
    private Progress testing;
    private long tested;

    TrainingProgress(VaeRun run, Output output) {
        this.output = output;
        this.epochs = run.config().epochs();
        this.steps = run.steps();
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
            training = output.progress("training", steps, "steps");
            training.already(step.step() - 1);
        }
        training.advance(1);
        training.status(String.format(
                Locale.ROOT,
                "epoch %d/%d  %.4f bits/dim",
                step.epoch() + 1,
                epochs,
                step.averages().get("bpd")));
    }

    @Override
    public void finished(EpochResult result) {
        if (!output.isQuiet()) {
            training.note(String.format(
                    Locale.ROOT,
                    "epoch %d/%d  validation %.4f bits/dim  (training %.4f)",
                    result.epoch() + 1,
                    epochs,
                    result.validation("bpd"),
                    result.train().get("bpd")));
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
