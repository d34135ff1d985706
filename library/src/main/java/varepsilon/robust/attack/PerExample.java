package varepsilon.robust.attack;

import java.util.Arrays;
import varepsilon.tensor.DType;
import varepsilon.tensor.Tensor;

/** One number an example, and back to the shape of the examples. */
final class PerExample {
    private PerExample() {}

    /** Sums over everything but the first dimension: N. */
    static Tensor sum(Tensor x) {
        return x.flatten(1).sum(1);
    }

    /** The largest value over everything but the first dimension: N. */
    static Tensor max(Tensor x) {
        return x.flatten(1).amax(1);
    }

    /** Whether all values of an example are finite: BOOL N. */
    static Tensor isFinite(Tensor x) {
        // x − x is 0 unless x is infinite or NaN.
        return max(x.sub(x).eq(x.zerosLike()).not().to(DType.FLOAT32)).gt(0).not();
    }

    /** N numbers in a shape that broadcasts over {@code like}, N×…. */
    static Tensor broadcast(Tensor perExample, Tensor like) {
        long[] shape = new long[like.dimensions()];
        Arrays.fill(shape, 1);
        shape[0] = perExample.size(0);
        return perExample.reshape(shape);
    }

    /** Each example divided by its largest absolute value, so that squares of it neither vanish nor overflow. */
    static Tensor rescaled(Tensor x) {
        Tensor largest = max(x.abs());
        return x.div(broadcast(largest.where(largest.gt(0), largest.add(1)), x));
    }

    /** Each example divided by its Euclidean length; zeros stay zeros. */
    static Tensor unit(Tensor x) {
        Tensor v = rescaled(x);
        Tensor length = sum(v.square()).sqrt();
        return v.div(broadcast(length.where(length.gt(0), length.add(1)), v));
    }

    /** ⟨a, b⟩ of each example, in double precision: N. */
    static Tensor dot(Tensor a, Tensor b) {
        return sum(a.to(DType.FLOAT64).mul(b.to(DType.FLOAT64)));
    }

    /** +1 or −1 by uniform numbers, in the type of {@code like}. */
    static Tensor signs(Tensor uniform, Tensor like) {
        Tensor up = uniform.lt(uniform.zerosLike().add(0.5)).to(like.dtype());
        return up.mul(2).sub(1);
    }
}
