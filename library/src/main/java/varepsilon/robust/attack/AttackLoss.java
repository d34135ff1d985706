package varepsilon.robust.attack;

import java.util.Arrays;
import java.util.stream.Collectors;
import varepsilon.base.InputException;
import varepsilon.tensor.Tensor;

/** The loss that an attack maximises by following its gradient with respect to the image. */
@FunctionalInterface
public interface AttackLoss {
    /** Help on a parameter of this type. */
    String HELP = "loss that is maximised: cross-entropy, exact-cross-entropy (the same in double precision), margin or"
            + " dlr";

    /** −log softmax(logits) at the class, in the precision of the logits: the usual cross-entropy. */
    AttackLoss CROSS_ENTROPY = NamedLoss.CROSS_ENTROPY;

    /**
     * The cross-entropy in double precision. Its derivative in the logit of a class of probability p is p − 1. Where p
     * is close to 1, that is only rounding error in single precision; an attack that follows it fails, and robust
     * accuracy is overestimated.
     */
    AttackLoss EXACT_CROSS_ENTROPY = NamedLoss.EXACT_CROSS_ENTROPY;

    /**
     * The largest other logit less that of the class (Carlini, Wagner 2017): its gradient does not vanish where the
     * predicted probability is close to 1.
     */
    AttackLoss MARGIN = NamedLoss.MARGIN;

    /**
     * The margin divided by the difference between the largest and the third largest logit (difference of logits ratio:
     * Croce, Hein 2020), which the scale of the logits does not change. Of fewer than three classes, the margin.
     */
    AttackLoss DLR = NamedLoss.DLR;

    /**
     * One value an example.
     *
     * @param logits N×K
     * @param classes INT64 N
     */
    Tensor of(Tensor logits, Tensor classes);

    /**
     * A loss by name: {@code cross-entropy}, {@code exact-cross-entropy}, {@code margin} or {@code dlr}.
     *
     * @throws InputException where there is none
     */
    static AttackLoss parse(String name) {
        return Arrays.stream(NamedLoss.values())
                .filter(loss -> loss.toString().equals(name))
                .findFirst()
                .orElseThrow(() -> new InputException("expected "
                        + Arrays.stream(NamedLoss.values())
                                .map(Object::toString)
                                .collect(Collectors.joining(", "))));
    }
}
