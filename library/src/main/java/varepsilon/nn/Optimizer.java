package varepsilon.nn;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import varepsilon.base.InputException;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;
import varepsilon.weights.Weights;

/** Updates parameters by their gradients. Owns its state until {@link #close}. */
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

    /** Updates one parameter, in place. */
    abstract void update(String name, Tensor parameter, Tensor gradient);

    /** The state of each parameter from the first step on. */
    abstract List<String> quantities();

    /** A running quantity for one parameter, zeros at first. */
    final Tensor running(String name, String quantity, Tensor parameter) {
        return state.computeIfAbsent(
                quantity + "." + name, key -> parameter.zerosLike().own());
    }

    /**
     * Makes the tensors of the state, zeros, where the first step has not made them yet: {@link #state} has them all
     * from then on.
     */
    public final void prepare() {
        try (var scope = Scope.withoutGradients()) {
            for (String quantity : quantities()) {
                parameters.forEach((name, parameter) -> running(name, quantity, parameter));
            }
        }
    }

    /** The trained tensors, in the order in which gradients are given. */
    public final List<Tensor> parameters() {
        return List.copyOf(parameters.values());
    }

    /** Their names, in the same order. */
    public final List<String> parameterNames() {
        return List.copyOf(parameters.keySet());
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

    /**
     * Everything besides the parameters that decides the next updates, always in the same order; for a checkpoint with
     * {@link #steps()}.
     */
    public final Map<String, Tensor> state() {
        return Collections.unmodifiableMap(new LinkedHashMap<>(state));
    }

    /** Shapes by name of the {@link #state()} that an optimizer like this has after so many steps. */
    public final Map<String, long[]> stateShapes(long steps) {
        Map<String, long[]> shapes = new LinkedHashMap<>();
        if (steps > 0) {
            for (String quantity : quantities()) {
                parameters.forEach((name, parameter) -> shapes.put(quantity + "." + name, parameter.shape()));
            }
        }
        return shapes;
    }

    /**
     * Restores an optimizer's {@link #state()} and {@link #steps()}.
     *
     * @throws InputException where the state is that of another kind of optimizer or belongs to other parameters;
     *     nothing is changed then
     */
    public final void restore(long steps, Map<String, Tensor> saved) {
        if (steps < 0) {
            throw new InputException("the optimizer's saved number of steps is " + steps + "; expected at least 0");
        }
        Weights.of(saved, Map.of()).requireExactly(stateShapes(steps));
        try (var scope = Scope.withoutGradients()) {
            saved.forEach((key, value) -> {
                int dot = key.indexOf('.');
                String name = key.substring(dot + 1);
                running(name, key.substring(0, dot), parameters.get(name)).copyInPlace(value);
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
