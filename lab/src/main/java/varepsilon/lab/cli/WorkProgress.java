package varepsilon.lab.cli;

import varepsilon.lab.experiment.Cell;
import varepsilon.lab.experiment.Workplace;
import varepsilon.lab.run.ClassifierRun;
import varepsilon.lab.run.RunStore;
import varepsilon.lab.run.RunWatcher;
import varepsilon.lab.run.VaeRun;
import varepsilon.lab.study.StudyContext;

/** Shows on the terminal how work of many parts goes: one thing at a time. */
final class WorkProgress implements RunStore.Watchers, Workplace.Watcher, StudyContext.Watcher, AutoCloseable {
    private final Output output;
    private final Interruption interruption;
    private TrainingProgress training;
    private Progress progress;
    private String what = "";
    private long done;
    private int waiting;

    WorkProgress(Output output, Interruption interruption) {
        this.output = output;
        this.interruption = interruption;
    }

    @Override
    public RunWatcher of(VaeRun run) {
        close();
        training = new TrainingProgress(run, output);
        return training;
    }

    @Override
    public RunWatcher of(ClassifierRun run) {
        close();
        training = new TrainingProgress(run, output);
        return training;
    }

    @Override
    public void done() {
        close();
    }

    @Override
    public void begins(Cell cell, int finished, int all) {
        close();
        waiting = 0;
        output.say(String.format("[%d of %d] %s", finished + 1, all, cell.label()));
    }

    @Override
    public void waits(int cells) {
        if (cells != waiting) {
            output.say(String.format("Waiting for %d that other processes do", cells));
            waiting = cells;
        }
    }

    @Override
    public void progress(String doing, long finished, long all) {
        if (progress == null || !doing.equals(what)) {
            close();
            progress = output.progress(doing, all, "units");
            progress.already(finished);
            what = doing;
        } else {
            progress.advance(Math.max(0, finished - done));
        }
        done = finished;
        if (finished >= all) {
            close();
        }
    }

    @Override
    public boolean stopRequested() {
        return interruption.requested();
    }

    @Override
    public void close() {
        if (training != null) {
            training.close();
            training = null;
        }
        if (progress != null) {
            progress.close();
            progress = null;
        }
    }
}
