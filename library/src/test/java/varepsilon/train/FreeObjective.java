package varepsilon.train;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import varepsilon.data.Batch;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;
import varepsilon.train.TinyRun.TinyObjective;

/**
 * Free adversarial training in miniature (Shafahi et al. 2019): three steps on each batch, a perturbation that goes on
 * from batch to batch by the input's gradient, and a warm-up of its size.
 */
class FreeObjective extends TinyObjective implements AutoCloseable {
    static final int REPLAYS = 3;
    private static final int BATCH_SIZE = 8;
    private static final double EPSILON = 0.1;

    final List<Double> told = new ArrayList<>();
    private final Tensor perturbation;
    private double epsilon = Double.NaN;

    /** A perturbation of any values at first: a checkpoint is to decide. */
    FreeObjective(long initSeed, double initialPerturbation) {
        super(initSeed);
        try (var scope = Scope.open()) {
            perturbation = Tensor.full(initialPerturbation, DType.FLOAT32, BATCH_SIZE, 1, 4, 4)
                    .own();
        }
    }

    @Override
    public void at(double epoch) {
        told.add(epoch);
        epsilon = EPSILON * Math.min(1, epoch / 2);
    }

    @Override
    public int replays() {
        return REPLAYS;
    }

    @Override
    public Map<String, Tensor> memory() {
        return Map.of("perturbation", perturbation);
    }

    @Override
    public BatchResult evaluate(Batch batch, Rng rng) {
        double size = epsilon;
        Tensor kept = perturbation.narrow(0, 0, batch.size());
        Tensor delta = kept.clamp(-size, size).requiresGrad(true);
        BatchResult result = measure(
                batch, batch.pixels(Device.CPU).add(rng.uniform(1).mul(0.01)).add(delta));
        return new BatchResult(
                result.loss(),
                result.perExample(),
                delta,
                gradient ->
                        kept.copyInPlace(delta.add(gradient.sign().mul(size)).clamp(-size, size)));
    }

    @Override
    public BatchResult validate(Batch batch, Rng rng) {
        return measure(batch, batch.pixels(Device.CPU).sub(epsilon));
    }

    private BatchResult measure(Batch batch, Tensor pixels) {
        Tensor logits = model().forward(pixels);
        Tensor loss = Ops.crossEntropy(logits, batch.labels(), 0.1);
        Map<String, Tensor> measured = new LinkedHashMap<>();
        measured.put("loss", loss.detach());
        measured.put("accuracy", logits.argmax(1).eq(batch.labels()));
        return new BatchResult(loss.mean(), measured);
    }

    @Override
    public void close() {
        perturbation.close();
    }
}
