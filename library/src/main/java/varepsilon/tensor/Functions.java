package varepsilon.tensor;

import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** Functions of tensors that imported networks use, beside those of {@link Tensor} and {@link Ops}. */
public final class Functions {
    private Functions() {}

    /** x to the power of y, element by element. */
    public static Tensor pow(Tensor x, Tensor y) {
        return Tensor.wrap(torch.pow(x.handle(), y.handle()));
    }

    /** The error function. */
    public static Tensor erf(Tensor x) {
        return Tensor.wrap(torch.erf(x.handle()));
    }

    /** GELU with Φ approximated by a hyperbolic tangent (Hendrycks and Gimpel 2016). */
    public static Tensor geluTanh(Tensor x) {
        return Tensor.wrap(torch.gelu(x.handle(), "tanh"));
    }

    /** x where it is positive, else slope·x. */
    public static Tensor leakyRelu(Tensor x, double slope) {
        return Tensor.wrap(torch.leaky_relu(x.handle(), new Scalar(slope)));
    }

    /** scale·x where x is positive, else scale·alpha·(eˣ − 1). */
    public static Tensor elu(Tensor x, double alpha, double scale) {
        return Tensor.wrap(torch.elu(x.handle(), new Scalar(alpha), new Scalar(scale), new Scalar(1.0)));
    }

    /** The largest whole number that is not greater. */
    public static Tensor floor(Tensor x) {
        return Tensor.wrap(torch.floor(x.handle()));
    }

    /** The smallest whole number that is not less. */
    public static Tensor ceil(Tensor x) {
        return Tensor.wrap(torch.ceil(x.handle()));
    }

    /** The nearest whole number, the even one of two. */
    public static Tensor round(Tensor x) {
        return Tensor.wrap(torch.round(x.handle()));
    }

    /** Sine. */
    public static Tensor sin(Tensor x) {
        return Tensor.wrap(torch.sin(x.handle()));
    }

    /** Cosine. */
    public static Tensor cos(Tensor x) {
        return Tensor.wrap(torch.cos(x.handle()));
    }

    /** Quotients of whole numbers, rounded towards zero. */
    public static Tensor divideWhole(Tensor x, Tensor y) {
        var quotient = torch.floor_divide(x.abs().handle(), y.abs().handle());
        return Tensor.wrap(quotient).mul(x.sign()).mul(y.sign());
    }

    /** What remains of x divided by y, with the sign of y. */
    public static Tensor remainder(Tensor x, Tensor y) {
        return Tensor.wrap(torch.remainder(x.handle(), y.handle()));
    }

    /** Product along one dimension. */
    public static Tensor product(Tensor x, long dimension, boolean keep) {
        return Tensor.wrap(torch.prod(x.handle(), dimension, keep, new ScalarTypeOptional()));
    }

    /** Sum along dimensions. */
    public static Tensor sum(Tensor x, long[] dimensions, boolean keep) {
        return Tensor.wrap(torch.sum(x.handle(), dimensions, keep, new ScalarTypeOptional()));
    }

    /** Mean along dimensions. */
    public static Tensor mean(Tensor x, long[] dimensions, boolean keep) {
        return Tensor.wrap(torch.mean(x.handle(), dimensions, keep, new ScalarTypeOptional()));
    }

    /** Largest element along dimensions. */
    public static Tensor max(Tensor x, long[] dimensions, boolean keep) {
        return Tensor.wrap(torch.amax(x.handle(), dimensions, keep));
    }

    /** Smallest element along dimensions. */
    public static Tensor min(Tensor x, long[] dimensions, boolean keep) {
        return Tensor.wrap(torch.amin(x.handle(), dimensions, keep));
    }

    /** Index (INT64) of the largest element along one dimension. */
    public static Tensor argmax(Tensor x, long dimension, boolean keep) {
        return Tensor.wrap(torch.argmax(x.handle(), new LongOptional(dimension), keep));
    }

    /** Every {@code step}-th entry of one dimension from {@code start} on, below {@code end}; a view. */
    public static Tensor slice(Tensor x, long dimension, long start, long end, long step) {
        return Tensor.wrap(torch.slice(x.handle(), dimension, new LongOptional(start), new LongOptional(end), step));
    }

    /** The entries of one dimension in reverse order. */
    public static Tensor flip(Tensor x, long dimension) {
        return Tensor.wrap(torch.flip(x.handle(), dimension));
    }

    /** Copies side by side, so many along each dimension. */
    public static Tensor tile(Tensor x, long... times) {
        return Tensor.wrap(torch.tile(x.handle(), times));
    }

    /** Matrices with zeros above (or, {@code upper}, below) the diagonal that lies {@code offset} right of the main. */
    public static Tensor triangle(Tensor x, boolean upper, long offset) {
        return Tensor.wrap(upper ? torch.triu(x.handle(), offset) : torch.tril(x.handle(), offset));
    }

    /** Normalisation over the last dimensions, those of {@code weight} (Ba et al. 2016); bias null or as it. */
    public static Tensor layerNorm(Tensor x, long[] shape, Tensor weight, Tensor bias, double epsilon) {
        return Tensor.wrap(torch.layer_norm(x.handle(), shape, optional(weight), optional(bias), epsilon, false));
    }

    /** Normalisation of groups of channels of each image (Wu and He 2018); weight and bias one a channel. */
    public static Tensor groupNorm(Tensor x, long groups, Tensor weight, Tensor bias, double epsilon) {
        return Tensor.wrap(torch.group_norm(x.handle(), groups, optional(weight), optional(bias), epsilon, false));
    }

    /** 0 to {@code end}, without it, by {@code step}. */
    public static Tensor range(double start, double end, double step, DType dtype) {
        Scope.requireOpen();
        return Tensor.wrap(torch.arange(new Scalar(start), new Scalar(end), new Scalar(step), Tensor.options(dtype)));
    }

    private static TensorOptional optional(Tensor tensor) {
        return tensor == null ? new TensorOptional() : new TensorOptional(tensor.handle());
    }
}
