package varepsilon.tensor;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * An n-dimensional array in native memory. Made inside an open {@link Scope} and freed with it; every use after that
 * throws {@link IllegalStateException}. Methods return new tensors (views share memory, as in PyTorch) except those
 * whose name ends in {@code InPlace}, which change this one and return it. Shapes broadcast as in PyTorch; shape errors
 * of the engine arrive as {@link RuntimeException}.
 *
 * <p>Layers of a network (convolutions and the like) are in {@link Ops}, gradients in {@link Gradients}.
 */
public final class Tensor implements AutoCloseable {
    private final org.bytedeco.pytorch.Tensor handle;

    private Tensor(org.bytedeco.pytorch.Tensor handle) {
        this.handle = handle;
    }

    static Tensor wrap(org.bytedeco.pytorch.Tensor handle) {
        // Without a scope it would never be freed.
        Scope.requireOpen();
        return new Tensor(handle);
    }

    org.bytedeco.pytorch.Tensor handle() {
        if (handle.isNull()) {
            throw new IllegalStateException("this tensor is closed: its scope ended; keep it with scope.keep(tensor)");
        }
        return handle;
    }

    // ---- Making tensors -------------------------------------------------------------------------------------------

    /** A FLOAT32 copy of {@code values} in the given shape; no shape makes a scalar of one value. */
    public static Tensor of(float[] values, long... shape) {
        checkCount(values.length, shape);
        Tensor result = empty(DType.FLOAT32, shape);
        if (values.length > 0) {
            new FloatPointer(result.handle.data_ptr()).put(values);
        }
        return result;
    }

    /** A FLOAT64 copy of {@code values} in the given shape. */
    public static Tensor of(double[] values, long... shape) {
        checkCount(values.length, shape);
        Tensor result = empty(DType.FLOAT64, shape);
        if (values.length > 0) {
            new DoublePointer(result.handle.data_ptr()).put(values);
        }
        return result;
    }

    /** An INT64 copy of {@code values} in the given shape. */
    public static Tensor of(long[] values, long... shape) {
        checkCount(values.length, shape);
        Tensor result = empty(DType.INT64, shape);
        if (values.length > 0) {
            new LongPointer(result.handle.data_ptr()).put(values);
        }
        return result;
    }

    /** A UINT8 copy of {@code values} in the given shape; bytes count as 0 to 255. */
    public static Tensor of(byte[] values, long... shape) {
        checkCount(values.length, shape);
        Tensor result = empty(DType.UINT8, shape);
        if (values.length > 0) {
            new BytePointer(result.handle.data_ptr()).put(values);
        }
        return result;
    }

    /**
     * A copy of the elements in {@code littleEndian} from its position to its limit, which stay as they are.
     *
     * @throws IllegalArgumentException where the bytes do not fill the shape exactly
     */
    public static Tensor ofRaw(ByteBuffer littleEndian, DType dtype, long... shape) {
        long expected = product(dtype.bytes(), shape);
        if (littleEndian.remaining() != expected) {
            throw new IllegalArgumentException(littleEndian.remaining() + " bytes for shape " + Arrays.toString(shape)
                    + " of " + dtype + ", which needs " + expected);
        }
        Tensor result = empty(dtype, shape);
        if (expected > 0) {
            new BytePointer(result.handle.data_ptr())
                    .capacity(expected)
                    .asByteBuffer()
                    .put(littleEndian.duplicate());
        }
        return result;
    }

    /** Zeros. */
    public static Tensor zeros(DType dtype, long... shape) {
        return full(0, dtype, shape);
    }

    /** Ones. */
    public static Tensor ones(DType dtype, long... shape) {
        return full(1, dtype, shape);
    }

    /** One value everywhere. */
    public static Tensor full(double value, DType dtype, long... shape) {
        Scope.requireOpen();
        return wrap(torch.full(shape, new Scalar(value), options(dtype)));
    }

    /** 0, 1, …, n − 1 as INT64. */
    public static Tensor arange(long n) {
        Scope.requireOpen();
        return wrap(torch.arange(new Scalar(n), options(DType.INT64)));
    }

    static Tensor empty(DType dtype, long... shape) {
        Scope.requireOpen();
        return wrap(torch.empty(shape, options(dtype), null));
    }

    /** Zeros in the shape, type and place of this tensor. */
    public Tensor zerosLike() {
        return wrap(torch.zeros_like(handle()));
    }

    static TensorOptions options(DType dtype) {
        return new TensorOptions(dtype.nativeType());
    }

    private static long product(long unit, long... shape) {
        long product = unit;
        for (long size : shape) {
            if (size < 0) {
                throw new IllegalArgumentException("shape " + Arrays.toString(shape) + " has a negative size");
            }
            try {
                product = Math.multiplyExact(product, size);
            } catch (ArithmeticException e) {
                throw new IllegalArgumentException("shape " + Arrays.toString(shape) + " is beyond all memory", e);
            }
        }
        return product;
    }

    private static void checkCount(int values, long... shape) {
        if (product(1, shape) != values) {
            throw new IllegalArgumentException(values + " values for shape " + Arrays.toString(shape));
        }
    }

    // ---- What it is -----------------------------------------------------------------------------------------------

    /** Sizes, outermost first. */
    public long[] shape() {
        return handle().shape();
    }

    /** The size of one dimension; negative ones count from the last. */
    public long size(int dimension) {
        return handle().size(dimension);
    }

    /** Number of dimensions. */
    public int dimensions() {
        return (int) handle().dim();
    }

    /** Number of elements. */
    public long count() {
        return handle().numel();
    }

    /** Element type. */
    public DType dtype() {
        return DType.of(handle().scalar_type());
    }

    /** Its device. */
    public Device device() {
        var device = handle().device();
        return device.is_cuda() ? new Device(Device.Kind.CUDA, device.index()) : Device.CPU;
    }

    /** Whether its memory has been freed. */
    public boolean isClosed() {
        return handle.isNull();
    }

    // ---- Lifetime -------------------------------------------------------------------------------------------------

    /**
     * Detaches this tensor from its scope: it is freed by {@link #close} alone. For owners such as a module or an
     * optimizer.
     *
     * @return this tensor
     */
    public Tensor own() {
        handle().retainReference();
        return this;
    }

    /** Frees its memory now. Closing twice does nothing. */
    @Override
    public void close() {
        handle.deallocate();
    }

    // ---- Gradients ------------------------------------------------------------------------------------------------

    /** Marks this leaf as one with respect to which gradients can be computed. */
    public Tensor requiresGrad(boolean required) {
        handle().set_requires_grad(required);
        return this;
    }

    /** Whether operations on it are recorded for gradients. */
    public boolean requiresGrad() {
        return handle().requires_grad();
    }

    /** The same memory, cut off from the recorded operations. */
    public Tensor detach() {
        return wrap(handle().detach());
    }

    // ---- Values out -----------------------------------------------------------------------------------------------

    /** The one value of a tensor with one element. */
    public double item() {
        return handle().item().toDouble();
    }

    /** A FLOAT32 copy of all elements in row-major order; other types are converted. */
    public float[] toFloats() {
        try (var scope = Scope.withoutGradients()) {
            float[] values = new float[arrayLength()];
            if (values.length > 0) {
                new FloatPointer(rowMajor(DType.FLOAT32)).get(values);
            }
            return values;
        }
    }

    /** A FLOAT64 copy of all elements in row-major order; other types are converted. */
    public double[] toDoubles() {
        try (var scope = Scope.withoutGradients()) {
            double[] values = new double[arrayLength()];
            if (values.length > 0) {
                new DoublePointer(rowMajor(DType.FLOAT64)).get(values);
            }
            return values;
        }
    }

    /** An INT64 copy of all elements in row-major order; other types are converted (towards zero). */
    public long[] toLongs() {
        try (var scope = Scope.withoutGradients()) {
            long[] values = new long[arrayLength()];
            if (values.length > 0) {
                new LongPointer(rowMajor(DType.INT64)).get(values);
            }
            return values;
        }
    }

    /** A UINT8 copy of all elements in row-major order; other types are converted (towards zero). */
    public byte[] toBytes() {
        try (var scope = Scope.withoutGradients()) {
            byte[] values = new byte[arrayLength()];
            if (values.length > 0) {
                new BytePointer(rowMajor(DType.UINT8)).get(values);
            }
            return values;
        }
    }

    /** A little-endian copy of all elements in row-major order, as they are. */
    public ByteBuffer toRaw() {
        try (var scope = Scope.withoutGradients()) {
            long bytes = count() * dtype().bytes();
            if (bytes > Integer.MAX_VALUE - 8) {
                throw new IllegalStateException(bytes + " bytes do not fit in one buffer");
            }
            ByteBuffer copy = ByteBuffer.allocate((int) bytes).order(ByteOrder.LITTLE_ENDIAN);
            if (bytes > 0) {
                new BytePointer(rowMajor(dtype())).get(copy.array());
            }
            return copy;
        }
    }

    private int arrayLength() {
        if (count() > Integer.MAX_VALUE - 8) {
            throw new IllegalStateException(count() + " elements do not fit in one array");
        }
        return (int) count();
    }

    private Pointer rowMajor(DType dtype) {
        return to(Device.CPU).to(dtype).handle().contiguous().data_ptr();
    }

    // ---- Type and place -------------------------------------------------------------------------------------------

    /** This tensor where it already has that type, else a converted copy. */
    public Tensor to(DType dtype) {
        return dtype() == dtype ? this : wrap(handle().to(dtype.nativeType()));
    }

    /** This tensor where it already is on that device, else a copy there. */
    public Tensor to(Device device) {
        return device().equals(device) ? this : wrap(handle().to(device.nativeDevice(), handle().scalar_type()));
    }

    /**
     * The same N×C×H×W elements, laid out in memory so that the channels of a pixel are neighbours. Convolutions keep
     * the layout, and those of many small channels are faster in it.
     */
    public Tensor channelsLast() {
        return Recording.of("Identity", wrap(handle().contiguous(torch.MemoryFormat.ChannelsLast)), this);
    }

    /** A copy with memory of its own. */
    public Tensor copy() {
        return Recording.of("Identity", wrap(torch.clone(handle())), this);
    }

    /** Copies the elements of {@code source}, which must broadcast to this shape, into this tensor. */
    public Tensor copyInPlace(Tensor source) {
        handle().copy_(source.handle());
        return this;
    }

    // ---- Arithmetic -----------------------------------------------------------------------------------------------

    /** this + other. */
    public Tensor add(Tensor other) {
        return Recording.of("Add", wrap(handle().add(other.handle())), this, other);
    }

    /** this + value. */
    public Tensor add(double value) {
        return Recording.of("Add", wrap(handle().add(new Scalar(value))), this, value);
    }

    /** this − other. */
    public Tensor sub(Tensor other) {
        return Recording.of("Sub", wrap(handle().sub(other.handle())), this, other);
    }

    /** this − value. */
    public Tensor sub(double value) {
        return Recording.of("Sub", wrap(handle().sub(new Scalar(value))), this, value);
    }

    /** this · other, element by element. */
    public Tensor mul(Tensor other) {
        return Recording.of("Mul", wrap(handle().mul(other.handle())), this, other);
    }

    /** this · value. */
    public Tensor mul(double value) {
        return Recording.of("Mul", wrap(handle().mul(new Scalar(value))), this, value);
    }

    /** this / other, element by element. */
    public Tensor div(Tensor other) {
        return Recording.of("Div", wrap(handle().div(other.handle())), this, other);
    }

    /** this / value. */
    public Tensor div(double value) {
        return Recording.of("Div", wrap(handle().div(new Scalar(value))), this, value);
    }

    /** −this. */
    public Tensor neg() {
        return Recording.of("Neg", wrap(handle().neg()), this);
    }

    /** e to the power of this. */
    public Tensor exp() {
        return Recording.of("Exp", wrap(handle().exp()), this);
    }

    /** Natural logarithm. */
    public Tensor log() {
        return Recording.of("Log", wrap(handle().log()), this);
    }

    /** Square root. */
    public Tensor sqrt() {
        return Recording.of("Sqrt", wrap(handle().sqrt()), this);
    }

    /** this · this. */
    public Tensor square() {
        return Recording.of("Mul", wrap(handle().square()), this, this);
    }

    /** |this|. */
    public Tensor abs() {
        return Recording.of("Abs", wrap(handle().abs()), this);
    }

    /** −1, 0 or 1. */
    public Tensor sign() {
        return wrap(handle().sign());
    }

    /** Limited to [low, high]. */
    public Tensor clamp(double low, double high) {
        Tensor limited =
                wrap(handle().clamp(new ScalarOptional(new Scalar(low)), new ScalarOptional(new Scalar(high))));
        return Recording.clip(limited, this, low, high);
    }

    /** Limited to [low, high], element by element. */
    public Tensor clamp(Tensor low, Tensor high) {
        return max(low).min(high);
    }

    /** The larger of the two, element by element. */
    public Tensor max(Tensor other) {
        return Recording.of("Max", wrap(torch.maximum(handle(), other.handle())), this, other);
    }

    /** The smaller of the two, element by element. */
    public Tensor min(Tensor other) {
        return Recording.of("Min", wrap(torch.minimum(handle(), other.handle())), this, other);
    }

    /** Integer elements shifted right, as {@code >>} does. */
    public Tensor shiftRight(int bits) {
        return wrap(handle().bitwise_right_shift(new Scalar(bits)));
    }

    /** Matrix product, batched over leading dimensions. */
    public Tensor matmul(Tensor other) {
        return Recording.of("MatMul", wrap(handle().matmul(other.handle())), this, other);
    }

    /** this += other; both may be of whole numbers. */
    public Tensor addInPlace(Tensor other) {
        handle().add_(other.handle());
        return this;
    }

    /** this += factor · other, of floating-point numbers. */
    public Tensor addInPlace(Tensor other, double factor) {
        handle().add_(other.handle(), new Scalar(factor));
        return this;
    }

    /** this *= value. */
    public Tensor mulInPlace(double value) {
        handle().mul_(new Scalar(value));
        return this;
    }

    /** this += factor · a · b. */
    public Tensor addProductInPlace(Tensor a, Tensor b, double factor) {
        handle().addcmul_(a.handle(), b.handle(), new Scalar(factor));
        return this;
    }

    /** this += factor · a / b. */
    public Tensor addQuotientInPlace(Tensor a, Tensor b, double factor) {
        handle().addcdiv_(a.handle(), b.handle(), new Scalar(factor));
        return this;
    }

    /** this += weight · (end − this). */
    public Tensor lerpInPlace(Tensor end, double weight) {
        handle().lerp_(end.handle(), new Scalar(weight));
        return this;
    }

    // ---- Comparison (BOOL) ----------------------------------------------------------------------------------------

    /** Where the two are equal. */
    public Tensor eq(Tensor other) {
        return wrap(handle().eq(other.handle()));
    }

    /** Where this is less. */
    public Tensor lt(Tensor other) {
        return wrap(handle().lt(other.handle()));
    }

    /** Where this is less. */
    public Tensor lt(double value) {
        return wrap(handle().lt(new Scalar(value)));
    }

    /** Where this is greater. */
    public Tensor gt(Tensor other) {
        return wrap(handle().gt(other.handle()));
    }

    /** Where this is greater. */
    public Tensor gt(double value) {
        return wrap(handle().gt(new Scalar(value)));
    }

    /** Where this BOOL tensor is false. */
    public Tensor not() {
        return wrap(handle().logical_not());
    }

    /** Where this BOOL tensor and the other are true. */
    public Tensor and(Tensor other) {
        return wrap(handle().logical_and(other.handle()));
    }

    /** Where this BOOL tensor or the other is true. */
    public Tensor or(Tensor other) {
        return wrap(handle().logical_or(other.handle()));
    }

    /** The indices (INT64) at which this tensor of one dimension is true or not zero, in order. */
    public Tensor nonzero() {
        return wrap(handle().nonzero().flatten());
    }

    /** This where {@code condition} holds, else {@code otherwise}. */
    public Tensor where(Tensor condition, Tensor otherwise) {
        return wrap(torch.where(condition.handle(), handle(), otherwise.handle()));
    }

    /** Whether every element is a finite number. */
    public boolean isFinite() {
        try (var scope = Scope.withoutGradients()) {
            return torch.isfinite(handle()).all().item_bool();
        }
    }

    // ---- Reductions -----------------------------------------------------------------------------------------------

    /** Sum of all elements. */
    public Tensor sum() {
        return wrap(handle().sum());
    }

    /** Sum over the given dimensions, which vanish. */
    public Tensor sum(long... dimensions) {
        Tensor sum = wrap(handle().sum(dimensions, false, new ScalarTypeOptional()));
        return Recording.ofNumbers("ReduceSum", Map.of("keepdims", 0L), sum, this, dimensions);
    }

    /** Mean of all elements. */
    public Tensor mean() {
        return wrap(handle().mean());
    }

    /** Mean over the given dimensions, which vanish. */
    public Tensor mean(long... dimensions) {
        Tensor mean = wrap(handle().mean(dimensions, false, new ScalarTypeOptional()));
        return Recording.ofNumbers("ReduceMean", Map.of("keepdims", 0L), mean, this, dimensions);
    }

    /** Largest element along the given dimensions, which vanish. */
    public Tensor amax(long... dimensions) {
        return Recording.ofNumbers(
                "ReduceMax", Map.of("keepdims", 0L), wrap(handle().amax(dimensions, false)), this, dimensions);
    }

    /** Index (INT64) of the largest element along one dimension, which vanishes. */
    public Tensor argmax(long dimension) {
        return wrap(handle().argmax(new LongOptional(dimension), false));
    }

    /** Indices (INT64) that sort along one dimension; of equal elements, the order is kept. */
    public Tensor argsort(long dimension, boolean descending) {
        return wrap(torch.argsort(handle(), true, dimension, descending));
    }

    /** Sums of the first 1, 2, … elements along one dimension. */
    public Tensor cumulativeSum(long dimension) {
        return wrap(handle().cumsum(dimension));
    }

    /** log Σ exp along the given dimensions, which vanish; safe against overflow. */
    public Tensor logSumExp(long... dimensions) {
        return wrap(handle().logsumexp(dimensions, false));
    }

    /** log softmax along one dimension. */
    public Tensor logSoftmax(long dimension) {
        Tensor result = wrap(handle().log_softmax(dimension, new ScalarTypeOptional()));
        return Recording.of("LogSoftmax", Map.of("axis", dimension), result, this);
    }

    /** Softmax along one dimension. */
    public Tensor softmax(long dimension) {
        Tensor result = wrap(handle().softmax(dimension, new ScalarTypeOptional()));
        return Recording.of("Softmax", Map.of("axis", dimension), result, this);
    }

    // ---- Shape ----------------------------------------------------------------------------------------------------

    /** The same elements in another shape; one size may be −1. */
    public Tensor reshape(long... shape) {
        return Recording.ofNumbers("Reshape", Map.of(), wrap(handle().reshape(shape)), this, shape);
    }

    /** Everything behind the given dimension flattened into it. */
    public Tensor flatten(int from) {
        Tensor flat = wrap(handle().flatten(from, -1));
        return Recording.ofNumbers("Reshape", Map.of(), flat, this, flat.shape());
    }

    /** Dimensions {@code from} to {@code to}, both included, flattened into one. */
    public Tensor flatten(int from, int to) {
        Tensor flat = wrap(handle().flatten(from, to));
        return Recording.ofNumbers("Reshape", Map.of(), flat, this, flat.shape());
    }

    /** A view with the dimensions in another order. */
    public Tensor permute(long... dimensions) {
        return Recording.permuted(wrap(handle().permute(dimensions)), this, dimensions);
    }

    /** A view with two dimensions swapped. */
    public Tensor transpose(long a, long b) {
        Tensor swapped = wrap(handle().transpose(a, b));
        return Recording.swapped(swapped, this, a, b);
    }

    /** A view with a new dimension of size 1. */
    public Tensor unsqueeze(long dimension) {
        return Recording.ofNumbers("Unsqueeze", Map.of(), wrap(handle().unsqueeze(dimension)), this, dimension);
    }

    /** A view without a dimension of size 1. */
    public Tensor squeeze(long dimension) {
        return Recording.ofNumbers("Squeeze", Map.of(), wrap(handle().squeeze(dimension)), this, dimension);
    }

    /** A view that repeats dimensions of size 1 without copying. */
    public Tensor expand(long... shape) {
        Tensor expanded = wrap(handle().expand(shape));
        return Recording.ofNumbers("Expand", Map.of(), expanded, this, expanded.shape());
    }

    /** A view of {@code length} entries of one dimension, from {@code start}. */
    public Tensor narrow(long dimension, long start, long length) {
        Tensor part = wrap(handle().narrow(dimension, start, length));
        return Recording.slice(part, this, dimension, start, start + length, 1);
    }

    /** The entries of one dimension at the given INT64 indices. */
    public Tensor indexSelect(long dimension, Tensor indices) {
        return wrap(handle().index_select(dimension, indices.handle()));
    }

    /** Entry i of the result is this tensor's at {@code indices}, along one dimension. */
    public Tensor gather(long dimension, Tensor indices) {
        return wrap(handle().gather(dimension, indices.handle()));
    }

    /** This with {@code source} at {@code indices}, along one dimension: the inverse of {@link #gather}. */
    public Tensor scatter(long dimension, Tensor indices, Tensor source) {
        return wrap(handle().scatter(dimension, indices.handle(), source.handle()));
    }

    /** Copies the entries of {@code source} to the INT64 {@code indices} of one dimension. */
    public Tensor indexCopyInPlace(long dimension, Tensor indices, Tensor source) {
        handle().index_copy_(dimension, indices.handle(), source.handle());
        return this;
    }

    /** Joined along an existing dimension. */
    public static Tensor concat(long dimension, List<Tensor> parts) {
        Tensor joined = wrap(torch.cat(vector(parts), dimension));
        return Recording.of("Concat", Map.of("axis", dimension), joined, parts.toArray(Tensor[]::new));
    }

    /** Joined along a new dimension; all of one shape. */
    public static Tensor stack(long dimension, List<Tensor> parts) {
        return wrap(torch.stack(vector(parts), dimension));
    }

    static TensorVector vector(List<Tensor> tensors) {
        return new TensorVector(tensors.stream().map(Tensor::handle).toArray(org.bytedeco.pytorch.Tensor[]::new));
    }

    // ---- Elementwise functions of networks ------------------------------------------------------------------------

    /** max(0, this). */
    public Tensor relu() {
        return Recording.of("Relu", wrap(handle().relu()), this);
    }

    /** 1 / (1 + e^−this). */
    public Tensor sigmoid() {
        return Recording.of("Sigmoid", wrap(handle().sigmoid()), this);
    }

    @Override
    public String toString() {
        return isClosed() ? "Tensor(closed)" : "Tensor(" + dtype() + Arrays.toString(shape()) + ")";
    }
}
