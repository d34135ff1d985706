package varepsilon.robust.attack;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import varepsilon.base.Family;
import varepsilon.base.InputException;
import varepsilon.classify.Classifier;
import varepsilon.classify.Logits;
import varepsilon.tensor.DType;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * The optimisation problem of an attack: examples, the classifier attacked, the threat model and the criterion of
 * success.
 */
public final class Problem {
    private final Classifier classifier;
    private final Tensor pixels;
    private final Tensor classes;
    private final Tensor targets;
    private final Criterion criterion;
    private final ThreatModel threat;
    private final boolean leaveWhenMet;
    private final Cost cost;
    private final int[] positions;
    private final BitSet withoutGradient;
    private final int passes;
    private final Tensor low;
    private final Tensor high;

    private Problem(
            Classifier classifier,
            Tensor pixels,
            Tensor classes,
            Tensor targets,
            Criterion criterion,
            ThreatModel threat,
            boolean leaveWhenMet,
            Cost cost,
            int[] positions,
            BitSet withoutGradient,
            int passes) {
        this.classifier = classifier;
        this.pixels = pixels;
        this.classes = classes;
        this.targets = targets;
        this.criterion = criterion;
        this.threat = threat;
        this.leaveWhenMet = leaveWhenMet;
        this.cost = cost;
        this.positions = positions;
        this.withoutGradient = withoutGradient;
        this.passes = passes;
        this.low = threat.box().below(pixels);
        this.high = threat.box().above(pixels);
    }

    /**
     * To find, for training, the perturbation of every example that raises the loss most, also of those that are
     * misclassified already.
     *
     * @param pixels N×…, floating point, inside the box
     * @param labels INT64 N
     * @param cost counts the attack's passes through the classifier
     */
    public static Problem ofTraining(
            Classifier classifier, Tensor pixels, Tensor labels, ThreatModel threat, Cost cost) {
        return new Problem(
                classifier,
                pixels.detach(),
                labels,
                null,
                Criterion.untargeted(),
                threat,
                false,
                cost,
                positionsOf(pixels),
                new BitSet(),
                1);
    }

    /** To find, for evaluation, one perturbation an example that meets the criterion; it then leaves the batch. */
    static Problem ofEvaluation(
            Classifier classifier, Tensor pixels, Tensor classes, Criterion criterion, ThreatModel threat, Cost cost) {
        return new Problem(
                classifier,
                pixels.detach(),
                classes,
                null,
                criterion,
                threat,
                true,
                cost,
                positionsOf(pixels),
                new BitSet(),
                1);
    }

    private static int[] positionsOf(Tensor pixels) {
        return IntStream.range(0, Math.toIntExact(pixels.size(0))).toArray();
    }

    /**
     * Where in the batch the gradient of an example was not finite so far, in an evaluation. Zero was used there
     * instead, so that this perturbation did not change and the others did.
     */
    int[] withoutGradient() {
        return withoutGradient.stream().toArray();
    }

    /**
     * The same, with losses that rise where the prediction moves to the target class named
     * ({@link NamedLoss#towards}). The criterion is that of this problem still: another class will do.
     *
     * @param targets INT64 N, other classes than those of the criterion, which are the labels
     */
    Problem towards(Tensor targets) {
        return new Problem(
                classifier,
                pixels,
                classes,
                targets,
                criterion,
                threat,
                leaveWhenMet,
                cost,
                positions,
                withoutGradient,
                passes);
    }

    /**
     * The same for a classifier that answers at random: losses, gradients and logits are means over so many passes
     * (expectation over transformation, Athalye et al. 2018).
     *
     * @param count at least 1
     */
    public Problem averaging(int count) {
        if (count < 1) {
            throw new IllegalArgumentException("passes " + count + ": expected at least 1");
        }
        return new Problem(
                classifier,
                pixels,
                classes,
                targets,
                criterion,
                threat,
                leaveWhenMet,
                cost,
                positions,
                withoutGradient,
                count);
    }

    /**
     * The same with another ε, from which no example leaves: for what an attack does on the way to its own ball.
     */
    Problem relaxed(double epsilon) {
        return new Problem(
                classifier,
                pixels,
                classes,
                targets,
                criterion,
                threat.withEpsilon(epsilon),
                false,
                cost,
                positions,
                withoutGradient,
                passes);
    }

    /** The unperturbed images, N×…. */
    public Tensor pixels() {
        return pixels;
    }

    /** INT64 N: the true labels, or the target classes of a targeted attack. */
    public Tensor classes() {
        return classes;
    }

    /** When the attack succeeds. */
    public Criterion criterion() {
        return criterion;
    }

    /** How far each value may fall before it leaves the box: at most 0, N×…. */
    public Tensor low() {
        return low;
    }

    /** How far each value may rise before it leaves the box: at least 0, N×…. */
    public Tensor high() {
        return high;
    }

    /** The threat model. */
    public ThreatModel threat() {
        return threat;
    }

    /** Counts the passes through the classifier. */
    Cost cost() {
        return cost;
    }

    /** The number of examples, N. */
    public long size() {
        return pixels.size(0);
    }

    /** Whether examples for which the criterion is met leave the batch. */
    boolean leaveWhenMet() {
        return leaveWhenMet;
    }

    /** The same for some of the examples: INT64 indices. */
    Problem select(Tensor indices) {
        return new Problem(
                classifier,
                pixels.indexSelect(0, indices),
                classes.indexSelect(0, indices),
                targets == null ? null : targets.indexSelect(0, indices),
                criterion,
                threat,
                leaveWhenMet,
                cost,
                Arrays.stream(indices.toLongs())
                        .mapToInt(index -> positions[Math.toIntExact(index)])
                        .toArray(),
                withoutGradient,
                passes);
    }

    /** The nearest perturbation inside the threat model. */
    public Tensor project(Tensor delta) {
        return threat.norm().project(delta, threat.epsilon(), low, high);
    }

    /** The perturbation inside the threat model that maximises a linear loss with this gradient. */
    public Tensor maximise(Tensor gradient) {
        return threat.norm().maximise(gradient, threat.epsilon(), low, high);
    }

    /** A perturbation moved by one step of ascent, inside the threat model. */
    public Tensor ascend(Tensor delta, Tensor gradient, double stepSize) {
        return threat.norm().ascend(delta, gradient, stepSize, threat.epsilon(), low, high);
    }

    /** The same for a loss that is not linear over a step of that length, as {@link Norm#explore} says. */
    Tensor explore(Tensor delta, Tensor gradient, double stepSize, double spread) {
        return threat.norm().explore(delta, gradient, stepSize, threat.epsilon(), low, high, spread);
    }

    /** A perturbation drawn uniformly from the ball, moved into the box. */
    public Tensor sample(Draws draws) {
        return project(threat.norm().sample(pixels, threat.epsilon(), draws));
    }

    /**
     * Loss and criterion at perturbed examples.
     *
     * @param loss the loss that the attack maximises, N
     * @param met BOOL N, whether the criterion is met
     */
    public record Outcome(Tensor loss, Tensor met) {}

    /** Loss and criterion at perturbed examples, without a gradient. */
    public Outcome evaluate(Tensor delta, AttackLoss loss) {
        try (var scope = Scope.withoutGradients()) {
            Tensor logits = meanLogits(pixels.add(delta));
            return new Outcome(scope.keep(rising(loss, logits)), scope.keep(criterion.isMet(logits, classes)));
        }
    }

    /** The logits at perturbed examples, N×K, without a gradient. */
    public Tensor logits(Tensor delta) {
        try (var scope = Scope.withoutGradients()) {
            return scope.keep(meanLogits(pixels.add(delta)));
        }
    }

    /** Whether the criterion is met at perturbed examples, BOOL N: all that an attack on labels alone may use. */
    public Tensor isMet(Tensor delta) {
        try (var scope = Scope.withoutGradients()) {
            return scope.keep(criterion.isMet(meanLogits(pixels.add(delta)), classes));
        }
    }

    /**
     * Loss, gradient and criterion at perturbed examples.
     *
     * @param loss the loss that the attack maximises, N
     * @param gradient of each example's loss with respect to its pixels, N×…
     * @param met BOOL N, whether the criterion is met already
     */
    public record Slope(Tensor loss, Tensor gradient, Tensor met) {}

    /** The gradient of each example's loss with respect to its pixels. The weights' gradients are not computed. */
    public Slope slope(Tensor delta, AttackLoss loss) {
        return slope(delta, loss, UnaryOperator.identity());
    }

    /**
     * The same for images that are changed before the classifier sees them; loss, gradient and criterion are those of
     * the changed images.
     *
     * @param change from the perturbed images, N×…, to what the classifier is given; differentiable
     */
    Slope slope(Tensor delta, AttackLoss loss, UnaryOperator<Tensor> change) {
        try (var scope = Scope.withoutGradients()) {
            Pass sum = pass(delta, loss, change);
            for (int i = 1; i < passes; i++) {
                try (var one = Scope.withoutGradients()) {
                    sum.add(pass(delta, loss, change));
                }
            }
            return new Slope(
                    scope.keep(mean(sum.loss)),
                    scope.keep(finite(mean(sum.gradient))),
                    scope.keep(criterion.isMet(mean(sum.logits), classes)));
        }
    }

    /** What one pass forward and back gives. */
    private record Pass(Tensor loss, Tensor gradient, Tensor logits) {
        void add(Pass other) {
            loss.addInPlace(other.loss);
            gradient.addInPlace(other.gradient);
            logits.addInPlace(other.logits);
        }
    }

    private Pass pass(Tensor delta, AttackLoss loss, UnaryOperator<Tensor> change) {
        try (var scope = Scope.withGradients()) {
            Tensor x = pixels.add(delta).detach().requiresGrad(true);
            Tensor logits = logitsOf(change.apply(x));
            requireDifferentiable(logits);
            // Examples are independent in evaluation mode, so the gradient of the sum consists of the gradient of each.
            Tensor value = rising(loss, logits);
            Tensor gradient = Gradients.of(value.sum(), x);
            cost.backward(size());
            return new Pass(scope.keep(value.detach()), scope.keep(gradient), scope.keep(logits.detach()));
        }
    }

    /**
     * By how much the margin loss exceeds what the criterion asks for, at perturbed examples: negative where it is not
     * met, N.
     */
    Tensor excess(Tensor delta) {
        return evaluate(delta, AttackLoss.MARGIN).loss().sub(criterion.threshold());
    }

    /**
     * Differences of logits with their gradients, all from one forward pass.
     *
     * @param excess by how much each exceeds what the criterion asks for, N×M: negative where it does not
     * @param gradients with respect to the pixels, N×M×D
     * @param met BOOL N, whether the criterion is met already
     */
    record Rivals(Tensor excess, Tensor gradients, Tensor met) {}

    /**
     * The other classes' logits less that of the label, for those of the highest logits: whichever exceeds what the
     * criterion asks for meets it. Towards targets, and where the criterion names a target, there is only the margin
     * loss.
     *
     * @param most of how many classes
     */
    Rivals rivals(Tensor delta, int most) {
        try (var scope = Scope.withGradients()) {
            Tensor x = pixels.add(delta).detach().requiresGrad(true);
            Tensor logits = meanLogits(x);
            requireDifferentiable(logits);
            Tensor met = criterion.isMet(logits.detach(), classes);
            Tensor differences = targets != null || criterion.direction() < 0
                    ? rising(AttackLoss.MARGIN, logits).unsqueeze(1)
                    : logits.gather(1, othersInOrder(logits, most)).sub(logits.gather(1, classes.unsqueeze(1)));
            List<Tensor> sums = new ArrayList<>();
            for (int j = 0; j < differences.size(1); j++) {
                sums.add(differences.narrow(1, j, 1).sum());
            }
            List<Tensor> gradients = new ArrayList<>();
            for (Tensor gradient : Gradients.ofEach(sums, x)) {
                cost.backward(size());
                gradients.add(finite(gradient).flatten(1));
            }
            return new Rivals(
                    scope.keep(differences.detach().sub(criterion.threshold())),
                    scope.keep(Tensor.stack(1, gradients)),
                    scope.keep(met));
        }
    }

    /** Other classes than those of the criterion, those of the highest logits first: INT64 N×M. */
    private Tensor othersInOrder(Tensor logits, int most) {
        Tensor own = classes.unsqueeze(1);
        Tensor lowest = own.to(logits.dtype()).mul(0).add(Double.NEGATIVE_INFINITY);
        return logits.detach()
                .scatter(1, own, lowest)
                .argsort(1, true)
                .narrow(1, 0, Math.min(most, logits.size(1) - 1));
    }

    /**
     * One problem for each of some other classes, in the order of their logits at the unperturbed images, the highest
     * first, {@link #towards} that class.
     *
     * @param first rank of the first, from 1
     * @param count how many; fewer where the classifier has fewer
     * @throws InputException where the criterion has a target class of its own
     */
    List<Problem> towardsHighest(int first, int count) {
        if (criterion.direction() < 0) {
            throw new InputException("the attack chooses target classes itself; where the target class is given, its"
                    + " targets must be 0");
        }
        Tensor logits = logits(pixels.zerosLike());
        Tensor order = othersInOrder(logits, first - 1 + count);
        List<Problem> result = new ArrayList<>();
        for (int j = first - 1; j < order.size(1); j++) {
            result.add(towards(order.narrow(1, j, 1).squeeze(1)));
        }
        return result;
    }

    private static void requireDifferentiable(Tensor logits) {
        if (!logits.requiresGrad()) {
            throw new InputException("the classifier's logits are not differentiable in the pixels; an attack that"
                    + " follows a gradient cannot be used on it. Attacks that need none: " + blackBoxAttacks());
        }
    }

    private static String blackBoxAttacks() {
        return Family.of(Attack.class).members().stream()
                .filter(member -> member.usual().knowledge().isBlackBox())
                .map(Family.Member::name)
                .collect(Collectors.joining(", "));
    }

    private Tensor mean(Tensor sum) {
        return passes == 1 ? sum : sum.div(passes);
    }

    private Tensor meanLogits(Tensor x) {
        Tensor sum = logitsOf(x);
        for (int i = 1; i < passes; i++) {
            sum = sum.add(logitsOf(x));
        }
        return mean(sum);
    }

    private Tensor finite(Tensor gradient) {
        if (gradient.isFinite()) {
            return gradient;
        }
        Tensor good = PerExample.isFinite(gradient);
        byte[] flags = good.to(DType.UINT8).toBytes();
        int[] bad = IntStream.range(0, flags.length)
                .filter(i -> flags[i] == 0)
                .map(i -> positions[i])
                .toArray();
        if (!leaveWhenMet) {
            throw new InputException("the classifier's logits are finite, but at " + bad.length + " of " + flags.length
                    + " images, the first of them number " + bad[0] + " of the batch, their gradient with respect to"
                    + " the pixels is not (NaN or infinite); an attack cannot follow it");
        }
        Arrays.stream(bad).forEach(withoutGradient::set);
        return gradient.where(PerExample.broadcast(good, gradient), gradient.zerosLike());
    }

    private Tensor rising(AttackLoss loss, Tensor logits) {
        if (targets != null) {
            return NamedLoss.towards(loss, logits, classes, targets);
        }
        Tensor value = loss.of(logits, classes);
        return criterion.direction() > 0 ? value : value.neg();
    }

    private Tensor logitsOf(Tensor x) {
        Tensor logits = classifier.logits(x);
        cost.forward(size());
        Logits.check(logits, size());
        return logits;
    }
}
