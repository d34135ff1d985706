package varepsilon.robust.attack;

/**
 * The cost of an attack: images passed through the classifier, each counted every time. Not thread-safe.
 */
public final class Cost {
    private long forwardPasses;
    private long backwardPasses;

    /** As it is now. */
    public Cost copy() {
        Cost copy = new Cost();
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

    /** Counts images sent forward. */
    public void forward(long images) {
        forwardPasses += images;
    }

    /** Counts images whose gradient is computed. */
    public void backward(long images) {
        backwardPasses += images;
    }
}
