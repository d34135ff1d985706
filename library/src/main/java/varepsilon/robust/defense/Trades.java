package varepsilon.robust.defense;

import java.util.LinkedHashMap;
import java.util.Map;
import varepsilon.base.Declared;
import varepsilon.base.InputException;
import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.classify.NetworkClassifier;
import varepsilon.robust.attack.Attack;
import varepsilon.robust.attack.AttackLoss;
import varepsilon.robust.attack.Cost;
import varepsilon.robust.attack.Pgd;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;
import varepsilon.train.BatchResult;

/**
 * TRADES (Zhang et al. 2019): minimises CE(x) + β·KL(p(·|x) ‖ p(·|x_adv)), where x_adv raises that divergence, not the
 * cross-entropy. β weighs robustness against accuracy; the divergence does not depend on the labels. The attack uses
 * p(·|x) in evaluation mode, which batch normalisation makes different from p(·|x) in training mode, so each has its
 * own pass.
 */
public final class Trades extends ClassifierObjective {
    /** Chooses this defence, with β. */
    @Named(value = "trades", help = "cross-entropy and a divergence that perturbations raise (Zhang et al. 2019)")
    public record Choice(
            @Parameter(value = "weight of the divergence", min = 0)
            double beta) implements Defense {
        /** Rejects values outside their ranges. */
        public Choice {
            Declared.check(Choice.class, beta);
        }

        /** The usual value. */
        public Choice() {
            this(6);
        }

        @Override
        public Uses uses() {
            return Uses.ATTACK;
        }

        @Override
        public void requireUsable(Attack attack) {
            withRandomStart(attack);
        }

        @Override
        public ClassifierObjective objective(Training training) {
            return new Trades(training.classifier(), training.settings(), training.adversary(), beta);
        }
    }

    private final Adversary adversary;
    private final Pgd attack;
    private final double beta;

    /**
     * Trains {@code classifier}.
     *
     * @param adversary its attack must be PGD with a random start: at x itself the gradient of the divergence is zero
     * @param beta weight of the divergence, at least 0; 6 in the paper's strongest model
     */
    public Trades(NetworkClassifier classifier, Settings settings, Adversary adversary, double beta) {
        super(classifier, settings);
        this.adversary = adversary;
        this.attack = withRandomStart(adversary.attack());
        this.beta = new Choice(beta).beta();
    }

    private static Pgd withRandomStart(Attack attack) {
        if (attack instanceof Pgd pgd && pgd.randomStart()) {
            return pgd;
        }
        throw new InputException("attack " + attack.name() + ": expected pgd with a random start in TRADES"
                + ": at the image itself the gradient of the divergence is zero");
    }

    @Override
    protected BatchResult evaluate(Tensor pixels, Tensor labels, Rng rng, Cost cost) {
        Tensor perturbed = diverging(pixels, labels, rng, cost);
        Tensor clean = logits(pixels, cost);
        Tensor adversarial = logits(perturbed, cost);
        Map<String, Tensor> measured = new LinkedHashMap<>();
        measure(measured, clean, labels);
        measureAdversarial(measured, adversarial, labels);
        Tensor divergence = divergence(clean.logSoftmax(1), adversarial).mean();
        return new BatchResult(crossEntropy(clean, labels).mean().add(divergence.mul(beta)), measured);
    }

    private Tensor diverging(Tensor pixels, Tensor labels, Rng rng, Cost cost) {
        try (var scope = Scope.withoutGradients()) {
            Tensor reference = adversary.inMode(
                    classifier(), () -> classifier().logits(pixels).logSoftmax(1));
            cost.forward(pixels.size(0));
            AttackLoss loss = (logits, unused) -> divergence(reference, logits);
            Attack raising = attack.withLoss(loss);
            Adversary bound = new Adversary(raising, adversary.threat(), adversary.warmUpEpochs(), adversary.mode());
            return scope.keep(bound.perturbed(classifier(), pixels, labels, epoch(), rng, cost));
        }
    }

    /** KL(p ‖ softmax(logits)) of each example, in nats. */
    private static Tensor divergence(Tensor logP, Tensor logits) {
        return logP.exp().mul(logP.sub(logits.logSoftmax(1))).sum(1);
    }
}
