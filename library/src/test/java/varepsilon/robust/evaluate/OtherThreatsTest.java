package varepsilon.robust.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import varepsilon.base.InputException;
import varepsilon.base.Watch;
import varepsilon.classify.Classifier;
import varepsilon.data.Corruption;
import varepsilon.data.ImageSet;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.StepSize;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.stats.Accuracy;
import varepsilon.tensor.Device;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/** Rotations, one perturbation for all, patches, corruptions: on models of which the result is known. */
class OtherThreatsTest {
    /** Class 1 where the middle of 5×5 pixels is bright. */
    private static final Classifier MIDDLE = pixels -> {
        Tensor middle = pixels.flatten(1).narrow(1, 12, 1).sub(0.5);
        return Tensor.concat(1, List.of(middle.neg(), middle));
    };

    private static ImageSet points(int... places) {
        byte[] pixels = new byte[places.length * 25];
        for (int i = 0; i < places.length; i++) {
            pixels[25 * i + places[i]] = (byte) 255;
        }
        int[] labels = new int[places.length];
        Arrays.fill(labels, 1);
        return Toys.images(pixels, 1, 5, 5, labels, 2);
    }

    private static SpatialEvaluation spatial(double degrees, double pixels, int samples, int batchSize) {
        return new SpatialEvaluation(degrees, pixels, 3, 3, samples, batchSize, 4, Device.CPU);
    }

    @Test
    void aMapRotatesAnticlockwiseAndThenMoves() {
        try (var scope = Scope.open()) {
            double[] numbers = new double[9];
            Arrays.setAll(numbers, i -> i + 1);
            Tensor image = Tensor.of(numbers, 1, 1, 3, 3);
            assertThat(moved(image, new SpatialEvaluation.Map(90, 0, 0)))
                    .containsExactly(new double[] {3, 6, 9, 2, 5, 8, 1, 4, 7}, within(1e-12));
            assertThat(moved(image, new SpatialEvaluation.Map(90, 1, 0)))
                    .containsExactly(new double[] {0, 3, 6, 0, 2, 5, 0, 1, 4}, within(1e-12));
            assertThat(moved(image, new SpatialEvaluation.Map(0, 0, 1)))
                    .containsExactly(new double[] {0, 0, 0, 1, 2, 3, 4, 5, 6}, within(1e-12));
            Tensor wide = Tensor.of(numbers, 9).narrow(0, 0, 6).reshape(1, 1, 2, 3);
            assertThat(moved(wide, new SpatialEvaluation.Map(180, 0, 0)))
                    .containsExactly(new double[] {6, 5, 4, 3, 2, 1}, within(1e-12));
        }
    }

    private static double[] moved(Tensor image, SpatialEvaluation.Map map) {
        Tensor matrix = Tensor.of(map.matrix(image.size(2), image.size(3)), 1, 2, 3);
        return Ops.affineSample(image, matrix).toDoubles();
    }

    @Test
    void aPointInTheMiddleStandsRotationAndNotTranslation() {
        ImageSet images = points(12, 7, 12);
        SpatialEvaluation.Report rotated = spatial(30, 0, 0, 2).of(MIDDLE, images, Watch.NONE);
        assertThat(rotated.correct()).containsExactly(true, false, true);
        assertThat(rotated.robust()).containsExactly(true, false, true);
        assertThat(rotated.found()).containsOnly(Optional.empty());
        assertThat(rotated.forwardPasses()).isEqualTo(3 + 2 * 27);
        SpatialEvaluation.Report moved = spatial(0, 1, 0, 2).of(MIDDLE, images, Watch.NONE);
        assertThat(moved.accuracy().correct()).isZero();
        assertThat(moved.clean().correct()).isEqualTo(2);
        assertThat(moved.found().get(0)).contains(new SpatialEvaluation.Map(0, -1, -1));
        assertThat(moved.found().get(1)).isEmpty();
    }

    @Test
    void theGridIsThePapers() {
        assertThat(SpatialEvaluation.grid(10, Device.CPU).maps())
                .hasSize(775)
                .contains(new SpatialEvaluation.Map(0, 0, 0), new SpatialEvaluation.Map(-30, 1.5, 3));
    }

    @Test
    void randomMapsDependOnTheImageAlone() {
        ImageSet images = points(12, 12, 12, 12, 12, 12, 12, 12);
        SpatialEvaluation.Report together = spatial(30, 0.5, 2, 8).of(MIDDLE, images, Watch.NONE);
        SpatialEvaluation.Report apart = spatial(30, 0.5, 2, 3).of(MIDDLE, images, Watch.NONE);
        assertThat(apart.robust()).isEqualTo(together.robust());
        assertThat(apart.found()).isEqualTo(together.found());
        assertThat(together.accuracy().correct()).isBetween(1, 7);
        together.found().stream().flatMap(Optional::stream).forEach(map -> {
            assertThat(map.degrees()).isBetween(-30.0, 30.0);
            assertThat(map.right()).isBetween(-0.5, 0.5);
            assertThat(map.down()).isBetween(-0.5, 0.5);
        });
        assertThatThrownBy(() -> SpatialEvaluation.worstOf(0, 1, 0, Device.CPU))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("samples 0");
    }

    private static float[] weights() {
        float[] w = new float[16];
        for (int i = 0; i < 16; i++) {
            w[i] = i % 3 == 0 ? -0.5F : 0.25F + i / 20F;
        }
        return w;
    }

    /** Of a linear model the best perturbation for one image is that for all. */
    @Test
    void theUniversalPerturbationOfALinearModelIsItsWeightsSigns() {
        float[] w = weights();
        ImageSet training = Toys.flat(20, 120);
        ImageSet test = Toys.flat(5, 130);
        double b = -0.55 * sum(w);
        Classifier classifier = Toys.linear(w, b);
        ThreatModel threat = ThreatModel.of(Norm.LINF, 0.1);
        UniversalPerturbation.Report report = new UniversalPerturbation(
                        threat, 5, StepSize.relative(0.1), 4, 0, Device.CPU)
                .of(classifier, training, test, Watch.NONE);
        for (int i = 0; i < 16; i++) {
            assertThat((double) report.delta()[i]).isCloseTo(w[i] > 0 ? 0.1 : -0.1, within(1e-6));
        }
        assertThat(report.seen().clean().correct()).isEqualTo(20);
        assertThat(report.seen().accuracy().correct()).isZero();
        assertThat(report.unseen().clean().correct()).isEqualTo(5);
        assertThat(report.unseen().accuracy().correct()).isZero();
        assertThat(report.cost().backwardPasses()).isEqualTo(100);
        // Half of that is too little for these weights.
        UniversalPerturbation.Report less = new UniversalPerturbation(
                        threat.withEpsilon(0.01), 5, StepSize.relative(0.1), 4, 0, Device.CPU)
                .of(classifier, training, test, Watch.NONE);
        assertThat(less.unseen().accuracy().correct()).isEqualTo(5);
    }

    private static double sum(float[] w) {
        double sum = 0;
        for (float value : w) {
            sum += value;
        }
        return sum;
    }

    /** Class 1 where the sum of the pixels is above 16·0.5 + 1: a patch of 2×2 white pixels on grey adds 2. */
    @Test
    void thePatchOfABrightnessModelIsWhite() {
        float[] ones = new float[16];
        Arrays.fill(ones, 1);
        List<double[]> seen = new ArrayList<>();
        Classifier sum = Toys.linear(ones, -9);
        Classifier recording = pixels -> {
            seen.add(pixels.toDoubles());
            return sum.logits(pixels);
        };
        ImageSet training = Toys.flat(12, 127);
        ImageSet test = Toys.flat(9, 127);
        AdversarialPatch patch = new AdversarialPatch(2, OptionalInt.empty(), 5, 0.05, 4, 3, Device.CPU);
        AdversarialPatch.Report report = patch.of(recording, training, test, Watch.NONE);
        assertThat(report.patch()).containsOnly(1F);
        assertThat(report.unseen().clean().correct()).isEqualTo(9);
        assertThat(report.unseen().accuracy().correct()).isZero();
        assertThat(report.targeted()).isNull();
        List<String> places = new ArrayList<>();
        double[] last = seen.get(seen.size() - 3 * 2 + 1);
        for (int image = 0; image < 4; image++) {
            double[] x = Arrays.copyOfRange(last, 16 * image, 16 * image + 16);
            assertThat(Arrays.stream(x).filter(v -> v == 1).count()).isEqualTo(4);
            assertThat(Arrays.stream(x)
                            .filter(v -> Math.abs(v - 127 / 255.0) < 1e-6)
                            .count())
                    .isEqualTo(12);
            places.add(Arrays.toString(x));
        }
        assertThat(places.stream().distinct().count()).isGreaterThan(1);

        AdversarialPatch.Report other = new AdversarialPatch(2, OptionalInt.of(1), 5, 0.05, 4, 3, Device.CPU)
                .of(sum, training, test, Watch.NONE);
        assertThat(other.patch()).containsOnly(1F);
        assertThat(other.targeted().correct()).isEqualTo(9);
        AdversarialPatch.Report dark = new AdversarialPatch(2, OptionalInt.of(0), 5, 0.05, 4, 3, Device.CPU)
                .of(sum, training, test, Watch.NONE);
        assertThat(dark.patch()).containsOnly(0F);
        assertThatThrownBy(() -> AdversarialPatch.ofSize(5, Device.CPU).of(sum, training, test, Watch.NONE))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("5×5");
    }

    /** Class 1 where the mean pixel is above a half: contrast leaves the mean, brightness raises it by up to 76 levels. */
    @Test
    void accuracyUnderCorruptionsIsByCorruptionAndSeverity() {
        Classifier classifier = Toys.byMean(mean -> mean.sub(0.5));
        ImageSet images = Toys.flat(7, 100);
        CorruptionEvaluation.Report report = new CorruptionEvaluation(
                        List.of(Corruption.BRIGHTNESS, Corruption.CONTRAST), 3, 1, Device.CPU)
                .of(classifier, images, Watch.NONE);
        // 100 and 12, 25, 38, 51, 76 levels more; the middle is at 127.5.
        assertThat(report.rows().get(0).accuracies())
                .containsExactly(
                        new Accuracy(7, 7),
                        new Accuracy(7, 7),
                        new Accuracy(0, 7),
                        new Accuracy(0, 7),
                        new Accuracy(0, 7));
        assertThat(report.rows().get(0).mean()).isCloseTo(0.4, within(1e-12));
        assertThat(report.rows().get(1).mean()).isEqualTo(1);
        assertThat(report.mean()).isCloseTo(0.7, within(1e-12));
        assertThat(CorruptionEvaluation.all(3, 1, Device.CPU).work(images)).isEqualTo(7 * 75);
        assertThatThrownBy(() -> new CorruptionEvaluation(List.of(), 3, 1, Device.CPU))
                .isInstanceOf(InputException.class)
                .hasMessage("corruptions: expected at least one");
    }
}
