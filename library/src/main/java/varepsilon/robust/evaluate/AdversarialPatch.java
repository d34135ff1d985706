package varepsilon.robust.evaluate;

import java.util.Arrays;
import java.util.Objects;
import java.util.OptionalInt;
import varepsilon.base.InputException;
import varepsilon.base.Watch;
import varepsilon.classify.Classifier;
import varepsilon.classify.Logits;
import varepsilon.data.Batch;
import varepsilon.data.Batches;
import varepsilon.data.ImageSet;
import varepsilon.robust.attack.AttackLoss;
import varepsilon.robust.attack.Cost;
import varepsilon.robust.attack.Draws;
import varepsilon.stats.Accuracy;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

/**
 * One square patch that covers part of an image at a random place (Brown et al. 2017, "Adversarial patch"), found on
 * some images by gradient steps of the mean loss over places, and measured on others. Its pixels may have any value; it
 * is not rotated or scaled.
 *
 * @param size of its side, in pixels, at least 1
 * @param target the class that it is to make of all images; empty for any but the true one
 * @param epochs passes over the images that it is found on, at least 1
 * @param stepSize how far a pixel moves with each batch, in pixel units, above 0
 * @param batchSize images at once, at least 1
 * @param seed of the places, which depend on it and the image's index alone, and of the order of the images
 * @param device of the classifier
 */
public record AdversarialPatch(
        int size, OptionalInt target, int epochs, double stepSize, int batchSize, long seed, Device device) {
    /** Rejects settings outside their ranges. */
    public AdversarialPatch {
        Objects.requireNonNull(target, "target");
        Objects.requireNonNull(device, "device");
        if (size < 1 || epochs < 1 || batchSize < 1) {
            throw new InputException(
                    "size " + size + ", epochs " + epochs + ", batch size " + batchSize + ": expected at least 1 each");
        }
        if (!(stepSize > 0) || Double.isInfinite(stepSize)) {
            throw new InputException("step size " + stepSize + ": expected a positive number");
        }
    }

    /** Untargeted, in ten epochs of batches of 128 with steps of 0.05. */
    public static AdversarialPatch ofSize(int size, Device device) {
        return new AdversarialPatch(size, OptionalInt.empty(), 10, 0.05, 128, 0, device);
    }

    /**
     * What was found.
     *
     * @param patch its pixels, C×size×size in row-major order
     * @param unseen accuracy on images that it was not found on, each with the patch at one random place
     * @param targeted of these images, those of another class that are then predicted as the target; null without
     *     a target or such images
     * @param cost passes through the classifier while it was found
     */
    public record Report(float[] patch, Learned unseen, Accuracy targeted, Cost cost) {}

    /**
     * Finds it on some images and measures it on others.
     *
     * @throws InputException where images have no labels or are smaller than the patch
     * @throws varepsilon.base.StoppedException where a stop is requested
     */
    public Report of(Classifier classifier, ImageSet training, ImageSet test, Watch watch) {
        Learned.requireLabels(training);
        for (ImageSet images : new ImageSet[] {training, test}) {
            if (images.height() < size || images.width() < size) {
                throw new InputException("a patch of " + size + "×" + size + " pixels does not fit into the "
                        + images.height() + "×" + images.width() + " images of " + images.name());
            }
        }
        Watch watched = watch.throwing();
        Cost cost = new Cost();
        return classifier.evaluating(() -> {
            float[] patch = found(classifier, training, cost, watched);
            Seed places = Seed.of(seed).split("places to measure");
            Learned unseen = Learned.measured(
                    classifier,
                    test,
                    batchSize,
                    device,
                    (pixels, indices) -> place(tensor(patch, test.channels()), pixels, places, indices),
                    watched);
            return new Report(patch, unseen, targeted(test, unseen), cost);
        });
    }

    private Accuracy targeted(ImageSet images, Learned unseen) {
        if (target.isEmpty()) {
            return null;
        }
        int others = 0;
        int reached = 0;
        for (int i = 0; i < images.size(); i++) {
            boolean other = images.label(i) != target.getAsInt();
            others += other ? 1 : 0;
            reached += other && unseen.predictions()[i] == target.getAsInt() ? 1 : 0;
        }
        return others == 0 ? null : new Accuracy(reached, others);
    }

    private Tensor tensor(float[] patch, int channels) {
        return Tensor.of(patch, channels, size, size).to(device);
    }

    private float[] found(Classifier classifier, ImageSet images, Cost cost, Watch watch) {
        float[][] patch = {new float[images.channels() * size * size]};
        Arrays.fill(patch[0], 0.5F);
        long[] shape = {images.channels(), size, size};
        Batches batches = Batches.of(images, batchSize);
        int steps = epochs * batches.count();
        int[] step = {0};
        for (int epoch = 0; epoch < epochs; epoch++) {
            Seed places = Seed.of(seed).split("places").split(epoch);
            Learned.forEach(batches.shuffled(seed, epoch), batch -> {
                patch[0] = Learned.updated(
                        patch[0],
                        shape,
                        before -> before.add(gradient(classifier, batch, before, places, cost)
                                        .sign()
                                        .mul(stepSize))
                                .clamp(0, 1),
                        device);
                step[0]++;
                watch.progress("adversarial patch", step[0], steps);
            });
        }
        return patch[0];
    }

    /** That of the loss that is to rise, with respect to the patch. */
    private Tensor gradient(Classifier classifier, Batch batch, Tensor patch, Seed places, Cost cost) {
        try (var scope = Scope.withGradients()) {
            Tensor leaf = patch.detach().requiresGrad(true);
            Tensor logits = classifier.logits(place(leaf, batch.pixels(device), places, batch.indices()));
            Logits.check(logits, batch.size());
            if (!logits.requiresGrad()) {
                throw new InputException("the classifier's logits are not differentiable in the pixels;"
                        + " a patch is found by gradients");
            }
            cost.forward(batch.size());
            cost.backward(batch.size());
            Tensor labels = batch.labels().to(device);
            Tensor loss = AttackLoss.CROSS_ENTROPY
                    .of(
                            logits,
                            target.isEmpty()
                                    ? labels
                                    : labels.zerosLike().add(target.getAsInt()).to(DType.INT64))
                    .mean();
            return scope.keep(Gradients.of(target.isEmpty() ? loss : loss.neg(), leaf));
        }
    }

    /** Images covered by the patch, C×size×size, each at a random place. */
    private Tensor place(Tensor patch, Tensor pixels, Seed seed, int[] images) {
        int height = (int) pixels.size(2);
        int width = (int) pixels.size(3);
        long[] index = new long[images.length * height * width];
        float[] covered = new float[index.length];
        try (Draws draws = Draws.perImage(seed, images)) {
            double[] u =
                    draws.uniform(Tensor.zeros(DType.FLOAT64, images.length, 2)).toDoubles();
            for (int i = 0; i < images.length; i++) {
                int top = (int) (u[2 * i] * (height - size + 1));
                int left = (int) (u[2 * i + 1] * (width - size + 1));
                for (int row = 0; row < size; row++) {
                    for (int column = 0; column < size; column++) {
                        int at = (i * height + top + row) * width + left + column;
                        index[at] = (long) row * size + column;
                        covered[at] = 1;
                    }
                }
            }
        }
        Tensor shown = patch.flatten(1)
                .indexSelect(1, Tensor.of(index, index.length).to(device))
                .reshape(patch.size(0), images.length, height, width)
                .transpose(0, 1);
        Tensor mask =
                Tensor.of(covered, images.length, 1, height, width).to(device).gt(0.5);
        return shown.where(mask, pixels);
    }
}
