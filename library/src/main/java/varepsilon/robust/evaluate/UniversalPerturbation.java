package varepsilon.robust.evaluate;

import java.util.Objects;
import varepsilon.base.InputException;
import varepsilon.base.Watch;
import varepsilon.classify.Classifier;
import varepsilon.data.Batches;
import varepsilon.data.ImageSet;
import varepsilon.robust.attack.AttackLoss;
import varepsilon.robust.attack.Cost;
import varepsilon.robust.attack.Problem;
import varepsilon.robust.attack.StepSize;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.tensor.Device;
import varepsilon.tensor.Tensor;

/**
 * One perturbation for all images (Moosavi-Dezfooli et al. 2017), found on some by ascent of their mean loss, limited so
 * that no image counts without end (Shafahi et al. 2020, "Universal adversarial training"), and measured on others.
 *
 * @param threat the ball that holds the perturbation; where it leads out of the box of pixels, the image is clipped
 * @param epochs passes over the images that it is found on, at least 1
 * @param stepSize lengths of the steps, one a batch
 * @param batchSize images at once, at least 1
 * @param seed of the order of the images
 * @param device of the classifier
 */
public record UniversalPerturbation(
        ThreatModel threat, int epochs, StepSize stepSize, int batchSize, long seed, Device device) {
    // Shafahi et al.: the cross-entropy is limited to 9.
    private static final double MOST = 9;
    private static final AttackLoss LIMITED =
            (logits, labels) -> AttackLoss.CROSS_ENTROPY.of(logits, labels).clamp(0, MOST);

    /** Rejects settings outside their ranges. */
    public UniversalPerturbation {
        Objects.requireNonNull(threat, "threat");
        Objects.requireNonNull(stepSize, "stepSize");
        Objects.requireNonNull(device, "device");
        if (epochs < 1 || batchSize < 1) {
            throw new InputException("epochs " + epochs + ", batch size " + batchSize + ": expected at least 1 each");
        }
    }

    /** Ten epochs in batches of 128 with steps of ε/10. */
    public static UniversalPerturbation of(ThreatModel threat, Device device) {
        return new UniversalPerturbation(threat, 10, StepSize.relative(0.1), 128, 0, device);
    }

    /**
     * What was found.
     *
     * @param delta the perturbation, C×H×W in row-major order
     * @param seen accuracy on the images that it was found on
     * @param unseen accuracy on the others
     * @param cost passes through the classifier while it was found
     */
    public record Report(float[] delta, Learned seen, Learned unseen, Cost cost) {}

    /**
     * Finds it on some images and measures it on others.
     *
     * @throws InputException where images have no labels, or the two sets have images of other sizes
     * @throws varepsilon.base.StoppedException where a stop is requested
     */
    public Report of(Classifier classifier, ImageSet training, ImageSet test, Watch watch) {
        Learned.requireLabels(training);
        if (!training.shape().equals(test.shape())) {
            throw new InputException("images of " + training.shape() + " and of " + test.shape()
                    + ": expected one size for those that the perturbation is found on and measured on");
        }
        Watch watched = watch.throwing();
        Cost cost = new Cost();
        return classifier.evaluating(() -> {
            float[] delta = found(classifier, training, cost, watched);
            return new Report(
                    delta,
                    measured(classifier, training, delta, watched),
                    measured(classifier, test, delta, watched),
                    cost);
        });
    }

    private float[] found(Classifier classifier, ImageSet images, Cost cost, Watch watch) {
        long[] shape = {1, images.channels(), images.height(), images.width()};
        Batches batches = Batches.of(images, batchSize);
        int steps = epochs * batches.count();
        int[] step = {0};
        float[][] delta = {new float[images.dimensions()]};
        for (int epoch = 0; epoch < epochs; epoch++) {
            Learned.forEach(batches.shuffled(seed, epoch), batch -> {
                double size = stepSize.of(threat.epsilon(), step[0], steps);
                Problem problem = Problem.ofTraining(
                        classifier, batch.pixels(device), batch.labels().to(device), threat, cost);
                delta[0] = Learned.updated(delta[0], shape, before -> ascended(problem, before, size), device);
                step[0]++;
                watch.progress("universal perturbation", step[0], steps);
            });
        }
        return delta[0];
    }

    private Tensor ascended(Problem problem, Tensor delta, double size) {
        double width = threat.box().width();
        return threat.norm()
                .ascend(
                        delta,
                        gradient(problem, delta),
                        size,
                        threat.epsilon(),
                        delta.zerosLike().sub(width),
                        delta.zerosLike().add(width));
    }

    /** That of the sum of all losses, 1×C×H×W. */
    private static Tensor gradient(Problem problem, Tensor delta) {
        Tensor pixels = problem.pixels();
        Tensor each = delta.expand(pixels.shape()).clamp(problem.low(), problem.high());
        return problem.slope(each, LIMITED).gradient().sum(0).unsqueeze(0);
    }

    private Learned measured(Classifier classifier, ImageSet images, float[] delta, Watch watch) {
        return Learned.measured(
                classifier,
                images,
                batchSize,
                device,
                (pixels, indices) -> pixels.add(Tensor.of(delta, 1, images.channels(), images.height(), images.width())
                                .to(device))
                        .clamp(threat.box().low(), threat.box().high()),
                watch);
    }
}
