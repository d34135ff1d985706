package varepsilon.lab.study;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import varepsilon.stats.Accuracy;

/** Figures by name, for programs. */
final class Numbers {
    private final Map<String, Double> values = new LinkedHashMap<>();

    /** Adds one. */
    Numbers put(String name, double value) {
        values.put(name, value);
        return this;
    }

    /** Adds an accuracy with the ends of its 95 % interval. */
    Numbers put(String name, Accuracy accuracy) {
        put(name, accuracy.rate());
        put(name + "_low", accuracy.interval().low());
        return put(name + "_high", accuracy.interval().high());
    }

    /** All of them. */
    Map<String, Double> toMap() {
        return Collections.unmodifiableMap(values);
    }
}
