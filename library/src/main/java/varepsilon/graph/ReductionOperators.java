package varepsilon.graph;

import static varepsilon.graph.Operators.first;
import static varepsilon.graph.Operators.one;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import varepsilon.graph.Operators.Operator;
import varepsilon.tensor.Functions;
import varepsilon.tensor.Tensor;

/** Operations that sum over dimensions: products of matrices, reductions, softmax. */
final class ReductionOperators {
    private interface Reduction {
        Tensor apply(Tensor x, long[] dimensions, boolean keep);
    }

    private ReductionOperators() {}

    static void register(Map<String, Operator> all) {
        all.put("MatMul", one(call -> call.in(0).matmul(call.in(1))));
        all.put("Gemm", one(ReductionOperators::gemm));
        all.put("ReduceSum", reduction(Functions::sum));
        all.put("ReduceMean", reduction(Functions::mean));
        all.put("ReduceMax", reduction(Functions::max));
        all.put("ReduceMin", reduction(Functions::min));
        all.put("ReduceProd", reduction(ReductionOperators::product));
        all.put("ReduceL1", reduction((x, over, keep) -> Functions.sum(x.abs(), over, keep)));
        all.put(
                "ReduceL2",
                reduction(
                        (x, over, keep) -> Functions.sum(x.square(), over, keep).sqrt()));
        all.put("ReduceSumSquare", reduction((x, over, keep) -> Functions.sum(x.square(), over, keep)));
        all.put(
                "ArgMax",
                one(call -> Functions.argmax(
                        call.in(0),
                        call.dimension(
                                call.node().integer("axis", 0), call.in(0).dimensions()),
                        call.node().integer("keepdims", 1) != 0)));
        all.put("Softmax", one(call -> softmax(call, false)));
        all.put("LogSoftmax", one(call -> softmax(call, true)));
        all.put("CumSum", one(ReductionOperators::cumulativeSum));
        all.put("Size", first(x -> Tensor.of(new long[] {x.count()})));
    }

    private static Tensor cumulativeSum(Call call) {
        int axis = call.dimension((long) call.in(1).item(), call.in(0).dimensions());
        boolean reverse = call.node().integer("reverse", 0) != 0;
        Tensor x = reverse ? Functions.flip(call.in(0), axis) : call.in(0);
        long size = x.size(axis);
        if (call.node().integer("exclusive", 0) != 0 && size > 0) {
            // The sum of the elements before: those of the elements, one place later.
            x = Tensor.concat(axis, List.of(x.narrow(axis, 0, 1).mul(0), x.narrow(axis, 0, size - 1)));
        }
        Tensor sums = x.cumulativeSum(axis);
        return reverse ? Functions.flip(sums, axis) : sums;
    }

    private static Tensor gemm(Call call) {
        Tensor a =
                call.node().integer("transA", 0) == 0 ? call.in(0) : call.in(0).transpose(0, 1);
        Tensor b =
                call.node().integer("transB", 0) == 0 ? call.in(1) : call.in(1).transpose(0, 1);
        double alpha = call.node().number("alpha", 1);
        double beta = call.node().number("beta", 1);
        Tensor product = a.matmul(b);
        Tensor scaled = alpha == 1 ? product : product.mul(alpha);
        Tensor c = call.optional(2);
        return c == null ? scaled : scaled.add(beta == 1 ? c : c.mul(beta));
    }

    private static Operator reduction(Reduction reduction) {
        return one(call -> {
            long[] axes = call.integers("axes", 1);
            int dimensions = call.in(0).dimensions();
            boolean none = axes == null || axes.length == 0;
            if (none && call.node().integer("noop_with_empty_axes", 0) != 0) {
                // Each element alone, of which some reductions take the absolute value or the square.
                return reduction.apply(call.in(0).unsqueeze(-1), new long[] {dimensions}, false);
            }
            long[] over = none ? LongStream.range(0, dimensions).toArray() : call.dimensions(axes);
            return reduction.apply(call.in(0), over, call.node().integer("keepdims", 1) != 0);
        });
    }

    private static Tensor product(Tensor x, long[] dimensions, boolean keep) {
        long[] fromLast = Arrays.stream(dimensions).sorted().toArray();
        Tensor result = x;
        for (int i = fromLast.length - 1; i >= 0; i--) {
            result = Functions.product(result, fromLast[i], keep);
        }
        return result;
    }

    /** Before opset 13 everything from the axis on counts as one dimension. */
    private static Tensor softmax(Call call, boolean log) {
        Tensor x = call.in(0);
        boolean old = call.opset() < 13;
        int axis = call.dimension(call.node().integer("axis", old ? 1 : -1), x.dimensions());
        Tensor flat = old ? x.flatten(axis) : x;
        Tensor y = log ? flat.logSoftmax(axis) : flat.softmax(axis);
        return old ? y.reshape(x.shape()) : y;
    }
}
