package varepsilon.robust.attack;

import java.util.function.BooleanSupplier;
import varepsilon.base.StoppedException;

/**
 * The cost of an attack: images passed through the classifier, each counted every time. A stop ends the attack at its
 * next pass: a batch can take minutes. Not thread-safe.
 */
public final class Cost {
    private final BooleanSupplier stop;
    private long forwardPasses;
    private long backwardPasses;

    /** Counts, and does not stop. */
    public Cost() {
        this(() -> false);
    }

    /** @param stop whether a stop is requested */
    public Cost(BooleanSupplier stop) {
        this.stop = stop;
    }

    /** As it is now. */
    public Cost copy() {
        Cost copy = new Cost(stop);
        copy.forwardPasses = forwardPasses;
        copy.backwardPasses = backwardPasses;
        return copy;
    }

    /** Images whose logits were computed. */
    public long forwardPasses() {
        return forwardPasses;
    }

    /** Images for which a gradient was computed. */
    public long backwardPasses() {
        return backwardPasses;
    }

    /**
     * Counts images sent forward.
     *
     * @throws StoppedException where a stop is requested
     */
    public void forward(long images) {
        if (stop.getAsBoolean()) {
            throw new StoppedException();
        }
        forwardPasses += images;
    }

    /** Counts images whose gradient is computed. */
    public void backward(long images) {
        backwardPasses += images;
    }
}
