package varepsilon.robust.defense;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import varepsilon.base.Declared;
import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.classify.NetworkClassifier;
import varepsilon.robust.attack.Attack;
import varepsilon.robust.attack.Cost;
import varepsilon.robust.attack.Problem;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.tensor.DType;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;
import varepsilon.train.BatchResult;

/**
 * Free adversarial training (Shafahi et al. 2019): several optimizer steps on each batch, each backward pass giving
 * both the weights' gradients and the image's, by which the perturbation then takes a step of ε. The perturbation is
 * carried from batch to batch, and attack and training use the network in the same mode.
 */
public final class FreeTraining extends ClassifierObjective {
    /** Chooses this defence, with the number of replays. */
    @Named(
            value = "free",
            help = "several steps on each batch, whose backward passes also move the perturbation (Shafahi et al."
                    + " 2019)")
    public record Choice(
            @Parameter(value = "optimizer steps on each batch", min = 1)
            int replays) implements Defense {
        /** Rejects values outside their ranges. */
        public Choice {
            Declared.check(Choice.class, replays);
        }

        /** The usual value. */
        public Choice() {
            this(8);
        }

        @Override
        public Uses uses() {
            return Uses.THREAT_MODEL;
        }

        @Override
        public boolean isSingleStep(Attack attack) {
            return true;
        }

        @Override
        public ClassifierObjective objective(Training training) {
            return new FreeTraining(
                    training.classifier(),
                    training.settings(),
                    training.adversary().threat(),
                    replays,
                    training.batchSize(),
                    training.images().channels(),
                    training.images().height(),
                    training.images().width());
        }
    }

    private final ThreatModel threat;
    private final int replays;
    private final Tensor perturbation;

    /**
     * Trains {@code classifier}.
     *
     * @param replays steps on each batch, at least 1; 8 in the paper
     * @param batchSize the largest batch
     * @param imageShape C, H, W
     */
    public FreeTraining(
            NetworkClassifier classifier,
            Settings settings,
            ThreatModel threat,
            int replays,
            int batchSize,
            long... imageShape) {
        super(classifier, settings);
        if (batchSize < 1 || imageShape.length != 3) {
            throw new IllegalArgumentException("batches of " + batchSize + " images of " + Arrays.toString(imageShape)
                    + ": expected at least 1, of channels, height and width");
        }
        this.threat = threat;
        this.replays = new Choice(replays).replays();
        try (var scope = Scope.withoutGradients()) {
            perturbation = Tensor.zeros(DType.FLOAT32, batchSize, imageShape[0], imageShape[1], imageShape[2])
                    .to(classifier.device())
                    .own();
        }
    }

    @Override
    public int replays() {
        return replays;
    }

    @Override
    public Map<String, Tensor> memory() {
        Map<String, Tensor> memory = new LinkedHashMap<>(super.memory());
        memory.put("perturbation", perturbation);
        return memory;
    }

    @Override
    protected BatchResult evaluate(Tensor pixels, Tensor labels, Rng rng, Cost cost) {
        // A short last batch uses, and moves, only the first rows.
        Tensor carried = perturbation.narrow(0, 0, pixels.size(0));
        Problem problem = Problem.ofTraining(classifier(), pixels, labels, threat, cost);
        Tensor delta = problem.project(carried);
        Tensor perturbed = pixels.add(delta).detach().requiresGrad(true);
        Tensor logits = logits(perturbed, cost);
        Map<String, Tensor> measured = new LinkedHashMap<>();
        measureAdversarial(measured, logits, labels);
        return new BatchResult(
                crossEntropy(logits, labels).mean(),
                measured,
                perturbed,
                gradient -> carried.copyInPlace(problem.ascend(delta, gradient, threat.epsilon())));
    }

    @Override
    public void close() {
        perturbation.close();
        super.close();
    }
}
