package varepsilon.lab.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.IntSupplier;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import varepsilon.lab.run.Run;
import varepsilon.lab.run.RunKind;
import varepsilon.lab.run.ShellWords;
import varepsilon.lab.spec.RunSpec;

/**
 * The common part of the {@code train} commands: start or resume a run, train, and print how to resume.
 *
 * @param <S> the configuration of a run
 * @param <R> its results
 */
final class TrainingRuns<S extends RunSpec, R extends Record> {
    private static final Set<String> WITH_RESUME =
            Set.of("--resume", "--epochs", "--data-dir", "--json", "--quiet", "--verbose", "--no-progress");

    private final RunKind<S, R> kind;
    private final CommandSpec spec;
    private final Console console;
    private final List<String> arguments;
    private final DataOptions data;
    private final Output output;

    TrainingRuns(
            RunKind<S, R> kind,
            CommandSpec spec,
            Console console,
            List<String> arguments,
            DataOptions data,
            Output output) {
        this.kind = kind;
        this.spec = spec;
        this.console = console;
        this.arguments = arguments;
        this.data = data;
        this.output = output;
    }

    /** A new run. */
    Run<S, R> begin(S config, Path folder) throws IOException {
        return announced("Training in " + folder, Run.begin(kind, config, folder, data.folder()));
    }

    /**
     * Opens an earlier run to resume it; rejects options that would change it.
     *
     * @param epochs the value of the option, taken where it was given
     */
    Run<S, R> resume(Path folder, IntSupplier epochs) throws IOException {
        OptionalInt more = OptionalInt.empty();
        for (OptionSpec option : spec.commandLine().getParseResult().matchedOptions()) {
            if (!WITH_RESUME.contains(option.longestName())) {
                throw Usage.wrong(
                        spec,
                        option.longestName() + ": not together with --resume, which uses the run's configuration");
            }
            if (option.longestName().equals("--epochs")) {
                more = OptionalInt.of(epochs.getAsInt());
            }
        }
        return announced("Resuming " + folder, Run.resume(kind, folder, more, data.folder()));
    }

    private Run<S, R> announced(String message, Run<S, R> run) throws IOException {
        output.say(message);
        data.note(run.config().data(), output);
        return run;
    }

    /** Trains and tests; where that was stopped, prints so and is empty. */
    Optional<R> train(Run<S, R> run) throws IOException {
        console.interruption().delay();
        String goOn = spec.qualifiedName() + " --resume " + ShellWords.quoted(run.path());
        try (WorkProgress progress = new WorkProgress(output, "images", console.interruption())) {
            Optional<R> results = run.train(new TrainingProgress(run, progress), arguments, progress);
            if (results.isEmpty()) {
                progress.close();
                output.say("Stopped and saved. To go on: " + goOn);
            }
            return results;
        } catch (IOException e) {
            throw new IOException(
                    run.path() + ": " + Failures.message(e) + ". The last checkpoint is intact; when this is fixed, `"
                            + goOn + "` resumes the run",
                    e);
        }
    }
}
