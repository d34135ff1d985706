package varepsilon.train;

import java.util.LinkedHashMap;
import java.util.Map;
import varepsilon.tensor.DType;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/** Averages per example of named quantities over batches of any size. */
final class Averages {
    private final Map<String, Double> sums = new LinkedHashMap<>();
    private long examples;

    Averages() {}

    /** Goes on from {@link #sums} and {@link #examples} of another. */
    Averages(Map<String, Double> sums, long examples) {
        this.sums.putAll(sums);
        this.examples = examples;
    }

    void add(Map<String, Tensor> perExample, long batchSize) {
        try (var scope = Scope.withoutGradients()) {
            perExample.forEach((name, values) -> {
                if (values.count() != batchSize) {
                    throw new IllegalStateException(
                            "'" + name + "' has " + values.count() + " values for " + batchSize + " examples");
                }
                sums.merge(name, values.to(DType.FLOAT64).sum().item(), Double::sum);
            });
        }
        examples += batchSize;
    }

    Map<String, Double> sums() {
        return sums;
    }

    long examples() {
        return examples;
    }

    Map<String, Double> values() {
        Map<String, Double> values = new LinkedHashMap<>();
        sums.forEach((name, sum) -> values.put(name, sum / examples));
        return values;
    }
}
