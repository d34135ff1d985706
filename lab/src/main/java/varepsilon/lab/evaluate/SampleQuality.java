package varepsilon.lab.evaluate;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.List;
import varepsilon.base.InputException;
import varepsilon.base.StoppedException;
import varepsilon.base.Watch;
import varepsilon.classify.Classifier;
import varepsilon.classify.Features;
import varepsilon.classify.Predictions;
import varepsilon.data.ImageSet;
import varepsilon.generative.FrechetDistance;
import varepsilon.generative.Picture;
import varepsilon.generative.PrecisionRecall;
import varepsilon.generative.Vae;
import varepsilon.generative.VaeImages;
import varepsilon.stats.Interval;
import varepsilon.tensor.Device;

/**
 * The quality of a VAE's samples in the features of a classifier: of as many samples, test images and training images,
 * all as the model represents them, {@link VaeImages#asModelled}. Training images in place of the samples show what a
 * perfect model would get.
 *
 * @param n samples, test images, and training images
 * @param picture how samples are made of p(x|z)
 * @param features numbers that the classifier's last layer takes
 * @param classifierAccuracy share of the test images, as modelled, that it classifies correctly; null for images without
 *     labels
 * @param samples their scores against the test images
 * @param trainingImages the same of training images
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record SampleQuality(
        int n,
        String picture,
        int features,
        Double classifierAccuracy,
        @JsonUnwrapped Scores samples,
        Scores trainingImages) {
    /**
     * Scores of some images against test images.
     *
     * @param frechetDistance {@link FrechetDistance} of the features
     * @param precision {@link PrecisionRecall#precision}
     * @param precisionCi95 its interval
     * @param recall {@link PrecisionRecall#recall}
     * @param recallCi95 its interval
     * @param density {@link PrecisionRecall#density}
     * @param coverage {@link PrecisionRecall#coverage}
     * @param coverageCi95 its interval
     * @param k {@link PrecisionRecall#k}
     */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    public record Scores(
            double frechetDistance,
            double precision,
            List<Double> precisionCi95,
            double recall,
            List<Double> recallCi95,
            double density,
            double coverage,
            List<Double> coverageCi95,
            int k) {
        static Scores of(double[][] real, double[][] others, int k) {
            PrecisionRecall found = PrecisionRecall.of(real, others, k);
            Interval precision = found.precision();
            Interval recall = found.recall();
            Interval coverage = found.coverage();
            return new Scores(
                    FrechetDistance.between(real, others),
                    precision.value(),
                    precision.bounds(),
                    recall.value(),
                    recall.bounds(),
                    found.density(),
                    coverage.value(),
                    coverage.bounds(),
                    k);
        }
    }

    /**
     * What is measured, and how.
     *
     * @param picture how samples are made of p(x|z)
     * @param k neighbours of {@link PrecisionRecall}, at least 1
     * @param batchSize images that are classified at once, at least 1
     * @param seed of the samples
     */
    public record Settings(Picture picture, int k, int batchSize, long seed) {
        /** Rejects numbers out of range. */
        public Settings {
            if (k < 1) {
                throw new InputException("k " + k + ": expected at least 1");
            }
            if (batchSize < 1) {
                throw new InputException("batchSize " + batchSize + ": expected at least 1");
            }
        }
    }

    /**
     * Measures, both models in evaluation mode.
     *
     * @param test test images; as many as there are training images at most are used
     * @param train training images; as many as test images are used
     * @param watch receives the progress
     * @throws InputException where there are not more images than k, or the classifier has no features
     * @throws StoppedException where a stop is requested
     */
    public static SampleQuality of(
            Vae vae,
            Classifier classifier,
            ImageSet test,
            ImageSet train,
            Settings settings,
            Device device,
            Watch watch) {
        int n = Math.min(test.size(), train.size());
        if (n <= settings.k()) {
            throw new InputException(n + " images: expected more than " + settings.k()
                    + ", the neighbours that precision and recall are measured with");
        }
        ImageSet real = VaeImages.asModelled(vae, test.limit(n));
        ImageSet others = VaeImages.asModelled(vae, train.limit(n));
        ImageSet samples = VaeImages.samples(vae, n, settings.picture(), settings.seed(), watch);
        double[][] features = Features.of(
                classifier, real, settings.batchSize(), device, watch.as("computing features of test images"));
        double[][] ofSamples = Features.of(
                classifier, samples, settings.batchSize(), device, watch.as("computing features of samples"));
        double[][] ofOthers = Features.of(
                classifier, others, settings.batchSize(), device, watch.as("computing features of training images"));
        return new SampleQuality(
                n,
                VaePictures.name(settings.picture()),
                features[0].length,
                real.isLabelled() ? accuracy(classifier, real, settings, device, watch) : null,
                Scores.of(features, ofSamples, settings.k()),
                Scores.of(features, ofOthers, settings.k()));
    }

    private static double accuracy(
            Classifier classifier, ImageSet images, Settings settings, Device device, Watch watch) {
        return Predictions.of(classifier, images, settings.batchSize(), device, watch)
                .accuracy(images.labels())
                .rate();
    }
}
