package varepsilon.robust.certify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.apache.commons.statistics.distribution.BinomialDistribution;
import org.apache.commons.statistics.distribution.NormalDistribution;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.ScopedTest;
import varepsilon.base.InputException;
import varepsilon.base.StoppedException;
import varepsilon.base.Watch;
import varepsilon.classify.Classifier;
import varepsilon.data.ImageSet;
import varepsilon.robust.attack.Cost;
import varepsilon.robust.certify.RandomizedSmoothing.Certificate;
import varepsilon.stats.Accuracy;
import varepsilon.tensor.Device;
import varepsilon.tensor.Tensor;

class RandomizedSmoothingTest extends ScopedTest {
    private static final NormalDistribution NORMAL = NormalDistribution.of(0, 1);

    /** How improbable a result must be under what is stated, for a test to fail. */
    private static final double IMPROBABLE = 1e-6;

    /** Two classes by a linear score of two pixels, with weights of length 5: logits 0 and the score. */
    private static Classifier linear(double bias) {
        return pixels -> {
            Tensor score = pixels.flatten(1)
                    .matmul(Tensor.of(new float[] {3, -4}, 2, 1))
                    .add(bias);
            return Tensor.concat(1, List.of(score.zerosLike(), score));
        };
    }

    private static final double WEIGHTS = 5;

    /** One class, of so many, whatever the image is. */
    private static Classifier constant(int predicted, int classes) {
        float[] logits = new float[classes];
        logits[predicted] = 1;
        return pixels -> Tensor.of(logits, 1, classes).expand(pixels.size(0), classes);
    }

    /** Class 0 and class 1 in turns, over all images that it is given. */
    private static Classifier alternating() {
        int[] calls = {0};
        return Classifier.ofLabels(
                2,
                rows -> IntStream.range(0, rows.length).map(i -> calls[0]++ % 2).toArray());
    }

    /** Black images, all of class 1. */
    private static ImageSet black(int n, int channels, int height, int width) {
        int[] labels = new int[n];
        Arrays.fill(labels, 1);
        return ImageSet.labelled(
                "black",
                new byte[n * channels * height * width],
                channels,
                height,
                width,
                labels,
                List.of("a", "b", "c"));
    }

    private static ImageSet pairs(int n) {
        return black(n, 1, 1, 2);
    }

    private static RandomizedSmoothing smoothing(
            double sigma, int selectionDraws, int draws, double alpha, int batchSize) {
        return new RandomizedSmoothing(sigma, selectionDraws, draws, alpha, batchSize, 7, Device.CPU);
    }

    /**
     * The smoothed linear classifier is known: class 1 has the probability Φ(score / (σ‖w‖)), and the nearest
     * perturbation that changes the prediction is as long as score / ‖w‖. Of 1,000 images, the number certified beyond
     * it is binomial; that of the exact rate, which is at most α, and of α itself, must both allow what is found.
     */
    @ParameterizedTest
    @CsvSource({"0.25, 0.6, 40, 0.1", "1, 0.8, 60, 0.05", "0.1, 0.95, 100, 0.2"})
    void isBeyondTheTrueRadiusAsOftenAsStated(double sigma, double p, int draws, double alpha) {
        int n = 1000;
        double radius = sigma * NORMAL.inverseCumulativeProbability(p);
        RandomizedSmoothing smoothing = smoothing(sigma, 9, draws, alpha, 128);
        SmoothingReport report = smoothing.of(linear(radius * WEIGHTS), pairs(n), Watch.NONE);

        long beyond = report.certificates().stream()
                .filter(certificate -> certificate.radius() > radius)
                .count();
        double selected = BinomialDistribution.of(9, p).survivalProbability(4);
        double rate = selected * tooHigh(draws, p, alpha);
        assertThat(rate).isBetween(alpha / 4, alpha);
        assertPlausible(beyond, n, rate);
        assertThat(BinomialDistribution.of(n, alpha).survivalProbability((int) beyond - 1))
                .isGreaterThan(IMPROBABLE);
    }

    /** The probability of the counts whose bound is above p: from the first k on at which k or more are improbable. */
    private static double tooHigh(int draws, double p, double alpha) {
        BinomialDistribution counts = BinomialDistribution.of(draws, p);
        int k = 0;
        while (counts.survivalProbability(k - 1) > alpha) {
            k++;
        }
        return counts.survivalProbability(k - 1);
    }

    private static void assertPlausible(long count, int n, double rate) {
        BinomialDistribution expected = BinomialDistribution.of(n, rate);
        assertThat(expected.cumulativeProbability((int) count)).isGreaterThan(IMPROBABLE);
        assertThat(expected.survivalProbability((int) count - 1)).isGreaterThan(IMPROBABLE);
    }

    /** With as many draws as these, it finds nearly the true radius. */
    @Test
    void approachesTheTrueRadius() {
        Certificate certificate = smoothing(0.5, 20, 20_000, 0.001, 5000)
                .of(linear(0.4 * WEIGHTS), pairs(1), Watch.NONE)
                .certificates()
                .get(0);

        assertThat(certificate.predicted()).hasValue(1);
        assertThat(certificate.radius()).isBetween(0.38, 0.4);
    }

    /** Where all draws agree the bound is α^(1/n), of which 0.975 is known to be 1.96 standard deviations away. */
    @Test
    void whereAllAgree() {
        RandomizedSmoothing smoothing = smoothing(0.25, 3, 2, 0.975 * 0.975, 10);
        Certificate certificate = smoothing
                .of(constant(2, 3), pairs(1), Watch.NONE)
                .certificates()
                .get(0);

        assertThat(certificate.selected()).isEqualTo(2);
        assertThat(certificate.predicted()).hasValue(2);
        assertThat(certificate.count()).isEqualTo(2);
        assertThat(certificate.draws()).isEqualTo(2);
        assertThat(certificate.lowerBound()).isCloseTo(0.975, within(1e-12));
        assertThat(certificate.radius()).isCloseTo(0.25 * 1.959963984540054, within(1e-12));
        assertThat(smoothing.largestRadius()).isEqualTo(certificate.radius());
    }

    @Test
    void abstainsOnTies() {
        RandomizedSmoothing smoothing = smoothing(0.25, 10, 100, 0.5, 16);
        SmoothingReport report = smoothing.of(alternating(), pairs(2), Watch.NONE);

        assertThat(report.certificates()).allSatisfy(certificate -> {
            assertThat(certificate.count()).isEqualTo(50);
            assertThat(certificate.lowerBound()).isLessThan(0.5);
            assertThat(certificate.radius()).isZero();
            assertThat(certificate.predicted()).isEmpty();
        });
        assertThat(report.abstained()).isEqualTo(2);
        assertThat(report.accuracy(0)).isEqualTo(new Accuracy(0, 2));
        assertThat(smoothing.predict(alternating(), Tensor.of(new float[2], 1, 1, 1, 2), 0, new Cost()))
                .isEmpty();
    }

    @Test
    void abstainsWhereThereAreTooFewDraws() {
        RandomizedSmoothing smoothing = smoothing(0.25, 1, 9, 0.001, 16);

        assertThat(smoothing.largestRadius()).isZero();
        assertThat(smoothing.of(constant(1, 2), pairs(1), Watch.NONE).abstained())
                .isEqualTo(1);
        assertThat(smoothing(0.25, 1, 10, 0.001, 16)
                        .of(constant(1, 2), pairs(1), Watch.NONE)
                        .abstained())
                .isZero();
    }

    /** Where both classes have probability ½, any prediction is wrong: as often as the test by itself, so rarely. */
    @Test
    void predictsNoMoreOftenThanStatedWhereItShouldAbstain() {
        int n = 1000;
        double alpha = 0.1;
        RandomizedSmoothing smoothing = smoothing(0.5, 1, 50, alpha, 64);
        Tensor pixels = Tensor.of(new float[2], 1, 1, 1, 2);
        Classifier classifier = linear(0);
        long predicted = IntStream.range(0, n)
                .filter(i ->
                        smoothing.predict(classifier, pixels, i, new Cost()).isPresent())
                .count();

        BinomialDistribution counts = BinomialDistribution.of(50, 0.5);
        int k = 25;
        while (2 * counts.survivalProbability(k - 1) > alpha) {
            k++;
        }
        assertPlausible(predicted, n, 2 * counts.survivalProbability(k - 1));
        assertThat(smoothing.predict(linear(WEIGHTS), pixels, 0, new Cost())).isEqualTo(OptionalInt.of(1));
        assertThat(smoothing.predict(linear(-WEIGHTS), pixels, 0, new Cost())).isEqualTo(OptionalInt.of(0));
    }

    /** Of 2 values and of 48: the engine draws numbers one by one below 16, and in blocks from there on. */
    @ParameterizedTest
    @ValueSource(ints = {2, 48})
    void doesNotDependOnTheBatchSize(int values) {
        float[] weights = new float[values];
        Arrays.fill(weights, 1);
        Classifier classifier = pixels -> {
            Tensor score =
                    pixels.flatten(1).matmul(Tensor.of(weights, values, 1)).add(0.5);
            return Tensor.concat(1, List.of(score.zerosLike(), score));
        };
        ImageSet images = black(5, 1, 1, values);
        List<Certificate> expected = smoothing(1, 9, 100, 0.3, 1000)
                .of(classifier, images, Watch.NONE)
                .certificates();

        assertThat(expected.stream().distinct().count()).isGreaterThanOrEqualTo(3);
        for (int batchSize : new int[] {1, 7, 100}) {
            RandomizedSmoothing smoothing = smoothing(1, 9, 100, 0.3, batchSize);
            assertThat(smoothing.of(classifier, images, Watch.NONE).certificates())
                    .isEqualTo(expected);
            assertThat(smoothing.certify(classifier, Tensor.of(new float[values], 1, 1, 1, values), 3, new Cost()))
                    .isEqualTo(expected.get(3));
        }
    }

    /** 2,000 draws of 48 values each: mean and variance to 5 standard errors, far outside [0, 1], none twice. */
    @Test
    void theNoiseIsNormalAndNotClipped() {
        List<float[]> seen = new ArrayList<>();
        Classifier classifier = pixels -> {
            float[] all = pixels.toFloats();
            for (int i = 0; i < all.length; i += 48) {
                seen.add(Arrays.copyOfRange(all, i, i + 48));
            }
            return Tensor.of(new float[2], 1, 2).expand(pixels.size(0), 2);
        };
        double sigma = 0.7;
        Tensor grey = Tensor.of(new float[48], 1, 3, 4, 4).add(0.25);
        smoothing(sigma, 500, 1500, 0.1, 64).certify(classifier, grey, 0, new Cost());

        double[] noise = seen.stream()
                .flatMapToDouble(image -> IntStream.range(0, image.length).mapToDouble(i -> (image[i] - 0.25) / sigma))
                .toArray();
        int n = noise.length;
        assertThat(n).isEqualTo(2000 * 48);
        assertThat(Arrays.stream(noise).average().orElseThrow()).isCloseTo(0, within(5 / Math.sqrt(n)));
        assertThat(Arrays.stream(noise).map(x -> x * x).average().orElseThrow())
                .isCloseTo(1, within(5 * Math.sqrt(2.0 / n)));
        double beyondTwo = Arrays.stream(noise).filter(x -> Math.abs(x) > 2).count() / (double) n;
        assertThat(beyondTwo).isCloseTo(0.04550026, within(5 * Math.sqrt(0.0455 / n)));
        assertThat(seen.stream().map(Arrays::hashCode)).doesNotHaveDuplicates();
    }

    @Test
    void countsPassesAndTellsProgress() {
        List<Long> sizes = new ArrayList<>();
        Classifier classifier = pixels -> {
            sizes.add(pixels.size(0));
            return constant(1, 2).logits(pixels);
        };
        List<Long> progress = new ArrayList<>();
        RandomizedSmoothing smoothing = smoothing(0.1, 5, 12, 0.1, 4);
        SmoothingReport report = smoothing.of(classifier, pairs(2), (what, done, all) -> {
            assertThat(all).isEqualTo(34);
            progress.add(done);
        });

        assertThat(smoothing.work(pairs(2))).isEqualTo(34);
        assertThat(sizes).containsExactly(4L, 1L, 4L, 4L, 4L, 4L, 1L, 4L, 4L, 4L);
        assertThat(progress).containsExactly(0L, 4L, 5L, 9L, 13L, 17L, 21L, 22L, 26L, 30L, 34L);
        assertThat(report.forwardPasses()).isEqualTo(34);
        assertThat(report.complete()).isTrue();
        assertThat(report.accuracy(0)).isEqualTo(new Accuracy(2, 2));
        Cost cost = new Cost();
        smoothing.predict(classifier, Tensor.of(new float[2], 1, 1, 1, 2), 0, cost);
        assertThat(cost.forwardPasses()).isEqualTo(12);
    }

    @Test
    void aStopKeepsTheImagesThatAreDone() {
        boolean[] stop = {false};
        Watch watch = new Watch() {
            @Override
            public void progress(String what, long done, long all) {
                stop[0] = done >= 21;
            }

            @Override
            public boolean stopRequested() {
                return stop[0];
            }
        };
        RandomizedSmoothing smoothing = smoothing(0.1, 5, 12, 0.1, 4);
        SmoothingReport report = smoothing.of(constant(1, 2), pairs(4), watch);

        assertThat(report.complete()).isFalse();
        assertThat(report.certificates()).hasSize(1);
        assertThat(report.labels()).hasSize(1);
        assertThat(report.forwardPasses()).isEqualTo(21);
        stop[0] = false;
        assertThatThrownBy(() -> smoothing.of(constant(1, 2), pairs(4), watch.throwing()))
                .isInstanceOf(StoppedException.class);
    }

    @Test
    void theCurveFallsAtEachRadius() {
        List<Certificate> certificates = List.of(
                certificate(0, 0.5),
                certificate(0, 0.25),
                certificate(1, 0.75),
                certificate(1, 0),
                certificate(1, 0.5));
        SmoothingReport report = new SmoothingReport(new int[] {0, 0, 0, 1, 1}, certificates, 10, true);

        assertThat(report.curve())
                .containsExactly(
                        new SmoothingReport.Point(0, new Accuracy(3, 5)),
                        new SmoothingReport.Point(0.25, new Accuracy(2, 5)),
                        new SmoothingReport.Point(0.5, new Accuracy(0, 5)));
        assertThat(report.accuracy(0.3)).isEqualTo(new Accuracy(2, 5));
        assertThat(report.abstained()).isEqualTo(1);
        assertThatThrownBy(() -> report.accuracy(-1)).hasMessageContaining("radius -1.0");
    }

    private static Certificate certificate(int selected, double radius) {
        return new Certificate(selected, 9, 10, 0.6, radius);
    }

    @Test
    void refusesSettingsOutsideTheirRanges() {
        for (double sigma : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
            assertRefused(() -> smoothing(sigma, 1, 1, 0.5, 1), "sigma " + sigma);
        }
        for (double alpha : new double[] {0, 1, -0.1, Double.NaN}) {
            assertRefused(() -> smoothing(1, 1, 1, alpha, 1), "alpha " + alpha);
        }
        assertRefused(() -> smoothing(1, 0, 1, 0.5, 1), "selection draws 0");
        assertRefused(() -> smoothing(1, 1, 0, 0.5, 1), "draws 0");
        assertRefused(() -> smoothing(1, 1, 1, 0.5, 0), "batch size 0");
    }

    @Test
    void refusesWhatItCannotCertify() {
        RandomizedSmoothing smoothing = smoothing(1, 1, 1, 0.5, 1);
        assertRefused(
                () -> smoothing.of(constant(0, 2), ImageSet.unlabelled("bare", new byte[2], 1, 1, 2), Watch.NONE),
                "bare has no labels");
        Classifier broken = pixels -> pixels.flatten(1).mul(Double.NaN);
        assertRefused(() -> smoothing.of(broken, pairs(1), Watch.NONE), "not finite");
        assertThatThrownBy(() -> smoothing.certify(constant(0, 2), Tensor.of(new float[4], 2, 1, 1, 2), 0, new Cost()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("one image");
    }

    private static void assertRefused(Runnable work, String message) {
        assertThatThrownBy(work::run).isInstanceOf(InputException.class).hasMessageContaining(message);
    }
}
