package varepsilon.robust.defense;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import varepsilon.base.InputException;
import varepsilon.train.EpochResult;
import varepsilon.train.StopRule;

/**
 * Stops when training against a weak attack has collapsed: within an epoch the classifier becomes robust to that one
 * attack only. {@code robust_accuracy} in validation, under a stronger attack such as PGD, then falls far below its
 * best, while the training's own, under its own attack, is as high as that best or higher. Where both fall, the cause
 * is unstable training, not catastrophic overfitting.
 *
 * <p>Wong, Rice, Kolter 2020 ("Fast is better than free", section 5.4) stop when the accuracy under PGD drops; their
 * code compares one batch of training images with the epoch before, by 0.2. Comparing held-out data with the best epoch
 * also detects a slow collapse.
 *
 * @param drop how far below its best robust accuracy in validation must be, in (0, 1]
 * @param warmUpEpochs over how many epochs ε grows in training; they do not count, as training's own attack is still
 *     weak and the classifier not yet fitted to it
 */
public record CatastrophicOverfitting(double drop, double warmUpEpochs) implements StopRule {
    private static final String METRIC = "robust_accuracy";

    /** Rejects a drop outside (0, 1] and a warm-up that is negative or not finite. */
    public CatastrophicOverfitting {
        if (!(drop > 0 && drop <= 1)) {
            throw new InputException("drop " + drop + " of robust accuracy: expected a number in (0, 1]");
        }
        if (!(warmUpEpochs >= 0)) {
            throw new InputException("epsilon warm-up of " + warmUpEpochs + " epochs: expected a number of at least 0");
        }
    }

    /** A drop of 0.2, as in the paper's code, where ε does not warm up. */
    public CatastrophicOverfitting() {
        this(0.2, 0);
    }

    /** @throws IllegalArgumentException where robust accuracy was not measured, in training or in validation */
    @Override
    public Optional<String> reasonToStop(List<EpochResult> history) {
        EpochResult last = history.get(history.size() - 1);
        double validated = last.validation(METRIC);
        double trained = trained(last);
        double best = history.stream()
                .filter(epoch -> epoch.epoch() >= warmUpEpochs)
                .mapToDouble(epoch -> epoch.validation(METRIC))
                .max()
                .orElse(validated);
        return validated <= best - drop && trained >= best
                ? Optional.of(String.format(
                        Locale.ROOT,
                        "catastrophic overfitting: validation %s fell from %.3f to %.3f, while training's, under its"
                                + " own attack, is %.3f",
                        METRIC,
                        best,
                        validated,
                        trained))
                : Optional.empty();
    }

    private static double trained(EpochResult result) {
        Double value = result.train().get(METRIC);
        if (value == null) {
            throw new IllegalArgumentException("no training metric '" + METRIC + "' among "
                    + result.train().keySet() + ": the rule is for training on perturbed images");
        }
        return value;
    }
}
