package varepsilon.robust.certify;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import varepsilon.graph.Application;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * An operation y = Σᵢ Lᵢxᵢ + b of the values that the perturbation changes. Lᵢᵀ is applied to coefficients by the
 * engine's own rule for gradients, or directly where that is faster.
 */
final class AffineStep extends Step {
    /** Operations that arrange or average their input, and so have coefficients of at least 0. */
    static final Set<String> ARRANGING = Set.of(
            "Identity",
            "Dropout",
            "Cast",
            "Reshape",
            "Flatten",
            "Transpose",
            "Squeeze",
            "Unsqueeze",
            "Concat",
            "Split",
            "Slice",
            "Pad",
            "Gather",
            "AveragePool",
            "GlobalAveragePool",
            "ReduceMean",
            "ReduceSum",
            "Expand",
            "Tile",
            "Resize",
            "Upsample",
            "DepthToSpace",
            "SpaceToDepth");

    private static final Set<String> SAME = Set.of("Identity", "Dropout", "Cast");

    private final Application operation;
    private final Application absolute;
    private final List<long[]> inputShapes;
    private final long[] outputShape;
    private final Tensor offset;

    /**
     * Makes one.
     *
     * @param operation of the perturbed values
     * @param inputShapes sizes of an example of each of them
     * @param keep makes tensors live as long as this
     */
    AffineStep(
            String name, Application operation, List<long[]> inputShapes, UnaryOperator<Tensor> keep, int... inputs) {
        super(name, inputs);
        this.operation = operation;
        this.inputShapes = inputShapes;
        List<Tensor> zeros = inputShapes.stream()
                .map(shape -> operation.zeros(with(1, shape)))
                .toList();
        this.offset = keep.apply(operation.apply(zeros));
        this.outputShape = withoutFirst(offset.shape());
        this.absolute = operation.absolute(keep);
    }

    static long[] with(long first, long... shape) {
        long[] all = new long[shape.length + 1];
        all[0] = first;
        System.arraycopy(shape, 0, all, 1, shape.length);
        return all;
    }

    private static long[] withoutFirst(long... shape) {
        return Arrays.copyOfRange(shape, 1, shape.length);
    }

    @Override
    Tensor forward(List<Tensor> values) {
        return operation.apply(values);
    }

    /** Its result where all values are 0, 1×…. */
    Tensor offset() {
        return offset;
    }

    @Override
    Bounds interval(List<Bounds> values) {
        Tensor center = operation.apply(values.stream().map(Bounds::center).toList());
        Tensor radius = absolute.apply(values.stream().map(Bounds::radius).toList());
        return new Bounds(center.sub(radius), center.add(radius));
    }

    @Override
    Tensor magnitude(List<Tensor> values) {
        return absolute.apply(values).add(offset.abs());
    }

    @Override
    long terms() {
        return operation.terms();
    }

    /**
     * What linear functions of the result are of an input.
     *
     * @param a N×S×(sizes of the result)
     * @return N×S×(sizes of the input)
     */
    Tensor transposed(int input, Tensor a) {
        long n = a.size(0);
        long s = a.size(1);
        long[] shape = inputShapes.get(input);
        Tensor rows = a.flatten(0, 1);
        long[] back = new long[shape.length + 2];
        back[0] = n;
        back[1] = s;
        System.arraycopy(shape, 0, back, 2, shape.length);
        return rows(input, rows, shape).reshape(back);
    }

    private Tensor rows(int input, Tensor a, long... shape) {
        String name = operation.operation();
        boolean same = Arrays.equals(shape, outputShape);
        if (SAME.contains(name) || (same && (name.equals("Add") || name.equals("Sum")))) {
            return a;
        }
        if (same && name.equals("Sub")) {
            return operation.isPerturbed(0) && input == 0 ? a : a.neg();
        }
        if (name.equals("Reshape") || name.equals("Flatten")) {
            return a.reshape(with(a.size(0), shape));
        }
        if (name.equals("Conv") && operation.isPlainConvolution()) {
            return operation.transposedConvolution(a, shape);
        }
        if (name.equals("Gemm") && operation.isPlainProduct()) {
            return a.matmul(operation.weight());
        }
        return byGradient(input, a);
    }

    private Tensor byGradient(int input, Tensor a) {
        try (var scope = Scope.withGradients()) {
            List<Tensor> zeros = new ArrayList<>();
            for (long[] shape : inputShapes) {
                zeros.add(operation.zeros(with(a.size(0), shape)));
            }
            Tensor x = zeros.get(input).requiresGrad(true);
            return scope.keep(Gradients.transposed(operation.apply(zeros), x, a));
        }
    }
}
