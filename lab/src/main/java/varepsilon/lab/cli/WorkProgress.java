package varepsilon.lab.cli;

import java.util.Map;
import varepsilon.base.Watch;

/** Shows the progress of work of many parts on the terminal. */
final class WorkProgress implements Watch, AutoCloseable {
    private static final Map<String, String> UNITS = Map.of("training", "batches", "testing", "images");

    private final Output output;
    private final String unit;
    private final Interruption interruption;
    private Progress progress;
    private String what = "";
    private long done;

    /**
     * For work that can save its state when the process is signalled to end.
     *
     * @param unit what is counted, except in trainings and their tests
     */
    WorkProgress(Output output, String unit, Interruption interruption) {
        this.output = output;
        this.unit = unit;
        this.interruption = interruption;
    }

    /** For work that cannot. */
    WorkProgress(Output output, String unit) {
        this(output, unit, new Interruption());
    }

    @Override
    public void progress(String doing, long finished, long all) {
        if (progress == null && doing.equals(what) && done == finished && finished == all) {
            return;
        }
        if (progress == null || !doing.equals(what)) {
            close();
            progress = output.progress(doing, all, UNITS.getOrDefault(doing, unit));
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

    /** Shows a figure beside the progress of what is being done. */
    void status(String figure) {
        if (progress != null) {
            progress.status(figure);
        }
    }

    @Override
    public void say(String message) {
        if (progress == null || output.isQuiet()) {
            output.say(message);
        } else {
            progress.note(message);
        }
    }

    @Override
    public boolean stopRequested() {
        return interruption.requested();
    }

    @Override
    public void close() {
        if (progress != null) {
            progress.close();
            progress = null;
        }
    }
}
