package varepsilon.graph;

import java.util.Arrays;
import varepsilon.tensor.Tensor;

/**
 * Resizing by nearest neighbours or linear interpolation, one dimension after the other: a row of weights for each
 * entry of the result says what entries it is made of.
 */
final class Resizing {
    private Resizing() {}

    /** Resize, opset 10 and from 11 on. */
    static Tensor resize(Call call) {
        Tensor x = call.in(0);
        boolean old = call.opset() < 11;
        Tensor scales = call.optional(old ? 1 : 2);
        Tensor sizes = old ? null : call.optional(3);
        String coordinates = call.node().string("coordinate_transformation_mode", old ? "asymmetric" : "half_pixel");
        String nearest = call.node().string("nearest_mode", "round_prefer_floor");
        if (!call.node().string("keep_aspect_ratio_policy", "stretch").equals("stretch")
                || call.node().integer("antialias", 0) != 0) {
            throw call.wrong("keep_aspect_ratio_policy and antialias are not supported");
        }
        long[] axes = call.node().integers("axes");
        int stated = axes.length == 0 ? x.dimensions() : axes.length;
        boolean bySize = sizes != null && sizes.count() > 0;
        if (!bySize && (scales == null || scales.count() == 0)) {
            throw call.wrong("neither sizes nor scales");
        }
        double[] values = bySize ? sizes.toDoubles() : scales.toDoubles();
        if (values.length != stated) {
            throw call.wrong(values.length + " " + (bySize ? "sizes" : "scales") + " for " + stated + " dimensions");
        }
        Tensor result = x;
        for (int i = 0; i < stated; i++) {
            int axis = call.dimension(axes.length == 0 ? i : axes[i], x.dimensions());
            double size = x.size(axis);
            long to = bySize ? (long) values[i] : (long) Math.floor(size * values[i]);
            double scale = bySize ? to / size : values[i];
            // Before opset 11 the lower neighbour is taken where the image grows, the upper one where it shrinks.
            result = along(call, result, axis, to, scale, coordinates, !old ? nearest : scale < 1 ? "ceil" : "floor");
        }
        return result;
    }

    /** Upsample, up to opset 9. */
    static Tensor upsample(Call call) {
        double[] scales =
                call.optional(1) != null ? call.in(1).toDoubles() : call.node().numbers("scales");
        if (scales.length != call.in(0).dimensions()) {
            throw call.wrong("scales " + Arrays.toString(scales) + " for " + call.in(0));
        }
        Tensor result = call.in(0);
        for (int axis = 0; axis < scales.length; axis++) {
            long to = (long) Math.floor(result.size(axis) * scales[axis]);
            result = along(call, result, axis, to, scales[axis], "asymmetric", "floor");
        }
        return result;
    }

    private static Tensor along(
            Call call, Tensor x, int axis, long to, double scale, String coordinates, String nearest) {
        int from = (int) x.size(axis);
        if (to < 1 || to > 1 << 16) {
            throw call.wrong("size " + to + ": expected 1 to 65536");
        }
        if (to == from) {
            return x;
        }
        double[] places = new double[(int) to];
        for (int i = 0; i < to; i++) {
            places[i] = switch (coordinates) {
                case "half_pixel" -> (i + 0.5) / scale - 0.5;
                case "pytorch_half_pixel" -> to == 1 ? 0 : (i + 0.5) / scale - 0.5;
                case "align_corners" -> to == 1 ? 0 : i * (from - 1.0) / (to - 1);
                case "asymmetric" -> i / scale;
                default ->
                    throw call.wrong("coordinate_transformation_mode '" + coordinates
                            + "': expected half_pixel, pytorch_half_pixel, align_corners or asymmetric");
            };
        }
        String mode = call.node().string("mode", "nearest");
        return switch (mode) {
            case "nearest" -> {
                long[] indices = new long[places.length];
                Arrays.setAll(indices, i -> Math.max(0, Math.min(from - 1L, nearest(call, nearest, places[i]))));
                yield x.indexSelect(axis, Tensor.of(indices, to).to(x.device()));
            }
            case "linear", "bilinear" -> {
                double[] weights = new double[places.length * from];
                for (int i = 0; i < places.length; i++) {
                    double place = Math.max(0, Math.min(from - 1.0, places[i]));
                    int low = (int) Math.floor(place);
                    weights[i * from + low] += 1 - (place - low);
                    weights[i * from + Math.min(from - 1, low + 1)] += place - low;
                }
                Tensor matrix = Tensor.of(weights, to, from).to(x.dtype()).to(x.device());
                yield x.transpose(axis, -1).matmul(matrix.transpose(0, 1)).transpose(axis, -1);
            }
            default -> throw call.wrong("mode '" + mode + "' is not supported; expected nearest or linear");
        };
    }

    private static long nearest(Call call, String mode, double place) {
        double rounded = switch (mode) {
            case "round_prefer_floor" -> Math.ceil(place - 0.5);
            case "round_prefer_ceil" -> Math.floor(place + 0.5);
            case "floor" -> Math.floor(place);
            case "ceil" -> Math.ceil(place);
            default -> throw call.wrong("nearest_mode '" + mode + "'");
        };
        return (long) rounded;
    }
}
