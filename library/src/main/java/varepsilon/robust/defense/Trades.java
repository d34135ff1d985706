package varepsilon.robust.defense;

import java.util.LinkedHashMap;
import java.util.Map;
import varepsilon.base.InputException;
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
 * cross-entropy. Robustness is bought with β, whatever the labels say. The attack compares with p(·|x) as the classifier
 * is used, which batch normalisation makes another than the p(·|x) that is trained, so each has its own pass.
 */
public final class Trades extends ClassifierObjective {
    private final Adversary adversary;
    private final Pgd attack;
    private final double beta;

    /**
     * Trains {@code classifier}.
     *
     * @param adversary its attack must be PGD with a random start: at x itself the divergence has no slope
     * @param beta weight of the divergence, at least 0; 6 in the paper's strongest model
     */
    public Trades(NetworkClassifier classifier, Settings settings, Adversary adversary, double beta) {
        super(classifier, settings);
        if (!(beta >= 0) || Double.isInfinite(beta)) {
            throw new InputException("beta " + beta + ": expected a number of at least 0");
        }
        if (!(adversary.attack() instanceof Pgd pgd) || !pgd.randomStart()) {
            throw new InputException("TRADES needs the attack pgd with a random start, not "
                    + adversary.attack().name() + ": at the image itself the divergence has no slope");
        }
        this.adversary = adversary;
        this.attack = pgd;
        this.beta = beta;
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
