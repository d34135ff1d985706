package varepsilon.robust.evaluate;

/** An image was certified and then broken: a defect in a bound, in an attack's check or in the arithmetic of both. */
public final class UnsoundBoundException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int index;
    private final transient float[] image;
    private final transient float[] adversarial;

    /**
     * Makes one.
     *
     * @param index of the image in its data set
     * @param image its pixels, C×H×W
     * @param adversarial the pixels that are misclassified
     */
    public UnsoundBoundException(String message, int index, float[] image, float[] adversarial) {
        super(message);
        this.index = index;
        this.image = image.clone();
        this.adversarial = adversarial.clone();
    }

    /** The image's index in its data set. */
    public int index() {
        return index;
    }

    /** Its pixels, C×H×W. */
    public float[] image() {
        return image.clone();
    }

    /** The pixels that are misclassified. */
    public float[] adversarial() {
        return adversarial.clone();
    }
}
