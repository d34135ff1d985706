package varepsilon.robust.defense;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import varepsilon.base.Declared;
import varepsilon.base.InputException;
import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.base.Watch;
import varepsilon.classify.NetworkClassifier;
import varepsilon.data.ImageShape;
import varepsilon.graph.RecordedGraph;
import varepsilon.robust.attack.Cost;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.robust.certify.BoundedNetwork;
import varepsilon.robust.certify.CrownIbp;
import varepsilon.robust.certify.Ibp;
import varepsilon.robust.certify.Margins;
import varepsilon.robust.certify.Relaxation;
import varepsilon.tensor.DType;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;
import varepsilon.train.BatchResult;

/**
 * Trains on bounds of the logits over all allowed perturbations: minimises κ·CE(x) + (1 − κ)·CE(worst logits), where
 * class j's worst logit is minus the lower bound of its margin, and the label's is 0. While ε grows from 0 to its value, κ
 * falls from 1 to its last value. Bounds are those of intervals (Gowal et al. 2018), or to begin with linear ones over
 * intervals, which give way to intervals as ε grows (Zhang et al. 2020, "Towards stable and efficient training of
 * verifiably robust neural networks"). In validation, {@code certified_accuracy} is by intervals, at full ε.
 */
public final class CertifiedTraining extends ClassifierObjective {
    /** What both choices have in common. */
    private interface OnBounds extends Defense {
        double clean();

        /** Whether linear bounds come first. */
        boolean isLinear();

        @Override
        default Uses uses() {
            return Uses.THREAT_MODEL;
        }

        @Override
        default boolean warmsUp() {
            return true;
        }

        @Override
        default Optional<String> monitored() {
            return Optional.of(CERTIFIED);
        }

        @Override
        default ClassifierObjective objective(Training training) {
            return new CertifiedTraining(
                    training.classifier(),
                    training.settings(),
                    training.adversary(),
                    training.images(),
                    clean(),
                    isLinear());
        }
    }

    /** Chooses interval bounds. */
    @Named(value = "ibp", help = "trains on interval bounds of the logits, to be certified (Gowal et al. 2018)")
    public record Intervals(
            @Parameter(value = CLEAN, min = 0, max = 1) double clean) implements OnBounds {
        /** Rejects values outside their ranges. */
        public Intervals {
            Declared.check(Intervals.class, clean);
        }

        /** With no weight on unperturbed images in the end. */
        public Intervals() {
            this(0);
        }

        @Override
        public boolean isLinear() {
            return false;
        }
    }

    /** Chooses linear bounds that give way to intervals. */
    @Named(
            value = "crown-ibp",
            help =
                    "trains on linear bounds of the logits that give way to intervals, to be certified (Zhang et al. 2020)")
    public record LinearThenIntervals(
            @Parameter(value = CLEAN, min = 0, max = 1) double clean) implements OnBounds {
        /** Rejects values outside their ranges. */
        public LinearThenIntervals {
            Declared.check(LinearThenIntervals.class, clean);
        }

        /** With no weight on unperturbed images in the end. */
        public LinearThenIntervals() {
            this(0);
        }

        @Override
        public boolean isLinear() {
            return true;
        }
    }

    private static final String CERTIFIED = "certified_accuracy";

    static final String CLEAN =
            "weight of the cross-entropy of unperturbed images, to which it falls from 1 as eps grows";

    private final Adversary adversary;
    private final double clean;
    private final boolean linear;
    private final RecordedGraph recorded;
    private final long[] example;

    /**
     * Trains {@code classifier}, which must have no batch normalisation.
     *
     * @param adversary of which the threat model, in L∞, and the warm-up count
     * @param images their shape
     * @param clean κ at full ε, in [0, 1]
     * @param linear whether linear bounds come first
     * @throws InputException where the norm is another, or the network has an operation without a bound
     */
    public CertifiedTraining(
            NetworkClassifier classifier,
            Settings settings,
            Adversary adversary,
            ImageShape images,
            double clean,
            boolean linear) {
        super(classifier, settings);
        if (adversary.threat().norm() != Norm.LINF) {
            throw new InputException("norm " + adversary.threat().norm().label()
                    + ": expected linf, in which intervals are tight enough to train on");
        }
        this.adversary = adversary;
        this.clean = new Intervals(clean).clean();
        this.linear = linear;
        this.example = new long[] {images.channels(), images.height(), images.width()};
        this.recorded = classifier.evaluating(() -> RecordedGraph.of(
                classifier::logits, classifier.module().state(), DType.FLOAT32, classifier.device(), example));
        if (recorded.graph().operations().containsKey("BatchNormalization")) {
            recorded.close();
            throw new InputException("a network with batch normalisation: expected one without, such as small-cnn, to"
                    + " train on bounds");
        }
    }

    @Override
    protected BatchResult evaluate(Tensor pixels, Tensor labels, Rng rng, Cost cost) {
        ThreatModel threat = adversary.threatAt(epoch());
        double grown = adversary.threat().epsilon() == 0
                ? 1
                : threat.epsilon() / adversary.threat().epsilon();
        Tensor logits = logits(pixels, cost);
        Map<String, Tensor> measured = new LinkedHashMap<>();
        measure(measured, logits, labels);
        Tensor functions = Margins.of(labels, (int) logits.size(1), DType.FLOAT32);
        BoundedNetwork network = BoundedNetwork.differentiable(recorded.graph(), example);
        Relaxation relaxation = Relaxation.of(network, pixels, threat);
        Tensor margins = new Ibp().bound(relaxation, functions, Watch.NONE).lower();
        double share = linear ? 1 - grown : 0;
        if (share > 0) {
            Tensor tighter =
                    new CrownIbp().bound(relaxation, functions, Watch.NONE).lower();
            margins = tighter.mul(share).add(margins.mul(1 - share));
        }
        Tensor worst = worstLogits(margins);
        measured.put(CERTIFIED, certified(margins));
        Tensor worstLoss = crossEntropy(worst, labels.zerosLike());
        measured.put("certified_loss", worstLoss.detach());
        double kappa = 1 - (1 - clean) * grown;
        Tensor loss = worstLoss.mean().mul(1 - kappa);
        if (kappa > 0) {
            loss = loss.add(crossEntropy(logits, labels).mean().mul(kappa));
        }
        return new BatchResult(loss, measured);
    }

    /** The label's logit, 0, first. */
    private static Tensor worstLogits(Tensor margins) {
        Tensor zero = margins.narrow(1, 0, 1).mul(0);
        return Tensor.concat(1, List.of(zero, margins.neg()));
    }

    private static Tensor certified(Tensor margins) {
        return margins.detach().neg().amax(1).lt(0).to(DType.FLOAT32);
    }

    @Override
    protected void validate(Map<String, Tensor> measured, Tensor pixels, Tensor labels, Tensor logits, Rng rng) {
        BoundedNetwork network = BoundedNetwork.differentiable(recorded.graph(), example);
        Relaxation relaxation = Relaxation.of(network, pixels, adversary.threat());
        Tensor functions = Margins.of(labels, (int) logits.size(1), DType.FLOAT32);
        measured.put(
                CERTIFIED,
                certified(new Ibp().bound(relaxation, functions, Watch.NONE).lower()));
    }

    @Override
    public void close() {
        recorded.close();
        super.close();
    }
}
