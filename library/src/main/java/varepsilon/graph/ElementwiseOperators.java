package varepsilon.graph;

import static varepsilon.graph.Operators.first;
import static varepsilon.graph.Operators.one;

import java.util.List;
import java.util.Map;
import java.util.function.BinaryOperator;
import varepsilon.graph.Operators.Operator;
import varepsilon.tensor.DType;
import varepsilon.tensor.Functions;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Tensor;

/** Operations that act on each element alone, with broadcasting. */
final class ElementwiseOperators {
    private ElementwiseOperators() {}

    static void register(Map<String, Operator> all) {
        all.put("Add", two(Tensor::add));
        all.put("Sub", two(Tensor::sub));
        all.put("Mul", two(Tensor::mul));
        all.put("Div", two(ElementwiseOperators::divide));
        all.put("Pow", two((x, y) -> Functions.pow(x, y.to(x.dtype()))));
        all.put("Mod", one(call -> modulo(call)));
        all.put("Max", any(Tensor::max));
        all.put("Min", any(Tensor::min));
        all.put("Sum", any(Tensor::add));
        all.put("Neg", first(Tensor::neg));
        all.put("Abs", first(Tensor::abs));
        all.put("Sign", first(Tensor::sign));
        all.put("Sqrt", first(Tensor::sqrt));
        all.put("Exp", first(Tensor::exp));
        all.put("Log", first(Tensor::log));
        all.put("Erf", first(Functions::erf));
        all.put("Sin", first(Functions::sin));
        all.put("Cos", first(Functions::cos));
        all.put("Floor", first(Functions::floor));
        all.put("Ceil", first(Functions::ceil));
        all.put("Round", first(Functions::round));
        all.put("Reciprocal", first(x -> Functions.pow(x, x.mul(0).sub(1))));
        all.put("Relu", first(Tensor::relu));
        all.put(
                "LeakyRelu",
                one(call -> Functions.leakyRelu(call.in(0), call.node().number("alpha", 0.01))));
        all.put(
                "PRelu",
                one(call -> call.in(0).relu().sub(call.in(0).neg().relu().mul(call.in(1)))));
        all.put("Elu", one(call -> Functions.elu(call.in(0), call.node().number("alpha", 1), 1)));
        all.put("Celu", one(call -> {
            double alpha = call.node().number("alpha", 1);
            return Functions.elu(call.in(0).div(alpha), 1, alpha);
        }));
        all.put(
                "Selu",
                one(call -> Functions.elu(
                        call.in(0),
                        call.node().number("alpha", 1.6732631921768188),
                        call.node().number("gamma", 1.0507010221481323))));
        all.put(
                "Gelu",
                one(call -> call.node().string("approximate", "none").equals("tanh")
                        ? Functions.geluTanh(call.in(0))
                        : Ops.gelu(call.in(0))));
        all.put("Sigmoid", first(Tensor::sigmoid));
        all.put(
                "HardSigmoid",
                one(call -> call.in(0)
                        .mul(call.node().number("alpha", 0.2))
                        .add(call.node().number("beta", 0.5))
                        .clamp(0, 1)));
        all.put("HardSwish", first(x -> x.mul(x.div(6).add(0.5).clamp(0, 1))));
        all.put("Mish", first(x -> x.mul(Ops.tanh(Ops.softplus(x)))));
        all.put("Tanh", first(Ops::tanh));
        all.put("Softplus", first(Ops::softplus));
        all.put("Softsign", first(x -> x.div(x.abs().add(1))));
        all.put(
                "ThresholdedRelu",
                one(call -> call.in(0)
                        .where(
                                call.in(0).gt(call.node().number("alpha", 1)),
                                call.in(0).mul(0))));
        all.put("Clip", one(ElementwiseOperators::clip));
        all.put("Equal", two(Tensor::eq));
        all.put("Less", two(Tensor::lt));
        all.put("Greater", two(Tensor::gt));
        all.put("LessOrEqual", two((x, y) -> x.gt(y).not()));
        all.put("GreaterOrEqual", two((x, y) -> x.lt(y).not()));
        all.put("And", two(Tensor::and));
        all.put("Or", two(Tensor::or));
        all.put("Not", first(Tensor::not));
        all.put("Where", one(call -> call.in(1).where(call.in(0), call.in(2))));
        all.put("Identity", first(x -> x));
        all.put(
                "Dropout",
                call -> List.of(call.in(0), Tensor.ones(DType.BOOL, call.in(0).shape())));
        all.put("Cast", one(ElementwiseOperators::cast));
    }

    private static Operator two(BinaryOperator<Tensor> function) {
        return one(call -> function.apply(call.in(0), call.in(1)));
    }

    /** A function of any number of inputs, from the first on. */
    private static Operator any(BinaryOperator<Tensor> function) {
        return one(call -> {
            Tensor result = call.in(0);
            for (int i = 1; i < call.inputs().size(); i++) {
                result = function.apply(result, call.in(i));
            }
            return result;
        });
    }

    private static Tensor divide(Tensor x, Tensor y) {
        return x.dtype().isFloatingPoint() ? x.div(y) : Functions.divideWhole(x, y);
    }

    private static Tensor clip(Call call) {
        Tensor x = call.in(0);
        if (x.dtype().isFloatingPoint()) {
            return x.clamp(
                    call.number("min", 1, Double.NEGATIVE_INFINITY), call.number("max", 2, Double.POSITIVE_INFINITY));
        }
        Tensor raised = call.optional(1) == null ? x : x.max(call.in(1));
        return call.optional(2) == null ? raised : raised.min(call.in(2));
    }

    private static Tensor modulo(Call call) {
        Tensor x = call.in(0);
        Tensor y = call.in(1);
        // With fmod 1 the result has the sign of the dividend, else that of the divisor.
        return call.node().integer("fmod", 0) == 0
                ? Functions.remainder(x, y)
                : Functions.remainder(x.abs(), y.abs()).mul(x.sign());
    }

    /**
     * Half precision is computed in FLOAT32; a conversion of pixels to whole numbers and back would stop gradients, but
     * whole numbers as such stay whole.
     */
    private static Tensor cast(Call call) {
        long number = call.node().integer("to", 0);
        DType type = OnnxTypes.ofNumber(number).orElseThrow(() -> call.wrong("type " + number + " is not supported"));
        return call.in(0).to(OnnxTypes.computed(type));
    }
}
