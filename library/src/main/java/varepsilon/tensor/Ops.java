package varepsilon.tensor;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** Operations that networks are built from; images are N×C×H×W. A bias may be null. */
public final class Ops {
    private Ops() {}

    /** x·Wᵀ + b for x (…×in), W (out×in), b (out). */
    public static Tensor linear(Tensor x, Tensor weight, Tensor bias) {
        Tensor y = Tensor.wrap(torch.linear(x.handle(), weight.handle(), optional(bias)));
        return Recording.of("Gemm", Map.of("transB", 1L), y, x, weight, bias);
    }

    /** Convolution with square stride and zero padding; weight out×in×k×k. */
    public static Tensor conv2d(Tensor x, Tensor weight, Tensor bias, int stride, int padding) {
        Tensor y = Tensor.wrap(torch.conv2d(
                x.handle(),
                weight.handle(),
                optional(bias),
                new long[] {stride, stride},
                new long[] {padding, padding},
                new long[] {1, 1},
                1));
        return Recording.of("Conv", windows(stride, padding), y, x, weight, bias);
    }

    /**
     * Transposed convolution; weight in×out×k×k. The output size is (size − 1)·stride − 2·padding + k + outputPadding.
     */
    public static Tensor convTranspose2d(
            Tensor x, Tensor weight, Tensor bias, int stride, int padding, int outputPadding) {
        return convTranspose2d(x, weight, bias, stride, padding, outputPadding, outputPadding);
    }

    /** The same with an output padding of their own for rows and columns. */
    public static Tensor convTranspose2d(
            Tensor x, Tensor weight, Tensor bias, int stride, int padding, int rowPadding, int columnPadding) {
        Tensor y = Tensor.wrap(torch.conv_transpose2d(
                x.handle(),
                weight.handle(),
                optional(bias),
                new long[] {stride, stride},
                new long[] {padding, padding},
                new long[] {rowPadding, columnPadding},
                1,
                1,
                1));
        Map<String, Object> attributes = new HashMap<>(windows(stride, padding));
        attributes.put("output_padding", List.of((long) rowPadding, (long) columnPadding));
        return Recording.of("ConvTranspose", attributes, y, x, weight, bias);
    }

    private static Map<String, Object> windows(long stride, long padding) {
        return Map.of("strides", List.of(stride, stride), "pads", List.of(padding, padding, padding, padding));
    }

    /**
     * Batch normalisation over all but the channel dimension. In training, statistics of the batch normalise, and the
     * running ones move by {@code momentum}, in place; else the running ones normalise.
     */
    public static Tensor batchNorm(
            Tensor x,
            Tensor weight,
            Tensor bias,
            Tensor runningMean,
            Tensor runningVar,
            boolean training,
            double momentum,
            double epsilon) {
        Tensor y = Tensor.wrap(torch.batch_norm(
                x.handle(),
                optional(weight),
                optional(bias),
                optional(runningMean),
                optional(runningVar),
                training,
                momentum,
                epsilon,
                true));
        Map<String, Object> attributes = Map.of("epsilon", epsilon, "training_mode", training ? 1L : 0L);
        return Recording.of("BatchNormalization", attributes, y, x, weight, bias, runningMean, runningVar);
    }

    /** Gaussian error linear unit, exact: x·Φ(x). */
    public static Tensor gelu(Tensor x) {
        return Recording.of("Gelu", Tensor.wrap(torch.gelu(x.handle(), "none")), x);
    }

    /** Largest value of each square window. */
    public static Tensor maxPool2d(Tensor x, int kernel, int stride, int padding) {
        Tensor y = Tensor.wrap(torch.max_pool2d(
                x.handle(),
                new long[] {kernel, kernel},
                new long[] {stride, stride},
                new long[] {padding, padding},
                new long[] {1, 1},
                false));
        return Recording.of("MaxPool", windows(kernel, stride, padding), y, x);
    }

    /** Mean of each square window, without overlap or padding. */
    public static Tensor avgPool2d(Tensor x, int kernel) {
        Tensor y = Tensor.wrap(torch.avg_pool2d(
                x.handle(),
                new long[] {kernel, kernel},
                new long[] {kernel, kernel},
                new long[] {0, 0},
                false,
                true,
                new LongOptional()));
        return Recording.of("AveragePool", windows(kernel, kernel, 0), y, x);
    }

    private static Map<String, Object> windows(long kernel, long stride, long padding) {
        Map<String, Object> attributes = new HashMap<>(windows(stride, padding));
        attributes.put("kernel_shape", List.of(kernel, kernel));
        return attributes;
    }

    /** Every n-th row and column of N×C×H×W images, from the first: a view. */
    public static Tensor everyNth(Tensor x, int n) {
        var rows = torch.slice(x.handle(), 2, new LongOptional(), new LongOptional(), n);
        Tensor y = Tensor.wrap(torch.slice(rows, 3, new LongOptional(), new LongOptional(), n));
        Tensor recorded = Recording.slice(Tensor.wrap(rows), x, 2, 0, Integer.MAX_VALUE, n);
        return Recording.slice(y, recorded, 3, 0, Integer.MAX_VALUE, n);
    }

    /** N×C×H×W images with so many channels of zeros before and after their own. */
    public static Tensor padChannels(Tensor x, int before, int after) {
        Tensor y =
                Tensor.wrap(torch.constant_pad_nd(x.handle(), new long[] {0, 0, 0, 0, before, after}, new Scalar(0)));
        return Recording.ofNumbers("Pad", Map.of(), y, x, 0, before, 0, 0, 0, after, 0, 0);
    }

    /** N×C×H×W images with so many rows of zeros below and columns of zeros on the right. */
    public static Tensor padEnd(Tensor x, int rows, int columns) {
        Tensor y = Tensor.wrap(torch.constant_pad_nd(x.handle(), new long[] {0, columns, 0, rows}, new Scalar(0)));
        return Recording.ofNumbers("Pad", Map.of(), y, x, 0, 0, 0, 0, 0, 0, rows, columns);
    }

    /**
     * N×C×H×W images seen through affine maps: the value at a place of the result is the image's at the place that the
     * map gives, by bilinear interpolation, and 0 outside the image. Places have the coordinates (x, y), from −1 at the
     * outer edge of the first pixel to 1 at that of the last.
     *
     * @param maps N×2×3, of the type of the images: (x, y, 1) to (x, y) in the image
     */
    public static Tensor affineSample(Tensor x, Tensor maps) {
        var grid = torch.affine_grid_generator(maps.handle(), x.shape(), false);
        return Tensor.wrap(torch.grid_sampler(x.handle(), grid, BILINEAR, PADDED_WITH_ZEROS, false));
    }

    // The engine's numbers for these two.
    private static final long BILINEAR = 0;
    private static final long PADDED_WITH_ZEROS = 0;

    /** log 1/(1 + e⁻ˣ), safe against overflow. */
    public static Tensor logSigmoid(Tensor x) {
        return Tensor.wrap(torch.log_sigmoid(x.handle()));
    }

    /** The solution y of L·y = x for lower triangular L: L …×d×d, x …×d×m. */
    public static Tensor solveLowerTriangular(Tensor lower, Tensor x) {
        return Tensor.wrap(torch.linalg_solve_triangular(lower.handle(), x.handle(), false));
    }

    /**
     * What a symmetric matrix A = V·diag(λ)·Vᵀ consists of.
     *
     * @param values the eigenvalues λ, from the smallest up, n
     * @param vectors V, n×n: the eigenvectors, of length 1, as columns
     */
    public record Eigen(Tensor values, Tensor vectors) {}

    /** Eigenvalues and eigenvectors of a symmetric matrix n×n, of which the lower triangle is read. */
    public static Eigen symmetricEigen(Tensor matrix) {
        var found = torch.linalg_eigh(matrix.handle());
        return new Eigen(Tensor.wrap(found.get0()), Tensor.wrap(found.get1()));
    }

    /** log(1 + eˣ), safe against overflow. */
    public static Tensor softplus(Tensor x) {
        return Recording.of("Softplus", Tensor.wrap(torch.softplus(x.handle())), x);
    }

    /** eˣ − 1, exact for small x. */
    public static Tensor expm1(Tensor x) {
        return Tensor.wrap(torch.expm1(x.handle()));
    }

    /** log(eˣ + eʸ), safe against overflow, element by element. */
    public static Tensor logAddExp(Tensor x, Tensor y) {
        return Tensor.wrap(torch.logaddexp(x.handle(), y.handle()));
    }

    /** log |Γ(x)|, element by element. */
    public static Tensor logGamma(Tensor x) {
        return Tensor.wrap(torch.lgamma(x.handle()));
    }

    /** Hyperbolic tangent. */
    public static Tensor tanh(Tensor x) {
        return Recording.of("Tanh", Tensor.wrap(torch.tanh(x.handle())), x);
    }

    /** Quantile function of the standard normal, Φ⁻¹, element by element. */
    public static Tensor normalQuantile(Tensor p) {
        return Tensor.wrap(torch.special_ndtri(p.handle()));
    }

    /**
     * Cross-entropy −log softmax(logits)[label], one value an element: logits N×K×…, labels INT64 N×…, result N×….
     */
    public static Tensor crossEntropy(Tensor logits, Tensor labels) {
        return crossEntropy(logits, labels, 0);
    }

    /**
     * Cross-entropy against smoothed labels (Szegedy et al. 2016): (1 − smoothing) of each label's weight stays with
     * it, the rest is spread evenly over all K classes, as PyTorch's {@code label_smoothing} does.
     *
     * @param smoothing in [0, 1]
     */
    public static Tensor crossEntropy(Tensor logits, Tensor labels, double smoothing) {
        if (!(smoothing >= 0 && smoothing <= 1)) {
            throw new IllegalArgumentException("label smoothing " + smoothing + ": expected a number in [0, 1]");
        }
        return Tensor.wrap(torch.cross_entropy_loss(
                logits.handle(), labels.handle(), new TensorOptional(), REDUCTION_NONE, IGNORE_NOTHING, smoothing));
    }

    // The engine's numbers for "no reduction" and for its default ignored label, which no label here has.
    private static final long REDUCTION_NONE = 0;
    private static final long IGNORE_NOTHING = -100;

    private static TensorOptional optional(Tensor tensor) {
        return tensor == null ? new TensorOptional() : new TensorOptional(tensor.handle());
    }
}
