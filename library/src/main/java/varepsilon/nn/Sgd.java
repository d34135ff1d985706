package varepsilon.nn;

import java.util.List;
import java.util.Map;
import varepsilon.base.Declared;
import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.tensor.Tensor;

/**
 * Stochastic gradient descent as in PyTorch: g ← g + decay·θ, u ← momentum·u + g, θ ← θ − lr·u, or with Nesterov's
 * momentum θ ← θ − lr·(g + momentum·u).
 */
public final class Sgd extends Optimizer {
    /** Chooses gradient descent with momentum. */
    @Named(value = "sgd", help = "stochastic gradient descent with momentum")
    public record Choice(
            @Parameter(value = "share of earlier steps that a step keeps", min = 0, below = 1)
            double momentum,

            @Parameter(value = "share of a weight that is added to its gradient", min = 0)
            double weightDecay)
            implements OptimizerChoice {
        /** Rejects values outside their ranges. */
        public Choice {
            Declared.check(Choice.class, momentum, weightDecay);
        }

        /** The usual values for residual networks: momentum 0.9, weight decay 0.0005. */
        public Choice() {
            this(0.9, 5e-4);
        }

        @Override
        public Optimizer create(Map<String, Tensor> parameters, double learningRate) {
            return new Sgd(parameters, learningRate, momentum, weightDecay, false);
        }

        @Override
        public double usualRate() {
            return 0.1;
        }
    }

    private final double momentum;
    private final double weightDecay;
    private final boolean nesterov;

    /**
     * Momentum 0 and weight decay 0 make plain gradient descent.
     *
     * @throws IllegalArgumentException where momentum or weight decay is negative, or Nesterov's has no momentum
     */
    public Sgd(
            Map<String, Tensor> parameters,
            double learningRate,
            double momentum,
            double weightDecay,
            boolean nesterov) {
        super(parameters, learningRate);
        if (!(momentum >= 0) || nesterov && momentum == 0) {
            throw new IllegalArgumentException("momentum " + momentum + ": expected a number "
                    + (nesterov ? "> 0, since Nesterov's needs one" : ">= 0"));
        }
        if (!(weightDecay >= 0)) {
            throw new IllegalArgumentException("weight decay " + weightDecay + ": expected a number >= 0");
        }
        this.momentum = momentum;
        this.weightDecay = weightDecay;
        this.nesterov = nesterov;
    }

    @Override
    List<String> quantities() {
        return momentum == 0 ? List.of() : List.of("velocity");
    }

    @Override
    void update(String name, Tensor parameter, Tensor gradient) {
        Tensor g = weightDecay == 0 ? gradient : gradient.add(parameter.mul(weightDecay));
        if (momentum == 0) {
            parameter.addInPlace(g, -learningRate());
            return;
        }
        Tensor velocity =
                running(name, "velocity", parameter).mulInPlace(momentum).addInPlace(g, 1);
        parameter.addInPlace(velocity, -learningRate() * (nesterov ? momentum : 1));
        if (nesterov) {
            parameter.addInPlace(g, -learningRate());
        }
    }
}
