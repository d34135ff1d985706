package varepsilon.classify;

import java.util.Arrays;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/** The classes that a classifier predicts, by example. */
public final class Predictions {
    private Predictions() {}

    /** In evaluation mode, of checked logits. */
    public static int[] of(Classifier classifier, Tensor pixels) {
        try (var scope = Scope.withoutGradients()) {
            return of(logits(classifier, pixels));
        }
    }

    /** In evaluation mode, checked; they belong to the open scope. */
    public static Tensor logits(Classifier classifier, Tensor pixels) {
        Tensor logits = classifier.evaluating(() -> classifier.logits(pixels));
        Logits.check(logits, pixels.size(0));
        return logits;
    }

    public static int[] of(Tensor logits) {
        return Arrays.stream(logits.argmax(1).toLongs())
                .mapToInt(Math::toIntExact)
                .toArray();
    }
}
