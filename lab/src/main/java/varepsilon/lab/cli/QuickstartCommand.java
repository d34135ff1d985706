package varepsilon.lab.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import varepsilon.base.Watch;
import varepsilon.lab.quickstart.MeasuredPace;
import varepsilon.lab.quickstart.Quickstart;
import varepsilon.lab.quickstart.QuickstartBudget;
import varepsilon.lab.quickstart.QuickstartPage;
import varepsilon.lab.quickstart.QuickstartResult;
import varepsilon.lab.run.Run;
import varepsilon.lab.run.ShellWords;
import varepsilon.lab.spec.RunSpec;
import varepsilon.robust.evaluate.RobustnessReport;
import varepsilon.tensor.Device;

/** {@code varepsilon quickstart}. */
@Command(
        name = "quickstart",
        description = "Trains and evaluates small models on drawn digits in a few minutes; needs no data.",
        footer = {"", "Example:", "  varepsilon quickstart"})
final class QuickstartCommand implements Callable<Integer> {
    private static final double MINUTES = 4;
    private static final int LONGEST_MINUTES = 24 * 60;

    private final Console console;
    private final List<String> arguments;

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "The folder of the results (default: a new folder in runs/).")
    private Path out;

    @Option(
            names = "--minutes",
            paramLabel = "M",
            description = {
                "About how long it may take (default: 4). Where the machine is slow or busy, the models are trained"
                        + " for",
                "fewer epochs, at least 1."
            })
    private Double minutes;

    @Option(
            names = "--vae-epochs",
            paramLabel = "N",
            description = "Epochs of each VAE (default: as many as there is time for, at most "
                    + QuickstartBudget.MOST_VAE_EPOCHS + ").")
    private Integer vaeEpochs;

    @Option(
            names = "--classifier-epochs",
            paramLabel = "N",
            description = "Epochs of each classifier (default: as many as there is time for, at most "
                    + QuickstartBudget.MOST_CLASSIFIER_EPOCHS + ").")
    private Integer classifierEpochs;

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
        check();
        Device device = compute.start();
        Path folder = out == null ? NewFolder.in(Path.of("runs"), "quickstart") : out;
        Quickstart.Settings settings = Quickstart.Settings.full(compute.seed(), compute.threads(), device.toString());
        console.interruption().delay();
        QuickstartBudget budget = new QuickstartBudget(
                minutes == null ? MINUTES : minutes,
                given(vaeEpochs),
                given(classifierEpochs),
                new MeasuredPace(settings, Watch.stopWhen(console.interruption()::requested), System::nanoTime),
                System::nanoTime,
                output::say);
        Optional<QuickstartResult> result = Quickstart.run(folder, settings, budget, new ShownWork());
        if (result.isEmpty()) {
            output.say("Stopped. Results so far are in " + folder);
            return Main.STOPPED;
        }
        List<String> again = again(result.get(), device);
        Path page = QuickstartPage.write(result.get(), arguments, again);
        String text = result.get().text() + "\nAll of it on one page: " + page + "\nThe same models again: varepsilon "
                + ShellWords.quoted(again);
        output.result(result.get(), text);
        return 0;
    }

    private void check() {
        if (minutes != null && !(minutes > 0 && minutes <= LONGEST_MINUTES)) {
            throw Usage.wrong(spec, "--minutes " + minutes + ": expected a number above 0, at most " + LONGEST_MINUTES);
        }
        if (minutes != null && vaeEpochs != null && classifierEpochs != null) {
            throw Usage.wrong(spec, "--minutes chooses epochs, and both are given; leave it out, or one of them");
        }
        atLeastOne("--vae-epochs", vaeEpochs);
        atLeastOne("--classifier-epochs", classifierEpochs);
    }

    private void atLeastOne(String option, Integer epochs) {
        if (epochs != null && epochs < 1) {
            throw Usage.wrong(spec, option + " " + epochs + ": expected at least 1");
        }
    }

    private static OptionalInt given(Integer epochs) {
        return epochs == null ? OptionalInt.empty() : OptionalInt.of(epochs);
    }

    private List<String> again(QuickstartResult result, Device device) {
        return List.of(
                "quickstart",
                "--vae-epochs",
                String.valueOf(result.vaeEpochs()),
                "--classifier-epochs",
                String.valueOf(result.classifierEpochs()),
                "--seed",
                String.valueOf(compute.seed()),
                "--threads",
                String.valueOf(compute.threads()),
                "--device",
                device.toString());
    }

    /** The work, with its progress on the terminal. */
    private final class ShownWork implements Quickstart.Work {
        @Override
        public <S extends RunSpec, R extends Record> Optional<R> train(String what, Run<S, R> run) throws IOException {
            output.say(what + ", in " + run.path());
            try (WorkProgress progress = progress()) {
                return run.train(new TrainingProgress(run, progress), arguments, progress);
            }
        }

        @Override
        public Optional<RobustnessReport> attack(Quickstart.Attacks attacks) {
            output.say("Attacks on " + attacks.name());
            try (WorkProgress progress = progress()) {
                return attacks.run(progress);
            }
        }

        private WorkProgress progress() {
            return new WorkProgress(output, "images", console.interruption());
        }
    }
}
