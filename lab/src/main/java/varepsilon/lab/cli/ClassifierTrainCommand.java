package varepsilon.lab.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import varepsilon.classify.Architecture;
import varepsilon.lab.published.PublishedTraining;
import varepsilon.lab.run.ClassifierResults;
import varepsilon.lab.run.ClassifierRuns;
import varepsilon.lab.run.NetworkChoice;
import varepsilon.lab.run.Run;
import varepsilon.lab.spec.AttackSpec;
import varepsilon.lab.spec.ClassifierSpec;
import varepsilon.lab.spec.DefenseSpec;
import varepsilon.nn.OptimizerChoice;
import varepsilon.nn.Schedule;
import varepsilon.report.Table;
import varepsilon.robust.attack.Attack;
import varepsilon.robust.defense.Defense;

/** {@code varepsilon classifier train}. */
@Command(
        name = "train",
        description = "Trains a classifier in a new run directory, or resumes a run.",
        footer = {
            "",
            "Examples:",
            "  varepsilon classifier train --data glyphs --epochs 3 --out runs/plain",
            "  varepsilon classifier train --data cifar10 --architecture resnet20 --augment crop-flip \\",
            "      --defense adversarial-loss --alpha 0 --attack pgd --eps 8/255 --steps 7 --out runs/robust",
            "  varepsilon classifier train --resume runs/robust"
        })
final class ClassifierTrainCommand implements Callable<Integer> {
    private final Console console;
    private final List<String> arguments;

    @Spec
    private CommandSpec spec;

    @Mixin
    private final DataOptions data = new DataOptions();

    @Mixin
    private final TrainingImagesOptions trainingImages = new TrainingImagesOptions();

    @Option(
            names = "--architecture",
            paramLabel = "NAME",
            description = "small-cnn, resnet18, preactresnet18, resnet20, resnet32, resnet44, resnet56, resnet110,"
                    + " wideresnet-28-10 (any depth and width) or another one; an unknown name lists all"
                    + " (default: that of --weights; else resnet18 for colour images, small-cnn for grey ones).")
    private String architecture;

    @Option(
            names = "--weights",
            paramLabel = "FILE",
            description = "Begin with these weights (.safetensors, .pt, or a run directory) and their normalisation.")
    private Path weights;

    @Mixin
    private final FittingOptions fitting = new FittingOptions();

    @Mixin
    private final DefenseOptions defense = new DefenseOptions();

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

    ClassifierTrainCommand(Console console, List<String> arguments) {
        this.console = console;
        this.arguments = arguments;
        this.output = new Output(console);
    }

    @Override
    public Integer call() throws IOException {
        if (list.isGiven()) {
            return ListOption.show(
                    output,
                    Map.of("architecture", Architecture.NAMES),
                    Defense.class,
                    Attack.class,
                    OptimizerChoice.class,
                    Schedule.class);
        }
        TrainingRuns<ClassifierSpec, ClassifierResults> runs =
                new TrainingRuns<>(new ClassifierRuns(new PublishedTraining()), spec, console, arguments, data, output);
        try (Run<ClassifierSpec, ClassifierResults> run =
                resume == null ? begin(runs) : runs.resume(resume, fitting::epochs)) {
            Optional<ClassifierResults> results = runs.train(run);
            results.ifPresent(shown -> show(shown, run));
            return results.isPresent() ? 0 : Main.STOPPED;
        }
    }

    private Run<ClassifierSpec, ClassifierResults> begin(TrainingRuns<ClassifierSpec, ClassifierResults> runs)
            throws IOException {
        String name = data.name();
        int limit = data.limit();
        String device = compute.device().toString();
        int threads = compute.threads();
        // The command line is checked before any file is read.
        ClassifierSpec.Images images = trainingImages.images(name, limit);
        ClassifierSpec.Fitting fitted = Usage.check(spec, fitting::fitting);
        AttackSpec check = Usage.check(spec, defense::check);
        DefenseSpec defended = Usage.check(spec, defense::defense);
        Usage.check(spec, () -> NetworkChoice.requireKnown(architecture));
        NetworkChoice choice = NetworkChoice.of(architecture, weights, images, compute.seed(), data.folder());
        choice.notes().forEach(output::note);
        ClassifierSpec config =
                new ClassifierSpec(images, choice.network(), fitted, defended, check, compute.seed(), threads, device);
        Path folder = out == null
                ? NewFolder.in(
                        Path.of("runs"),
                        config.network().architecture() + "-" + name.replaceAll("[^a-z0-9-]+", "-") + "-"
                                + config.defense().name())
                : out;
        return runs.begin(config, folder);
    }

    private void show(ClassifierResults results, Run<ClassifierSpec, ClassifierResults> run) {
        output.result(results, text(results, run));
    }

    private static String text(ClassifierResults results, Run<ClassifierSpec, ClassifierResults> run) {
        ClassifierResults.Test test = results.test();
        Table table = new Table(
                        Table.text("on the test images"),
                        Table.count("correct", "of " + test.n()),
                        Table.percent("accuracy", 2),
                        Table.percent("from", 2),
                        Table.percent("to", 2))
                .row(
                        "clean",
                        test.correct(),
                        test.accuracy(),
                        test.ci95().get(0),
                        test.ci95().get(1));
        if (test.attack() != null) {
            table.row(
                    run.config().check().label(),
                    test.attack().robustCorrect(),
                    test.attack().robustAccuracy(),
                    test.attack().robustCi95().get(0),
                    test.attack().robustCi95().get(1));
        }
        Duration time = Duration.ofSeconds(Math.round(results.seconds()));
        String ended = results.stopped() == null ? "" : String.format("Training ended early: %s.%n", results.stopped());
        return table.toText()
                + String.format(
                        Locale.ROOT,
                        "%n%sThe weights are those after %d of %d epochs, in %s.%n"
                                + "Trained for %d:%02d:%02d: %,d images forward, %,d backward. Look at"
                                + " curves_accuracy.png and results.json in %s.",
                        ended,
                        results.bestEpoch() + 1,
                        results.epochs(),
                        run.path().resolve("checkpoints").resolve("best.safetensors"),
                        time.toHours(),
                        time.toMinutesPart(),
                        time.toSecondsPart(),
                        results.forwardPasses(),
                        results.backwardPasses(),
                        run.path());
    }
}
