package varepsilon.robust.attack;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
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

    private final Setting setting;
    private final Tensor pixels;
    private final Tensor classes;
    private final Tensor targets;
    private final int[] positions;
    private final Tensor low;
    private final Tensor high;

    /**
     * What is the same for all examples.
     *
     * @param tolerant whether an example without finite logits or gradients is set aside, as in an evaluation; else
     *     it is an error
     * @param probing whether a success is not the attack's, as at points that it only looks at
     * @param passes over which logits, losses and gradients are averaged
     */
    private record Setting(
            Classifier classifier,
            Criterion criterion,
            ThreatModel threat,
            boolean leaveWhenMet,
            boolean tolerant,
            boolean probing,
            Cost cost,
            Seen seen,
            int passes) {
        Setting averaging(int count) {
            return new Setting(classifier, criterion, threat, leaveWhenMet, tolerant, probing, cost, seen, count);
        }

        Setting relaxed(double epsilon) {
            return new Setting(
                    classifier, criterion, threat.withEpsilon(epsilon), false, tolerant, probing, cost, seen, passes);
        }

        Setting asProbe() {
            return new Setting(classifier, criterion, threat, leaveWhenMet, tolerant, true, cost, seen, passes);
        }
    }

    private Problem(Setting setting, Tensor pixels, Tensor classes, Tensor targets, int[] positions) {
        this.setting = setting;
        this.pixels = pixels;
        this.classes = classes;
        this.targets = targets;
        this.positions = positions;
        this.low = setting.threat.box().below(pixels);
        this.high = setting.threat.box().above(pixels);
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
        return of(classifier, pixels, labels, Criterion.untargeted(), threat, false, cost);
    }

    /** To find, for evaluation, one perturbation an example that meets the criterion; it then leaves the batch. */
    static Problem ofEvaluation(
            Classifier classifier, Tensor pixels, Tensor classes, Criterion criterion, ThreatModel threat, Cost cost) {
        return of(classifier, pixels, classes, criterion, threat, true, cost);
    }

    private static Problem of(
            Classifier classifier,
            Tensor pixels,
            Tensor classes,
            Criterion criterion,
            ThreatModel threat,
            boolean leaveWhenMet,
            Cost cost) {
        int[] positions = IntStream.range(0, Math.toIntExact(pixels.size(0))).toArray();
        Setting setting =
                new Setting(classifier, criterion, threat, leaveWhenMet, leaveWhenMet, false, cost, new Seen(), 1);
        return new Problem(setting, pixels.detach(), classes, null, positions);
    }

    /** What was seen of the examples so far, in an evaluation. */
    Seen seen() {
        return setting.seen;
    }

    /**
     * The same, with losses that rise where the prediction moves to the target class named
     * ({@link NamedLoss#towards}). The criterion is that of this problem still: another class will do.
     *
     * @param targets INT64 N, other classes than those of the criterion, which are the labels
     */
    Problem towards(Tensor targets) {
        return new Problem(setting, pixels, classes, targets, positions);
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
        return new Problem(setting.averaging(count), pixels, classes, targets, positions);
    }

    /**
     * The same with another ε, from which no example leaves: for what an attack does on the way to its own ball.
     */
    Problem relaxed(double epsilon) {
        return new Problem(setting.relaxed(epsilon), pixels, classes, targets, positions);
    }

    /** The same for points that an attack looks at but does not return: a success there is none of the attack's. */
    Problem probe() {
        return new Problem(setting.asProbe(), pixels, classes, targets, positions);
    }

    /** Counts the passes through the classifier. */
    Cost cost() {
        return setting.cost;
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
        return setting.criterion;
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
        return setting.threat;
    }

    /** The number of examples, N. */
    public long size() {
        return pixels.size(0);
    }

    /** Whether examples for which the criterion is met leave the batch. */
    boolean leaveWhenMet() {
        return setting.leaveWhenMet;
    }

    /** The same for some of the examples: INT64 indices. */
    Problem select(Tensor indices) {
        return new Problem(
                setting,
                pixels.indexSelect(0, indices),
                classes.indexSelect(0, indices),
                targets == null ? null : targets.indexSelect(0, indices),
                Arrays.stream(indices.toLongs())
                        .mapToInt(index -> positions[Math.toIntExact(index)])
                        .toArray());
    }

    /** The nearest perturbation inside the threat model. */
    public Tensor project(Tensor delta) {
        return threat().norm().project(delta, threat().epsilon(), low, high);
    }

    /** The perturbation inside the threat model that maximises a linear loss with this gradient. */
    public Tensor maximise(Tensor gradient) {
        return threat().norm().maximise(gradient, threat().epsilon(), low, high);
    }

    /** A perturbation moved by one step of ascent, inside the threat model. */
    public Tensor ascend(Tensor delta, Tensor gradient, double stepSize) {
        return threat().norm().ascend(delta, gradient, stepSize, threat().epsilon(), low, high);
    }

    /** The same for a loss that is not linear over a step of that length, as {@link Norm#explore} says. */
    public Tensor explore(Tensor delta, Tensor gradient, double stepSize) {
        return explore(delta, gradient, stepSize, 1);
    }

    Tensor explore(Tensor delta, Tensor gradient, double stepSize, double spread) {
        return threat().norm().explore(delta, gradient, stepSize, threat().epsilon(), low, high, spread);
    }

    /** A perturbation drawn uniformly from the ball, moved into the box. */
    public Tensor sample(Draws draws) {
        return project(threat().norm().sample(pixels, threat().epsilon(), draws));
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
            return new Outcome(scope.keep(rising(loss, logits)), scope.keep(met(delta, logits)));
        }
    }

    /**
     * The logits at perturbed examples, N×K, without a gradient. Of an example whose logits are not finite, in an
     * evaluation, such as are far from the criterion.
     */
    public Tensor logits(Tensor delta) {
        try (var scope = Scope.withoutGradients()) {
            Tensor logits = scope.keep(meanLogits(pixels.add(delta)));
            met(delta, logits);
            return logits;
        }
    }

    /** Whether the criterion is met at perturbed examples, BOOL N: all that an attack on labels alone may use. */
    public Tensor isMet(Tensor delta) {
        try (var scope = Scope.withoutGradients()) {
            return scope.keep(met(delta, meanLogits(pixels.add(delta))));
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
            for (int i = 1; i < setting.passes; i++) {
                try (var one = Scope.withoutGradients()) {
                    sum.add(pass(delta, loss, change));
                }
            }
            return new Slope(
                    scope.keep(mean(sum.loss)),
                    scope.keep(finite(mean(sum.gradient))),
                    scope.keep(met(delta.detach(), mean(sum.logits))));
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
            Tensor logits = differentiable(() -> logitsOf(change.apply(x)));
            // Examples are independent in evaluation mode, so the gradient of the sum consists of the gradient of each.
            Tensor value = rising(loss, logits);
            Tensor gradient = Gradients.of(value.sum(), x);
            setting.cost.backward(size());
            return new Pass(scope.keep(value.detach()), scope.keep(gradient), scope.keep(logits.detach()));
        }
    }

    /**
     * By how much the margin loss exceeds what the criterion asks for, at perturbed examples: negative where it is not
     * met, N.
     */
    Tensor excess(Tensor delta) {
        return evaluate(delta, AttackLoss.MARGIN).loss().sub(setting.criterion.threshold());
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
            Tensor logits = differentiable(() -> meanLogits(x));
            Tensor met = met(delta.detach(), logits.detach());
            Tensor differences = targets != null || setting.criterion.direction() < 0
                    ? rising(AttackLoss.MARGIN, logits).unsqueeze(1)
                    : logits.gather(1, othersInOrder(logits, most)).sub(logits.gather(1, classes.unsqueeze(1)));
            List<Tensor> sums = new ArrayList<>();
            for (int j = 0; j < differences.size(1); j++) {
                sums.add(differences.narrow(1, j, 1).sum());
            }
            List<Tensor> gradients = new ArrayList<>();
            for (Tensor gradient : Gradients.ofEach(sums, x)) {
                setting.cost.backward(size());
                gradients.add(finite(gradient).flatten(1));
            }
            return new Rivals(
                    scope.keep(differences.detach().sub(setting.criterion.threshold())),
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
        if (setting.criterion.direction() < 0) {
            throw new InputException("the attack chooses target classes itself; where the target class is given, its"
                    + " targets must be 0");
        }
        Tensor logits = logits(pixels.zerosLike());
        Tensor order = othersInOrder(logits, (int) Math.min(Integer.MAX_VALUE, first - 1L + count));
        List<Problem> result = new ArrayList<>();
        for (int j = first - 1; j < order.size(1); j++) {
            result.add(towards(order.narrow(1, j, 1).squeeze(1)));
        }
        return result;
    }

    private static Tensor differentiable(Supplier<Tensor> pass) {
        Tensor logits;
        try {
            logits = pass.get();
        } catch (NotDifferentiableException e) {
            throw new InputException(e.getMessage() + withoutGradients(), e);
        }
        if (!logits.requiresGrad()) {
            throw new InputException("the classifier's logits are not differentiable in the pixels; an attack that"
                    + " follows a gradient cannot be used on it" + withoutGradients());
        }
        return logits;
    }

    private Tensor finite(Tensor gradient) {
        if (gradient.isFinite()) {
            return gradient;
        }
        Tensor good = PerExample.isFinite(gradient);
        int[] bad = positionsWhere(good.not());
        if (!setting.tolerant) {
            throw new InputException("the classifier's logits are finite, but at " + bad.length + " of " + size()
                    + " images, the first of them number " + bad[0] + " of the batch, their gradient with respect to"
                    + " the pixels is not (NaN or infinite); an attack cannot follow it");
        }
        // Where the logits are not finite, nothing is expected of their gradient.
        Arrays.stream(bad)
                .filter(i -> !setting.seen.withoutLogits().get(i))
                .forEach(setting.seen.withoutGradient()::set);
        return gradient.where(PerExample.broadcast(good, gradient), gradient.zerosLike());
    }

    private Tensor rising(AttackLoss loss, Tensor logits) {
        if (targets != null) {
            return NamedLoss.towards(loss, logits, classes, targets);
        }
        Tensor value = loss.of(logits, classes);
        return setting.criterion.direction() > 0 ? value : value.neg();
    }

    private Tensor mean(Tensor sum) {
        return setting.passes == 1 ? sum : sum.div(setting.passes);
    }

    private Tensor meanLogits(Tensor x) {
        Tensor sum = logitsOf(x);
        for (int i = 1; i < setting.passes; i++) {
            sum = sum.add(logitsOf(x));
        }
        return mean(sum);
    }

    private Tensor logitsOf(Tensor x) {
        setting.cost.forward(size());
        Tensor logits = setting.classifier.logits(x);
        if (!setting.tolerant) {
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
        Arrays.stream(positionsWhere(good.not())).forEach(setting.seen.withoutLogits()::set);
        Tensor none = logits.detach().zerosLike();
        Tensor far = classes.unsqueeze(1);
        Tensor height = far.to(logits.dtype()).zerosLike().add(setting.criterion.direction() * FAR);
        return logits.where(PerExample.broadcast(good, logits), none.scatter(1, far, height));
    }

    /** Whether the criterion is met; remembers where it is by a perturbation inside the threat model. */
    private Tensor met(Tensor delta, Tensor logits) {
        Tensor met = setting.criterion.isMet(logits, classes);
        if (setting.leaveWhenMet && !setting.probing && met.nonzero().count() > 0) {
            Tensor outside = PerExample.max(delta.sub(high).max(low.sub(delta))).gt(0);
            Tensor tooLong = threat().norm().length(delta).gt(threat().epsilon());
            Tensor inside = met.not().or(outside).or(tooLong).not();
            Arrays.stream(positionsWhere(inside)).forEach(setting.seen.met()::set);
        }
        return met;
    }

    /** Where in the whole batch the examples are for which a condition, BOOL N, holds. */
    private int[] positionsWhere(Tensor condition) {
        return Arrays.stream(condition.nonzero().toLongs())
                .mapToInt(i -> positions[Math.toIntExact(i)])
                .toArray();
    }

    /** The end of a message that names the attacks that need no gradient. */
    static String withoutGradients() {
        List<String> names = Family.of(Attack.class).members().stream()
                .filter(member -> member.usual().knowledge().isBlackBox())
                .map(Family.Member::name)
                .toList();
        return names.isEmpty() ? "" : "; these need no gradient: " + String.join(", ", names);
    }
}
