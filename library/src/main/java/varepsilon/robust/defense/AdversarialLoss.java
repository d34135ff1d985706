package varepsilon.robust.defense;

import java.util.LinkedHashMap;
import java.util.Map;
import varepsilon.base.Declared;
import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.classify.NetworkClassifier;
import varepsilon.robust.attack.AttackLoss;
import varepsilon.robust.attack.Cost;
import varepsilon.robust.attack.Fgsm;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;
import varepsilon.train.BatchResult;

/**
 * Minimises α·CE(x) + (1 − α)·CE(x_adv) (Goodfellow et al. 2015, section 6). With α = 0 it is the adversarial training
 * of Madry et al. 2018, with a random-start FGSM inside the fast one of Wong et al. 2020. The two batches pass the
 * network one after the other, so that each has its own batch normalisation statistics.
 *
 * <p>FGSM needs the gradient of CE(x), which training computes as well. Where both use the network in the same mode,
 * one pass serves both: two forward and two backward passes an image instead of three. That is so where labels are not
 * smoothed and either nothing in the network depends on the mode or the adversary attacks in training mode. In
 * evaluation mode batch normalisation gives other outputs than in training, and from a random start the images differ,
 * so no pass can be shared.
 */
public final class AdversarialLoss extends ClassifierObjective {
    /** Chooses this defence, with α. */
    @Named(value = "adversarial-loss", help = "weighted cross-entropies on unperturbed and on perturbed images")
    public record Choice(
            @Parameter(value = "weight of unperturbed images", min = 0, max = 1)
            double alpha) implements Defense {
        /** Rejects values outside their ranges. */
        public Choice {
            Declared.check(Choice.class, alpha);
        }

        /** The usual value. */
        public Choice() {
            this(0.5);
        }

        @Override
        public Uses uses() {
            return Uses.ATTACK;
        }

        @Override
        public ClassifierObjective objective(Training training) {
            return new AdversarialLoss(training.classifier(), training.settings(), training.adversary(), alpha);
        }
    }

    private final Adversary adversary;
    private final double alpha;
    private final boolean sharing;

    /**
     * Trains {@code classifier}.
     *
     * @param alpha weight of the unperturbed images, in [0, 1]; at 1 no image is attacked
     */
    public AdversarialLoss(NetworkClassifier classifier, Settings settings, Adversary adversary, double alpha) {
        super(classifier, settings);
        this.adversary = adversary;
        this.alpha = new Choice(alpha).alpha();
        this.sharing = alpha > 0 && settings.labelSmoothing() == 0 && looksAtTrainingPass(classifier, adversary);
    }

    /** Whether the attack computes the same gradients as training on the unperturbed images. */
    private static boolean looksAtTrainingPass(NetworkClassifier classifier, Adversary adversary) {
        boolean modeless = classifier.module().state().size()
                == classifier.module().parameters().size();
        return adversary.attack().equals(new Fgsm(AttackLoss.CROSS_ENTROPY))
                && (modeless || adversary.mode() == Adversary.Mode.TRAINING);
    }

    @Override
    protected BatchResult evaluate(Tensor pixels, Tensor labels, Rng rng, Cost cost) {
        Map<String, Tensor> measured = new LinkedHashMap<>();
        if (alpha == 1) {
            return new BatchResult(clean(pixels, labels, measured, cost).mean(), measured);
        }
        if (sharing) {
            SharedPass pass =
                    SharedPass.of(classifier().module(), pixels, images -> clean(images, labels, measured, cost));
            Tensor perturbed = adversary.perturbedAlong(pass.imageGradient(), classifier(), pixels, labels, epoch());
            return result(pass.loss().mul(1.0 / pixels.size(0)), perturbed, labels, measured, cost);
        }
        Tensor perturbed = adversary.perturbed(classifier(), pixels, labels, epoch(), rng, cost);
        Tensor clean = alpha > 0 ? clean(pixels, labels, measured, cost).mean() : null;
        return result(clean, perturbed, labels, measured, cost);
    }

    /** Losses on unperturbed images, N. */
    private Tensor clean(Tensor pixels, Tensor labels, Map<String, Tensor> measured, Cost cost) {
        Tensor logits = logits(pixels, cost);
        measure(measured, logits, labels);
        return crossEntropy(logits, labels);
    }

    /** @param clean mean loss on unperturbed images; null where its weight is 0 */
    private BatchResult result(Tensor clean, Tensor perturbed, Tensor labels, Map<String, Tensor> measured, Cost cost) {
        Tensor logits = logits(perturbed, cost);
        measureAdversarial(measured, logits, labels);
        Tensor adversarial = crossEntropy(logits, labels).mean().mul(1 - alpha);
        return new BatchResult(clean == null ? adversarial : clean.mul(alpha).add(adversarial), measured);
    }
}
