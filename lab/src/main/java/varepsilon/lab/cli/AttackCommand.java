package varepsilon.lab.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import varepsilon.base.Family;
import varepsilon.base.StoppedException;
import varepsilon.classify.ClassifierFile;
import varepsilon.data.ImageSet;
import varepsilon.data.Split;
import varepsilon.lab.evaluate.AdversarialImagesResult;
import varepsilon.lab.evaluate.AttackFiles;
import varepsilon.lab.evaluate.AttackPage;
import varepsilon.lab.evaluate.AttackReport;
import varepsilon.lab.evaluate.AttackSuite;
import varepsilon.lab.run.ShellWords;
import varepsilon.lab.spec.AttackSpec;
import varepsilon.robust.attack.Attack;
import varepsilon.robust.certify.Bound;
import varepsilon.robust.evaluate.Check;
import varepsilon.robust.evaluate.MinimumEvaluation;
import varepsilon.robust.evaluate.UnsoundBoundException;
import varepsilon.tensor.Device;

/** {@code varepsilon attack}. */
@Command(
        name = "attack",
        description = "Attacks a classifier inside a threat model, and measures its robust accuracy.",
        footer = {
            "",
            "An image counts as robust where it is correctly classified before and after the attack. Perturbations"
                    + " are in pixel units, 1 from black",
            "to white; every image that an attack returns is checked against its threat model and predicted again.",
            "Intervals are Wilson's for 95 %%. Checks look for signs that an attack failed rather than the model resisted.",
            "Ctrl-C ends it with the results so far.",
            "",
            "Examples:",
            "  varepsilon attack --weights runs/plain --data glyphs --attack fgsm,pgd --eps 0.1",
            "  varepsilon attack --weights runs/plain --data glyphs --eps 0,0.05,0.1,0.2 --pictures curves",
            "  varepsilon attack --weights runs/plain --data glyphs --attack strongest --eps 0.1 --strict",
            "  varepsilon attack --weights runs/plain --data glyphs --eps 0.02 --certify",
            "  varepsilon attack --weights runs/plain --data glyphs --minimum --norm l2 --eps 0.5,1",
            "  varepsilon attack --weights runs/plain --data glyphs --judge adversarial.npz --eps 0.1"
        })
final class AttackCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private final ClassifierOptions classifier = new ClassifierOptions();

    @Mixin
    private final DataOptions data = new DataOptions();

    @Option(
            names = "--split",
            paramLabel = "PART",
            defaultValue = "test",
            description = "train or test (default: ${DEFAULT-VALUE}).")
    private Split split;

    @Mixin
    private final AttackOptions attack = new AttackOptions();

    @Mixin
    private final MinimumOptions minimum = new MinimumOptions();

    @Mixin
    private final Judge judge = new Judge();

    @Option(
            names = "--compare",
            paramLabel = "FILE",
            description = "Attack this classifier in the same way, and compare the two image by image.")
    private Path compareTo;

    @Option(
            names = "--transfer-to",
            paramLabel = "FILE",
            description = "Measure the transfer of adversarial examples to and from this classifier; repeatable;"
                    + " with one attack.")
    private List<Path> transferTo = List.of();

    @Option(
            names = "--certify",
            arity = "0..1",
            paramLabel = "METHOD",
            fallbackValue = "alpha-crown",
            description =
                    "Prove of the images that no attack breaks that none can, by ibp, crown-ibp, crown, alpha-crown or"
                            + " branch-and-bound (default: ${FALLBACK-VALUE}): robust accuracy from both sides.")
    private String certify;

    @Option(
            names = "--pictures",
            paramLabel = "DIR",
            description = "Write a page of all results into this new folder, with pictures of examples of each attack"
                    + " and the curve of several --eps.")
    private Path pictures;

    @Option(
            names = "--save",
            paramLabel = "DIR",
            description = "Save all adversarial examples as floats and as PNG pairs, the pictures and the page, in this"
                    + " new folder, and predict them again from there.")
    private Path save;

    @Option(
            names = "--batch-size",
            paramLabel = "N",
            defaultValue = "128",
            description = "Images at once (default: ${DEFAULT-VALUE}).")
    private int batchSize;

    @Option(names = "--strict", description = "End with exit code 1 where a check of the result trips.")
    private boolean strict;

    @Mixin
    private final ListOption list = new ListOption();

    @Mixin
    private final ComputeOptions compute = new ComputeOptions();

    @Mixin
    private final Output output;

    private final Console console;
    private final List<String> arguments;

    AttackCommand(Console console, List<String> arguments) {
        this.console = console;
        this.arguments = arguments;
        this.output = new Output(console);
    }

    @Override
    public Integer call() throws IOException {
        try {
            return attacked();
        } catch (StoppedException e) {
            output.say("Stopped before any image was done.");
            return Main.STOPPED;
        }
    }

    private int attacked() throws IOException {
        if (list.isGiven()) {
            return ListOption.show(output, Attack.class);
        }
        // The command line is checked before any file is read.
        if (minimum.isGiven()) {
            minimum.check(attack.parameterOptions());
        }
        List<AttackSpec> settings = Usage.check(spec, attack::settings);
        List<Bound> bounds = Usage.check(spec, () -> bounds(settings));
        if (minimum.isGiven()) {
            return smallest(settings);
        }
        attack.requireOneGoal();
        judge.check(settings);
        classifier.stated();
        AttackFiles files = files();
        if (batchSize < 1) {
            throw Usage.wrong(spec, "--batch-size " + batchSize + ": expected at least 1");
        }
        if (!transferTo.isEmpty() && settings.size() > 1) {
            throw Usage.wrong(spec, "--transfer-to: expected one --attack at one --eps, not " + settings.size());
        }
        Device device = compute.start();
        ImageSet images = data.load(split, output);
        AdversarialImagesResult judged = null;
        if (judge.isGiven()) {
            try (ClassifierFile model = classifier.read(device, images)) {
                judged = judge.judged(model, images, settings.get(0), batchSize, device, output);
                if (judge.isAlone()) {
                    Judge.show(model, images, judged, output);
                    return 0;
                }
            }
        }
        AttackSuite experiment =
                new AttackSuite(settings, attack.goal(images.classNames()), batchSize, compute.seed(), device);
        List<String> before = experiment.notesBefore(images);
        before.forEach(output::note);
        AttackReport report = run(experiment, images, files, bounds);
        report.notes().stream().filter(note -> !before.contains(note)).forEach(output::note);
        String text = AttackText.of(report, settings);
        if (judged == null) {
            output.result(report, text);
        } else {
            Judge.show(report, text, judged, output);
        }
        if (report.unwritten() != null) {
            throw report.unwritten();
        }
        if (files != null) {
            Output.write(report, files.folder().resolve("results.json"));
            output.say("All of it on one page: " + AttackPage.write(report, settings, files.folder(), command()));
        }
        if (!report.complete()) {
            return Main.STOPPED;
        }
        return strict && anyTripped(report) ? CommandLine.ExitCode.SOFTWARE : CommandLine.ExitCode.OK;
    }

    private int smallest(List<AttackSpec> settings) throws IOException {
        classifier.stated();
        AttackFiles files = files();
        Device device = compute.start();
        MinimumEvaluation evaluation =
                Usage.check(spec, () -> minimum.evaluation(settings, attack.norm(), batchSize, compute.seed(), device));
        ImageSet images = data.load(split, output);
        console.interruption().delay();
        try (ClassifierFile model = classifier.read(device, images)) {
            Path folder = files == null ? null : files.folder();
            return MinimumOptions.run(
                    evaluation, model, images, attack.epsilons(), folder, command(), console.interruption(), output);
        }
    }

    private List<Bound> bounds(List<AttackSpec> settings) {
        if (certify == null) {
            return List.of();
        }
        Bound last = Family.of(Bound.class).parse(certify);
        if (minimum.isGiven() || judge.isGiven()) {
            throw Usage.wrong(spec, "--certify: has no effect with --minimum or --judge");
        }
        if (!attack.isUntargeted()) {
            throw Usage.wrong(spec, "--certify: expected untargeted attacks, without --target and --margin");
        }
        for (AttackSpec setting : settings) {
            CertifyCommand.requireBounded(setting.threatModel().norm());
        }
        return Bound.upTo(last);
    }

    private String command() {
        return "varepsilon " + ShellWords.quoted(arguments);
    }

    private static boolean anyTripped(AttackReport report) {
        return report.checks().stream().anyMatch(Check::tripped)
                || (report.comparison() != null
                        && report.comparison().checks().stream().anyMatch(Check::tripped));
    }

    private AttackFiles files() throws IOException {
        if (save != null && pictures != null) {
            throw Usage.wrong(spec, "--save and --pictures: expected one of them; the former draws pictures too");
        }
        if (save == null && pictures == null) {
            return null;
        }
        AttackFiles files = new AttackFiles(save != null ? save : pictures, save != null);
        files.requireEmpty();
        return files;
    }

    private AttackReport run(AttackSuite experiment, ImageSet images, AttackFiles files, List<Bound> bounds)
            throws IOException {
        List<ClassifierFile> opened = new ArrayList<>();
        try (ClassifierFile model = classifier.read(experiment.device(), images);
                WorkProgress progress = new WorkProgress(output, "images", console.interruption())) {
            for (Path path : transferTo) {
                opened.add(ClassifierFile.read(path, experiment.device()));
            }
            List<ClassifierFile> others = List.copyOf(opened);
            if (compareTo != null) {
                opened.add(ClassifierFile.read(compareTo, experiment.device()));
            }
            ClassifierFile compared = compareTo == null ? null : opened.get(opened.size() - 1);
            console.interruption().delay();
            return experiment.of(model, images, new AttackSuite.Extras(compared, others, files, bounds), progress);
        } catch (UnsoundBoundException e) {
            throw Contradiction.saved(e, images);
        } finally {
            opened.forEach(ClassifierFile::close);
        }
    }
}
