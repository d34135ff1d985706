package varepsilon.tensor;

import java.nio.charset.StandardCharsets;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.Generator;
import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.LayoutOptional;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.global.torch;
import varepsilon.base.InputException;

/**
 * A stream of random numbers with a seed. Streams for different uses are split off by name, so that drawing more from
 * one never changes another. Numbers are drawn on the CPU and moved, so that every device sees the same ones.
 * Not for use by two threads at once.
 */
public final class Rng implements AutoCloseable {
    static {
        Engine.ensureLoaded();
    }

    private final long seed;
    private final Generator generator;

    private Rng(long seed) {
        this.seed = seed;
        this.generator = torch.make_generator_cpu(seed);
        this.generator.retainReference();
    }

    /** A stream that depends on the seed alone. It lives until {@link #close}, whatever scopes do. */
    public static Rng seeded(long seed) {
        return new Rng(seed);
    }

    /** A new stream that depends on this one's seed and on the name, not on what has been drawn. */
    public Rng split(String name) {
        return new Rng(derive(seed, name));
    }

    /** A new stream that depends on this one's seed and on the number: an epoch, a step. */
    public Rng split(long number) {
        return new Rng(derive(seed, number));
    }

    private GeneratorOptional generator() {
        if (generator.isNull()) {
            throw new IllegalStateException("this random stream is closed");
        }
        return new GeneratorOptional(generator);
    }

    /** The seed of the sub-stream of that name. */
    public static long derive(long seed, String name) {
        long hash = mix(seed);
        for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
            hash = mix(hash ^ (b & 0xff));
        }
        return hash;
    }

    /** The seed of the sub-stream of that number. */
    public static long derive(long seed, long number) {
        return mix(mix(seed) + number);
    }

    // SplitMix64's increment and finaliser (Steele, Lea, Flood 2014): neighbouring seeds give unrelated streams.
    private static long mix(long value) {
        long z = value + 0x9e3779b97f4a7c15L;
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
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

    /** Everything that decides what is drawn next; for a checkpoint. */
    public byte[] state() {
        try (var scope = Scope.withoutGradients()) {
            return Tensor.wrap(generator().get().get_state()).toBytes();
        }
    }

    /**
     * Continues where the stream was that gave {@code state}.
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
