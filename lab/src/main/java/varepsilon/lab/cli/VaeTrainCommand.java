package varepsilon.lab.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import varepsilon.lab.published.PublishedCurves;
import varepsilon.lab.run.ShellWords;
import varepsilon.lab.run.VaeResults;
import varepsilon.lab.run.VaeRun;
import varepsilon.lab.spec.VaeSpec;

/** {@code varepsilon vae train}. */
@Command(
        name = "train",
        description = "Trains a VAE in a run directory of its own, or goes on with one.",
        footer = {
            "",
            "Examples:",
            "  varepsilon vae train --data mnist --latent-dim 20 --out runs/digits",
            "  varepsilon vae train --resume runs/digits",
            "  varepsilon vae train --resume runs/digits --epochs 120"
        })
final class VaeTrainCommand implements Callable<Integer> {
    private static final Set<String> WITH_RESUME =
            Set.of("--resume", "--epochs", "--data-dir", "--json", "--quiet", "--verbose", "--no-progress");

    private final Console console;
    private final List<String> arguments;

    @Spec
    private CommandSpec spec;

    @Mixin
    private final DataOptions data = new DataOptions();

    @Mixin
    private final VaeOptions vae = new VaeOptions();

    @Option(names = "--out", paramLabel = "DIR", description = "The run directory (default: a new one in runs/).")
    private Path out;

    @Option(
            names = "--resume",
            paramLabel = "DIR",
            description = "Go on with this run, as it was configured; more --epochs may be given.")
    private Path resume;

    @Mixin
    private final ComputeOptions compute = new ComputeOptions();

    @Mixin
    private final Output output;

    VaeTrainCommand(Console console, List<String> arguments) {
        this.console = console;
        this.arguments = arguments;
        this.output = new Output(console);
    }

    @Override
    public Integer call() throws IOException {
        try (VaeRun run = resume == null ? begin() : goOn()) {
            return train(run);
        }
    }

    private VaeRun begin() throws IOException {
        VaeSpec config = config();
        Path folder =
                out == null ? NewFolder.in(Path.of("runs"), "vae-" + config.data() + "-z" + config.latentDim()) : out;
        VaeRun run = VaeRun.begin(config, folder, data.folder(), new PublishedCurves());
        output.say("Training in " + folder);
        data.note(run.config().data(), output);
        return run;
    }

    private VaeSpec config() {
        String name = data.name();
        int limit = data.limit();
        String device = compute.device().toString();
        int threads = compute.threads();
        return Usage.check(
                spec,
                () -> vae.applied(VaeSpec.of(name)
                        .withLimit(limit)
                        .withSeed(compute.seed())
                        .withThreads(threads)
                        .withDevice(device)));
    }

    private VaeRun goOn() throws IOException {
        OptionalInt more = OptionalInt.empty();
        for (OptionSpec option : spec.commandLine().getParseResult().matchedOptions()) {
            if (!WITH_RESUME.contains(option.longestName())) {
                throw Usage.wrong(
                        spec,
                        option.longestName() + ": not together with --resume, which goes on as the run was configured");
            }
            if (option.longestName().equals("--epochs")) {
                more = OptionalInt.of(vae.applied(VaeSpec.of("any")).epochs());
            }
        }
        VaeRun run = VaeRun.resume(resume, more, data.folder(), new PublishedCurves());
        output.say("Going on in " + resume);
        data.note(run.config().data(), output);
        return run;
    }

    private int train(VaeRun run) throws IOException {
        console.interruption().heed();
        Optional<VaeResults> results;
        try (WorkProgress progress = new WorkProgress(output, "images", console.interruption())) {
            results = run.train(new TrainingProgress(run, progress), arguments, progress);
        } catch (IOException e) {
            throw new IOException(
                    run.path() + ": " + Failures.message(e) + ". The last checkpoint is whole; when this is mended, `"
                            + goOnCommand(run) + "` goes on",
                    e);
        }
        if (results.isEmpty()) {
            output.say("Stopped and saved. To go on: " + goOnCommand(run));
            return Main.STOPPED;
        }
        output.result(results.get(), text(results.get(), run));
        if (run.config().likelihood().isDensity()) {
            output.note(VaeNotes.DENSITY);
        }
        if (results.get().test().activeUnits() == 0) {
            output.note(VaeNotes.COLLAPSED + " " + VaeNotes.advice(run.config()));
        }
        return 0;
    }

    private static String goOnCommand(VaeRun run) {
        return "varepsilon vae train --resume " + ShellWords.quoted(run.path());
    }

    private static String text(VaeResults results, VaeRun run) {
        Duration time = Duration.ofSeconds(Math.round(results.seconds()));
        return String.format(
                Locale.ROOT,
                "Test: %.4f %s (%,d images), with the weights after %d of %d epochs"
                        + " (validation %.4f); %d of %d latent dimensions active; trained for %d:%02d:%02d.%n"
                        + "Look at samples/, curves_bpd.png and results.json in %s; the weights are %s.",
                results.test().bpd(),
                results.bpdUnit(),
                results.test().n(),
                results.bestEpoch() + 1,
                results.epochs(),
                results.validationBpd(),
                results.test().activeUnits(),
                results.latentDim(),
                time.toHours(),
                time.toMinutesPart(),
                time.toSecondsPart(),
                run.path(),
                run.path().resolve("checkpoints").resolve("best.safetensors"));
    }
}
