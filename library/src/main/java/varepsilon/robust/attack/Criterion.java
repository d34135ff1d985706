package varepsilon.robust.attack;

import varepsilon.base.InputException;
import varepsilon.classify.Predictions;
import varepsilon.tensor.Tensor;

/** When an attack succeeds. Examples for which it is met leave the batch. */
public sealed interface Criterion {
    /**
     * For which examples it is met.
     *
     * @param logits N×K
     * @param classes INT64 N: the true labels, or the target classes of a targeted attack
     * @return BOOL N
     */
    Tensor isMet(Tensor logits, Tensor classes);

    /** +1 where the loss of {@code classes} is to rise, −1 where it is to fall. */
    int direction();

    /**
     * The margin loss above which it is met: 0 where the prediction decides, whose ties {@link #isMet} breaks.
     */
    default double threshold() {
        return 0;
    }

    /** The prediction differs from the true label. */
    static Criterion untargeted() {
        return new Untargeted();
    }

    /** The prediction is the target class. */
    static Criterion targeted() {
        return new Targeted();
    }

    /**
     * The largest other logit exceeds that of the true label by more than {@code kappa}.
     *
     * @param kappa in logits, above 0
     */
    static Criterion margin(double kappa) {
        return new Margin(kappa);
    }

    /** @see Criterion#untargeted */
    record Untargeted() implements Criterion {
        @Override
        public Tensor isMet(Tensor logits, Tensor classes) {
            // Compares predictions, so that ties are broken in the same way as when accuracy is counted.
            return Predictions.match(logits, classes).not();
        }

        @Override
        public int direction() {
            return 1;
        }
    }

    /** @see Criterion#targeted */
    record Targeted() implements Criterion {
        @Override
        public Tensor isMet(Tensor logits, Tensor classes) {
            return Predictions.match(logits, classes);
        }

        @Override
        public int direction() {
            return -1;
        }
    }

    /** @see Criterion#margin */
    record Margin(double kappa) implements Criterion {
        /** Rejects what is not a positive number. */
        public Margin {
            if (!(kappa > 0) || Double.isInfinite(kappa)) {
                throw new InputException("margin " + kappa + ": expected a positive number of logits");
            }
        }

        @Override
        public Tensor isMet(Tensor logits, Tensor classes) {
            return AttackLoss.MARGIN.of(logits, classes).gt(kappa);
        }

        @Override
        public int direction() {
            return 1;
        }

        @Override
        public double threshold() {
            return kappa;
        }
    }
}
