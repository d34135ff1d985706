package varepsilon.nn;

import java.util.Arrays;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;

/**
 * The initialisation of parameters: random stream, device, type and values.
 *
 * @param rng the stream of initial values
 * @param device of the parameters
 * @param dtype FLOAT32, or FLOAT64 for checks against finite differences
 * @param values what parameters begin with
 */
public record Init(Rng rng, Device device, DType dtype, Values values) {
    /** What parameters begin with. */
    public enum Values {
        /** Random numbers, where the layer wants them. */
        RANDOM,
        /** Zeros, where the layer wants random numbers. */
        ZERO,
        /** Nothing: all elements share the memory of one, so that a module of any size shows its names and shapes. */
        SHAPES
    }

    /** Random parameters. */
    public Init(Rng rng, Device device, DType dtype) {
        this(rng, device, dtype, Values.RANDOM);
    }

    /** FLOAT32 parameters. */
    public static Init on(Device device, Rng rng) {
        return new Init(rng, device, DType.FLOAT32);
    }

    /** For modules that are only asked for the names and shapes of their state; they cannot be loaded or trained. */
    public static Init shapes() {
        return new Init(null, Device.CPU, DType.FLOAT32, Values.SHAPES);
    }

    /** The same with zeros in place of random numbers, for layers that begin without effect. */
    public Init zeros() {
        return values == Values.SHAPES ? this : new Init(rng, device, dtype, Values.ZERO);
    }

    /**
     * PyTorch's default for weights and biases of linear and convolutional layers: uniform within ±1/√fanIn (He et al.
     * 2015 with a = √5).
     *
     * @throws IllegalArgumentException where {@code fanIn} is less than 1
     */
    public Tensor uniformByFanIn(long fanIn, long... shape) {
        if (fanIn < 1) {
            throw new IllegalArgumentException("fan-in " + fanIn + ": expected at least 1");
        }
        if (values != Values.RANDOM) {
            return constant(0, shape);
        }
        double bound = 1 / Math.sqrt(fanIn);
        return rng.uniform(dtype, shape).mulInPlace(2 * bound).sub(bound).to(device);
    }

    /** Normal numbers of mean 0. */
    public Tensor normal(double std, long... shape) {
        return values == Values.RANDOM
                ? rng.normal(dtype, shape).mulInPlace(std).to(device)
                : constant(0, shape);
    }

    /** One value everywhere. */
    public Tensor constant(double value, long... shape) {
        if (values == Values.SHAPES) {
            long[] ones = new long[shape.length];
            Arrays.fill(ones, 1);
            return Tensor.full(value, dtype, ones).expand(shape);
        }
        return Tensor.full(value, dtype, shape).to(device);
    }
}
