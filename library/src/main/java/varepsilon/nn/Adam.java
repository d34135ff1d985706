package varepsilon.nn;

import java.util.List;
import java.util.Map;
import varepsilon.base.Declared;
import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.tensor.Tensor;

/**
 * Adam (Kingma, Ba 2015) and, with a decoupled weight decay, AdamW (Loshchilov, Hutter 2019):
 * m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², θ ← (1 − lr·decay)·θ − lr·m̂/(√v̂ + ε).
 */
public final class Adam extends Optimizer {
    private static final double BETA1 = 0.9;
    private static final double BETA2 = 0.999;
    private static final double EPSILON = 1e-8;

    /** Chooses it, with PyTorch's constants. */
    @Named(value = "adam", help = "Adam (Kingma, Ba 2015), with a weight decay as in AdamW (Loshchilov, Hutter 2019)")
    public record Choice(
            @Parameter(value = "share of a weight that a step takes off, times the learning rate", min = 0)
            double weightDecay)
            implements OptimizerChoice {
        /** Rejects values outside their ranges. */
        public Choice {
            Declared.check(Choice.class, weightDecay);
        }

        /** Without weight decay. */
        public Choice() {
            this(0);
        }

        @Override
        public Optimizer create(Map<String, Tensor> parameters, double learningRate) {
            return new Adam(parameters, learningRate, BETA1, BETA2, EPSILON, weightDecay);
        }

        @Override
        public double usualRate() {
            return 1e-3;
        }
    }

    private final double beta1;
    private final double beta2;
    private final double epsilon;
    private final double weightDecay;

    /** β = (0.9, 0.999), ε = 1e-8, no weight decay: PyTorch's defaults for Adam. */
    public Adam(Map<String, Tensor> parameters, double learningRate) {
        this(parameters, learningRate, BETA1, BETA2, EPSILON, 0);
    }

    /**
     * With all constants; {@code weightDecay} is decoupled from the gradient, as in AdamW.
     *
     * @throws IllegalArgumentException where a β is not in [0, 1), or ε or the weight decay is negative
     */
    public Adam(
            Map<String, Tensor> parameters,
            double learningRate,
            double beta1,
            double beta2,
            double epsilon,
            double weightDecay) {
        super(parameters, learningRate);
        requireDecayRate("beta1", beta1);
        requireDecayRate("beta2", beta2);
        if (!(epsilon >= 0)) {
            throw new IllegalArgumentException("epsilon " + epsilon + ": expected a number >= 0");
        }
        if (!(weightDecay >= 0)) {
            throw new IllegalArgumentException("weight decay " + weightDecay + ": expected a number >= 0");
        }
        this.beta1 = beta1;
        this.beta2 = beta2;
        this.epsilon = epsilon;
        this.weightDecay = weightDecay;
    }

    private static void requireDecayRate(String name, double value) {
        if (!(value >= 0 && value < 1)) {
            throw new IllegalArgumentException(name + " " + value + ": expected a number in [0, 1)");
        }
    }

    @Override
    List<String> quantities() {
        return List.of("first_moment", "second_moment");
    }

    @Override
    void update(String name, Tensor parameter, Tensor gradient) {
        Tensor first = running(name, "first_moment", parameter);
        Tensor second = running(name, "second_moment", parameter);
        if (weightDecay != 0) {
            parameter.mulInPlace(1 - learningRate() * weightDecay);
        }
        first.lerpInPlace(gradient, 1 - beta1);
        second.mulInPlace(beta2).addProductInPlace(gradient, gradient, 1 - beta2);
        double correction1 = 1 - Math.pow(beta1, steps());
        double correction2 = Math.sqrt(1 - Math.pow(beta2, steps()));
        Tensor denominator = second.sqrt().mulInPlace(1 / correction2).add(epsilon);
        parameter.addQuotientInPlace(first, denominator, -learningRate() / correction1);
    }
}
