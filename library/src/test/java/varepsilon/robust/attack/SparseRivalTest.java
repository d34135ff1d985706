package varepsilon.robust.attack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import varepsilon.classify.Classifier;
import varepsilon.classify.ClassifierFile;
import varepsilon.data.Batch;
import varepsilon.data.Batches;
import varepsilon.data.DataFolder;
import varepsilon.data.Datasets;
import varepsilon.data.ImageSet;
import varepsilon.data.Split;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * In L1 a real network is needed: on affine models an attack that moves one pixel is the best there is, and on
 * ResNet-20 it leaves far more images than a sparse one. The rival is SLIDE (Tramèr, Boneh 2019, appendix) on plain
 * arrays, with a step of its own making and a projection by sorting, and shares nothing with ours but the network.
 */
class SparseRivalTest extends AttackFixture {
    private static final int IMAGES = 60;
    private static final double EPSILON = 1;
    private static final int STEPS = 10;
    private static final double SHARE = 0.01;

    @Test
    void noMoreImagesAreLeftThanByASparseAttackOfTheLiterature() throws IOException {
        String data = System.getenv(DataFolder.VARIABLE);
        assumeTrue(data != null && !data.isBlank(), DataFolder.VARIABLE + " is not set: no images and no weights");
        Path weights = Path.of(data, "weights", "cifar10-resnet20.safetensors");
        assumeTrue(weights.toFile().exists(), weights + " is not there");
        ImageSet images = Datasets.load("cifar10", Split.TEST, Path.of(data)).limit(IMAGES);
        ClassifierFile file = closing(ClassifierFile.read(weights, Device.CPU));
        Batch batch = Batches.of(images, IMAGES).iterator().next();
        Tensor pixels = batch.pixels(Device.CPU);

        AttackResult ours = AttackRun.untargeted(file.classifier(), ThreatModel.of(Norm.L1, EPSILON))
                .of(Pgd.ofSteps(STEPS), pixels, batch.labels(), rng(1), new Cost());
        boolean[] theirs = rival(file.classifier(), pixels, batch.labels());

        int left = 0;
        int leftByRival = 0;
        for (int i = 0; i < IMAGES; i++) {
            left += ours.isRobust(i) ? 1 : 0;
            leftByRival += theirs[i] ? 1 : 0;
        }
        assertThat(leftByRival).as("the rival is an attack").isLessThan(IMAGES * 3 / 4);
        assertThat(left).isLessThanOrEqualTo(leftByRival);
    }

    /** Which images the rival leaves correctly classified, at every one of its iterates. */
    private static boolean[] rival(Classifier classifier, Tensor pixels, Tensor labels) {
        double[] clean = pixels.toDoubles();
        int dimensions = clean.length / IMAGES;
        double[] delta = new double[clean.length];
        boolean[] correct = new boolean[IMAGES];
        Arrays.fill(correct, true);
        for (int step = 0; step <= STEPS; step++) {
            double[] gradient;
            try (var scope = Scope.withGradients()) {
                double[] moved = new double[clean.length];
                Arrays.setAll(moved, j -> clean[j] + delta[j]);
                Tensor x = Tensor.of(moved, pixels.shape())
                        .to(DType.FLOAT32)
                        .detach()
                        .requiresGrad(true);
                Tensor logits = classifier.logits(x);
                long[] predicted = logits.argmax(1).toLongs();
                long[] truth = labels.toLongs();
                for (int i = 0; i < IMAGES; i++) {
                    correct[i] &= predicted[i] == truth[i];
                }
                gradient =
                        Gradients.of(Ops.crossEntropy(logits, labels).sum(), x).toDoubles();
            }
            for (int i = 0; i < IMAGES; i++) {
                int from = i * dimensions;
                double[] next = stepped(
                        Arrays.copyOfRange(clean, from, from + dimensions),
                        Arrays.copyOfRange(delta, from, from + dimensions),
                        Arrays.copyOfRange(gradient, from, from + dimensions));
                System.arraycopy(next, 0, delta, from, dimensions);
            }
        }
        return correct;
    }

    /** Equal changes of the values with the largest gradients, among those that are not at the end of the box. */
    private static double[] stepped(double[] image, double[] delta, double[] gradient) {
        double[] sizes = new double[image.length];
        for (int j = 0; j < image.length; j++) {
            double at = image[j] + delta[j];
            boolean stuck = gradient[j] > 0 ? at >= 1 : at <= 0;
            sizes[j] = stuck ? 0 : Math.abs(gradient[j]);
        }
        double[] sorted = sizes.clone();
        Arrays.sort(sorted);
        int count = (int) Math.round(SHARE * image.length);
        double threshold = sorted[sorted.length - count];
        double[] next = delta.clone();
        for (int j = 0; j < image.length; j++) {
            if (sizes[j] >= threshold && sizes[j] > 0) {
                next[j] += Math.signum(gradient[j]) * 2.5 * EPSILON / STEPS / count;
                next[j] = Math.max(-image[j], Math.min(1 - image[j], next[j]));
            }
        }
        return inBall(next);
    }

    /** The nearest point of the ball (Duchi et al. 2008), which lies in the box where the point did. */
    private static double[] inBall(double[] point) {
        double length = Arrays.stream(point).map(Math::abs).sum();
        if (length <= EPSILON) {
            return point;
        }
        double[] sorted = Arrays.stream(point).map(Math::abs).sorted().toArray();
        double sum = 0;
        double shift = 0;
        for (int k = 1; k <= sorted.length; k++) {
            double value = sorted[sorted.length - k];
            sum += value;
            double candidate = (sum - EPSILON) / k;
            if (value > candidate) {
                shift = candidate;
            }
        }
        double lambda = shift;
        return Arrays.stream(point)
                .map(v -> Math.signum(v) * Math.max(0, Math.abs(v) - lambda))
                .toArray();
    }
}
