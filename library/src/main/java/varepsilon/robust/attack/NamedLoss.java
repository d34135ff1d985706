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
    };

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
