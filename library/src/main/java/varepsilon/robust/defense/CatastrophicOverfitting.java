package varepsilon.robust.defense;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import varepsilon.tensor.InputException;
import varepsilon.train.EpochResult;
import varepsilon.train.StopRule;

/**
 * Stops when training against a weak attack has collapsed: within an epoch the classifier learns to withstand that one
 * attack and nothing else. It shows where {@code robust_accuracy} in validation, under a stronger attack such as PGD, falls
 * far below its best while the training's own does not fall with it. Where both fall, the training is merely unstable.
 *
 * <p>Wong, Rice, Kolter 2020 ("Fast is better than free", section 5.4) stop when the accuracy under PGD drops; their code
 * compares one batch of training images with the epoch before, by 0.2. Held-out data against the best epoch see a slow
 * collapse too.
 *
 * @param drop how far below its best robust accuracy in validation must be, in (0, 1]
 * @param slack how much of its own robust accuracy training may have lost since that best epoch, in [0, 1]
 */
public record CatastrophicOverfitting(double drop, double slack) implements StopRule {
    private static final String METRIC = "robust_accuracy";

    /** Refuses what is not a difference of accuracies. */
    public CatastrophicOverfitting {
        if (!(drop > 0 && drop <= 1)) {
            throw new InputException("drop " + drop + " of robust accuracy: expected a number in (0, 1]");
        }
        if (!(slack >= 0 && slack <= 1)) {
            throw new InputException("slack " + slack + " of robust accuracy: expected a number in [0, 1]");
        }
    }

    /** A drop of 0.2, as in the paper's code, and 0.05 of slack: what an epoch's average may lose by chance. */
    public CatastrophicOverfitting() {
        this(0.2, 0.05);
    }

    /** @throws IllegalArgumentException where robust accuracy was not measured, in training or in validation */
    @Override
    public Optional<String> reasonToStop(List<EpochResult> history) {
        EpochResult last = history.get(history.size() - 1);
        EpochResult best = history.stream()
                .max(Comparator.comparingDouble(CatastrophicOverfitting::validated))
                .orElseThrow();
        boolean fallen = validated(last) <= validated(best) - drop;
        boolean unnoticed = trained(last) >= trained(best) - slack;
        return fallen && unnoticed
                ? Optional.of(
                        "catastrophic overfitting: since epoch " + best.epoch() + ", validation " + METRIC + " went"
                                + change(best, last, CatastrophicOverfitting::validated)
                                + ", training's own, under its own attack,"
                                + change(best, last, CatastrophicOverfitting::trained))
                : Optional.empty();
    }

    private static String change(EpochResult from, EpochResult to, ToDoubleFunction<EpochResult> value) {
        return String.format(Locale.ROOT, " from %.3f to %.3f", value.applyAsDouble(from), value.applyAsDouble(to));
    }

    private static double validated(EpochResult result) {
        return result.validation(METRIC);
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
