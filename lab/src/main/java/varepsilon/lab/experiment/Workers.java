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
 * Processes that do the cells of one experiment together. Each finds its work by itself, see {@link CellRunner}; each
 * stops, saved, when the end of its standard input tells it that this process is gone.
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
     * @param logs folder for what they say
     * @param watch asked whether to stop them
     */
    public Workers(List<String> command, Path logs, Watch watch) {
        this.command = List.copyOf(command);
        this.logs = logs;
        this.watch = watch;
    }

    /** What the waiting process does. */
    public interface Meanwhile {
        /** Looks how far they are, and tells. */
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
            List<String> said = Files.readAllLines(log(i));
            String last = said.isEmpty() ? "it said nothing" : said.get(said.size() - 1);
            throw new InputException("a worker ended with exit code " + process.exitValue() + ": "
                    + last.replaceFirst("^varepsilon: ", "") + " (all that it said: " + log(i) + ")");
        }
    }

    /** They save their work; nobody goes on before all are gone. */
    private static void stop(List<Process> running) {
        running.forEach(Process::destroy);
        for (Process process : running) {
            process.onExit().join();
        }
    }
}
