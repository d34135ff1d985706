package varepsilon.tensor;

import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.Generator;
import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.LayoutOptional;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.global.torch;
import varepsilon.base.InputException;

/**
 * A stream of random numbers, opened by {@link Seed#stream}. Numbers are drawn on the CPU and moved, so that the
 * numbers are the same on every device. It is open until {@link #close}, independently of scopes. Not for use by two
 * threads at once.
 */
public final class Rng implements AutoCloseable {
    static {
        Engine.ensureLoaded();
    }

    private final Generator generator;

    Rng(long seed) {
        this.generator = torch.make_generator_cpu(seed);
        this.generator.retainReference();
    }

    private GeneratorOptional generator() {
        if (generator.isNull()) {
            throw new IllegalStateException("this random stream is closed");
        }
        return new GeneratorOptional(generator);
    }

    /** Standard normal numbers, FLOAT32. */
    public Tensor normal(long... shape) {
        return normal(DType.FLOAT32, shape);
    }

    /** Standard normal numbers. */
    public Tensor normal(DType dtype, long... shape) {
        Scope.requireOpen();
        return Tensor.wrap(torch.randn(
                shape,
                generator(),
                new ScalarTypeOptional(dtype.nativeType()),
                new LayoutOptional(),
                new DeviceOptional(),
                new BoolOptional()));
    }

    /** Uniform numbers in [0, 1), FLOAT32. */
    public Tensor uniform(long... shape) {
        return uniform(DType.FLOAT32, shape);
    }

    /** Uniform numbers in [0, 1). */
    public Tensor uniform(DType dtype, long... shape) {
        Scope.requireOpen();
        return Tensor.wrap(torch.rand(
                shape,
                generator(),
                new ScalarTypeOptional(dtype.nativeType()),
                new LayoutOptional(),
                new DeviceOptional(),
                new BoolOptional()));
    }

    /** Standard exponential numbers, FLOAT32: −log of a uniform number, never 0. */
    public Tensor exponential(long... shape) {
        Tensor result = Tensor.empty(DType.FLOAT32, shape);
        result.handle().exponential_(1.0, generator());
        return result;
    }

    /** 0 … n − 1 in random order. */
    public int[] permutation(int n) {
        try (var scope = Scope.withoutGradients()) {
            long[] order = Tensor.wrap(torch.randperm(
                            n,
                            generator(),
                            new ScalarTypeOptional(DType.INT64.nativeType()),
                            new LayoutOptional(),
                            new DeviceOptional(),
                            new BoolOptional()))
                    .toLongs();
            int[] result = new int[n];
            for (int i = 0; i < n; i++) {
                result[i] = (int) order[i];
            }
            return result;
        }
    }

    /** The state of the stream, for a checkpoint. */
    public byte[] state() {
        try (var scope = Scope.withoutGradients()) {
            return Tensor.wrap(generator().get().get_state()).toBytes();
        }
    }

    /**
     * Restores a state.
     *
     * @throws InputException where it is not such a state
     */
    public void restore(byte[] state) {
        try (var scope = Scope.withoutGradients()) {
            Generator open = generator().get();
            try {
                open.set_state(Tensor.of(state, state.length).handle());
            } catch (RuntimeException e) {
                throw new InputException("the random stream's saved state (" + state.length + " bytes) is not one", e);
            }
        }
    }

    /** Frees the generator. */
    @Override
    public void close() {
        generator.deallocate();
    }
}
