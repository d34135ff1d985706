package varepsilon.classify;

import java.util.List;
import java.util.Optional;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * What models that tell two classes apart with one number z for each image return, taken for the logits 0 and z, whose
 * cross-entropy is the binary cross-entropy of z.
 */
final class SingleOutput {
    private volatile boolean used;
    private volatile boolean beyondOne;

    /** N×2 logits where the output is N or N×1, else the output. */
    Tensor logits(Tensor output, long examples) {
        boolean one =
                output.dimensions() == 1 ? output.size(0) == examples : output.dimensions() == 2 && output.size(1) == 1;
        if (!one) {
            return output;
        }
        Tensor z = output.reshape(-1, 1);
        used = true;
        try (var scope = Scope.withoutGradients()) {
            beyondOne |= z.sub(0.5).abs().amax(0, 1).item() > 0.5;
        }
        return Tensor.concat(1, List.of(z.mul(0), z));
    }

    /** The end of a sentence on it whose subject is the model, where it was met. */
    Optional<String> note() {
        return used
                ? Optional.of(
                        "returns one number z for each image, which is taken for the logit of class 1 against"
                                + " class 0: the logits are 0 and z, and class 1 is predicted where z > 0"
                                + (beyondOne
                                        ? ""
                                        : ". All of them lie in [0, 1]: if they are probabilities, after a sigmoid, this"
                                                + " interpretation is wrong, and the program must be saved without the sigmoid"))
                : Optional.empty();
    }
}
