package varepsilon.lab.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import varepsilon.generative.DecoderChoice;
import varepsilon.generative.Likelihood;
import varepsilon.generative.PosteriorChoice;
import varepsilon.generative.PriorChoice;
import varepsilon.generative.VaeNetwork;
import varepsilon.generative.VaeObjective;
import varepsilon.lab.published.PublishedCurves;
import varepsilon.lab.run.Run;
import varepsilon.lab.run.VaeResults;
import varepsilon.lab.run.VaeRuns;
import varepsilon.lab.spec.VaeSpec;
import varepsilon.nn.Schedule;

/** {@code varepsilon vae train}. */
@Command(
        name = "train",
        description = "Trains a VAE in a new run directory, or resumes a run.",
        footer = {
            "",
            "Examples:",
            "  varepsilon vae train --data mnist --latent-dim 20 --out runs/digits",
            "  varepsilon vae train --resume runs/digits",
            "  varepsilon vae train --resume runs/digits --epochs 120"
        })
final class VaeTrainCommand implements Callable<Integer> {
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
            description = "Resume this run with its configuration; more --epochs may be given where its schedule"
                    + " does not depend on their number.")
    private Path resume;

    @Mixin
    private final ListOption list = new ListOption();

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
        if (list.isGiven()) {
            return ListOption.show(
                    output,
                    VaeNetwork.class,
                    Likelihood.class,
                    DecoderChoice.class,
                    PriorChoice.class,
                    PosteriorChoice.class,
                    VaeObjective.class,
                    Schedule.class);
        }
        TrainingRuns<VaeSpec, VaeResults> runs =
                new TrainingRuns<>(new VaeRuns(new PublishedCurves()), spec, console, arguments, data, output);
        try (Run<VaeSpec, VaeResults> run = resume == null ? begin(runs) : runs.resume(resume, vae::epochs)) {
            Optional<VaeResults> results = runs.train(run);
            results.ifPresent(shown -> show(shown, run));
            return results.isPresent() ? 0 : Main.STOPPED;
        }
    }

    private Run<VaeSpec, VaeResults> begin(TrainingRuns<VaeSpec, VaeResults> runs) throws IOException {
        VaeSpec config = config();
        Path folder =
                out == null ? NewFolder.in(Path.of("runs"), "vae-" + config.data() + "-z" + config.latentDim()) : out;
        return runs.begin(config, folder);
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

    private void show(VaeResults results, Run<VaeSpec, VaeResults> run) {
        output.result(results, text(results, run));
        if (run.config().likelihood().isDensity()) {
            output.note(VaeNotes.density(run.config().likelihood()));
        }
        if (results.test().activeUnits() == 0) {
            output.note(VaeNotes.COLLAPSED + " " + VaeNotes.advice(run.config()));
        }
    }

    private static String text(VaeResults results, Run<VaeSpec, VaeResults> run) {
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
