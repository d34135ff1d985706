package varepsilon.classify;

import java.util.Arrays;
import varepsilon.base.InputException;
import varepsilon.base.StoppedException;
import varepsilon.base.Watch;
import varepsilon.data.Batch;
import varepsilon.data.Batches;
import varepsilon.data.ImageSet;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Scope;

/** The features of images: the input of a classifier's last layer. */
public final class Features {
    private Features() {}

    /**
     * For a set of images, in evaluation mode and in its order.
     *
     * @param batchSize images at once, at least 1
     * @param device of the classifier
     * @param watch receives the number of images done
     * @return N×F
     * @throws InputException where the classifier has no features: {@link Classifier#features}
     * @throws StoppedException where a stop is requested
     */
    public static double[][] of(Classifier classifier, ImageSet images, int batchSize, Device device, Watch watch) {
        Watch watched = watch.throwing();
        double[][] features = new double[images.size()][];
        int done = 0;
        watched.progress("computing features", done, images.size());
        var batches = Batches.of(images, batchSize).iterator();
        while (batches.hasNext()) {
            try (var scope = Scope.withoutGradients()) {
                Batch batch = batches.next();
                double[] flat = classifier
                        .evaluating(() -> classifier.features(batch.pixels(device)))
                        .to(DType.FLOAT64)
                        .toDoubles();
                int size = flat.length / batch.size();
                for (int i = 0; i < batch.size(); i++) {
                    features[done++] = Arrays.copyOfRange(flat, i * size, (i + 1) * size);
                }
            }
            watched.progress("computing features", done, images.size());
        }
        return features;
    }
}
