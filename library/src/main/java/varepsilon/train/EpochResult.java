package varepsilon.train;

import java.util.Map;
import java.util.Objects;

/**
 * One finished epoch.
 *
 * @param epoch counted from 0: epoch 0 is the first pass over the data
 * @param step optimizer steps since the start of the run
 * @param seconds time spent training since the start of the run, resumed runs included
 * @param train averages per example while training in this epoch
 * @param validation averages per example on held-out data after it
 */
public record EpochResult(
        int epoch, long step, double seconds, Map<String, Double> train, Map<String, Double> validation) {
    /** Rejects missing values, because results are also read from files. */
    public EpochResult {
        train.forEach((name, value) -> Objects.requireNonNull(value, name));
        validation.forEach((name, value) -> Objects.requireNonNull(value, name));
    }

    /** A validation metric by name. */
    public double validation(String name) {
        Double value = validation.get(name);
        if (value == null) {
            throw new IllegalArgumentException("no validation metric '" + name + "' among " + validation.keySet());
        }
        return value;
    }
}
