package varepsilon.robust.defense;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import varepsilon.base.InputException;
import varepsilon.classify.NetworkClassifier;
import varepsilon.classify.Predictions;
import varepsilon.data.Batch;
import varepsilon.nn.Module;
import varepsilon.robust.attack.AttackResult;
import varepsilon.robust.attack.AttackRun;
import varepsilon.robust.attack.Cost;
import varepsilon.tensor.DType;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;
import varepsilon.train.BatchResult;
import varepsilon.train.Objective;

/**
 * The base of all training objectives of a classifier: pixels in [0, 1], the count of passes, and validation. Measures
 * {@code loss} (cross-entropy, nats) and {@code accuracy} on unperturbed images; on perturbed ones, {@code
 * adversarial_loss} and {@code robust_accuracy}.
 */
public abstract class ClassifierObjective implements Objective, AutoCloseable {
    private final NetworkClassifier classifier;
    private final Settings settings;
    // Forward and backward passes, in a tensor so that the checkpoint carries them.
    private final Tensor passes;
    private double epoch;

    /**
     * Settings of all objectives.
     *
     * @param labelSmoothing weight spread over all classes, in [0, 1]
     * @param check the attack by which validation measures robust accuracy, at full ε and in evaluation mode, whatever
     *     its warm-up and mode; null for none
     */
    public record Settings(double labelSmoothing, Adversary check) {
        /** No smoothing, no attack in validation. */
        public static final Settings PLAIN = new Settings(0, null);

        /** Rejects smoothing outside [0, 1]. */
        public Settings {
            if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
                throw new InputException("label smoothing " + labelSmoothing + ": expected a number in [0, 1]");
            }
        }
    }

    /** Trains {@code classifier}. */
    protected ClassifierObjective(NetworkClassifier classifier, Settings settings) {
        this.classifier = Objects.requireNonNull(classifier, "classifier");
        this.settings = Objects.requireNonNull(settings, "settings");
        try (var scope = Scope.withoutGradients()) {
            passes = Tensor.zeros(DType.INT64, 2).own();
        }
    }

    /** The classifier that is trained. */
    public final NetworkClassifier classifier() {
        return classifier;
    }

    @Override
    public final Module model() {
        return classifier.module();
    }

    @Override
    public final void at(double epoch) {
        this.epoch = epoch;
    }

    /** Epochs done, with their fraction. */
    protected final double epoch() {
        return epoch;
    }

    /** Images sent forward through the classifier in training so far, attacks included, each counted every time. */
    public final long forwardPasses() {
        return passes.toLongs()[0];
    }

    /** Images whose gradients were computed in training so far, attacks included. */
    public final long backwardPasses() {
        return passes.toLongs()[1];
    }

    @Override
    public Map<String, Tensor> memory() {
        return Map.of("passes", passes);
    }

    @Override
    public final BatchResult evaluate(Batch batch, Rng rng) {
        Cost cost = new Cost();
        BatchResult result = evaluate(batch.pixels(classifier.device()), labels(batch), rng, cost);
        try (var scope = Scope.withoutGradients()) {
            passes.addInPlace(Tensor.of(new long[] {cost.forwardPasses(), cost.backwardPasses()}, 2));
        }
        return result;
    }

    /**
     * Loss and measurements of a batch in training.
     *
     * @param pixels FLOAT32 N×C×H×W in [0, 1]
     * @param labels INT64 N
     * @param cost counts the passes, those of the trainer's own backward pass included
     */
    protected abstract BatchResult evaluate(Tensor pixels, Tensor labels, Rng rng, Cost cost);

    @Override
    public final BatchResult validate(Batch batch, Rng rng) {
        Tensor pixels = batch.pixels(classifier.device());
        Tensor labels = labels(batch);
        Map<String, Tensor> measured = new LinkedHashMap<>();
        Tensor logits = classifier.logits(pixels);
        measure(measured, logits, labels);
        if (settings.check() != null) {
            AttackResult result = AttackRun.untargeted(
                            classifier, settings.check().threat())
                    .of(settings.check().attack(), pixels, labels, rng, new Cost());
            measured.put("robust_accuracy", robust(result));
        }
        validate(measured, pixels, labels, logits, rng);
        return new BatchResult(measured.get("loss").mean(), measured);
    }

    /** Adds metrics of an objective's own in validation: by default none. */
    protected void validate(Map<String, Tensor> measured, Tensor pixels, Tensor labels, Tensor logits, Rng rng) {}

    private static Tensor robust(AttackResult result) {
        float[] robust = new float[result.correct().length];
        for (int i = 0; i < robust.length; i++) {
            robust[i] = result.isRobust(i) ? 1 : 0;
        }
        return Tensor.of(robust, robust.length);
    }

    /** Cross-entropy as it is minimised: smoothed where the settings say so, N. */
    protected final Tensor crossEntropy(Tensor logits, Tensor labels) {
        return Ops.crossEntropy(logits, labels, settings.labelSmoothing());
    }

    /** Logits in training, through which the trainer's backward pass goes. */
    protected final Tensor logits(Tensor pixels, Cost cost) {
        cost.forward(pixels.size(0));
        cost.backward(pixels.size(0));
        return classifier.logits(pixels);
    }

    /** Adds the metrics on unperturbed images. */
    protected static void measure(Map<String, Tensor> measured, Tensor logits, Tensor labels) {
        measured.put("loss", Ops.crossEntropy(logits.detach(), labels));
        measured.put("accuracy", hits(logits, labels));
    }

    /** Adds the metrics on perturbed images. */
    protected static void measureAdversarial(Map<String, Tensor> measured, Tensor logits, Tensor labels) {
        measured.put("adversarial_loss", Ops.crossEntropy(logits.detach(), labels));
        measured.put("robust_accuracy", hits(logits, labels));
    }

    /** 1 where the label is predicted, N. */
    protected static Tensor hits(Tensor logits, Tensor labels) {
        return Predictions.match(logits.detach(), labels).to(DType.FLOAT32);
    }

    private Tensor labels(Batch batch) {
        return batch.labels().to(classifier.device());
    }

    @Override
    public void close() {
        passes.close();
    }
}
