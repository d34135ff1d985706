package varepsilon.nn;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;
import varepsilon.weights.Weights;

/**
 * Something with named parameters (trained), buffers (kept, not trained) and children. It owns them until {@link
 * #close}, independently of scopes. Names join with dots, as in PyTorch: {@code encoder.net.0.weight}.
 */
public abstract class Module implements AutoCloseable {
    private final Map<String, Tensor> parameters = new LinkedHashMap<>();
    private final Map<String, Tensor> buffers = new LinkedHashMap<>();
    private final Map<String, Module> children = new LinkedHashMap<>();
    private boolean training = true;

    /** Registers a trained tensor, which this module then owns. */
    protected final Tensor parameter(String name, Tensor value) {
        requireFree(name);
        parameters.put(name, value.own().requiresGrad(true));
        return value;
    }

    /** Registers a tensor that belongs to the state but is not trained, such as running statistics. */
    protected final Tensor buffer(String name, Tensor value) {
        requireFree(name);
        buffers.put(name, value.own());
        return value;
    }

    /** Registers a part, which this module then owns. */
    protected final <M extends Module> M child(String name, M module) {
        requireFree(name);
        children.put(name, module);
        return module;
    }

    private void requireFree(String name) {
        if (name.isEmpty() || name.contains(".")) {
            throw new IllegalArgumentException("name '" + name + "': expected one without dots, which join names");
        }
        if (parameters.containsKey(name) || buffers.containsKey(name) || children.containsKey(name)) {
            throw new IllegalArgumentException("name '" + name + "' is taken in this module");
        }
    }

    /** Trained tensors by full name, in the order of registration. */
    public final Map<String, Tensor> parameters() {
        Map<String, Tensor> all = new LinkedHashMap<>();
        collect("", all, true, false);
        return all;
    }

    /** Everything that a weight file holds: parameters and buffers by full name, in PyTorch's order. */
    public final Map<String, Tensor> state() {
        Map<String, Tensor> all = new LinkedHashMap<>();
        collect("", all, true, true);
        return all;
    }

    private void collect(String prefix, Map<String, Tensor> into, boolean withParameters, boolean withBuffers) {
        if (withParameters) {
            parameters.forEach((name, tensor) -> into.put(prefix + name, tensor));
        }
        if (withBuffers) {
            buffers.forEach((name, tensor) -> into.put(prefix + name, tensor));
        }
        children.forEach((name, child) -> child.collect(prefix + name + ".", into, withParameters, withBuffers));
    }

    /** Number of trained numbers. */
    public final long parameterCount() {
        return parameters().values().stream().mapToLong(Tensor::count).sum();
    }

    /**
     * Copies values into this module's state. Names and shapes must be exactly its own.
     *
     * @throws varepsilon.base.InputException where names are missing or surplus or a shape differs
     */
    public final void load(Weights weights) {
        Map<String, Tensor> state = state();
        Map<String, long[]> expected = new LinkedHashMap<>();
        state.forEach((name, tensor) -> expected.put(name, tensor.shape()));
        // A count of batches may be missing; one of a layer that this module does not have is surplus like any other.
        weights.requireExactly(expected, name -> expected.containsKey(name) && BatchNorm2d.isBookkeeping(name));
        try (var scope = Scope.withoutGradients()) {
            weights.tensors().forEach((name, tensor) -> state.get(name).copyInPlace(tensor));
        }
    }

    /** Whether it is in training mode (batch normalisation uses batch statistics and updates the running ones). */
    public final boolean isTraining() {
        return training;
    }

    /** Sets the mode of this module and all its parts. */
    public final void train(boolean training) {
        this.training = training;
        children.values().forEach(child -> child.train(training));
    }

    /** As {@link #evaluating(Supplier)}, for work without a result. */
    public final void evaluating(Runnable work) {
        evaluating(() -> {
            work.run();
            return null;
        });
    }

    /**
     * The result of {@code work}, run in evaluation mode; every part gets its own mode back, also when an exception
     * passes.
     */
    public final <T> T evaluating(Supplier<T> work) {
        List<Runnable> restore = new ArrayList<>();
        rememberModes(restore);
        train(false);
        try {
            return work.get();
        } finally {
            restore.forEach(Runnable::run);
        }
    }

    private void rememberModes(List<Runnable> restore) {
        boolean before = training;
        restore.add(() -> training = before);
        children.values().forEach(child -> child.rememberModes(restore));
    }

    /** Frees all parameters and buffers. */
    @Override
    public void close() {
        parameters.values().forEach(Tensor::close);
        buffers.values().forEach(Tensor::close);
        children.values().forEach(Module::close);
    }
}
