package varepsilon.graph;

import static varepsilon.graph.Operators.one;

import java.util.Arrays;
import java.util.Map;
import varepsilon.graph.Operators.Operator;
import varepsilon.tensor.Functions;
import varepsilon.tensor.Tensor;
import varepsilon.tensor.Windows;

/** Operations over windows of images: convolution and pooling. */
final class WindowOperators {
    private WindowOperators() {}

    static void register(Map<String, Operator> all) {
        all.put("Conv", one(WindowOperators::convolution));
        all.put("ConvTranspose", one(WindowOperators::transposedConvolution));
        all.put(
                "MaxPool",
                one(call -> Windows.maxPool(call.in(0), kernel(call), geometry(call, kernel(call)), isCeil(call))));
        all.put(
                "AveragePool",
                one(call -> Windows.averagePool(
                        call.in(0),
                        kernel(call),
                        geometry(call, kernel(call)),
                        isCeil(call),
                        call.node().integer("count_include_pad", 0) != 0)));
        all.put("LpPool", one(WindowOperators::lpPool));
        all.put("GlobalAveragePool", one(call -> Functions.mean(call.in(0), spatial(call), true)));
        all.put("GlobalMaxPool", one(call -> Functions.max(call.in(0), spatial(call), true)));
        all.put("GlobalLpPool", one(call -> {
            double p = call.node().integer("p", 2);
            return root(Functions.sum(power(call.in(0), p), spatial(call), true), p);
        }));
    }

    private static Tensor convolution(Call call) {
        long[] kernel = Arrays.copyOfRange(call.in(1).shape(), 2, call.in(1).dimensions());
        return Windows.convolution(
                call.in(0),
                call.in(1),
                call.optional(2),
                geometry(call, kernel),
                call.node().integer("group", 1));
    }

    private static Tensor transposedConvolution(Call call) {
        long[] kernel = Arrays.copyOfRange(call.in(1).shape(), 2, call.in(1).dimensions());
        Windows.Geometry geometry = geometry(call, kernel);
        long[] outputPadding = call.node().integers("output_padding", new long[kernel.length]);
        long[] wanted = call.node().integers("output_shape");
        if (wanted.length > 0) {
            // Padding follows from the size of the result; what is odd goes to the end, or to the start.
            boolean upper = call.node().string("auto_pad", "NOTSET").equals("SAME_UPPER");
            for (int i = 0; i < kernel.length; i++) {
                long full = geometry.stride()[i] * (call.in(0).size(2 + i) - 1)
                        + outputPadding[i]
                        + geometry.dilation()[i] * (kernel[i] - 1)
                        + 1;
                long total = Math.max(0, full - wanted[wanted.length - kernel.length + i]);
                geometry.before()[i] = upper ? total / 2 : total - total / 2;
                geometry.after()[i] = total - geometry.before()[i];
            }
        }
        return Windows.transposedConvolution(
                call.in(0),
                call.in(1),
                call.optional(2),
                geometry,
                outputPadding,
                call.node().integer("group", 1));
    }

    private static Tensor lpPool(Call call) {
        long[] kernel = kernel(call);
        Windows.Geometry geometry = geometry(call, kernel);
        double p = call.node().integer("p", 2);
        long[] after = isCeil(call) ? upToLastWindow(call, geometry, kernel) : geometry.after();
        Tensor padded = Windows.pad(call.in(0), geometry.before(), after, 0);
        return root(Windows.windowSums(power(padded, p), kernel, geometry), p);
    }

    /** Padding at the end with which a last window that begins inside the input or its padding is whole. */
    private static long[] upToLastWindow(Call call, Windows.Geometry geometry, long... kernel) {
        long[] after = geometry.after().clone();
        for (int i = 0; i < kernel.length; i++) {
            long stride = geometry.stride()[i];
            long padded = geometry.before()[i] + call.in(0).size(2 + i) + after[i];
            long over = (padded - geometry.dilation()[i] * (kernel[i] - 1) - 1) % stride;
            after[i] += over == 0 ? 0 : stride - over;
        }
        return after;
    }

    private static Tensor power(Tensor x, double p) {
        return p == 1
                ? x.abs()
                : p == 2 ? x.square() : Functions.pow(x.abs(), x.mul(0).add(p));
    }

    private static Tensor root(Tensor sum, double p) {
        return p == 1
                ? sum
                : p == 2 ? sum.sqrt() : Functions.pow(sum, sum.mul(0).add(1 / p));
    }

    private static boolean isCeil(Call call) {
        return call.node().integer("ceil_mode", 0) != 0;
    }

    private static long[] spatial(Call call) {
        long[] dimensions = new long[Math.max(0, call.in(0).dimensions() - 2)];
        Arrays.setAll(dimensions, i -> i + 2);
        return dimensions;
    }

    private static long[] kernel(Call call) {
        return call.node().integers("kernel_shape");
    }

    private static Windows.Geometry geometry(Call call, long... kernel) {
        int n = kernel.length;
        if (n < 1 || n > 2 || call.in(0).dimensions() != n + 2) {
            throw call.wrong(
                    "a window of " + n + " dimensions over " + call.in(0) + "; expected one or two, over two more");
        }
        long[] ones = new long[n];
        Arrays.fill(ones, 1);
        long[] stride = call.node().integers("strides", ones);
        long[] dilation = call.node().integers("dilations", ones);
        long[] pads = call.node().integers("pads", new long[2 * n]);
        boolean sane = stride.length == n
                && dilation.length == n
                && pads.length == 2 * n
                && Arrays.stream(stride).allMatch(s -> s > 0)
                && Arrays.stream(dilation).allMatch(d -> d > 0)
                && Arrays.stream(pads).allMatch(pad -> pad >= 0)
                && Arrays.stream(kernel).allMatch(k -> k > 0);
        if (!sane) {
            throw call.wrong("strides " + Arrays.toString(stride) + ", dilations " + Arrays.toString(dilation)
                    + " and pads " + Arrays.toString(pads) + " for a window of " + Arrays.toString(kernel));
        }
        long[] before = Arrays.copyOf(pads, n);
        long[] after = Arrays.copyOfRange(pads, n, 2 * n);
        String auto = call.node().string("auto_pad", "NOTSET");
        if (auto.startsWith("SAME")) {
            boolean transposed = call.node().operation().equals("ConvTranspose");
            for (int i = 0; i < n; i++) {
                long size = call.in(0).size(2 + i);
                long extent = dilation[i] * (kernel[i] - 1) + 1;
                // The result is as large as the input divided (or, transposed, multiplied) by the stride.
                long total = transposed
                        ? extent - stride[i]
                        : (((size + stride[i] - 1) / stride[i]) - 1) * stride[i] + extent - size;
                total = Math.max(0, total);
                before[i] = auto.equals("SAME_LOWER") ? total - total / 2 : total / 2;
                after[i] = total - before[i];
            }
        } else if (auto.equals("VALID")) {
            Arrays.fill(before, 0);
            Arrays.fill(after, 0);
        } else if (!auto.equals("NOTSET")) {
            throw call.wrong("auto_pad '" + auto + "': expected NOTSET, SAME_UPPER, SAME_LOWER or VALID");
        }
        return new Windows.Geometry(stride, before, after, dilation);
    }
}
