package varepsilon.nn;

import java.util.Map;
import varepsilon.tensor.Tensor;

/**
 * Stochastic gradient descent as in PyTorch: g ← g + decay·θ, u ← momentum·u + g, θ ← θ − lr·u, or with Nesterov's
 * momentum θ ← θ − lr·(g + momentum·u).
 */
public final class Sgd extends Optimizer {
    private final double momentum;
    private final double weightDecay;
    private final boolean nesterov;

    /** Momentum 0 and weight decay 0 make plain gradient descent. */
    public Sgd(
            Map<String, Tensor> parameters,
            double learningRate,
            double momentum,
            double weightDecay,
            boolean nesterov) {
        super(parameters, learningRate);
        this.momentum = momentum;
        this.weightDecay = weightDecay;
        this.nesterov = nesterov;
    }

    @Override
    void update(String name, Tensor parameter, Tensor gradient) {
        Tensor g = weightDecay == 0 ? gradient : gradient.add(parameter.mul(weightDecay));
        if (momentum == 0) {
            parameter.addInPlace(g, -learningRate());
            return;
        }
        Tensor velocity = running(name, "velocity", parameter).mulInPlace(momentum).addInPlace(g, 1);
        parameter.addInPlace(velocity, -learningRate() * (nesterov ? momentum : 1));
        if (nesterov) {
            parameter.addInPlace(g, -learningRate());
        }
    }
}
