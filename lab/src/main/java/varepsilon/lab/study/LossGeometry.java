package varepsilon.lab.study;

import java.util.function.Consumer;
import varepsilon.classify.Classifier;
import varepsilon.data.Batch;
import varepsilon.data.Batches;
import varepsilon.data.ImageSet;
import varepsilon.robust.attack.AttackLoss;
import varepsilon.robust.evaluate.AttackedBatch;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

/** How a classifier's loss, and the margin of the true class over the next, change with the pixels. */
final class LossGeometry {
    private static final int BATCH_SIZE = 100;
    private static final int DRAWS = 256;

    private LossGeometry() {}

    /**
     * How far random signs s go along a gradient g, as a part of how far the gradient's own signs go: E|s·g| / ‖g‖₁.
     *
     * @param measured its mean over images, by draws
     * @param predicted √(2/π)·‖g‖₂/‖g‖₁, where s·g is normal, as it is in many dimensions
     */
    record Alignment(double measured, double predicted) {}

    /**
     * Alignment of random signs with the gradient of the margin, which does not vanish where the predicted probability
     * is close to 1.
     *
     * @param seed of the random signs
     */
    static Alignment alignment(Classifier classifier, ImageSet images, long seed, Device device) {
        double[] sums = new double[3];
        forEach(images, batch -> {
            Tensor gradient = marginGradient(classifier, batch, device)
                    .to(DType.FLOAT64)
                    .to(Device.CPU)
                    .flatten(1);
            try (Rng rng = Seed.of(seed).stream()) {
                Tensor signs =
                        rng.normal(DType.FLOAT64, gradient.size(1), DRAWS).sign();
                double[] random = gradient.matmul(signs).abs().mean(1).toDoubles();
                double[] sum = gradient.abs().sum(1).toDoubles();
                double[] length = gradient.square().sum(1).sqrt().toDoubles();
                for (int i = 0; i < sum.length; i++) {
                    if (sum[i] > 0) {
                        sums[0] += random[i] / sum[i];
                        sums[1] += Math.sqrt(2 / Math.PI) * length[i] / sum[i];
                        sums[2]++;
                    }
                }
            }
        });
        if (sums[2] == 0) {
            throw new IllegalStateException(
                    "the classifier has no gradient on any of the " + images.size() + " images");
        }
        return new Alignment(sums[0] / sums[2], sums[1] / sums[2]);
    }

    /**
     * Cosine between the gradients of two classifiers' margins, by image; 0 where either is zero.
     *
     * @return one an image, in [−1, 1]
     */
    static double[] cosines(Classifier first, Classifier second, ImageSet images, Device device) {
        double[] cosines = new double[images.size()];
        forEach(images, batch -> {
            Tensor a = marginGradient(first, batch, device).to(DType.FLOAT64).flatten(1);
            Tensor b = marginGradient(second, batch, device).to(DType.FLOAT64).flatten(1);
            double[] product = a.mul(b).sum(1).toDoubles();
            double[] lengths = a.square().sum(1).mul(b.square().sum(1)).sqrt().toDoubles();
            for (int i = 0; i < product.length; i++) {
                cosines[batch.indices()[i]] = lengths[i] > 0 ? product[i] / lengths[i] : 0;
            }
        });
        return cosines;
    }

    /** Gradient of the largest other logit less the true one, N×C×H×W, in evaluation mode. */
    private static Tensor marginGradient(Classifier classifier, Batch batch, Device device) {
        try (var scope = Scope.withGradients()) {
            Tensor pixels = batch.pixels(device).requiresGrad(true);
            Tensor labels = batch.labels().to(device);
            Tensor gradient = classifier.evaluating(() -> Gradients.of(
                    AttackLoss.MARGIN.of(classifier.logits(pixels), labels).sum(), pixels));
            return scope.keep(gradient.detach());
        }
    }

    private static void forEach(ImageSet images, Consumer<Batch> work) {
        var batches = Batches.of(images, BATCH_SIZE).iterator();
        while (batches.hasNext()) {
            try (var scope = Scope.withoutGradients()) {
                work.accept(batches.next());
            }
        }
    }

    /**
     * The average effect of a perturbation on images that are correctly classified without it.
     *
     * @param lossGained rise of the cross-entropy, nats, in double precision
     * @param marginLost by how much the margin of the true class over the next falls, logits
     */
    record Effect(double lossGained, double marginLost) {}

    /** Measures {@link Effect}s while an evaluation runs. */
    static final class Effects implements Consumer<AttackedBatch> {
        private final Classifier classifier;
        private final double[] loss;
        private final double[] margin;
        private final double[] lossGained;
        private final double[] marginLost;
        private final int[] counts;

        /** @param images those that will be evaluated, by {@code trials} trials */
        Effects(Classifier classifier, ImageSet images, int trials, Device device) {
            this.classifier = classifier;
            loss = new double[images.size()];
            margin = new double[images.size()];
            lossGained = new double[trials];
            marginLost = new double[trials];
            counts = new int[trials];
            forEach(
                    images,
                    batch -> put(batch.pixels(device), batch.labels().to(device), batch.indices(), loss, margin));
        }

        @Override
        public void accept(AttackedBatch batch) {
            double[] lossAfter = new double[loss.length];
            double[] marginAfter = new double[margin.length];
            put(batch.result().adversarial(), batch.labels(), batch.indices(), lossAfter, marginAfter);
            for (int i = 0; i < batch.indices().length; i++) {
                if (batch.result().correct()[i]) {
                    int image = batch.indices()[i];
                    lossGained[batch.trial()] += lossAfter[image] - loss[image];
                    marginLost[batch.trial()] += marginAfter[image] - margin[image];
                    counts[batch.trial()]++;
                }
            }
        }

        /** Loss and margin of some images, at their places. */
        private void put(Tensor pixels, Tensor labels, int[] indices, double[] losses, double[] margins) {
            try (var scope = Scope.withoutGradients()) {
                Tensor logits = classifier.evaluating(() -> classifier.logits(pixels));
                double[] ofLoss =
                        AttackLoss.EXACT_CROSS_ENTROPY.of(logits, labels).toDoubles();
                double[] ofMargin = AttackLoss.MARGIN.of(logits, labels).toDoubles();
                for (int i = 0; i < indices.length; i++) {
                    losses[indices[i]] = ofLoss[i];
                    margins[indices[i]] = ofMargin[i];
                }
            }
        }

        /** Of a trial, by its number. */
        Effect of(int trial) {
            if (counts[trial] == 0) {
                throw new IllegalStateException("no image was correctly classified before trial " + trial);
            }
            return new Effect(lossGained[trial] / counts[trial], marginLost[trial] / counts[trial]);
        }
    }
}
