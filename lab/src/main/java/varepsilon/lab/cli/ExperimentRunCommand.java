package varepsilon.lab.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import varepsilon.base.StoppedException;
import varepsilon.lab.experiment.ExperimentFile;
import varepsilon.lab.experiment.ExperimentRun;
import varepsilon.lab.experiment.Workers;
import varepsilon.lab.experiment.Workplace;
import varepsilon.lab.run.RunStore;
import varepsilon.lab.run.ShellWords;

/** {@code varepsilon experiment run}. */
@Command(
        name = "run",
        description = "Runs an experiment, or resumes it; finished parts are not repeated.",
        footer = {
            "",
            "Examples:",
            "  varepsilon experiment run robustness-2.1 --preset smoke",
            "  varepsilon experiment run vae-1.8 --out runs/vae --jobs 2",
            "  varepsilon experiment run my-grid.yaml --set settings.epochs=3"
        })
final class ExperimentRunCommand implements Callable<Integer> {
    private final Console console;
    private final List<String> arguments;

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "NAME-OR-FILE", description = "An experiment that comes with the program, or a YAML file.")
    private String experiment;

    @Option(
            names = "--preset",
            paramLabel = "NAME",
            description = "The preset: smoke, laptop or full in the experiments that come with the program (default:"
                    + " laptop).")
    private String preset;

    @Option(names = "--set", paramLabel = "KEY=VALUE", description = "Change a setting; may be given several times.")
    private final List<String> changes = new ArrayList<>();

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "The experiment's folder, new or to resume (default: runs/NAME-PRESET).")
    private Path out;

    @Option(
            names = "--runs",
            paramLabel = "DIR",
            defaultValue = ExperimentPlace.TRAININGS,
            description =
                    "The folder of trainings, which experiments and studies can share (default: ${DEFAULT-VALUE}).")
    private Path runs;

    @Option(
            names = "--jobs",
            paramLabel = "N",
            defaultValue = "1",
            description = "Processes at the same time (default: ${DEFAULT-VALUE}).")
    private int jobs;

    @Option(names = "--worker", hidden = true)
    private boolean worker;

    private Optional<ExperimentRun.Standing> told = Optional.empty();

    @Mixin
    private final DataFolderOption data = new DataFolderOption();

    @Mixin
    private final Output output;

    ExperimentRunCommand(Console console, List<String> arguments) {
        this.console = console;
        this.arguments = arguments;
        this.output = new Output(console);
    }

    @Override
    public Integer call() throws IOException {
        if (jobs < 1) {
            throw Usage.wrong(spec, "--jobs " + jobs + ": expected at least 1");
        }
        ExperimentFile file = ExperimentPlace.EXPERIMENTS.read(experiment, preset);
        for (String change : changes) {
            file = file.with(change);
        }
        Path folder = out == null ? usualFolder() : out;
        console.interruption().delay();
        try (WorkProgress progress = new WorkProgress(output, "units", console.interruption())) {
            Workplace workplace = ExperimentPlace.of(folder, runs, data.folder(), arguments, progress);
            ExperimentRun run = ExperimentRun.in(workplace, file);
            if (worker) {
                endWithParent();
                run.run();
                return 0;
            }
            output.say(file.title() + ", in " + folder);
            run.notes().forEach(output::note);
            if (jobs > 1) {
                new Workers(workerCommand(folder, workplace.runs()), folder.resolve("logs"), progress)
                        .run(jobs, () -> tell(run.standing()));
            } else {
                run.run();
            }
            progress.close();
            ExperimentReportCommand.show(run.report(arguments), output);
            return 0;
        } catch (StoppedException e) {
            output.say("Stopped and saved. To go on: varepsilon " + ShellWords.quoted(arguments));
            return Main.STOPPED;
        }
    }

    /** Prints the progress of the workers when it has changed. */
    private void tell(Optional<ExperimentRun.Standing> now) {
        if (now.isPresent() && !now.equals(told)) {
            output.say(String.format(
                    "stage %d: %d of %d done",
                    now.get().stage(), now.get().done(), now.get().all()));
        }
        told = now;
    }

    private Path usualFolder() {
        String name = Path.of(experiment).getFileName().toString().replaceFirst("\\.ya?ml$", "");
        String suffix = preset != null
                ? "-" + preset
                : ExperimentPlace.EXPERIMENTS.shipped().contains(experiment) ? "-laptop" : "";
        return Path.of("runs", name + suffix);
    }

    /** This program again, on the experiment that the folder now holds. */
    private List<String> workerCommand(Path folder, RunStore store) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
        command.addAll(
                List.of("experiment", "run", folder.resolve("config.yaml").toString(), "--worker"));
        command.addAll(
                List.of("--out", folder.toString(), "--runs", store.folder().toString()));
        command.addAll(List.of("--data-dir", data.folder().toString(), "--no-progress"));
        return command;
    }

    /** Standard input ends when the parent process ends. */
    private void endWithParent() {
        Thread listener = new Thread(
                () -> {
                    try {
                        while (System.in.read() >= 0) {
                            // The input is ignored.
                        }
                        console.interruption().request();
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                },
                "parent");
        listener.setDaemon(true);
        listener.start();
    }
}
