package varepsilon.lab.experiment;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import varepsilon.base.InputException;
import varepsilon.base.StoppedException;
import varepsilon.base.Watch;

/**
 * Processes that run the cells of one experiment together. Each finds its work by itself, see {@link CellRunner}; each
 * saves and stops at the end of its standard input, which means that this process has ended.
 */
public final class Workers {
    private static final int STOPPED = 130;
    private static final int TERMINATED = 143;
    private static final long PAUSE_MILLIS = 300;

    private final List<String> command;
    private final Path logs;
    private final Watch watch;

    /**
     * Workers that are started so.
     *
     * @param command of each
     * @param logs folder of their output
     * @param watch polled for a stop
     */
    public Workers(List<String> command, Path logs, Watch watch) {
        this.command = List.copyOf(command);
        this.logs = logs;
        this.watch = watch;
    }

    /** The callback of the waiting process. */
    public interface Meanwhile {
        /** Reports the progress of the workers. */
        void look() throws IOException;
    }

    /**
     * Starts them and waits for all.
     *
     * @param meanwhile called now and then
     * @throws InputException where one failed; the others are stopped
     * @throws StoppedException where a stop was requested; all are stopped
     */
    public void run(int count, Meanwhile meanwhile) throws IOException {
        Files.createDirectories(logs);
        List<Process> running = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                running.add(new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(log(i).toFile())
                        .start());
            }
            while (running.stream().anyMatch(Process::isAlive)) {
                requireWell(running);
                if (watch.stopRequested()) {
                    throw new StoppedException();
                }
                meanwhile.look();
                TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
            }
            requireWell(running);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoppedException();
        } finally {
            stop(running);
        }
    }

    private Path log(int worker) {
        return logs.resolve("worker-" + (worker + 1) + ".log");
    }

    private void requireWell(List<Process> running) throws IOException {
        for (int i = 0; i < running.size(); i++) {
            Process process = running.get(i);
            if (process.isAlive() || process.exitValue() == 0) {
                continue;
            }
            if (process.exitValue() == STOPPED || process.exitValue() == TERMINATED) {
                throw new StoppedException();
            }
            List<String> output = Files.readAllLines(log(i));
            String last = output.isEmpty() ? "no output" : output.get(output.size() - 1);
            throw new InputException("a worker ended with exit code " + process.exitValue() + ": "
                    + last.replaceFirst("^varepsilon: ", "") + " (its output: " + log(i) + ")");
        }
    }

    /** Waits until all have saved and ended. */
    private static void stop(List<Process> running) {
        running.forEach(Process::destroy);
        for (Process process : running) {
            process.onExit().join();
        }
    }
}
