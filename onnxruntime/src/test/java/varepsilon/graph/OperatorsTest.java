package varepsilon.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static varepsilon.graph.OperatorCase.op;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import varepsilon.classify.OnnxRunner;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

/** Every operation, in the versions and with the attributes that exporters use, against ONNX Runtime. */
class OperatorsTest {
    private static final double TOLERANCE = 1e-5;
    private static final String[] COORDINATES = {"half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"};
    private static final String[] NEAREST = {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"};

    @TempDir
    Path folder;

    static Stream<OperatorCase> cases() {
        return Stream.of(elementwise(), windows(), shapes(), resizing(), reductions(), normalisations())
                .flatMap(List::stream);
    }

    private static List<OperatorCase> elementwise() {
        List<OperatorCase> all = new ArrayList<>();
        for (String name : List.of("Add", "Sub", "Mul", "Div", "Max", "Min")) {
            all.add(op(name, 13).x(2, 3, 4).random(3, 1));
            all.add(op(name, 8).random(4).x(2, 3, 4));
            all.add(op(name, 13).whole(DType.INT64, 20, 3, 4).ints(-7, 3, 5, 2).gives(DType.INT64));
        }
        all.add(op("Add", 7)
                .whole(DType.INT32, 20, 3, 4)
                .with(random -> Tensor.of(new long[] {5}).to(DType.INT32), "5")
                .gives(DType.INT32));
        all.add(op("Sum", 13).x(2, 3).random(3).random(2, 1));
        all.add(op("Sum", 8).x(2, 3));
        all.add(op("Max", 12).x(2, 3).random(3).random(2, 1));
        all.add(op("Pow", 13).positive(2, 3).scalar(1.7));
        all.add(op("Pow", 7).x(2, 3).scalar(2));
        all.add(op("Pow", 13).x(2, 3).whole(3));
        all.add(op("Pow", 13).whole(DType.INT64, 4, 6).whole(2).gives(DType.INT64));
        all.add(op("Mod", 13).whole(DType.INT64, 20, 3, 4).ints(-7, 3, 5, -2).gives(DType.INT64));
        all.add(op("Mod", 10).whole(DType.INT64, 20, 3, 4).whole(4).gives(DType.INT64));
        all.add(op("Mod", 13).x(3, 4).scalar(0.3).set("fmod", 1));
        all.add(op("Mod", 13).x(3, 4).scalar(-0.3).set("fmod", 1));
        all.add(op("Mod", 13)
                .whole(DType.INT64, 20, 3, 4)
                .whole(-3)
                .set("fmod", 1)
                .gives(DType.INT64));
        for (String name : List.of(
                "Neg",
                "Abs",
                "Sign",
                "Exp",
                "Erf",
                "Floor",
                "Ceil",
                "Relu",
                "Sigmoid",
                "Tanh",
                "Softplus",
                "Softsign",
                "Sin",
                "Cos",
                "Identity",
                "LeakyRelu",
                "Elu",
                "Selu",
                "HardSigmoid")) {
            all.add(op(name, 13).x(3, 40));
        }
        all.add(op("Softplus", 13).whole(DType.FLOAT32, 60, 50));
        for (String name : List.of("Sqrt", "Log", "Reciprocal")) {
            all.add(op(name, 13).positive(3, 4));
        }
        all.add(op("Abs", 13).whole(DType.INT64, 9, 7).gives(DType.INT64));
        all.add(op("Neg", 13).whole(DType.INT64, 9, 7).gives(DType.INT64));
        all.add(op("Sign", 13).whole(DType.INT64, 2, 9).gives(DType.INT64));
        all.add(op("Round", 11).halves(40));
        all.add(op("Reciprocal", 13).x(30));
        all.add(op("LeakyRelu", 7).x(3, 4).set("alpha", 0.3));
        all.add(op("Elu", 7).x(3, 4).set("alpha", 0.3));
        all.add(op("Selu", 7).x(3, 4).set("alpha", 1.2).set("gamma", 0.7));
        all.add(op("Celu", 12).x(3, 4));
        all.add(op("Celu", 12).x(3, 4).set("alpha", 0.3));
        all.add(op("HardSigmoid", 7).x(3, 40).set("alpha", 0.4).set("beta", 0.3));
        all.add(op("HardSwish", 14).x(3, 40));
        all.add(op("Mish", 18).x(3, 40));
        all.add(op("Gelu", 20).x(3, 40));
        all.add(op("Gelu", 20).x(3, 40).set("approximate", "tanh"));
        all.add(op("ThresholdedRelu", 10).x(3, 40));
        all.add(op("ThresholdedRelu", 10).x(3, 40).set("alpha", 0.2));
        all.add(op("PRelu", 9).x(2, 3, 4, 4).random(3, 1, 1));
        all.add(op("PRelu", 16).x(2, 3, 4, 4).random(1));
        all.add(op("PRelu", 9).x(2, 5).random(5));
        all.add(op("PRelu", 9).x(2, 3, 4, 4).random(1, 3, 1, 1));
        all.add(op("Clip", 7).x(3, 40).set("min", -0.5).set("max", 0.25));
        all.add(op("Clip", 7).x(3, 40).set("min", 0.0));
        all.add(op("Clip", 7).x(3, 40));
        all.add(op("Clip", 11).x(3, 40).scalar(-0.5).scalar(0.25));
        all.add(op("Clip", 13).x(3, 40).none().scalar(0.25));
        all.add(op("Clip", 13).x(3, 40).scalar(-0.25));
        all.add(op("Clip", 13).whole(DType.INT64, 9, 20).whole(-3).whole(4).gives(DType.INT64));
        for (String name : List.of("Equal", "Less", "Greater", "LessOrEqual", "GreaterOrEqual")) {
            int opset = name.endsWith("OrEqual") ? 16 : 13;
            all.add(op(name, opset)
                    .whole(DType.INT64, 2, 4, 5)
                    .ints(-1, 0, 1, 2, 0)
                    .gives(DType.BOOL));
            all.add(op(name, opset).x(4, 5).random(5).gives(DType.BOOL));
        }
        all.add(op("And", 7)
                .truths(4, 5)
                .with(random -> random.normal(5).gt(0), "BOOL")
                .gives(DType.BOOL));
        all.add(op("Or", 7)
                .truths(4, 5)
                .with(random -> random.normal(5).gt(0), "BOOL")
                .gives(DType.BOOL));
        all.add(op("Not", 7).truths(4, 5).gives(DType.BOOL));
        all.add(op("Where", 9).truths(4, 5).random(5).random(4, 1).gives(DType.FLOAT32));
        all.add(op("Where", 16)
                .with(random -> random.normal(5).gt(0), "BOOL")
                .x(4, 5)
                .scalar(0));
        all.add(op("Where", 9).truths(4, 5).ints(1, 2, 3, 4, 5).whole(7).gives(DType.INT64));
        all.add(op("Dropout", 7).x(3, 4).set("ratio", 0.3));
        all.add(op("Dropout", 13).x(3, 4));
        all.add(op("Dropout", 13).x(3, 4).scalar(0.3).with(random -> Tensor.zeros(DType.BOOL), "false"));
        all.add(op("Cast", 13).x(3, 40).set("to", 7).gives(DType.INT64));
        all.add(op("Cast", 13).x(3, 40).set("to", 9).gives(DType.BOOL));
        all.add(op("Cast", 13).x(3, 40).set("to", 11).gives(DType.FLOAT64));
        all.add(op("Cast", 9).truths(3, 4).set("to", 1).gives(DType.FLOAT32));
        return all;
    }

    private static List<OperatorCase> windows() {
        List<OperatorCase> all = new ArrayList<>();
        all.add(op("Conv", 11).x(2, 3, 7, 8).random(4, 3, 3, 3).random(4));
        all.add(op("Conv", 11)
                .x(2, 3, 7, 8)
                .random(4, 3, 3, 2)
                .list("pads", 1, 2, 0, 1)
                .list("strides", 2, 1));
        all.add(op("Conv", 11).x(2, 4, 9, 8).random(6, 2, 3, 3).set("group", 2).list("dilations", 2, 1));
        all.add(op("Conv", 7).x(2, 4, 9, 8).random(4, 1, 3, 3).set("group", 4).list("kernel_shape", 3, 3));
        all.add(op("Conv", 11)
                .x(2, 3, 9)
                .random(4, 3, 4)
                .random(4)
                .list("pads", 1, 2)
                .list("strides", 2));
        for (String auto : List.of("SAME_UPPER", "SAME_LOWER", "VALID")) {
            all.add(op("Conv", 11)
                    .x(2, 3, 8, 9)
                    .random(4, 3, 3, 2)
                    .set("auto_pad", auto)
                    .list("strides", 2, 3));
            all.add(op("Conv", 11).x(2, 3, 8, 9).random(4, 3, 2, 4).set("auto_pad", auto));
            all.add(op("MaxPool", 12)
                    .x(2, 3, 8, 9)
                    .set("auto_pad", auto)
                    .list("kernel_shape", 3, 2)
                    .list("strides", 2, 2));
            all.add(op("AveragePool", 11)
                    .x(2, 3, 8, 9)
                    .set("auto_pad", auto)
                    .list("kernel_shape", 3, 2)
                    .list("strides", 2, 2));
            all.add(op("ConvTranspose", 11)
                    .x(2, 3, 5, 4)
                    .random(3, 4, 3, 3)
                    .set("auto_pad", auto)
                    .list("strides", 2, 2));
            all.add(op("ConvTranspose", 11)
                    .x(2, 3, 5, 4)
                    .random(3, 4, 4, 5)
                    .set("auto_pad", auto)
                    .list("strides", 1, 2));
            all.add(op("LpPool", 11)
                    .x(2, 3, 8, 9)
                    .set("auto_pad", auto)
                    .list("kernel_shape", 3, 2)
                    .list("strides", 2, 2));
        }
        all.add(op("ConvTranspose", 11).x(2, 3, 5, 4).random(3, 4, 3, 3).random(4));
        all.add(op("ConvTranspose", 11)
                .x(2, 4, 5, 4)
                .random(4, 3, 3, 3)
                .set("group", 2)
                .list("strides", 2, 3)
                .list("pads", 1, 0, 0, 1)
                .list("output_padding", 1, 0));
        all.add(op("ConvTranspose", 11)
                .x(2, 3, 5, 4)
                .random(3, 4, 3, 2)
                .list("dilations", 2, 2)
                .list("strides", 2, 1));
        all.add(op("ConvTranspose", 11)
                .x(2, 3, 5)
                .random(3, 4, 3)
                .list("strides", 2)
                .list("output_padding", 1));
        for (String auto : List.of("NOTSET", "SAME_UPPER", "SAME_LOWER")) {
            all.add(op("ConvTranspose", 11)
                    .x(2, 3, 5, 4)
                    .random(3, 4, 3, 3)
                    .list("strides", 2, 2)
                    .set("auto_pad", auto)
                    .list("output_shape", 10, 8));
            all.add(op("ConvTranspose", 11)
                    .x(2, 3, 5, 4)
                    .random(3, 4, 3, 4)
                    .list("strides", 2, 2)
                    .set("auto_pad", auto)
                    .list("output_shape", 9, 9));
        }
        for (long ceil = 0; ceil < 2; ceil++) {
            all.add(op("MaxPool", 12)
                    .x(2, 3, 7, 8)
                    .list("kernel_shape", 3, 2)
                    .list("strides", 2, 3)
                    .set("ceil_mode", ceil));
            all.add(op("MaxPool", 12)
                    .x(2, 3, 8, 8)
                    .list("kernel_shape", 3, 3)
                    .list("strides", 2, 2)
                    .list("pads", 1, 1, 1, 1)
                    .set("ceil_mode", ceil));
            all.add(op("MaxPool", 12)
                    .x(2, 3, 9, 9)
                    .list("kernel_shape", 2, 3)
                    .list("dilations", 2, 1)
                    .list("pads", 1, 0, 0, 2)
                    .set("ceil_mode", ceil));
            all.add(op("MaxPool", 12)
                    .x(2, 3, 10)
                    .list("kernel_shape", 3)
                    .list("strides", 2)
                    .set("ceil_mode", ceil));
            for (long include = 0; include < 2; include++) {
                all.add(op("AveragePool", 19)
                        .x(2, 3, 7, 8)
                        .list("kernel_shape", 3, 2)
                        .list("strides", 2, 3)
                        .set("ceil_mode", ceil)
                        .set("count_include_pad", include));
                all.add(op("AveragePool", 19)
                        .x(2, 3, 8, 8)
                        .list("kernel_shape", 3, 3)
                        .list("strides", 2, 2)
                        .list("pads", 1, 1, 1, 1)
                        .set("ceil_mode", ceil)
                        .set("count_include_pad", include));
                all.add(op("AveragePool", 11)
                        .x(2, 3, 8, 8)
                        .list("kernel_shape", 3, 4)
                        .list("strides", 2, 1)
                        .list("pads", 1, 2, 0, 1)
                        .set("ceil_mode", ceil)
                        .set("count_include_pad", include));
                all.add(op("AveragePool", 11)
                        .x(2, 3, 9)
                        .list("kernel_shape", 4)
                        .list("strides", 3)
                        .list("pads", 1, 2)
                        .set("ceil_mode", ceil)
                        .set("count_include_pad", include));
            }
        }
        all.add(op("AveragePool", 19).x(2, 3, 9, 9).list("kernel_shape", 2, 3).list("dilations", 2, 1));
        all.add(op("AveragePool", 7).x(2, 3, 8, 8).list("kernel_shape", 2, 2));
        all.add(op("MaxPool", 8).x(2, 3, 8, 8).list("kernel_shape", 2, 2));
        for (long p = 1; p < 4; p++) {
            all.add(op("LpPool", 11)
                    .x(2, 3, 8, 9)
                    .set("p", p)
                    .list("kernel_shape", 3, 2)
                    .list("strides", 2, 2));
            all.add(op("LpPool", 18)
                    .x(2, 3, 8, 9)
                    .set("p", p)
                    .list("kernel_shape", 3, 2)
                    .list("strides", 2, 2)
                    .list("pads", 1, 0, 1, 1));
            all.add(op("GlobalLpPool", 7).x(2, 3, 5, 6).set("p", p));
        }
        all.add(op("LpPool", 18).x(2, 3, 8, 9).list("kernel_shape", 3, 2).list("dilations", 2, 1));
        all.add(op("LpPool", 18)
                .x(2, 3, 8, 9)
                .list("kernel_shape", 3, 2)
                .list("strides", 2, 2)
                .set("ceil_mode", 1));
        all.add(op("GlobalAveragePool", 7).x(2, 3, 5, 6));
        all.add(op("GlobalAveragePool", 7).x(2, 3, 5));
        all.add(op("GlobalMaxPool", 7).x(2, 3, 5, 6));
        return all;
    }

    private static List<OperatorCase> shapes() {
        List<OperatorCase> all = new ArrayList<>();
        all.add(op("Reshape", 13).x(2, 3, 4).ints(4, -1));
        all.add(op("Reshape", 7).x(2, 3, 4).ints(0, 2, -1));
        all.add(op("Reshape", 14).x(2, 3, 4).ints(0, -1).set("allowzero", 0));
        all.add(op("Reshape", 13).x(2, 3, 4).ints(24));
        for (long axis = -2; axis <= 3; axis++) {
            all.add(op("Flatten", 13).x(2, 3, 4).set("axis", axis));
        }
        all.add(op("Flatten", 9).x(2, 3, 4));
        all.add(op("Transpose", 13).x(2, 3, 4));
        all.add(op("Transpose", 7).x(2, 3, 4).list("perm", 1, 2, 0));
        all.add(op("Squeeze", 11).x(2, 1, 3, 1).list("axes", 1, -1));
        all.add(op("Squeeze", 13).x(2, 1, 3, 1).ints(-3));
        all.add(op("Squeeze", 13).x(2, 1, 3, 1));
        all.add(op("Unsqueeze", 11).x(2, 3).list("axes", 0, 3));
        all.add(op("Unsqueeze", 13).x(2, 3).ints(-1, 1));
        all.add(op("Concat", 13).x(2, 3, 4).random(2, 1, 4).random(2, 5, 4).set("axis", 1));
        all.add(op("Concat", 11).random(2, 3, 2).x(2, 3, 4).set("axis", -1));
        all.add(op("Split", 11).x(2, 9).set("axis", 1).outputs(3));
        all.add(op("Split", 11).x(2, 9).set("axis", -1).list("split", 2, 3, 4).outputs(3));
        all.add(op("Split", 13).x(6, 2).outputs(2));
        all.add(op("Split", 13).x(2, 9).ints(2, 3, 4).set("axis", 1).outputs(3));
        all.add(op("Split", 18).x(2, 10).set("axis", 1).set("num_outputs", 4).outputs(4));
        all.add(op("Slice", 9)
                .x(4, 5, 6)
                .list("starts", 1, -3)
                .list("ends", 3, 1000)
                .list("axes", 0, 2));
        all.add(op("Slice", 9).x(4, 5, 6).list("starts", 1, 2).list("ends", -1, 4));
        all.add(op("Slice", 13).x(4, 5, 6).ints(0, 1).ints(100, 5).ints(1, -1).ints(2, 3));
        all.add(op("Slice", 13).x(4, 5, 6).ints(-1).ints(-100).ints(1).ints(-1));
        all.add(op("Slice", 13)
                .x(4, 5, 6)
                .ints(-2, 3)
                .ints(0, Long.MIN_VALUE)
                .ints(2, 0)
                .ints(-2, -1));
        all.add(op("Slice", 10).x(4, 5, 6).ints(100).ints(1).ints(1).ints(-2));
        all.add(op("Slice", 10).x(4, 5, 6).ints(1, 0).ints(Long.MAX_VALUE, 2));
        all.add(op("Slice", 13).x(4, 5, 6).ints(3).ints(-6).ints(1).ints(-1));
        all.add(op("Pad", 7).x(2, 3, 4, 5).list("pads", 0, 0, 1, 2, 0, 0, 3, 0).set("value", 0.5));
        for (String mode : List.of("constant", "reflect", "edge")) {
            all.add(op("Pad", 13).x(2, 3, 4, 5).ints(0, 0, 1, 2, 0, 0, 3, 0).set("mode", mode));
            all.add(op("Pad", 13).x(2, 3, 6).ints(0, 0, 2, 0, 0, 1).set("mode", mode));
            all.add(op("Pad", 18)
                    .x(2, 3, 4, 5)
                    .ints(1, 2, 3, 0)
                    .none()
                    .ints(-1, 2)
                    .set("mode", mode));
        }
        all.add(op("Pad", 13).x(2, 3, 4, 5).ints(0, 0, 1, 2, 0, 0, 3, 0).scalar(-1.5));
        all.add(op("Pad", 13).x(2, 3).ints(1, 0, 0, 2).scalar(2));
        all.add(op("Pad", 13).x(2, 3, 4, 5).ints(0, 0, -1, 0, 0, 0, -1, -2));
        all.add(op("Pad", 13).x(2, 3, 4, 5).ints(0, 0, -1, 1, 0, 0, 2, -2).set("mode", "edge"));
        all.add(op("Gather", 13).x(4, 5).ints(0, -1, 2));
        all.add(op("Gather", 11)
                .x(4, 5, 3)
                .ints(new long[] {2, 2}, 0, -2, 1, -5)
                .set("axis", 1));
        all.add(op("Gather", 13).x(4, 5, 3).whole(-1).set("axis", -1));
        all.add(op("Gather", 7).x(4, 5, 3).whole(1).set("axis", 0));
        all.add(op("GatherElements", 13).x(3, 4).ints(new long[] {2, 4}, 0, -1, 2, 1, 1, 2, -3, 0));
        all.add(op("GatherElements", 11)
                .x(3, 4)
                .ints(new long[] {3, 2}, 0, -1, 2, 1, 1, -4)
                .set("axis", 1));
        all.add(op("Shape", 13).x(2, 3, 4).gives(DType.INT64));
        all.add(op("Shape", 15).x(2, 3, 4).set("start", 1).gives(DType.INT64));
        all.add(op("Shape", 15).x(2, 3, 4).set("start", -2).set("end", -1).gives(DType.INT64));
        all.add(op("Shape", 15).x(2, 3, 4).set("start", -9).set("end", 2).gives(DType.INT64));
        all.add(op("Size", 13).x(2, 3, 4).gives(DType.INT64));
        all.add(op("ConstantOfShape", 9).whole(DType.INT64, 0, 2));
        all.add(op("Expand", 13).x(3, 1).ints(2, 1, 4));
        all.add(op("Expand", 8).x(3, 4).ints(1));
        all.add(op("Expand", 8).x(1, 3, 1).ints(3, 5));
        all.add(op("Tile", 13).x(2, 3).ints(2, 3));
        all.add(op("Tile", 7).x(2, 3, 1).ints(1, 2, 3));
        for (String mode : List.of("DCR", "CRD")) {
            all.add(op("DepthToSpace", 13).x(2, 12, 3, 4).set("blocksize", 2).set("mode", mode));
        }
        all.add(op("DepthToSpace", 7).x(2, 9, 3, 4).set("blocksize", 3));
        all.add(op("SpaceToDepth", 13).x(2, 3, 4, 6).set("blocksize", 2));
        all.add(op("Trilu", 14).x(3, 4));
        all.add(op("Trilu", 14).x(2, 4, 4).whole(1).set("upper", 0));
        all.add(op("Trilu", 14).x(2, 4, 4).whole(-1).set("upper", 1));
        all.add(op("Range", 11).whole(0).whole(DType.INT64, 0, 1).whole(1).gives(DType.INT64));
        return all;
    }

    private static List<OperatorCase> resizing() {
        List<OperatorCase> all = new ArrayList<>();
        for (String mode : List.of("nearest", "linear")) {
            all.add(op("Upsample", 7).x(2, 3, 4, 5).set("mode", mode).numbers("scales", 1, 1, 2, 3));
            all.add(op("Upsample", 9).x(2, 3, 4, 5).floats(1, 1, 2, 1.5F).set("mode", mode));
            all.add(op("Resize", 10).x(2, 3, 4, 5).floats(1, 1, 2, 1.6F).set("mode", mode));
            all.add(op("Resize", 10).x(2, 3, 6, 5).floats(1, 1, 0.5F, 0.7F).set("mode", mode));
            for (int opset : new int[] {11, 13, 18}) {
                for (String coordinates : COORDINATES) {
                    all.add(op("Resize", opset)
                            .x(2, 3, 4, 5)
                            .floats()
                            .floats(1, 1, 2, 1.6F)
                            .set("mode", mode)
                            .set("coordinate_transformation_mode", coordinates));
                    all.add(op("Resize", opset)
                            .x(2, 3, 6, 7)
                            .floats()
                            .floats()
                            .ints(2, 3, 3, 10)
                            .set("mode", mode)
                            .set("coordinate_transformation_mode", coordinates));
                    all.add(op("Resize", opset)
                            .x(2, 3, 6, 7)
                            .floats()
                            .floats()
                            .ints(2, 3, 1, 1)
                            .set("mode", mode)
                            .set("coordinate_transformation_mode", coordinates));
                }
            }
        }
        for (String nearest : NEAREST) {
            for (String coordinates : COORDINATES) {
                all.add(op("Resize", 13)
                        .x(1, 1, 6, 5)
                        .none()
                        .floats(1, 1, 0.5F, 2)
                        .set("nearest_mode", nearest)
                        .set("coordinate_transformation_mode", coordinates));
            }
        }
        all.add(op("Resize", 18)
                .x(2, 3, 4, 5)
                .none()
                .floats(2, 1.5F)
                .list("axes", 2, 3)
                .set("mode", "linear"));
        all.add(op("Resize", 18)
                .x(2, 3, 4, 5)
                .none()
                .none()
                .ints(7, 3)
                .list("axes", 3, 2)
                .set("mode", "linear"));
        return all;
    }

    private static List<OperatorCase> reductions() {
        List<OperatorCase> all = new ArrayList<>();
        all.add(op("MatMul", 13).x(2, 3, 4).random(4, 5));
        all.add(op("MatMul", 13).x(2, 3, 4).random(2, 4, 5));
        all.add(op("MatMul", 9).random(5, 3).x(2, 3, 4));
        all.add(op("MatMul", 9).x(3, 4).random(4));
        for (long transA = 0; transA < 2; transA++) {
            for (long transB = 0; transB < 2; transB++) {
                OperatorCase gemm = op("Gemm", 13).x(transA == 0 ? new long[] {3, 4} : new long[] {4, 3});
                gemm = transB == 0 ? gemm.random(4, 5) : gemm.random(5, 4);
                all.add(gemm.random(5)
                        .set("transA", transA)
                        .set("transB", transB)
                        .set("alpha", 0.5)
                        .set("beta", 2.0));
            }
        }
        all.add(op("Gemm", 11).x(3, 4).random(4, 5));
        all.add(op("Gemm", 7).x(3, 4).random(4, 5).random(3, 1));
        all.add(op("Gemm", 9).x(3, 4).random(4, 5).scalar(0.7).set("beta", 0.0));
        for (String name : List.of(
                "ReduceSum",
                "ReduceMean",
                "ReduceMax",
                "ReduceMin",
                "ReduceProd",
                "ReduceL1",
                "ReduceL2",
                "ReduceSumSquare")) {
            int asInput = name.equals("ReduceSum") ? 13 : 18;
            all.add(op(name, 11).x(2, 3, 4).list("axes", 1, -1));
            all.add(op(name, 11).x(2, 3, 4).list("axes", 0).set("keepdims", 0));
            all.add(op(name, 7).x(2, 3, 4));
            all.add(op(name, asInput).x(2, 3, 4).ints(-1, 1));
            all.add(op(name, asInput).x(2, 3, 4).ints(2).set("keepdims", 0));
            all.add(op(name, asInput).x(2, 3, 4).set("keepdims", 0));
            all.add(op(name, asInput).x(2, 3, 4).set("noop_with_empty_axes", 1));
        }
        all.add(op("ArgMax", 13).x(3, 4, 5).set("axis", 1).gives(DType.INT64));
        all.add(op("ArgMax", 11).x(3, 4, 5).set("axis", -1).set("keepdims", 0).gives(DType.INT64));
        all.add(op("ArgMax", 7).x(3, 4, 5).gives(DType.INT64));
        all.add(op("ArgMax", 13).whole(DType.FLOAT32, 1, 3, 20).set("axis", 1).gives(DType.INT64));
        all.add(op("ArgMax", 13)
                .whole(DType.FLOAT32, 1, 3, 20)
                .set("axis", 1)
                .set("select_last_index", 1)
                .gives(DType.INT64));
        for (String name : List.of("Softmax", "LogSoftmax")) {
            for (int opset : new int[] {11, 13}) {
                all.add(op(name, opset).x(2, 3, 4));
                all.add(op(name, opset).x(2, 3, 4).set("axis", 1));
                all.add(op(name, opset).x(2, 3, 4).set("axis", -1));
                all.add(op(name, opset).x(2, 3, 4).set("axis", 0));
            }
        }
        for (long reverse = 0; reverse < 2; reverse++) {
            for (long exclusive = 0; exclusive < 2; exclusive++) {
                all.add(op("CumSum", 14)
                        .x(3, 4)
                        .whole(1)
                        .set("reverse", reverse)
                        .set("exclusive", exclusive));
            }
        }
        all.add(op("CumSum", 11).x(3, 4).ints(new long[] {1}, -2));
        return all;
    }

    private static List<OperatorCase> normalisations() {
        List<OperatorCase> all = new ArrayList<>();
        for (int opset : new int[] {7, 9, 14, 15}) {
            all.add(op("BatchNormalization", opset)
                    .x(2, 3, 4, 5)
                    .random(3)
                    .random(3)
                    .random(3)
                    .randomPositive(3)
                    .set("epsilon", 1e-3));
        }
        all.add(op("BatchNormalization", 9)
                .x(4, 3)
                .random(3)
                .random(3)
                .random(3)
                .randomPositive(3));
        all.add(op("InstanceNormalization", 7).x(2, 3, 4, 5).random(3).random(3));
        all.add(op("InstanceNormalization", 7).x(2, 3, 9).random(3).random(3).set("epsilon", 0.1));
        all.add(op("GroupNormalization", 18).x(2, 6, 4, 5).random(3).random(3).set("num_groups", 3));
        all.add(op("GroupNormalization", 21)
                .x(2, 6, 4, 5)
                .random(6)
                .random(6)
                .set("num_groups", 3)
                .set("epsilon", 0.01));
        all.add(op("GroupNormalization", 21).x(2, 6, 4, 5).random(6).random(6).set("num_groups", 6));
        all.add(op("LayerNormalization", 17).x(2, 3, 4).random(4).random(4));
        all.add(op("LayerNormalization", 17)
                .x(2, 3, 4)
                .random(3, 4)
                .random(3, 4)
                .set("axis", 1)
                .set("epsilon", 0.01));
        all.add(op("LayerNormalization", 17).x(2, 3, 4).random(4));
        all.add(op("LayerNormalization", 17).x(2, 3, 4).random(4).random(4).set("axis", -1));
        for (long size = 1; size < 6; size += 2) { // ONNX Runtime takes odd ones alone
            all.add(op("LRN", 13)
                    .x(2, 7, 3, 4)
                    .set("size", size)
                    .set("alpha", 0.5)
                    .set("beta", 0.6)
                    .set("bias", 1.5));
        }
        all.add(op("LRN", 7).x(2, 7, 3, 4).set("size", 3));
        for (long p = 1; p < 3; p++) {
            all.add(op("LpNormalization", 7).x(2, 3, 4).set("p", p));
            all.add(op("LpNormalization", 7).x(2, 3, 4).set("p", p).set("axis", 1));
        }
        return all;
    }

    @ParameterizedTest
    @MethodSource("cases")
    void anOperationGivesWhatOnnxRuntimeGives(OperatorCase one) throws IOException {
        Path file = folder.resolve("model.onnx");
        try (var scope = Scope.withoutGradients();
                Rng random = Seed.of(1).stream()) {
            Tensor x = one.input(random);
            for (int output = 0; output < one.outputs(); output++) {
                OnnxFile.write(file, one.graph(x, output, random), Map.of());
                try (OnnxFile read = OnnxFile.read(file, Device.CPU);
                        OnnxRunner.Session session =
                                OnnxRunner.find().orElseThrow().open(file, 1)) {
                    read.requireSupported(file);
                    Tensor found = read.graph().run(x);
                    Tensor expected = session.run(x);
                    requireSame(one, found, expected);
                }
            }
        }
    }

    private static void requireSame(OperatorCase one, Tensor found, Tensor expected) {
        assertThat(found.shape()).as(one.toString()).isEqualTo(expected.shape());
        assertThat(found.dtype()).as(one.toString()).isEqualTo(expected.dtype());
        double[] a = found.toDoubles();
        double[] b = expected.toDoubles();
        double scale = 1;
        for (double value : b) {
            scale = Math.max(scale, Math.abs(value));
        }
        for (int i = 0; i < a.length; i++) {
            assertThat(a[i]).as(one + " element " + i).isCloseTo(b[i], within(TOLERANCE * scale));
        }
    }

    @Test
    void everyOperationIsAmongTheCases() {
        TreeSet<String> names = new TreeSet<>();
        cases().forEach(one -> names.add(one.operation()));

        assertThat(names).isEqualTo(Operators.names());
    }
}
