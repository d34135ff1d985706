package varepsilon.nn;

import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;

/**
 * The initialisation of parameters: random stream, device and type.
 *
 * @param rng the stream of initial values
 * @param device of the parameters
 * @param dtype FLOAT32, or FLOAT64 for checks against finite differences
 */
public record Init(Rng rng, Device device, DType dtype) {
    /** FLOAT32 parameters. */
    public static Init on(Device device, Rng rng) {
        return new Init(rng, device, DType.FLOAT32);
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
        double bound = 1 / Math.sqrt(fanIn);
        return rng.uniform(dtype, shape).mulInPlace(2 * bound).sub(bound).to(device);
    }

    /** One value everywhere. */
    public Tensor constant(double value, long... shape) {
        return Tensor.full(value, dtype, shape).to(device);
    }
}
