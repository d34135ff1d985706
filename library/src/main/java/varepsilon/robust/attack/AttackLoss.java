package varepsilon.robust.attack;

import java.util.Arrays;
import varepsilon.base.InputException;
import varepsilon.tensor.Tensor;

/** What an attack raises, by its gradient with respect to the image. */
@FunctionalInterface
public interface AttackLoss {
    /** −log softmax(logits) at the class, in the precision of the logits, as everybody computes it. */
    AttackLoss CROSS_ENTROPY = NamedLoss.CROSS_ENTROPY;

    /**
     * The same in double precision. Its slope in the logit of a class of probability p is p − 1: where a model is sure, that
     * is nothing but rounding in single precision, and an attack led by it goes astray, which looks like robustness.
     */
    AttackLoss EXACT_CROSS_ENTROPY = NamedLoss.EXACT_CROSS_ENTROPY;

    /** The largest other logit less that of the class (Carlini, Wagner 2017): it does not fade where the model is sure. */
    AttackLoss MARGIN = NamedLoss.MARGIN;

    /** Minus the logit of the class: a log-likelihood loss given logits by mistake. */
    AttackLoss NEGATIVE_LOGIT = NamedLoss.NEGATIVE_LOGIT;

    /**
     * One value an example.
     *
     * @param logits N×K
     * @param classes INT64 N
     */
    Tensor of(Tensor logits, Tensor classes);

    /**
     * A loss by name: {@code cross-entropy}, {@code exact-cross-entropy} or {@code margin}.
     *
     * @throws InputException where there is none
     */
    static AttackLoss parse(String name) {
        return Arrays.stream(NamedLoss.values())
                .filter(loss -> loss.isOffered() && loss.toString().equals(name))
                .findFirst()
                .orElseThrow(() -> new InputException("expected cross-entropy, exact-cross-entropy, margin"));
    }
}
