package varepsilon.lab.study;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import varepsilon.stats.Interval;

/** Numbers by name, for JSON. */
final class Numbers {
    private final Map<String, Double> values = new LinkedHashMap<>();

    /** Adds one. */
    Numbers put(String name, double value) {
        values.put(name, value);
        return this;
    }

    /** Adds one with the ends of its interval. */
    Numbers put(String name, Interval figure) {
        put(name, figure.value());
        put(name + "_low", figure.low());
        return put(name + "_high", figure.high());
    }

    /** All of them. */
    Map<String, Double> toMap() {
        return Collections.unmodifiableMap(values);
    }
}
