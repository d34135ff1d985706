package varepsilon.robust.attack;

import varepsilon.tensor.DType;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Tensor;

/** What an attack raises, by its gradient with respect to the image. */
@FunctionalInterface
public interface AttackLoss {
    /** −log softmax(logits) at the class, in the precision of the logits, as everybody computes it. */
    AttackLoss CROSS_ENTROPY = Ops::crossEntropy;

    /**
     * The same in double precision. Its slope in the logit of a class of probability p is p − 1: where a model is sure, that
     * is nothing but rounding in single precision, and an attack led by it goes astray, which looks like robustness.
     */
    AttackLoss EXACT_CROSS_ENTROPY = (logits, classes) -> Ops.crossEntropy(logits.to(DType.FLOAT64), classes);

    /** The largest other logit less that of the class (Carlini, Wagner 2017): it does not fade where the model is sure. */
    AttackLoss MARGIN = (logits, classes) -> {
        Tensor index = classes.unsqueeze(1);
        Tensor own = logits.gather(1, index);
        Tensor minusInfinity = own.zerosLike().detach().add(Double.NEGATIVE_INFINITY);
        return logits.scatter(1, index, minusInfinity).amax(1).sub(own.squeeze(1));
    };

    /** Minus the logit of the class: a log-likelihood loss given logits by mistake. */
    AttackLoss NEGATIVE_LOGIT = (logits, classes) ->
            logits.gather(1, classes.unsqueeze(1)).squeeze(1).neg();

    /**
     * One value an example.
     *
     * @param logits N×K
     * @param classes INT64 N
     */
    Tensor of(Tensor logits, Tensor classes);
}
