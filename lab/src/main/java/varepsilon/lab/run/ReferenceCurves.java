package varepsilon.lab.run;

import java.util.Map;
import varepsilon.lab.spec.VaeSpec;

/** Curves of a training that are known from elsewhere, drawn dashed beside its own. */
@FunctionalInterface
public interface ReferenceCurves {
    /** None are known. */
    ReferenceCurves NONE = config -> Map.of();

    /** Those to compare such a training with, by the names of {@code metrics.csv}; empty where there are none. */
    Map<String, Curve> of(VaeSpec config);

    /**
     * One curve.
     *
     * @param epochs where it is known, counted from 0
     * @param values one for each epoch
     */
    record Curve(double[] epochs, double[] values) {}
}
