package varepsilon.robust.evaluate;

import java.util.List;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.stats.Accuracy;

/**
 * Robust accuracy from both sides: images that are proven to be robust, images that an attack has broken, and those
 * between, of which nothing is known.
 *
 * @param threat the allowed perturbations
 * @param images those that are done, in order
 * @param stages what was tried, in order
 * @param complete whether all images are done
 */
public record TwoSidedReport(ThreatModel threat, List<Image> images, List<Stage> stages, boolean complete) {
    /** Copies the lists. */
    public TwoSidedReport {
        images = List.copyOf(images);
        stages = List.copyOf(stages);
    }

    /** What is known of an image. */
    public enum Status {
        /** It is misclassified without a perturbation. */
        MISCLASSIFIED,
        /** An allowed perturbation changes the prediction. */
        BROKEN,
        /** No allowed perturbation changes the prediction. */
        CERTIFIED,
        /** Neither was shown. */
        OPEN
    }

    /**
     * One image.
     *
     * @param index in its data set
     * @param decidedBy the stage after which that was known; empty where it is open
     * @param margin the best lower bound of the smallest margin over all allowed images, in logits; NaN where none was
     *     computed
     * @param seconds that the bounds took for it
     */
    public record Image(int index, int label, Status status, String decidedBy, double margin, double seconds) {}

    /**
     * One attack or bound.
     *
     * @param tried images that were undecided before
     * @param decided of them, how many it decided
     */
    public record Stage(String name, int tried, int decided, double seconds) {
        /** With what it did to further images. */
        Stage and(Stage other) {
            return new Stage(name, tried + other.tried, decided + other.decided, seconds + other.seconds);
        }
    }

    /** How many images are of a status. */
    public int count(Status status) {
        return (int) images.stream().filter(image -> image.status() == status).count();
    }

    /** Images that are correctly classified without a perturbation. */
    public Accuracy clean() {
        return new Accuracy(images.size() - count(Status.MISCLASSIFIED), images.size());
    }

    /** The lower side: images that are certified. */
    public Accuracy certified() {
        return new Accuracy(count(Status.CERTIFIED), images.size());
    }

    /** The upper side: correctly classified images that no attack has broken. */
    public Accuracy notBroken() {
        return new Accuracy(count(Status.CERTIFIED) + count(Status.OPEN), images.size());
    }
}
