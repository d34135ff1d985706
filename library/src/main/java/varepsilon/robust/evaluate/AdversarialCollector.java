package varepsilon.robust.evaluate;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import varepsilon.tensor.Device;
import varepsilon.tensor.Tensor;

/**
 * Collects the adversarial examples of one trial of an evaluation, to be saved. It holds them until closed: eight bytes
 * for each value of each image.
 */
public final class AdversarialCollector implements Consumer<AttackedBatch>, AutoCloseable {
    private final RobustEvaluation evaluation;
    private final int trial;
    private final List<Tensor> clean = new ArrayList<>();
    private final List<Tensor> adversarial = new ArrayList<>();
    private final IntStream.Builder labels = IntStream.builder();
    private final IntStream.Builder cleanPredictions = IntStream.builder();
    private final IntStream.Builder predictions = IntStream.builder();
    private final IntStream.Builder indices = IntStream.builder();

    /**
     * A collector for one run of an evaluation.
     *
     * @param trial which of its trials, from 0
     */
    public AdversarialCollector(RobustEvaluation evaluation, int trial) {
        if (trial < 0 || trial >= evaluation.trials().size()) {
            throw new IllegalArgumentException(
                    "trial " + trial + " of " + evaluation.trials().size() + ", counted from 0");
        }
        this.evaluation = evaluation;
        this.trial = trial;
    }

    @Override
    public void accept(AttackedBatch batch) {
        if (batch.trial() != trial) {
            return;
        }
        // Detached, so that another collector may hold the same images and each frees its own.
        clean.add(batch.pixels().to(Device.CPU).detach().own());
        adversarial.add(batch.result().adversarial().to(Device.CPU).detach().own());
        for (long label : batch.labels().toLongs()) {
            labels.add(Math.toIntExact(label));
        }
        IntStream.of(batch.result().cleanPrediction()).forEach(cleanPredictions);
        IntStream.of(batch.result().adversarialPrediction()).forEach(predictions);
        IntStream.of(batch.indices()).forEach(indices);
    }

    /**
     * The collected examples, in the open scope. To be called once, after the evaluation.
     *
     * @param settings further metadata of the file, by name
     */
    public AdversarialExamples examples(Map<String, String> settings) {
        Trial of = evaluation.trials().get(trial);
        return new AdversarialExamples(
                Tensor.concat(0, clean),
                Tensor.concat(0, adversarial),
                labels.build().toArray(),
                cleanPredictions.build().toArray(),
                predictions.build().toArray(),
                indices.build().toArray(),
                of.attack().name(),
                of.threat(),
                settings);
    }

    /** Frees the images. */
    @Override
    public void close() {
        clean.forEach(Tensor::close);
        adversarial.forEach(Tensor::close);
    }
}
