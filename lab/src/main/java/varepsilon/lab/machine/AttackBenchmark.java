package varepsilon.lab.machine;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.DoubleSupplier;
import java.util.stream.IntStream;
import varepsilon.base.InputException;
import varepsilon.classify.Architecture;
import varepsilon.classify.ClassifierFile;
import varepsilon.classify.NetworkClassifier;
import varepsilon.classify.Normalisation;
import varepsilon.classify.Predictions;
import varepsilon.data.Batch;
import varepsilon.data.Batches;
import varepsilon.data.ImageSet;
import varepsilon.nn.Init;
import varepsilon.nn.Optimizer;
import varepsilon.nn.Sgd;
import varepsilon.robust.attack.Attack;
import varepsilon.robust.attack.AttackResult;
import varepsilon.robust.attack.AttackRun;
import varepsilon.robust.attack.Cost;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.Pgd;
import varepsilon.robust.attack.StepSize;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.robust.defense.AdversarialLoss;
import varepsilon.robust.defense.Adversary;
import varepsilon.robust.defense.ClassifierObjective;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Engine;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

/**
 * Times an attack and a step of adversarial training beside the textbook formulation, which runs a full backward pass
 * for every gradient and keeps every example to the last step. Same engine, model, images and batch; the two take
 * turns. Both are measured on a ResNet-20.
 */
public final class AttackBenchmark implements AutoCloseable {
    /** An attack's name on the command line. */
    public static final String PGD = "pgd";
    /** A training step's name on the command line. */
    public static final String ADVERSARIAL_STEP = "adversarial-step";

    private static final Architecture NETWORK = new Architecture("resnet20", 10, Normalisation.CIFAR10);

    private static final double EPSILON = 8 / 255.0;
    private static final int ATTACK_STEPS = 10;
    private static final int TRAINING_ATTACK_STEPS = 7;
    private static final double STEP_LENGTH = 2 / 255.0;
    private static final StepSize STEP = StepSize.pixels(STEP_LENGTH);
    private static final int WARM_UP = 1;

    private final NetworkClassifier classifier;
    private final ImageSet images;
    private final int batchSize;

    private AttackBenchmark(NetworkClassifier classifier, ImageSet images) {
        this.classifier = classifier;
        this.images = images;
        this.batchSize = images.size();
    }

    /**
     * On a trained network and real images.
     *
     * @param weights of a ResNet-20
     * @param images 3×32×32, with labels; all of them are one batch
     * @param device of the network
     * @throws InputException where the weights are of something else
     */
    public static AttackBenchmark trained(Path weights, ImageSet images, Device device) throws IOException {
        ClassifierFile file = ClassifierFile.read(weights, device);
        if (file.classifier() instanceof NetworkClassifier network
                && network.architecture().name().equals(NETWORK.name())) {
            return new AttackBenchmark(network, images);
        }
        file.close();
        throw new InputException(weights + ": not the weights of a " + NETWORK.name() + ", which this benchmark is of");
    }

    /**
     * On a fresh network and noise; its predictions are the labels, so all are correctly classified.
     *
     * @param device of the network
     * @param batchSize images in a batch, at least 1
     */
    public static AttackBenchmark untrained(Device device, int batchSize) {
        byte[] pixels = new byte[Math.multiplyExact(batchSize, 3 * 32 * 32)];
        new Random(1).nextBytes(pixels);
        try (var scope = Scope.withoutGradients();
                Rng rng = Seed.of(1).stream()) {
            NetworkClassifier classifier = NETWORK.create(Init.on(device, rng));
            classifier.module().train(false);
            int[] labels = Predictions.of(classifier.logits(
                            Batch.pixels(Tensor.of(pixels, batchSize, 3, 32, 32).to(device))))
                    .classes();
            List<String> classes = IntStream.range(0, NETWORK.classes())
                    .mapToObj(Integer::toString)
                    .toList();
            return new AttackBenchmark(classifier, ImageSet.labelled("noise", pixels, 3, 32, 32, labels, classes));
        }
    }

    @Override
    public void close() {
        classifier.close();
    }

    /**
     * PGD with 10 steps in L∞ at 8/255, as an evaluation runs it: ours with its clean pass, its checks and its second
     * prediction, the textbook's with the prediction at the end.
     *
     * @param rounds counted attacks of each kind
     */
    public BenchmarkResult pgd(int rounds) {
        Attack attack = Pgd.ofSteps(ATTACK_STEPS).withStepSize(STEP).withRandomStart(false);
        AttackRun run = AttackRun.untargeted(classifier, ThreatModel.of(Norm.LINF, EPSILON));
        Cost cost = new Cost();
        try (var scope = Scope.open();
                Rng rng = Seed.of(1).stream()) {
            Tensor pixels = batch().pixels(classifier.device());
            Tensor labels = labels(batch());
            int[] robust = new int[1];
            DoubleSupplier ours = () -> {
                AttackResult result = run.of(attack, pixels, labels, rng, cost);
                robust[0] = 0;
                for (int i = 0; i < batchSize; i++) {
                    robust[0] += result.isRobust(i) ? 1 : 0;
                }
                return robust[0];
            };
            DoubleSupplier textbook = () -> {
                try (var attacked = Scope.open()) {
                    return classifier.evaluating(() -> hits(textbookPgd(pixels, pixels, labels, ATTACK_STEPS), labels));
                }
            };
            SideBySide times = SideBySide.measure(ours, textbook, WARM_UP, rounds);
            String work =
                    "PGD with 10 steps at 8/255 on " + batchSize + " images, a ResNet-20 (robust: " + robust[0] + ")";
            int runs = WARM_UP + rounds;
            double flops = flops(cost.forwardPasses(), cost.backwardPasses(), 0) / runs;
            return BenchmarkResult.of(
                    PGD, work, classifier.device(), batchSize, times, flops, Engine.threads(), rounds);
        }
    }

    /**
     * A step of adversarial training: PGD with 7 steps in L∞ at 8/255, then an SGD step on the perturbed images.
     *
     * @param rounds counted steps of each kind
     */
    public BenchmarkResult adversarialStep(int rounds) {
        ThreatModel threat = ThreatModel.of(Norm.LINF, EPSILON);
        Attack attack = Pgd.ofSteps(TRAINING_ATTACK_STEPS).withStepSize(STEP);
        // Learning rate 0: both ways train the same model, and each step starts from the same weights.
        try (Optimizer sgd = new Sgd(classifier.module().parameters(), 0, 0.9, 5e-4, false);
                var objective = new AdversarialLoss(
                        classifier, ClassifierObjective.Settings.PLAIN, new Adversary(attack, threat), 0);
                Rng rng = Seed.of(1).stream()) {
            DoubleSupplier ours = () -> {
                try (var scope = Scope.open()) {
                    var result = objective.evaluate(batch(), rng);
                    sgd.step(Gradients.of(result.loss(), sgd.parameters()));
                    return result.loss().item();
                }
            };
            DoubleSupplier textbook = () -> {
                try (var scope = Scope.open()) {
                    Batch batch = batch();
                    Tensor pixels = batch.pixels(classifier.device());
                    Tensor labels = labels(batch);
                    Tensor start = pixels.add(rng.uniform(pixels.shape())
                                    .to(pixels.device())
                                    .sub(0.5)
                                    .mul(2 * EPSILON))
                            .clamp(0, 1);
                    Tensor perturbed =
                            classifier.evaluating(() -> textbookPgd(pixels, start, labels, TRAINING_ATTACK_STEPS));
                    Tensor loss = Ops.crossEntropy(classifier.logits(perturbed), labels)
                            .mean();
                    sgd.step(Gradients.of(loss, sgd.parameters()));
                    return loss.item();
                }
            };
            classifier.module().train(true);
            SideBySide times = SideBySide.measure(ours, textbook, WARM_UP, rounds);
            classifier.module().train(false);
            long passes = (TRAINING_ATTACK_STEPS + 1L) * batchSize;
            double flops = flops(passes, passes, batchSize);
            String work =
                    "a step of adversarial training with PGD of 7 steps at 8/255, batch " + batchSize + ", a ResNet-20";
            return BenchmarkResult.of(
                    ADVERSARIAL_STEP, work, classifier.device(), batchSize, times, flops, Engine.threads(), rounds);
        }
    }

    private Batch batch() {
        return Batches.of(images, batchSize).iterator().next();
    }

    private Tensor labels(Batch batch) {
        return batch.labels().to(classifier.device());
    }

    /** Computes the gradients of all weights too, as the textbook does. */
    private Tensor textbookPgd(Tensor pixels, Tensor start, Tensor labels, int steps) {
        Tensor perturbed = start;
        for (int i = 0; i < steps; i++) {
            try (var scope = Scope.withGradients()) {
                Tensor x = perturbed.detach().requiresGrad(true);
                Tensor loss = Ops.crossEntropy(classifier.logits(x), labels).mean();
                List<Tensor> all =
                        new ArrayList<>(classifier.module().parameters().values());
                all.add(x);
                Tensor gradient = Gradients.of(loss, all).get(all.size() - 1);
                Tensor moved = x.detach().add(gradient.sign().mul(STEP_LENGTH));
                Tensor delta = moved.sub(pixels).clamp(-EPSILON, EPSILON);
                perturbed = scope.keep(pixels.add(delta).clamp(0, 1));
            }
        }
        return perturbed;
    }

    private double hits(Tensor pixels, Tensor labels) {
        try (var scope = Scope.withoutGradients()) {
            return Predictions.match(classifier.logits(pixels), labels)
                    .to(DType.FLOAT32)
                    .sum()
                    .item();
        }
    }

    /**
     * A multiplication and an addition count as two; a gradient costs what its forward pass does, the weights' again.
     */
    private static double flops(long forward, long backward, long weightBackward) {
        double k = 9;
        double stem = 32 * 32 * 3 * 16 * k;
        double stage1 = 6 * 32 * 32 * 16 * 16 * k;
        double stage2 = 16 * 16 * (16 * 32 + 5 * 32 * 32) * k;
        double stage3 = 8 * 8 * (32 * 64 + 5 * 64 * 64) * k;
        double multiplications = stem + stage1 + stage2 + stage3 + 64 * 10;
        return 2 * multiplications * (forward + backward + weightBackward);
    }
}
