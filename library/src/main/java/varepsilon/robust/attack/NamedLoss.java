package varepsilon.robust.attack;

import java.util.Locale;
import varepsilon.tensor.DType;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Tensor;

/** The losses of {@link AttackLoss}, where they are documented. */
enum NamedLoss implements AttackLoss {
    CROSS_ENTROPY {
        @Override
        public Tensor of(Tensor logits, Tensor classes) {
            return Ops.crossEntropy(logits, classes);
        }
    },
    EXACT_CROSS_ENTROPY {
        @Override
        public Tensor of(Tensor logits, Tensor classes) {
            return Ops.crossEntropy(logits.to(DType.FLOAT64), classes);
        }
    },
    MARGIN {
        @Override
        public Tensor of(Tensor logits, Tensor classes) {
            Tensor index = classes.unsqueeze(1);
            Tensor own = logits.gather(1, index);
            Tensor minusInfinity = own.zerosLike().detach().add(Double.NEGATIVE_INFINITY);
            return logits.scatter(1, index, minusInfinity).amax(1).sub(own.squeeze(1));
        }

        @Override
        Tensor towards(Tensor logits, Tensor labels, Tensor targets) {
            Tensor target = logits.gather(1, targets.unsqueeze(1));
            return target.sub(logits.gather(1, labels.unsqueeze(1))).squeeze(1);
        }
    },
    DLR {
        @Override
        public Tensor of(Tensor logits, Tensor classes) {
            Tensor margin = MARGIN.of(logits, classes);
            if (logits.size(1) < 3) {
                return margin;
            }
            Tensor sorted = descending(logits);
            return margin.div(column(sorted, 0).sub(column(sorted, 2)).add(TINY));
        }

        @Override
        Tensor towards(Tensor logits, Tensor labels, Tensor targets) {
            Tensor rise = MARGIN.towards(logits, labels, targets);
            if (logits.size(1) < 3) {
                return rise;
            }
            Tensor sorted = descending(logits);
            Tensor low = logits.size(1) == 3
                    ? column(sorted, 2)
                    : column(sorted, 2).add(column(sorted, 3)).mul(0.5);
            return rise.div(column(sorted, 0).sub(low).add(TINY));
        }
    };

    // Where the largest logits are equal, their difference is no divisor.
    private static final double TINY = 1e-12;

    private static Tensor descending(Tensor logits) {
        return logits.gather(1, logits.detach().argsort(1, true));
    }

    private static Tensor column(Tensor sorted, long index) {
        return sorted.narrow(1, index, 1).squeeze(1);
    }

    /**
     * The loss that rises where a prediction moves from its label to a certain other class, as an untargeted attack
     * raises it that tries one class after the other. One value an example.
     *
     * @param logits N×K
     * @param labels INT64 N
     * @param targets INT64 N, other classes than the labels
     */
    static Tensor towards(AttackLoss loss, Tensor logits, Tensor labels, Tensor targets) {
        return loss instanceof NamedLoss named
                ? named.towards(logits, labels, targets)
                : loss.of(logits, targets).neg();
    }

    Tensor towards(Tensor logits, Tensor labels, Tensor targets) {
        return of(logits, targets).neg();
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
