package varepsilon.lab.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import varepsilon.lab.experiment.ClassifierResults;
import varepsilon.lab.experiment.ClassifierRun;
import varepsilon.lab.experiment.Quickstart;
import varepsilon.lab.experiment.QuickstartPage;
import varepsilon.lab.experiment.QuickstartResult;
import varepsilon.lab.experiment.VaeResults;
import varepsilon.lab.experiment.VaeRun;
import varepsilon.report.Progress;
import varepsilon.robust.evaluate.RobustnessReport;
import varepsilon.tensor.Device;

/** {@code varepsilon quickstart}. */
@Command(
        name = "quickstart",
        description = "Trains small models on drawn digits in a few minutes and shows what came of it; needs no data.",
        footer = {"", "Example:", "  varepsilon quickstart"})
final class QuickstartCommand implements Callable<Integer> {
    private final Console console;
    private final List<String> arguments;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "Where everything goes (default: a new folder in runs/).")
    private Path out;

    @Mixin
    private final ComputeOptions compute = new ComputeOptions();

    @Mixin
    private final Output output;

    QuickstartCommand(Console console, List<String> arguments) {
        this.console = console;
        this.arguments = arguments;
        this.output = new Output(console);
    }

    @Override
    public Integer call() throws IOException {
        Device device = compute.start();
        Path folder = out == null ? NewFolder.in(Path.of("runs"), "quickstart") : out;
        Quickstart.Settings settings =
                Quickstart.Settings.sixMinutes(compute.seed(), compute.threads(), device.toString());
        console.interruption().heed();
        Optional<QuickstartResult> result = Quickstart.run(folder, settings, new ShownWork());
        if (result.isEmpty()) {
            output.say("Stopped. What there is lies in " + folder);
            return Main.STOPPED;
        }
        Path page = QuickstartPage.write(result.get(), arguments);
        output.result(result.get(), result.get().text() + "\nAll of it on one page: " + page);
        return 0;
    }

    /** The work, with its progress on the terminal. */
    private final class ShownWork implements Quickstart.Work {
        private final BooleanSupplier stopRequested = console.interruption()::requested;

        @Override
        public Optional<VaeResults> train(VaeRun run) throws IOException {
            output.say("A VAE with " + run.config().latentDim() + " latent dimensions, in " + run.path());
            try (TrainingProgress progress = new TrainingProgress(run, output)) {
                return run.train(progress, arguments, stopRequested);
            }
        }

        @Override
        public Optional<ClassifierResults> train(ClassifierRun run) throws IOException {
            output.say("A classifier, training: " + run.config().defense().name() + ", in " + run.path());
            try (TrainingProgress progress = new TrainingProgress(run, output)) {
                return run.train(progress, arguments, stopRequested);
            }
        }

        @Override
        public Optional<RobustnessReport> attack(Quickstart.Attacks attacks) {
            output.say("Attacks on " + attacks.name());
            try (Progress progress = output.progress("attacking", attacks.work(), "images")) {
                AtomicLong last = new AtomicLong();
                return attacks.run(done -> progress.advance(done - last.getAndSet(done)), stopRequested);
            }
        }
    }
}
