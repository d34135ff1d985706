package varepsilon.robust.evaluate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import varepsilon.base.StoppedException;
import varepsilon.base.Watch;
import varepsilon.classify.Classifier;
import varepsilon.data.Batches;
import varepsilon.data.ImageSet;
import varepsilon.robust.attack.Attack;
import varepsilon.robust.attack.AttackLoss;
import varepsilon.robust.attack.Criterion;
import varepsilon.robust.attack.Fgsm;
import varepsilon.robust.attack.GradientAttack;
import varepsilon.robust.attack.Knowledge;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.Pgd;
import varepsilon.robust.attack.SignNoise;
import varepsilon.robust.attack.Square;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.robust.attack.UniformNoise;
import varepsilon.stats.Accuracy;
import varepsilon.stats.PairedComparison;
import varepsilon.stats.Percent;
import varepsilon.tensor.NotDifferentiableException;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * Signs that attacks failed rather than the model resisted (Athalye, Carlini, Wagner 2018, "Obfuscated gradients give a
 * false sense of security", section 3.1; Carlini et al. 2019, "On evaluating adversarial robustness", section 5; Pintor
 * et al. 2022, "Indicators of attack failure"). No sign is a proof, nor is the absence of signs. What has to be run for
 * them runs on a part of the images, for about half of the cost of the evaluation, and on 10 images at least.
 */
public final class FailureChecks {
    static final String SINGLE_STEP = "single-step-stronger";
    static final String MONOTONE = "not-monotone-in-epsilon";
    static final String ZERO = "zero-epsilon";
    static final String UNBOUNDED = "unbounded-attack";
    static final String GRADIENT_FREE = "gradient-free-stronger";

    /** The significance level at which two attacks are compared on the same images. */
    private static final double SIGNIFICANCE = 0.05;
    /** The share of the images that an attack left and another finds, above which it counts as one that misses them. */
    private static final double MISSED = 0.01;

    private static final int LEAST_IMAGES = 10;
    private static final int MOST_IMAGES = 64;
    /** Steps that cross the box and settle, from the image itself. */
    private static final int UNBOUNDED_STEPS = 20;

    private static final int NOISE_DRAWS = 5;
    private static final int QUERIES = 200;
    private static final List<Attack> WITHOUT_GRADIENT =
            List.of(new UniformNoise(), new SignNoise(), new Square(QUERIES, 1, 0.8));

    private final RobustEvaluation evaluation;
    private final Classifier classifier;
    private final ImageSet images;
    private final RobustnessReport report;
    private final Watch watch;
    private final boolean differentiable;
    private final List<Check> found = new ArrayList<>();

    private FailureChecks(
            RobustEvaluation evaluation, Classifier classifier, ImageSet images, RobustnessReport report, Watch watch) {
        this.watch = watch;
        this.evaluation = evaluation;
        this.classifier = classifier;
        this.images = images;
        this.report = report;
        this.differentiable = isDifferentiable();
    }

    /** Whether there are gradients to be checked; an attack of another kind does without. */
    private boolean isDifferentiable() {
        try (var scope = Scope.withGradients()) {
            Tensor pixels = Batches.of(images.limit(1), 1)
                    .iterator()
                    .next()
                    .pixels(evaluation.device())
                    .requiresGrad(true);
            return classifier.evaluating(() -> classifier.logits(pixels)).requiresGrad();
        } catch (NotDifferentiableException e) {
            return false;
        }
    }

    /** Kinds of attacks. Each kind of gradient attack can find whatever the noise before it finds. */
    private enum Effort {
        NOISE,
        BLACK_BOX,
        SINGLE_STEP,
        SEARCH;

        static Effort of(Attack attack) {
            if (attack.knowledge() != Knowledge.GRADIENTS) {
                return attack.knowledge() == Knowledge.NOTHING ? NOISE : BLACK_BOX;
            }
            return attack instanceof GradientAttack gradient && gradient.steps() == 1 ? SINGLE_STEP : SEARCH;
        }

        static Effort of(TrialReport trial) {
            return of(trial.trial().attack());
        }
    }

    /**
     * All checks of an evaluation, one for each name, those of the report first. Checks that its attacks give no
     * occasion for are left out.
     *
     * @param evaluation that gave the report
     * @param classifier that was attacked
     * @param images of the report
     * @param watch may request a stop; the checks so far are returned then
     */
    public static List<Check> of(
            RobustEvaluation evaluation, Classifier classifier, ImageSet images, RobustnessReport report, Watch watch) {
        return report.n() == 0
                ? report.checks()
                : new FailureChecks(evaluation, classifier, images.limit(report.n()), report, watch).all();
    }

    private List<Check> all() {
        found.addAll(report.checks());
        List<Runnable> checks = List.of(
                this::compare, this::gradients, this::zeroEpsilon, this::unbounded, this::gradientFree, this::longer);
        for (int i = 0; i < checks.size() && !watch.stopRequested(); i++) {
            watch.progress("checking the attacks", i, checks.size());
            try {
                checks.get(i).run();
            } catch (StoppedException e) {
                break;
            }
        }
        return Check.byName(found);
    }

    /** What the trials of the report say about each other, and shorter or smaller ones where it has none. */
    private void compare() {
        found.addAll(comparisons(report, images.classNames().size(), images.dimensions()));
        for (TrialReport trial : searches()) {
            List<TrialReport> same = report.trials().stream()
                    .filter(other -> other.trial().hasGoalOf(trial.trial()))
                    .toList();
            if (isUntargeted(trial) && same.stream().noneMatch(other -> Effort.of(other) == Effort.SINGLE_STEP)) {
                found.add(singleStep(trial));
            }
            boolean onCurve = report.trials().stream()
                    .anyMatch(other -> !other.trial().equals(trial.trial())
                            && other.trial().withEpsilon(0).equals(trial.trial().withEpsilon(0)));
            if (!onCurve && isUntargeted(trial) && trial.trial().threat().epsilon() > 0) {
                found.add(halfEpsilon(trial));
            }
        }
    }

    /**
     * Signs found by comparing the trials of a report.
     *
     * @param classes number of classes
     * @param dimensions values in an image
     */
    static List<Check> comparisons(RobustnessReport report, int classes, int dimensions) {
        List<Check> checks = new ArrayList<>();
        for (TrialReport weak : report.trials()) {
            for (TrialReport strong : report.trials()) {
                if (weak.trial().hasGoalOf(strong.trial()) && isUntargeted(strong)) {
                    pair(report, weak, strong).ifPresent(checks::add);
                }
            }
        }
        EpsilonCurve.of(report).forEach(curve -> checks.addAll(rises(curve)));
        report.trials().forEach(trial -> unbounded(trial, classes, dimensions).ifPresent(checks::add));
        return checks;
    }

    private static Optional<Check> pair(RobustnessReport report, TrialReport weak, TrialReport strong) {
        Effort less = Effort.of(weak);
        Effort more = Effort.of(strong);
        if (less == Effort.SINGLE_STEP && more == Effort.SEARCH) {
            return Optional.of(
                    singleStep(weak.trial().label(), strong.trial().attack().name(), weak.robust(), strong.robust()));
        }
        if (less == Effort.NOISE && more == Effort.SINGLE_STEP) {
            PairedComparison pairs = PairedComparison.of(weak.robust(), strong.robust());
            return Optional.of(gradientFree(
                    breaks(weak.trial().label(), broken(report, weak), report.n()) + ", "
                            + strong.trial().attack().name() + " " + broken(report, strong),
                    pairs.difference() < 0 && pairs.pValue() < SIGNIFICANCE));
        }
        if ((less == Effort.NOISE || less == Effort.BLACK_BOX) && more == Effort.SEARCH) {
            int left = strong.accuracy().correct();
            int missed = (int) IntStream.range(0, report.n())
                    .filter(i -> strong.robust()[i] && !weak.robust()[i])
                    .count();
            return Optional.of(missed(weak.trial().label(), strong.trial(), missed, left));
        }
        return Optional.empty();
    }

    private static int broken(RobustnessReport report, TrialReport trial) {
        return report.clean().correct() - trial.accuracy().correct();
    }

    private static String breaks(String label, int broken, int n) {
        return label + " breaks " + broken + " of " + n + " images";
    }

    private static Check missed(String label, Trial strong, int missed, int left) {
        return gradientFree(
                label + " breaks " + missed + " of " + left + " images that " + strong.label() + " left",
                missed > MISSED * left);
    }

    static Check gradientFree(String saw, boolean tripped) {
        return tripped
                ? new Check(
                        GRADIENT_FREE,
                        true,
                        saw + ": the gradient carries little information",
                        "Do not rely on the gradient attack: attack the function that the model approximates, or by scores"
                                + " alone.")
                : Check.passed(GRADIENT_FREE, saw);
    }

    private static Check singleStep(String one, String many, boolean[] byOne, boolean[] byMany) {
        PairedComparison pairs = PairedComparison.of(byOne, byMany);
        int n = pairs.n();
        String saw = one + " leaves " + pairs.first().correct() + " of " + n + " images correctly classified, " + many
                + " " + pairs.second().correct();
        return pairs.difference() < 0 && pairs.pValue() < SIGNIFICANCE
                ? new Check(
                        SINGLE_STEP,
                        true,
                        saw + ": one step does better than many",
                        "The search fails: the gradient is masked, or the step size is unsuitable. Try other step sizes,"
                                + " more steps and the margin loss.")
                : Check.passed(SINGLE_STEP, saw);
    }

    private Check singleStep(TrialReport trial) {
        // An image costs a single step three passes: before, the gradient, and after.
        ImageSet some = images.limit(affordable(List.of(trial), 3, 500));
        Attack step = new Fgsm(lossOf(trial));
        TrialReport one = again(trial.trial(), step, trial.trial().threat(), some);
        return singleStep(
                one.trial().label(),
                trial.trial().attack().name(),
                one.robust(),
                Arrays.copyOf(trial.robust(), some.size()));
    }

    /** A perturbation allowed at some ε is allowed at every larger ε. */
    private static List<Check> rises(EpsilonCurve curve) {
        List<Check> checks = new ArrayList<>();
        if (Effort.of(curve.trials().get(0)) != Effort.SEARCH
                || !isUntargeted(curve.trials().get(0))) {
            return checks;
        }
        for (int i = 1; i < curve.trials().size(); i++) {
            TrialReport near = curve.trials().get(i - 1);
            TrialReport far = curve.trials().get(i);
            PairedComparison pairs = PairedComparison.of(near.robust(), far.robust());
            checks.add(monotone(
                    far.trial().label() + " leaves a robust accuracy of "
                            + Percent.of(far.accuracy().rate()) + ", and of "
                            + Percent.of(near.accuracy().rate()) + " at ε "
                            + Numbers.shortest(near.trial().threat().epsilon()),
                    pairs.difference() < 0 && pairs.pValue() < SIGNIFICANCE));
        }
        return checks;
    }

    private static Check monotone(String saw, boolean tripped) {
        return tripped
                ? new Check(
                        MONOTONE,
                        true,
                        saw + ": the attack misses adversarial examples that it finds at a smaller ε",
                        "Its step size or number of steps is unsuitable: take shorter and more steps, and the worst case"
                                + " over several ε.")
                : Check.passed(MONOTONE, saw);
    }

    /** The same attack at half of ε, on images that it left at ε. */
    private Check halfEpsilon(TrialReport trial) {
        ThreatModel half =
                trial.trial().threat().withEpsilon(trial.trial().threat().epsilon() / 2);
        int[] left = where(trial.robust(), share());
        int broken = left.length == 0
                ? 0
                : left.length
                        - again(trial.trial(), cheap(trial), half, images.subset(left))
                                .accuracy()
                                .correct();
        return monotone(
                "of " + left.length + " images that " + trial.trial().label() + " left, it breaks " + broken + " at ε "
                        + Numbers.shortest(half.epsilon()),
                broken > 0);
    }

    /** Where any image may become any other, all can become the same image, and that has one prediction. */
    private static Optional<Check> unbounded(TrialReport trial, int classes, int dimensions) {
        boolean applies = trial.trial().threat().allowsAnything(dimensions) && Effort.of(trial) == Effort.SEARCH;
        return applies ? Optional.of(unbounded(trial.trial().label(), trial.accuracy(), classes)) : Optional.empty();
    }

    private static Check unbounded(String label, Accuracy left, int classes) {
        double chance = 1.0 / classes;
        String saw = label + " leaves " + left.correct() + " of " + left.n()
                + " images correctly classified, though it may turn any image into any other (chance: "
                + Percent.of(chance) + ")";
        return left.interval().low() > chance
                ? new Check(
                        UNBOUNDED,
                        true,
                        saw,
                        "The attack fails: the gradient leads nowhere. Look for parts of the model that are not"
                                + " differentiable or saturate.")
                : Check.passed(UNBOUNDED, saw);
    }

    private void unbounded() {
        if (gradientTrials().isEmpty()) {
            return;
        }
        ThreatModel anything = ThreatModel.of(Norm.LINF, 1);
        Pgd pgd = Pgd.ofSteps(UNBOUNDED_STEPS).withRandomStart(false).withLoss(AttackLoss.MARGIN);
        int[] correct = where(report.correct(), affordable(report.trials(), 2 * UNBOUNDED_STEPS, MOST_IMAGES));
        if (correct.length > 0) {
            TrialReport left = again(Trial.untargeted(pgd, anything), pgd, anything, images.subset(correct));
            found.add(unbounded(
                    left.trial().label() + " with the margin loss",
                    left.accuracy(),
                    images.classNames().size()));
        }
    }

    /** Each attack with nothing allowed. */
    private void zeroEpsilon() {
        List<Attack> done = new ArrayList<>();
        for (TrialReport trial : report.trials()) {
            Attack attack = cheap(trial);
            if (!done.contains(attack)) {
                done.add(attack);
                ImageSet some = images.limit(share());
                TrialReport after =
                        again(trial.trial(), attack, trial.trial().threat().withEpsilon(0), some);
                found.add(zeroEpsilon(
                        attack.name(), Arrays.copyOf(report.predictions(), some.size()), after.predictions()));
            }
        }
    }

    /**
     * Whether predictions change where an attack may change nothing.
     *
     * @param attack its name
     * @param clean predictions for the images
     * @param after predictions for the same images after the attack at ε = 0
     */
    public static Check zeroEpsilon(String attack, int[] clean, int[] after) {
        long changed = IntStream.range(0, clean.length)
                .filter(i -> clean[i] != after[i])
                .count();
        String saw = attack + " at ε = 0 changes the predictions of " + changed + " of " + clean.length + " images";
        return changed > 0
                ? new Check(
                        ZERO,
                        true,
                        saw,
                        "The attack or the model changes images beside the perturbation, or the model is random: what is"
                                + " measured is not robustness. Look for a clamp in normalised units.")
                : Check.passed(ZERO, saw);
    }

    /** The gradients of every loss that is attacked. */
    private void gradients() {
        ImageSet some = images.limit(MOST_IMAGES);
        gradientTrials().stream()
                .map(this::lossOf)
                .distinct()
                .forEach(loss -> found.addAll(
                        GradientChecks.of(classifier, some, loss, evaluation.batchSize(), evaluation.device())));
    }

    /** Noise and a random search on images that gradient attacks left. */
    private void gradientFree() {
        List<TrialReport> done = new ArrayList<>();
        for (TrialReport trial : searches()) {
            boolean first = done.stream().noneMatch(other -> other.trial().hasGoalOf(trial.trial()));
            if (first && isUntargeted(trial)) {
                done.add(trial);
                gradientFree(trial, WITHOUT_GRADIENT);
            }
        }
    }

    private void gradientFree(TrialReport trial, List<Attack> attacks) {
        int[] surviving = where(trial.robust(), affordable(List.of(trial), QUERIES, MOST_IMAGES));
        if (surviving.length == 0) {
            found.add(Check.passed(GRADIENT_FREE, trial.trial().label() + " leaves no image correctly classified"));
            return;
        }
        ImageSet left = images.subset(surviving);
        boolean[] robust = new boolean[left.size()];
        Arrays.fill(robust, true);
        List<String> names = new ArrayList<>();
        for (Attack attack : attacks) {
            if (attack.norms().contains(trial.trial().threat().norm())) {
                names.add(attack.name());
                for (int draw = 0; draw < (attack.knowledge() == Knowledge.NOTHING ? NOISE_DRAWS : 1); draw++) {
                    boolean[] after = again(
                                    trial.trial(), attack, trial.trial().threat(), left, evaluation.seed() + draw)
                            .robust();
                    IntStream.range(0, robust.length).forEach(i -> robust[i] &= after[i]);
                }
            }
        }
        int missed =
                (int) IntStream.range(0, robust.length).filter(i -> !robust[i]).count();
        found.add(missed(String.join(", ", names), trial.trial(), missed, left.size()));
    }

    private void longer() {
        for (TrialReport trial : report.trials()) {
            LongerSearch.of(classifier, images, trial, evaluation, stops()).ifPresent(found::add);
        }
    }

    /** The attack, or the first of its stages: where no image leaves, all of them would cost too much. */
    private static Attack cheap(TrialReport trial) {
        return trial.stages().isEmpty()
                ? trial.trial().attack()
                : trial.stages().get(0).stage().attack();
    }

    private List<TrialReport> searches() {
        return report.trials().stream()
                .filter(trial -> differentiable && Effort.of(trial) == Effort.SEARCH)
                .toList();
    }

    private List<TrialReport> gradientTrials() {
        return report.trials().stream()
                .filter(trial -> differentiable && trial.trial().attack().knowledge() == Knowledge.GRADIENTS)
                .toList();
    }

    private AttackLoss lossOf(TrialReport trial) {
        return trial.trial().attack() instanceof GradientAttack gradient ? gradient.loss() : AttackLoss.MARGIN;
    }

    private static boolean isUntargeted(TrialReport trial) {
        return !(trial.trial().criterion() instanceof Criterion.Targeted);
    }

    private static int[] where(boolean[] condition, int most) {
        return IntStream.range(0, condition.length)
                .filter(i -> condition[i])
                .limit(most)
                .toArray();
    }

    /** An attack with the goal of a trial, on some images. */
    private TrialReport again(Trial trial, Attack attack, ThreatModel threat, ImageSet some) {
        return again(trial, attack, threat, some, evaluation.seed());
    }

    private TrialReport again(Trial trial, Attack attack, ThreatModel threat, ImageSet some, long seed) {
        Trial other = new Trial(attack, threat, trial.criterion(), trial.classes());
        RobustnessReport found = new RobustEvaluation(List.of(other), evaluation.batchSize(), seed, evaluation.device())
                .of(classifier, some, stops());
        if (!found.complete()) {
            throw new StoppedException();
        }
        return found.trials().get(0);
    }

    /** Ends a check where a stop is requested: a part of one says nothing. */
    private Watch stops() {
        return Watch.stopWhen(watch::stopRequested).throwing();
    }

    /** On so many images an attack costs a sixteenth of what it cost in the evaluation. */
    private int share() {
        return Math.max(LEAST_IMAGES, Math.min(MOST_IMAGES, report.n() / 16));
    }

    /** So many images that a sixteenth of the passes of some trials is enough for them. */
    private static int affordable(List<TrialReport> trials, long passesAnImage, int most) {
        long passes = trials.stream()
                .mapToLong(trial -> trial.forwardPasses() + trial.backwardPasses())
                .sum();
        return (int) Math.max(LEAST_IMAGES, Math.min(most, passes / 16 / passesAnImage));
    }
}
