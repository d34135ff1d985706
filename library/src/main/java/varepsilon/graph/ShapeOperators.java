package varepsilon.graph;

import static varepsilon.graph.Operators.one;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import varepsilon.graph.Operators.Operator;
import varepsilon.tensor.DType;
import varepsilon.tensor.Functions;
import varepsilon.tensor.Tensor;
import varepsilon.tensor.Windows;

/** Operations that arrange elements, and those on shapes. */
final class ShapeOperators {
    /** Sizes that a file states are not trusted with memory beyond this, 2²⁸ elements. */
    private static final long MOST_ELEMENTS = 1L << 28;

    private ShapeOperators() {}

    static void register(Map<String, Operator> all) {
        all.put("Reshape", one(ShapeOperators::reshape));
        all.put("Flatten", one(ShapeOperators::flatten));
        all.put("Transpose", one(call -> {
            long[] reversed = new long[call.in(0).dimensions()];
            Arrays.setAll(reversed, i -> reversed.length - 1 - i);
            return call.in(0).permute(call.node().integers("perm", reversed));
        }));
        all.put("Squeeze", one(ShapeOperators::squeeze));
        all.put("Unsqueeze", one(ShapeOperators::unsqueeze));
        all.put(
                "Concat",
                one(call -> Tensor.concat(
                        call.dimension(
                                call.node().integer("axis", 1), call.in(0).dimensions()),
                        call.inputs())));
        all.put("Split", ShapeOperators::split);
        all.put("Slice", one(ShapeOperators::slice));
        all.put("Pad", one(ShapeOperators::pad));
        all.put("Gather", one(ShapeOperators::gather));
        all.put("GatherElements", one(call -> {
            int axis = call.dimension(call.node().integer("axis", 0), call.in(0).dimensions());
            return call.in(0).gather(axis, fromStart(call.in(1), call.in(0).size(axis)));
        }));
        all.put("Shape", one(call -> {
            long[] shape = call.in(0).shape();
            int start = end(call.node().integer("start", 0), shape.length);
            int end = Math.max(start, end(call.node().integer("end", shape.length), shape.length));
            return Tensor.of(Arrays.copyOfRange(shape, start, end), end - start);
        }));
        all.put("ConstantOfShape", one(ShapeOperators::constantOfShape));
        all.put("Expand", one(call -> expand(call)));
        all.put("Tile", one(call -> {
            requireModest(
                    call,
                    product(call.in(0).shape()) * (double) product(call.in(1).toLongs()));
            return Functions.tile(call.in(0), call.in(1).toLongs());
        }));
        all.put("Range", one(call -> {
            double start = call.in(0).item();
            double end = call.in(1).item();
            double step = call.in(2).item();
            requireModest(call, Math.abs((end - start) / step));
            return (end - start) / step <= 0
                    ? Tensor.zeros(call.in(0).dtype(), 0)
                    : Functions.range(start, end, step, call.in(0).dtype());
        }));
        all.put("DepthToSpace", one(ShapeOperators::depthToSpace));
        all.put("SpaceToDepth", one(ShapeOperators::spaceToDepth));
        all.put(
                "Trilu",
                one(call -> Functions.triangle(
                        call.in(0),
                        call.node().integer("upper", 1) != 0,
                        call.optional(1) == null ? 0 : (long) call.in(1).item())));
        all.put("Resize", one(Resizing::resize));
        all.put("Upsample", one(Resizing::upsample));
    }

    private static int end(long at, int size) {
        return (int) Math.max(0, Math.min(size, at < 0 ? at + size : at));
    }

    private static long product(long... shape) {
        return Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    }

    private static void requireModest(Call call, double elements) {
        if (!(elements <= MOST_ELEMENTS)) {
            throw call.wrong(elements + " elements; expected at most " + MOST_ELEMENTS);
        }
    }

    private static Tensor reshape(Call call) {
        long[] shape = call.integers("shape", 1);
        if (shape == null) {
            throw call.wrong("no shape");
        }
        if (call.node().integer("allowzero", 0) == 0) {
            for (int i = 0; i < shape.length; i++) {
                if (shape[i] == 0) {
                    shape[i] = call.in(0).size(call.dimension(i, call.in(0).dimensions()));
                }
            }
        }
        return call.in(0).reshape(shape);
    }

    private static Tensor flatten(Call call) {
        long[] shape = call.in(0).shape();
        long axis = call.node().integer("axis", 1);
        int at = (int) (axis < 0 ? axis + shape.length : axis);
        if (at < 0 || at > shape.length) {
            throw call.wrong("axis " + axis + " of " + shape.length + " dimensions");
        }
        return call.in(0)
                .reshape(product(Arrays.copyOf(shape, at)), product(Arrays.copyOfRange(shape, at, shape.length)));
    }

    private static Tensor squeeze(Call call) {
        long[] axes = call.integers("axes", 1);
        long[] shape = call.in(0).shape();
        long[] all = axes == null
                ? LongStream.range(0, shape.length)
                        .filter(i -> shape[(int) i] == 1)
                        .toArray()
                : Arrays.stream(call.dimensions(axes)).sorted().toArray();
        Tensor result = call.in(0);
        for (int i = all.length - 1; i >= 0; i--) {
            if (result.size((int) all[i]) != 1) {
                throw call.wrong("dimension " + all[i] + " of " + Arrays.toString(shape) + " is not 1");
            }
            result = result.squeeze(all[i]);
        }
        return result;
    }

    private static Tensor unsqueeze(Call call) {
        long[] axes = call.integers("axes", 1);
        if (axes == null) {
            throw call.wrong("no axes");
        }
        int dimensions = call.in(0).dimensions() + axes.length;
        long[] sorted = Arrays.stream(axes)
                .map(axis -> call.dimension(axis, dimensions))
                .sorted()
                .toArray();
        Tensor result = call.in(0);
        for (long axis : sorted) {
            result = result.unsqueeze(axis);
        }
        return result;
    }

    private static List<Tensor> split(Call call) {
        int axis = call.dimension(call.node().integer("axis", 0), call.in(0).dimensions());
        long size = call.in(0).size(axis);
        long[] sizes = call.integers("split", 1);
        if (sizes == null) {
            int parts = (int)
                    call.node().integer("num_outputs", call.node().outputs().size());
            if (parts < 1 || parts > size) {
                throw call.wrong(parts + " parts of dimension " + axis + " of size " + size);
            }
            long each = (size + parts - 1) / parts;
            sizes = new long[parts];
            Arrays.fill(sizes, each);
            sizes[parts - 1] = size - each * (parts - 1);
        }
        if (Arrays.stream(sizes).sum() != size) {
            throw call.wrong("parts " + Arrays.toString(sizes) + " of dimension " + axis + " of size " + size);
        }
        List<Tensor> parts = new ArrayList<>();
        long start = 0;
        for (long part : sizes) {
            parts.add(call.in(0).narrow(axis, start, part));
            start += part;
        }
        return parts;
    }

    private static Tensor slice(Call call) {
        long[] starts = call.integers("starts", 1);
        long[] ends = call.integers("ends", 2);
        long[] axes = call.integers("axes", 3);
        long[] steps = call.optional(4) == null ? null : call.in(4).toLongs();
        if (starts == null || ends == null || starts.length != ends.length) {
            throw call.wrong("starts " + Arrays.toString(starts) + " and ends " + Arrays.toString(ends));
        }
        Tensor result = call.in(0);
        for (int i = 0; i < starts.length; i++) {
            int axis = call.dimension(axes == null ? i : axes[i], result.dimensions());
            long size = result.size(axis);
            long step = steps == null ? 1 : steps[i];
            if (step == 0) {
                throw call.wrong("a step of 0");
            }
            long start = starts[i] < 0 ? starts[i] + size : starts[i];
            long end = ends[i] < 0 ? Math.max(ends[i], -size - 1) + size : ends[i];
            if (step < 0) {
                // From the back: the same entries of the reversed dimension.
                result = Functions.flip(result, axis);
                start = size - 1 - Math.min(start, size - 1);
                end = size - 1 - end;
                step = -step;
            }
            start = Math.max(0, Math.min(start, size));
            end = Math.max(start, Math.min(end, size));
            result = Functions.slice(result, axis, start, end, step);
        }
        return result;
    }

    private static Tensor pad(Call call) {
        long[] pads = call.integers("pads", 1);
        int dimensions = call.in(0).dimensions();
        if (pads == null) {
            throw call.wrong("no pads");
        }
        long[] all = new long[2 * dimensions];
        long[] axes =
                call.optional(3) == null ? null : call.dimensions(call.in(3).toLongs());
        int stated = axes == null ? dimensions : axes.length;
        if (pads.length != 2 * stated) {
            throw call.wrong("pads " + Arrays.toString(pads) + " for " + stated + " dimensions");
        }
        for (int i = 0; i < stated; i++) {
            int axis = axes == null ? i : (int) axes[i];
            all[axis] = pads[i];
            all[dimensions + axis] = pads[stated + i];
        }
        long[] before = Arrays.copyOf(all, dimensions);
        long[] after = Arrays.copyOfRange(all, dimensions, 2 * dimensions);
        String mode = call.node().string("mode", "constant");
        if (mode.equals("constant")) {
            return Windows.pad(call.in(0), before, after, call.number("value", 2, 0));
        }
        if (dimensions < 3 || dimensions > 4 || before[0] + before[1] + after[0] + after[1] > 0) {
            throw call.wrong("mode " + mode + " pads " + Arrays.toString(pads) + " of " + call.in(0)
                    + "; expected images, and padding of their rows and columns alone");
        }
        Windows.Fill fill = switch (mode) {
            case "reflect" -> Windows.Fill.REFLECT;
            case "edge" -> Windows.Fill.EDGE;
            default -> throw call.wrong("mode '" + mode + "': expected constant, reflect or edge");
        };
        return Windows.pad(
                call.in(0), Arrays.copyOfRange(before, 2, dimensions), Arrays.copyOfRange(after, 2, dimensions), fill);
    }

    private static Tensor gather(Call call) {
        Tensor x = call.in(0);
        int axis = call.dimension(call.node().integer("axis", 0), x.dimensions());
        Tensor indices = fromStart(call.in(1), x.size(axis));
        Tensor taken = x.indexSelect(axis, indices.reshape(-1));
        List<Long> shape = new ArrayList<>();
        for (int i = 0; i < x.dimensions(); i++) {
            if (i == axis) {
                Arrays.stream(indices.shape()).forEach(shape::add);
            } else {
                shape.add(x.size(i));
            }
        }
        return taken.reshape(shape.stream().mapToLong(Long::longValue).toArray());
    }

    /** Negative indices count from the end. */
    private static Tensor fromStart(Tensor indices, long size) {
        Tensor whole = indices.to(DType.INT64);
        return whole.add(Tensor.of(new long[] {size})).where(whole.lt(0), whole);
    }

    private static Tensor constantOfShape(Call call) {
        long[] shape = call.in(0).toLongs();
        requireModest(call, Arrays.stream(shape).mapToDouble(size -> size).reduce(1, (a, b) -> a * b));
        Object value = call.node().attributes().get("value");
        if (value instanceof Tensor tensor) {
            return Tensor.full(tensor.reshape(-1).narrow(0, 0, 1).item(), tensor.dtype(), shape);
        }
        return Tensor.zeros(DType.FLOAT32, shape);
    }

    /** Sizes of both; where one is 1, the other's. */
    private static Tensor expand(Call call) {
        long[] wanted = call.in(1).toLongs();
        long[] have = call.in(0).shape();
        long[] shape = new long[Math.max(wanted.length, have.length)];
        for (int i = 1; i <= shape.length; i++) {
            long a = i <= wanted.length ? wanted[wanted.length - i] : 1;
            long b = i <= have.length ? have[have.length - i] : 1;
            shape[shape.length - i] = a == 1 ? b : a;
        }
        return call.in(0).expand(shape);
    }

    private static Tensor depthToSpace(Call call) {
        long b = call.node().integer("blocksize", 1);
        long[] s = call.in(0).shape();
        boolean depthFirst = call.node().string("mode", "DCR").equals("DCR");
        Tensor split = depthFirst
                ? call.in(0).reshape(s[0], b, b, s[1] / (b * b), s[2], s[3]).permute(0, 3, 4, 1, 5, 2)
                : call.in(0).reshape(s[0], s[1] / (b * b), b, b, s[2], s[3]).permute(0, 1, 4, 2, 5, 3);
        return split.reshape(s[0], s[1] / (b * b), s[2] * b, s[3] * b);
    }

    private static Tensor spaceToDepth(Call call) {
        long b = call.node().integer("blocksize", 1);
        long[] s = call.in(0).shape();
        return call.in(0)
                .reshape(s[0], s[1], s[2] / b, b, s[3] / b, b)
                .permute(0, 3, 5, 1, 2, 4)
                .reshape(s[0], s[1] * b * b, s[2] / b, s[3] / b);
    }
}
