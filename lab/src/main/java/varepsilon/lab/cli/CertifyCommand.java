package varepsilon.lab.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import varepsilon.base.Family;
import varepsilon.base.InputException;
import varepsilon.classify.ClassifierFile;
import varepsilon.data.ImageSet;
import varepsilon.data.Split;
import varepsilon.lab.evaluate.CertificationPage;
import varepsilon.lab.evaluate.CertificationReport;
import varepsilon.lab.evaluate.PropertyResult;
import varepsilon.lab.evaluate.SmoothingResult;
import varepsilon.lab.run.ShellWords;
import varepsilon.robust.attack.Attack;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.robust.certify.Bound;
import varepsilon.robust.certify.BranchAndBound;
import varepsilon.robust.certify.RandomizedSmoothing;
import varepsilon.robust.evaluate.PropertyCheck;
import varepsilon.robust.evaluate.TwoSidedEvaluation;
import varepsilon.robust.evaluate.UnsoundBoundException;
import varepsilon.tensor.Device;

/** {@code varepsilon certify}. */
@Command(
        name = "certify",
        description = "Proves, image by image, that no allowed perturbation changes what a classifier predicts, and"
                + " attacks the images that it cannot prove: robust accuracy from both sides.",
        footer = {
            "",
            "Methods build on each other, and an image leaves at the first that decides it: interval bounds (ibp), linear"
                    + " bounds (crown),",
            "the same with optimised slopes (alpha-crown), branching on activations (branch-and-bound). Parameters follow a"
                    + " name, as in",
            "alpha-crown:steps=100. Bounds hold in exact arithmetic for the network's weights and are moved outwards by"
                    + " what rounding may add.",
            "Certified images are attacked once more: one that breaks would show a defect, and ends the command.",
            "",
            "Examples:",
            "  varepsilon certify --weights runs/plain --data glyphs --eps 0.02 --method crown",
            "  varepsilon certify --weights model.onnx --data cifar10 --limit 100 --eps 1/255,2/255",
            "  varepsilon certify --weights model.onnx --data cifar10 --limit 100 --eps 2/255 --method branch-and-bound"
                    + " --seconds-per-image 30"
        })
final class CertifyCommand implements Callable<Integer> {
    private static final String NONE = "none";
    private static final String SMOOTHING = "smoothing";
    private static final List<String> OF_IMAGES = List.of("--data", "--split", "--eps", "--norm", "--limit");
    private static final List<String> OF_BOUNDS = List.of("--attack", "--batch-size", "--pictures");
    private static final List<String> OF_SMOOTHING = List.of("--sigma", "--draws", "--alpha");
    private static final int SELECTION_DRAWS = 100;
    private static final int NOISY_AT_ONCE = 128;
    /** Of the search for a counterexample to a property. */
    private static final int STEPS = 50;

    private static final int STARTS = 16;

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

    @Option(
            names = "--norm",
            paramLabel = "NAME",
            description = "linf, l2 or l1 (default: linf; l2 with --method smoothing, which knows no other).")
    private String norm;

    @Option(
            names = "--eps",
            split = ",",
            paramLabel = "X",
            converter = Fraction.class,
            description = "Largest perturbation, in pixel units, such as 2/255; several with commas give a curve.")
    private List<Double> epsilons;

    @Option(
            names = "--method",
            paramLabel = "NAME",
            defaultValue = "alpha-crown",
            description =
                    "The last method tried: ibp, crown-ibp, crown, alpha-crown or branch-and-bound; or smoothing, which"
                            + " certifies the classifier under noise (default: ${DEFAULT-VALUE}).")
    private String method;

    @Option(
            names = "--seconds-per-image",
            paramLabel = "S",
            description = "Time of branch-and-bound, at most (default: 30).")
    private Double seconds;

    @Option(
            names = "--attack",
            split = ",",
            paramLabel = "NAME",
            defaultValue = "pgd:steps=20,apgd:restarts=3",
            description = "The attacks before the bounds and on what they leave open, or none (default:"
                    + " ${DEFAULT-VALUE}).")
    private List<String> attacks;

    @Option(
            names = "--batch-size",
            paramLabel = "N",
            defaultValue = "4",
            description = "Images that are bounded at once (default: ${DEFAULT-VALUE}).")
    private int batchSize;

    @Option(
            names = "--sigma",
            paramLabel = "X",
            converter = Fraction.class,
            description = "Standard deviation of the noise of smoothing, in pixel units (default: 0.25).")
    private Double sigma;

    @Option(
            names = "--draws",
            paramLabel = "N",
            description =
                    "Noisy images by which smoothing estimates the probability of an image's class, after 100 that"
                            + " select it (default: 1000).")
    private Integer draws;

    @Option(
            names = "--alpha",
            paramLabel = "X",
            description = "Probability of a wrong certificate of smoothing, for each image (default: 0.001).")
    private Double alpha;

    @Option(
            names = "--pictures",
            paramLabel = "DIR",
            description =
                    "Write a page of the result into this new folder: both curves over eps, the status of every image,"
                            + " and the cost of each stage.")
    private Path pictures;

    @Option(
            names = "--vnnlib",
            paramLabel = "FILE",
            description =
                    "Check this property (VNN-LIB, .vnnlib or .vnnlib.gz) of an ONNX model instead; its bounds are"
                            + " of the inputs that the model takes.")
    private Path property;

    @Mixin
    private final ListOption list = new ListOption();

    @Mixin
    private final ComputeOptions compute = new ComputeOptions();

    @Mixin
    private final Output output;

    private final Console console;
    private final List<String> arguments;

    CertifyCommand(Console console, List<String> arguments) {
        this.console = console;
        this.arguments = arguments;
        this.output = new Output(console);
    }

    @Override
    public Integer call() throws IOException {
        if (list.isGiven()) {
            return ListOption.show(output, Bound.class);
        }
        classifier.stated();
        if (property != null) {
            requireNone("--vnnlib", OF_IMAGES, OF_BOUNDS, OF_SMOOTHING);
            return property();
        }
        if (epsilons == null) {
            throw Usage.wrong(spec, "--eps: expected the largest perturbation, such as --eps 2/255");
        }
        if (method.equals(SMOOTHING)) {
            requireNone("--method smoothing", OF_BOUNDS, List.of("--seconds-per-image"));
            return smoothing();
        }
        requireNone("--method " + method, OF_SMOOTHING);
        if (pictures != null && Files.exists(pictures)) {
            throw new InputException(pictures + ": is there already; expected the name of a new folder");
        }
        Device device = compute.device();
        List<TwoSidedEvaluation> evaluations = Usage.check(spec, () -> evaluations(device));
        compute.start();
        ImageSet images = data.load(split, output);
        CertificationReport report;
        try (ClassifierFile model = classifier.read(device, images);
                WorkProgress progress = new WorkProgress(output, "images", console.interruption())) {
            console.interruption().delay();
            report = CertificationReport.of(model, images, evaluations, progress);
        } catch (UnsoundBoundException e) {
            throw Contradiction.saved(e, images);
        }
        report.notes().forEach(output::note);
        if (report.curve().isEmpty()) {
            output.say("Stopped before any image was done.");
            return Main.STOPPED;
        }
        output.result(report, CertifyText.of(report));
        if (pictures != null) {
            Output.write(report, pictures.resolve("results.json"));
            String command = "varepsilon " + ShellWords.quoted(arguments);
            output.say("All of it on one page: " + CertificationPage.write(report, pictures, command));
        }
        return report.complete() ? 0 : Main.STOPPED;
    }

    @SafeVarargs
    private void requireNone(String with, List<String>... groups) {
        for (List<String> options : groups) {
            for (String option : options) {
                if (spec.commandLine().getParseResult().hasMatchedOption(option)) {
                    throw Usage.wrong(spec, option + ": has no effect with " + with);
                }
            }
        }
    }

    private int property() throws IOException {
        List<Bound> bounds = Usage.check(spec, this::bounds);
        compute.start();
        PropertyResult result;
        try (WorkProgress progress = new WorkProgress(output, "properties", console.interruption())) {
            result = PropertyResult.of(
                    classifier.path(), property, new PropertyCheck(bounds, STEPS, STARTS, compute.seed()), progress);
        }
        output.result(result, CertifyText.of(result));
        return 0;
    }

    private int smoothing() throws IOException {
        if (norm != null && !norm.equals(Norm.L2.label())) {
            throw Usage.wrong(spec, "--norm " + norm + ": expected l2, in which smoothing certifies");
        }
        Device device = compute.start();
        RandomizedSmoothing smoothing = Usage.check(
                spec,
                () -> new RandomizedSmoothing(
                        sigma == null ? 0.25 : sigma,
                        SELECTION_DRAWS,
                        draws == null ? 1000 : draws,
                        alpha == null ? 0.001 : alpha,
                        NOISY_AT_ONCE,
                        compute.seed(),
                        device));
        double largest =
                epsilons.stream().mapToDouble(Double::doubleValue).max().orElseThrow();
        if (smoothing.largestRadius() <= largest) {
            output.note(String.format(
                    Locale.ROOT,
                    "with %d draws at σ = %s no radius above %.4g can be certified; more draws or more noise can.",
                    smoothing.draws(),
                    smoothing.sigma(),
                    smoothing.largestRadius()));
        }
        ImageSet images = data.load(split, output);
        SmoothingResult result;
        try (ClassifierFile model = classifier.read(device, images);
                WorkProgress progress = new WorkProgress(output, "noisy images", console.interruption())) {
            console.interruption().delay();
            result = SmoothingResult.of(model, images, smoothing, epsilons, progress);
        }
        if (result == null) {
            output.say("Stopped before any image was done.");
            return Main.STOPPED;
        }
        result.notes().forEach(output::note);
        output.result(result, CertifyText.of(result));
        return result.complete() ? 0 : Main.STOPPED;
    }

    private List<TwoSidedEvaluation> evaluations(Device device) {
        Norm of = norm == null ? Norm.LINF : Norm.named(norm);
        requireBounded(of);
        List<Bound> bounds = bounds();
        if (attacks.size() > 2) {
            throw Usage.wrong(spec, "--attack: expected at most two, before the bounds and after them");
        }
        List<Attack> parsed = attacks.stream()
                .map(name -> name.equals(NONE) ? null : Family.of(Attack.class).parse(name))
                .toList();
        return epsilons.stream()
                .sorted()
                .map(epsilon -> new TwoSidedEvaluation(
                        ThreatModel.of(of, epsilon),
                        parsed.get(0),
                        bounds,
                        parsed.size() > 1 ? parsed.get(1) : null,
                        batchSize,
                        compute.seed(),
                        device))
                .toList();
    }

    /** @throws InputException where no bounds are known in this norm */
    static void requireBounded(Norm norm) {
        if (norm == Norm.L0) {
            throw new InputException("--norm l0: expected linf, l2 or l1, in which bounds are known");
        }
    }

    /** Those before the one that is named, and it. */
    private List<Bound> bounds() {
        Bound last = Family.of(Bound.class).parse(method);
        if (last instanceof BranchAndBound search && seconds != null) {
            last = new BranchAndBound(seconds, search.parts(), search.steps());
        } else if (seconds != null) {
            throw Usage.wrong(spec, "--seconds-per-image: expected --method branch-and-bound beside it");
        }
        return Bound.upTo(last);
    }
}
