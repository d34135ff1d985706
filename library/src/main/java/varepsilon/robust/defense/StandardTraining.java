package varepsilon.robust.defense;

import java.util.LinkedHashMap;
import java.util.Map;
import varepsilon.base.Named;
import varepsilon.classify.NetworkClassifier;
import varepsilon.robust.attack.Cost;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;
import varepsilon.train.BatchResult;

/** No defence: minimises the cross-entropy on unperturbed images. */
public final class StandardTraining extends ClassifierObjective {
    /** Chooses standard training. */
    @Named(value = "standard", help = "cross-entropy on unperturbed images")
    public record Choice() implements Defense {
        @Override
        public Uses uses() {
            return Uses.NOTHING;
        }

        @Override
        public ClassifierObjective objective(Training training) {
            return new StandardTraining(training.classifier(), training.settings());
        }
    }

    /** Trains {@code classifier}. */
    public StandardTraining(NetworkClassifier classifier, Settings settings) {
        super(classifier, settings);
    }

    @Override
    protected BatchResult evaluate(Tensor pixels, Tensor labels, Rng rng, Cost cost) {
        Tensor logits = logits(pixels, cost);
        Map<String, Tensor> measured = new LinkedHashMap<>();
        measure(measured, logits, labels);
        return new BatchResult(crossEntropy(logits, labels).mean(), measured);
    }
}
