package varepsilon.nn;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import varepsilon.tensor.InputException;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/** Moves parameters by their gradients. Owns its state, which lives until {@link #close}. */
public abstract sealed class Optimizer implements AutoCloseable permits Adam, Sgd {
    private final Map<String, Tensor> parameters;
    private final Map<String, Tensor> state = new LinkedHashMap<>();
    private double learningRate;
    private long steps;

    Optimizer(Map<String, Tensor> parameters, double learningRate) {
        this.parameters = new LinkedHashMap<>(parameters);
        learningRate(learningRate);
    }

    /** One update. The gradients stand in the order of {@link #parameters()}. */
    public final void step(List<Tensor> gradients) {
        if (gradients.size() != parameters.size()) {
            throw new IllegalArgumentException(
                    gradients.size() + " gradients for " + parameters.size() + " parameters");
        }
        steps++;
        try (var scope = Scope.withoutGradients()) {
            int i = 0;
            for (var entry : parameters.entrySet()) {
                update(entry.getKey(), entry.getValue(), gradients.get(i++));
            }
        }
    }

    /** Moves one parameter, in place. */
    abstract void update(String name, Tensor parameter, Tensor gradient);

    /** A running quantity for one parameter, zeros at first. */
    final Tensor running(String name, String quantity, Tensor parameter) {
        return state.computeIfAbsent(quantity + "." + name, key -> parameter.zerosLike().own());
    }

    /** The trained tensors, in the order in which gradients are given. */
    public final List<Tensor> parameters() {
        return List.copyOf(parameters.values());
    }

    /** The current learning rate. */
    public final double learningRate() {
        return learningRate;
    }

    /** Sets the learning rate of the steps that follow. */
    public final void learningRate(double learningRate) {
        if (!(learningRate >= 0) || Double.isInfinite(learningRate)) {
            throw new IllegalArgumentException("learning rate " + learningRate + ": expected a number >= 0");
        }
        this.learningRate = learningRate;
    }

    /** Updates made so far. */
    public final long steps() {
        return steps;
    }

    /** Everything besides the parameters that decides the next updates; for a checkpoint with {@link #steps()}. */
    public final Map<String, Tensor> state() {
        return Map.copyOf(state);
    }

    /**
     * Continues as the optimizer did whose {@link #state()} and {@link #steps()} are given.
     *
     * @throws InputException where the state belongs to other parameters
     */
    public final void restore(long steps, Map<String, Tensor> saved) {
        try (var scope = Scope.withoutGradients()) {
            saved.forEach((key, value) -> {
                int dot = key.indexOf('.');
                Tensor parameter = dot < 0 ? null : parameters.get(key.substring(dot + 1));
                if (parameter == null) {
                    throw new InputException("the optimizer's saved state has '" + key + "', which no parameter needs");
                }
                running(key.substring(dot + 1), key.substring(0, dot), parameter).copyInPlace(value);
            });
        }
        this.steps = steps;
    }

    /** Frees the state. */
    @Override
    public final void close() {
        state.values().forEach(Tensor::close);
    }
}
