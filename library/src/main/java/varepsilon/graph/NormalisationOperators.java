package varepsilon.graph;

import static varepsilon.graph.Operators.one;

import java.util.Arrays;
import java.util.Map;
import varepsilon.graph.Operators.Operator;
import varepsilon.tensor.Functions;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Tensor;
import varepsilon.tensor.Windows;

/** Normalisation layers. */
final class NormalisationOperators {
    private NormalisationOperators() {}

    static void register(Map<String, Operator> all) {
        all.put("BatchNormalization", one(NormalisationOperators::batch));
        all.put(
                "InstanceNormalization",
                one(call ->
                        Functions.groupNorm(call.in(0), call.in(0).size(1), call.in(1), call.in(2), epsilon(call))));
        all.put("GroupNormalization", one(NormalisationOperators::group));
        all.put("LayerNormalization", one(NormalisationOperators::layer));
        all.put("LRN", one(NormalisationOperators::localResponse));
        all.put("LpNormalization", one(call -> {
            long[] axis = {
                call.dimension(call.node().integer("axis", -1), call.in(0).dimensions())
            };
            return call.node().integer("p", 2) == 1
                    ? call.in(0).div(Functions.sum(call.in(0).abs(), axis, true))
                    : call.in(0)
                            .div(Functions.sum(call.in(0).square(), axis, true).sqrt());
        }));
    }

    private static double epsilon(Call call) {
        return call.node().number("epsilon", 1e-5);
    }

    private static Tensor batch(Call call) {
        if (call.node().integer("training_mode", 0) != 0
                || call.node().outputs().size() > 1) {
            throw call.wrong("it is in training mode, in which the other images of a batch change an image's logits;"
                    + " export the model in evaluation mode");
        }
        return Ops.batchNorm(call.in(0), call.in(1), call.in(2), call.in(3), call.in(4), false, 0, epsilon(call));
    }

    /** Up to opset 20, scale and shift are one a group; from 21 on, one a channel. */
    private static Tensor group(Call call) {
        long groups = call.node().integer("num_groups", 1);
        long channels = call.in(0).size(1);
        return Functions.groupNorm(
                call.in(0), groups, perChannel(call.in(1), channels), perChannel(call.in(2), channels), epsilon(call));
    }

    private static Tensor perChannel(Tensor values, long channels) {
        return values.count() == channels
                ? values
                : values.unsqueeze(1)
                        .expand(values.count(), channels / values.count())
                        .reshape(channels);
    }

    private static Tensor layer(Call call) {
        long[] shape = call.in(0).shape();
        int axis = call.dimension(call.node().integer("axis", -1), shape.length);
        long[] normalised = Arrays.copyOfRange(shape, axis, shape.length);
        return Functions.layerNorm(
                call.in(0),
                normalised,
                call.in(1).expand(normalised),
                call.optional(2) == null ? null : call.in(2).expand(normalised),
                epsilon(call));
    }

    private static Tensor localResponse(Call call) {
        long size = call.node().integer("size", 1);
        double alpha = call.node().number("alpha", 1e-4);
        double beta = call.node().number("beta", 0.75);
        double bias = call.node().number("bias", 1);
        Tensor x = call.in(0);
        // Channels become rows of one image a pixel, over which a window slides.
        Tensor squares = x.square().flatten(2).unsqueeze(1);
        Tensor padded =
                Windows.pad(squares, new long[] {(size - 1) / 2, 0}, new long[] {size - 1 - (size - 1) / 2, 0}, 0);
        long[] ones = {1, 1};
        long[] zeros = {0, 0};
        Tensor sums = Windows.windowSums(padded, new long[] {size, 1}, new Windows.Geometry(ones, zeros, zeros, ones));
        Tensor scale = sums.reshape(x.shape()).mul(alpha / size).add(bias);
        return x.div(Functions.pow(scale, scale.mul(0).add(beta)));
    }
}
