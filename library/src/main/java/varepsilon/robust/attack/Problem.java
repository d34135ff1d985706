package varepsilon.robust.attack;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import varepsilon.base.Family;
import varepsilon.base.InputException;
import varepsilon.classify.Classifier;
import varepsilon.classify.Logits;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.NotDifferentiableException;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * The optimisation problem of an attack: examples, the classifier attacked, the threat model and the criterion of
 * success.
 */
public final class Problem {
    /** The height of a logit beside which the others do not count. */
    private static final double FAR = 1e4;

    private final Classifier classifier;
    private final Tensor pixels;
    private final Tensor classes;
    private final Tensor targets;
    private final Criterion criterion;
    private final ThreatModel threat;
    private final boolean leaveWhenMet;
    private final Cost cost;
    private final int[] positions;
    private final Seen seen;
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
            Seen seen) {
        this.classifier = classifier;
        this.pixels = pixels;
        this.classes = classes;
        this.targets = targets;
        this.criterion = criterion;
        this.threat = threat;
        this.leaveWhenMet = leaveWhenMet;
        this.cost = cost;
        this.positions = positions;
        this.seen = seen;
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
                new Seen());
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
                new Seen());
    }

    private static int[] positionsOf(Tensor pixels) {
        return IntStream.range(0, Math.toIntExact(pixels.size(0))).toArray();
    }

    /** What was seen of the examples so far, in an evaluation. */
    Seen seen() {
        return seen;
    }

    /**
     * The same, with losses that rise where the prediction moves to the target class named
     * ({@link NamedLoss#towards}). The criterion is that of this problem still: another class will do.
     *
     * @param targets INT64 N, other classes than those of the criterion, which are the labels
     */
    Problem towards(Tensor targets) {
        return new Problem(
                classifier, pixels, classes, targets, criterion, threat, leaveWhenMet, cost, positions, seen);
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
                seen);
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
            Tensor logits = logitsOf(pixels.add(delta));
            return new Outcome(scope.keep(rising(loss, logits)), scope.keep(met(delta, logits)));
        }
    }

    /**
     * The logits at perturbed examples, N×K, without a gradient. Of an example whose logits are not finite, in an
     * evaluation, such as are far from the criterion.
     */
    public Tensor logits(Tensor delta) {
        try (var scope = Scope.withoutGradients()) {
            Tensor logits = scope.keep(logitsOf(pixels.add(delta)));
            met(delta, logits);
            return logits;
        }
    }

    /** Whether the criterion is met at perturbed examples, BOOL N: all that an attack on labels alone may use. */
    public Tensor isMet(Tensor delta) {
        try (var scope = Scope.withoutGradients()) {
            return scope.keep(met(delta, logitsOf(pixels.add(delta))));
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
        try (var scope = Scope.withGradients()) {
            Tensor x = pixels.add(delta).detach().requiresGrad(true);
            Tensor logits = differentiable(x);
            if (!logits.requiresGrad()) {
                throw new InputException("the classifier's logits are not differentiable in the pixels;"
                        + " an attack that follows a gradient cannot be used on it" + withoutGradients());
            }
            // Examples are independent in evaluation mode, so the gradient of the sum consists of the gradient of each.
            Tensor value = rising(loss, logits);
            Tensor gradient = Gradients.of(value.sum(), x);
            cost.backward(size());
            return new Slope(
                    scope.keep(value.detach()),
                    scope.keep(finite(gradient)),
                    scope.keep(met(delta.detach(), logits.detach())));
        }
    }

    private Tensor differentiable(Tensor x) {
        try {
            return logitsOf(x);
        } catch (NotDifferentiableException e) {
            throw new InputException(e.getMessage() + withoutGradients(), e);
        }
    }

    private Tensor finite(Tensor gradient) {
        if (gradient.isFinite()) {
            return gradient;
        }
        Tensor good = PerExample.isFinite(gradient);
        int[] bad = positionsWhere(good.not());
        if (!leaveWhenMet) {
            throw new InputException("the classifier's logits are finite, but at " + bad.length + " of " + size()
                    + " images, the first of them number " + bad[0] + " of the batch, their gradient with respect to"
                    + " the pixels is not (NaN or infinite); an attack cannot follow it");
        }
        // Where the logits are not finite, nothing is expected of their gradient.
        Arrays.stream(bad).filter(i -> !seen.withoutLogits().get(i)).forEach(seen.withoutGradient()::set);
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
        if (!leaveWhenMet) {
            Logits.check(logits, size());
            return logits;
        }
        Logits.checkShape(logits, size());
        return logits.isFinite() ? logits : farFromMet(logits);
    }

    /**
     * Logits that are not finite replaced by such as are far from the criterion, so that the attack of the other
     * examples continues, and takes no point without logits for a success.
     */
    private Tensor farFromMet(Tensor logits) {
        Tensor good = PerExample.isFinite(logits);
        Arrays.stream(positionsWhere(good.not())).forEach(seen.withoutLogits()::set);
        Tensor none = logits.detach().zerosLike();
        Tensor far = classes.unsqueeze(1);
        Tensor height = far.to(logits.dtype()).zerosLike().add(criterion.direction() * FAR);
        return logits.where(PerExample.broadcast(good, logits), none.scatter(1, far, height));
    }

    /** Whether the criterion is met; remembers where it is by a perturbation inside the threat model. */
    private Tensor met(Tensor delta, Tensor logits) {
        Tensor met = criterion.isMet(logits, classes);
        if (leaveWhenMet && met.nonzero().count() > 0) {
            Tensor outside = PerExample.max(delta.sub(high).max(low.sub(delta))).gt(AttackRun.TOLERANCE);
            Tensor tooLong = threat.norm().length(delta).gt(threat.epsilon() + AttackRun.TOLERANCE);
            Tensor inside = met.not().or(outside).or(tooLong).not();
            Arrays.stream(positionsWhere(inside)).forEach(seen.met()::set);
        }
        return met;
    }

    /** Where in the whole batch the examples are for which a condition, BOOL N, holds. */
    private int[] positionsWhere(Tensor condition) {
        return Arrays.stream(condition.nonzero().toLongs())
                .mapToInt(i -> positions[Math.toIntExact(i)])
                .toArray();
    }

    private static String withoutGradients() {
        List<String> names = Family.of(Attack.class).members().stream()
                .filter(member -> member.usual().knowledge().isBlackBox())
                .map(Family.Member::name)
                .toList();
        return names.isEmpty() ? "" : "; these need no gradient: " + String.join(", ", names);
    }
}
