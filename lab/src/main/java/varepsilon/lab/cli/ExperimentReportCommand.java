package varepsilon.lab.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import varepsilon.base.InputException;
import varepsilon.lab.experiment.ExperimentFile;
import varepsilon.lab.experiment.ExperimentRun;

/** {@code varepsilon experiment report}. */
@Command(
        name = "report",
        description = "Writes results and report of a finished experiment again, without computing anything.",
        footer = {"", "Example:", "  varepsilon experiment report runs/vae-1.8-laptop"})
final class ExperimentReportCommand implements Callable<Integer> {
    private final Console console;
    private final List<String> arguments;

    @Parameters(paramLabel = "DIR", description = "The experiment's folder.")
    private Path folder;

    @Option(
            names = "--runs",
            paramLabel = "DIR",
            defaultValue = ExperimentPlace.TRAININGS,
            description = "The folder of its trainings (default: ${DEFAULT-VALUE}).")
    private Path runs;

    @Mixin
    private final DataFolderOption data = new DataFolderOption();

    @Mixin
    private final Output output;

    ExperimentReportCommand(Console console, List<String> arguments) {
        this.console = console;
        this.arguments = arguments;
        this.output = new Output(console);
    }

    @Override
    public Integer call() throws IOException {
        Path config = folder.resolve("config.yaml");
        if (!Files.isRegularFile(config)) {
            throw new InputException(folder + ": not an experiment (there is no config.yaml in it)");
        }
        ExperimentFile file = ExperimentPlace.EXPERIMENTS.read(config.toString(), null);
        try (WorkProgress progress = new WorkProgress(output, "units", console.interruption())) {
            ExperimentRun run =
                    ExperimentRun.in(ExperimentPlace.of(folder, runs, data.folder(), arguments, progress), file);
            show(run.report(arguments), output);
            return 0;
        }
    }

    /** Prints the result of an experiment. */
    static void show(ExperimentRun.Result result, Output output) {
        output.result(
                result.json(),
                result.table().toText() + "\n" + result.reading() + "\n\nLook at "
                        + result.folder().resolve("report.html") + "; the numbers are in results.csv beside it.");
    }
}
