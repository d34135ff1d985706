package varepsilon.robust.defense;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import varepsilon.base.Declared;
import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.classify.NetworkClassifier;
import varepsilon.robust.attack.Cost;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;
import varepsilon.train.BatchResult;

/**
 * Minimises the cross-entropy on images under normal noise, which is not clipped: for classifiers that are smoothed by
 * the same noise (Cohen et al. 2019, "Certified adversarial robustness via randomized smoothing"). {@code
 * noisy_accuracy} is that under noise, in training and in validation.
 */
public final class GaussianNoise extends ClassifierObjective {
    /** Chooses training under noise. */
    @Named(value = "gaussian", help = "cross-entropy on images under normal noise, to be smoothed (Cohen et al. 2019)")
    public record Choice(
            @Parameter(value = "standard deviation of the noise, in pixel units", above = 0)
            double sigma) implements Defense {
        /** Rejects values outside their ranges. */
        public Choice {
            Declared.check(Choice.class, sigma);
        }

        /** σ = 0.25. */
        public Choice() {
            this(0.25);
        }

        @Override
        public Uses uses() {
            return Uses.NOTHING;
        }

        @Override
        public Optional<String> monitored() {
            return Optional.of(NOISY);
        }

        @Override
        public ClassifierObjective objective(Training training) {
            return new GaussianNoise(training.classifier(), training.settings(), sigma);
        }
    }

    private static final String NOISY = "noisy_accuracy";

    private final double sigma;

    /**
     * Trains {@code classifier}.
     *
     * @param sigma standard deviation of the noise, in pixel units, above 0
     */
    public GaussianNoise(NetworkClassifier classifier, Settings settings, double sigma) {
        super(classifier, settings);
        this.sigma = new Choice(sigma).sigma();
    }

    @Override
    protected BatchResult evaluate(Tensor pixels, Tensor labels, Rng rng, Cost cost) {
        Tensor logits = logits(noisy(pixels, rng), cost);
        Tensor loss = crossEntropy(logits, labels);
        Map<String, Tensor> measured = new LinkedHashMap<>();
        measured.put("noisy_loss", loss.detach());
        measured.put(NOISY, hits(logits, labels));
        return new BatchResult(loss.mean(), measured);
    }

    @Override
    protected void validate(Map<String, Tensor> measured, Tensor pixels, Tensor labels, Tensor logits, Rng rng) {
        measured.put(NOISY, hits(classifier().logits(noisy(pixels, rng)), labels));
    }

    private Tensor noisy(Tensor pixels, Rng rng) {
        return pixels.add(
                rng.normal(pixels.dtype(), pixels.shape()).to(pixels.device()).mul(sigma));
    }
}
