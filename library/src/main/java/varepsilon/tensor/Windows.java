package varepsilon.tensor;

import java.util.Arrays;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/**
 * Convolution, pooling, padding and resizing in their general form: over one or two spatial dimensions (N×C×L or
 * N×C×H×W), each with a stride, a padding and a dilation of its own. {@link Ops} has the common cases.
 */
public final class Windows {
    private Windows() {}

    /**
     * The geometry of windows; one value a spatial dimension.
     *
     * @param before padding at the start of each dimension
     * @param after padding at its end
     */
    public record Geometry(long[] stride, long[] before, long[] after, long[] dilation) {
        private boolean isSymmetric() {
            return Arrays.equals(before, after);
        }

        private long[] none() {
            return new long[before.length];
        }
    }

    /** Convolution; weight out×(in/groups)×k…, bias null or out. */
    public static Tensor convolution(Tensor x, Tensor weight, Tensor bias, Geometry geometry, long groups) {
        Tensor padded = geometry.isSymmetric() ? x : pad(x, geometry.before(), geometry.after(), 0);
        return Tensor.wrap(torch.convolution(
                padded.handle(),
                weight.handle(),
                optional(bias),
                geometry.stride(),
                geometry.isSymmetric() ? geometry.before() : geometry.none(),
                geometry.dilation(),
                false,
                geometry.none(),
                groups));
    }

    /**
     * Transposed convolution; weight in×(out/groups)×k…, bias null or out. What {@code after} is larger than
     * {@code before} is cut off the end of the result.
     */
    public static Tensor transposedConvolution(
            Tensor x, Tensor weight, Tensor bias, Geometry geometry, long[] outputPadding, long groups) {
        Tensor y = Tensor.wrap(torch.convolution(
                x.handle(),
                weight.handle(),
                optional(bias),
                geometry.stride(),
                geometry.isSymmetric() ? geometry.before() : geometry.none(),
                geometry.dilation(),
                true,
                outputPadding,
                groups));
        return geometry.isSymmetric() ? y : crop(y, geometry.before(), geometry.after());
    }

    private static Tensor crop(Tensor x, long[] before, long[] after) {
        Tensor y = x;
        for (int i = 0; i < before.length; i++) {
            long size = y.size(2 + i);
            y = y.narrow(2 + i, before[i], size - before[i] - after[i]);
        }
        return y;
    }

    /** Largest value of each window; padding does not count. With {@code ceil} windows may reach beyond the end. */
    public static Tensor maxPool(Tensor x, long[] kernel, Geometry geometry, boolean ceil) {
        if (kernel.length == 1) {
            return maxPool(x.unsqueeze(2), two(kernel, 1), flat(geometry), ceil).squeeze(2);
        }
        // The engine takes symmetric padding of at most half a kernel; −∞ stands for the rest.
        boolean direct = geometry.isSymmetric() && isAtMostHalf(geometry.before(), kernel);
        Tensor padded = direct ? x : pad(x, geometry.before(), geometry.after(), Double.NEGATIVE_INFINITY);
        return Tensor.wrap(torch.max_pool2d(
                padded.handle(),
                kernel,
                geometry.stride(),
                direct ? geometry.before() : geometry.none(),
                geometry.dilation(),
                ceil));
    }

    private static boolean isAtMostHalf(long[] padding, long[] kernel) {
        return LongStream.range(0, kernel.length).allMatch(i -> 2 * padding[(int) i] <= kernel[(int) i]);
    }

    /**
     * Mean of each window.
     *
     * @param countPadding whether padding counts as zeros; what {@code ceil} lets windows reach beyond it never does
     */
    public static Tensor averagePool(Tensor x, long[] kernel, Geometry geometry, boolean ceil, boolean countPadding) {
        if (kernel.length == 1) {
            return averagePool(x.unsqueeze(2), two(kernel, 1), flat(geometry), ceil, countPadding)
                    .squeeze(2);
        }
        if (geometry.isSymmetric() && isAtMostHalf(geometry.before(), kernel) && isUndilated(geometry)) {
            return Tensor.wrap(torch.avg_pool2d(
                    x.handle(), kernel, geometry.stride(), geometry.before(), ceil, countPadding, new LongOptional()));
        }
        Tensor ones = x.narrow(0, 0, 1).narrow(1, 0, 1).mul(0).add(1);
        Tensor counted = countPadding
                ? pad(
                        pad(ones, geometry.before(), geometry.after(), 1),
                        geometry.none(),
                        beyond(x, kernel, geometry, ceil),
                        0)
                : pad(ones, geometry.before(), sum(geometry.after(), beyond(x, kernel, geometry, ceil)), 0);
        Tensor padded = pad(x, geometry.before(), sum(geometry.after(), beyond(x, kernel, geometry, ceil)), 0);
        return windowSums(padded, kernel, geometry).div(windowSums(counted, kernel, geometry));
    }

    /** How far the last window reaches beyond the padded end, a value a dimension. */
    private static long[] beyond(Tensor x, long[] kernel, Geometry g, boolean ceil) {
        long[] beyond = new long[kernel.length];
        for (int i = 0; i < kernel.length; i++) {
            long extent = g.dilation()[i] * (kernel[i] - 1) + 1;
            long left = (x.size(2 + i) + g.before()[i] + g.after()[i] - extent) % g.stride()[i];
            beyond[i] = ceil && left > 0 ? g.stride()[i] - left : 0;
        }
        return beyond;
    }

    private static long[] sum(long[] a, long[] b) {
        long[] sum = a.clone();
        Arrays.setAll(sum, i -> a[i] + b[i]);
        return sum;
    }

    private static boolean isUndilated(Geometry geometry) {
        return Arrays.stream(geometry.dilation()).allMatch(dilation -> dilation == 1);
    }

    /** The sum of each window of images padded already. */
    public static Tensor windowSums(Tensor padded, long[] kernel, Geometry geometry) {
        long channels = padded.size(1);
        long[] shape = new long[kernel.length + 2];
        Arrays.fill(shape, 1);
        System.arraycopy(kernel, 0, shape, 2, kernel.length);
        shape[0] = channels;
        Tensor ones = Tensor.ones(padded.dtype(), shape).to(padded.device());
        Geometry unpadded = new Geometry(geometry.stride(), geometry.none(), geometry.none(), geometry.dilation());
        return convolution(padded, ones, null, unpadded, channels);
    }

    private static long[] two(long[] one, long before) {
        return new long[] {before, one[0]};
    }

    private static Geometry flat(Geometry one) {
        return new Geometry(two(one.stride(), 1), two(one.before(), 0), two(one.after(), 0), two(one.dilation(), 1));
    }

    /** Padding with one value; {@code before} and {@code after} are for the last dimensions, in their order. */
    public static Tensor pad(Tensor x, long[] before, long[] after, double value) {
        return Tensor.wrap(torch.constant_pad_nd(x.handle(), lastFirst(before, after), new Scalar(value)));
    }

    /** What lies in the padding of images. */
    public enum Fill {
        /** Their mirror image, without the edge. */
        REFLECT,
        /** Their edge. */
        EDGE
    }

    /** Padding of the last dimensions with what the tensor has, the first two being left as they are. */
    public static Tensor pad(Tensor x, long[] before, long[] after, Fill fill) {
        String mode = switch (fill) {
            case REFLECT -> "reflect";
            case EDGE -> "replicate";
        };
        return Tensor.wrap(torch.pad(x.handle(), lastFirst(before, after), mode, new DoubleOptional()));
    }

    /** The engine's order: the last dimension first, its start and its end. */
    private static long[] lastFirst(long[] before, long[] after) {
        long[] order = new long[2 * before.length];
        for (int i = 0; i < before.length; i++) {
            order[2 * i] = before[before.length - 1 - i];
            order[2 * i + 1] = after[after.length - 1 - i];
        }
        return order;
    }

    private static TensorOptional optional(Tensor tensor) {
        return tensor == null ? new TensorOptional() : new TensorOptional(tensor.handle());
    }
}
