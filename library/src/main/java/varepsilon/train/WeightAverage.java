package varepsilon.train;

import java.util.LinkedHashMap;
import java.util.Map;
import varepsilon.nn.Module;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * An exponential moving average of a model's parameters (Polyak, Juditsky 1992, for the averaging): after step t, from
 * 1, θ̄ ← d·θ̄ + (1 − d)·θ with d = min(decay, (1 + t)/(10 + t)), starting from the initial θ. The smaller decay of the
 * first steps, as in TensorFlow's {@code ExponentialMovingAverage} with {@code num_updates}, reduces the influence of
 * the initial weights. Buffers are not averaged: those of the model itself stand beside the average.
 */
final class WeightAverage implements AutoCloseable {
    private final Map<String, Tensor> parameters;
    private final Map<String, Tensor> averages = new LinkedHashMap<>();
    private final double decay;

    /**
     * Starts from the current parameters of a model.
     *
     * @param decay in [0, 1); 0 keeps no average, and all methods do nothing
     */
    WeightAverage(Module model, double decay) {
        this.parameters = decay == 0 ? Map.of() : model.parameters();
        this.decay = decay;
        try (var scope = Scope.withoutGradients()) {
            parameters.forEach((name, parameter) ->
                    averages.put(name, parameter.detach().copy().own()));
        }
    }

    /** Updates the average after so many optimizer steps. */
    void update(long steps) {
        double d = Math.min(decay, (1.0 + steps) / (10.0 + steps));
        try (var scope = Scope.withoutGradients()) {
            averages.forEach((name, average) -> average.lerpInPlace(parameters.get(name), 1 - d));
        }
    }

    /** The averages by the parameters' names; values copied into them go on from there. */
    Map<String, Tensor> tensors() {
        return averages;
    }

    /** Puts the averages into the model until {@link Use#close}, which puts its own parameters back bit by bit. */
    Use use() {
        exchange();
        return this::exchange;
    }

    private void exchange() {
        averages.forEach((name, average) -> {
            try (var scope = Scope.withoutGradients()) {
                Tensor parameter = parameters.get(name);
                Tensor value = parameter.copy();
                parameter.copyInPlace(average);
                average.copyInPlace(value);
            }
        });
    }

    /** The time in which the model has the averages for parameters. */
    @FunctionalInterface
    interface Use extends AutoCloseable {
        @Override
        void close();
    }

    @Override
    public void close() {
        averages.values().forEach(Tensor::close);
    }
}
