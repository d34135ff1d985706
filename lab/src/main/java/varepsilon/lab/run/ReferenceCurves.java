package varepsilon.lab.run;

import java.util.Map;
import varepsilon.lab.spec.VaeSpec;

/** Published curves of a training, drawn dashed beside the measured ones. */
@FunctionalInterface
public interface ReferenceCurves {
    /** No reference curves. */
    ReferenceCurves NONE = config -> Map.of();

    /** The reference curves of a training, by the names of {@code metrics.csv}; empty where there are none. */
    Map<String, Curve> of(VaeSpec config);

    /**
     * One curve.
     *
     * @param epochs of its values, counted from 0
     * @param values one for each epoch
     */
    record Curve(double[] epochs, double[] values) {}
}
