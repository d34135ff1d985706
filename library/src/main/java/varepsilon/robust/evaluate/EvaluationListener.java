package varepsilon.robust.evaluate;

import java.util.List;

/** Follows an evaluation: for progress, for pictures, to save adversarial examples without holding all of them. */
public interface EvaluationListener {
    /** Hears nothing. */
    EvaluationListener NONE = new EvaluationListener() {};

    /** A trial has been run on a batch. */
    default void attacked(AttackedBatch batch) {}

    /**
     * How far the evaluation has come.
     *
     * @param done images done, each counted once for every trial, and once as it is
     * @param total as many as there are to do
     */
    default void advanced(long done, long total) {}

    /** Tells all of these, in this order. */
    static EvaluationListener all(List<EvaluationListener> listeners) {
        return new EvaluationListener() {
            @Override
            public void attacked(AttackedBatch batch) {
                listeners.forEach(listener -> listener.attacked(batch));
            }

            @Override
            public void advanced(long done, long total) {
                listeners.forEach(listener -> listener.advanced(done, total));
            }
        };
    }
}
