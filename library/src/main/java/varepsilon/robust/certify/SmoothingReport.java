package varepsilon.robust.certify;

import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import varepsilon.robust.certify.RandomizedSmoothing.Certificate;
import varepsilon.stats.Accuracy;

/**
 * What randomised smoothing certified of a set of images.
 *
 * @param labels the true classes of the images done
 * @param certificates of the same images
 * @param forwardPasses noisy images classified, also of an image at which it was stopped
 * @param complete whether all images were done: no stop was requested before
 */
public record SmoothingReport(int[] labels, List<Certificate> certificates, long forwardPasses, boolean complete) {
    /** Copies the list. */
    public SmoothingReport {
        certificates = List.copyOf(certificates);
    }

    /**
     * Certified accuracy as the radius grows: of this, until the next point.
     *
     * @param radius in L2 and pixel units
     * @param accuracy of the images certified for all perturbations of at most that length
     */
    public record Point(double radius, Accuracy accuracy) {}

    /**
     * The share of images whose true class is certified for all perturbations of at most that L2 length; at 0, of
     * those that the smoothed classifier predicts correctly.
     *
     * @throws IllegalArgumentException where no image was done, or the radius is below 0
     */
    public Accuracy accuracy(double radius) {
        if (!(radius >= 0)) {
            throw new IllegalArgumentException("radius " + radius + ": expected at least 0");
        }
        boolean[] certified = new boolean[labels.length];
        for (int i = 0; i < certified.length; i++) {
            certified[i] = certificates.get(i).holds(labels[i], radius);
        }
        return Accuracy.of(certified);
    }

    /**
     * The curve of certified accuracy: at radius 0, and at every radius where it falls.
     *
     * @throws IllegalArgumentException where no image was done
     */
    public List<Point> curve() {
        DoubleStream radii = IntStream.range(0, labels.length)
                .filter(i -> certificates.get(i).holds(labels[i], 0))
                .mapToDouble(i -> certificates.get(i).radius());
        return DoubleStream.concat(DoubleStream.of(0), radii)
                .sorted()
                .distinct()
                .mapToObj(radius -> new Point(radius, accuracy(radius)))
                .toList();
    }

    /** On how many images the smoothed classifier abstains. */
    public int abstained() {
        return (int) certificates.stream()
                .filter(certificate -> certificate.predicted().isEmpty())
                .count();
    }
}
