package varepsilon.robust.certify;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.tensor.DType;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * A network with bounds of its values over the images that a threat model allows around each of a batch, and the linear
 * bounds that follow from them (Zhang et al. 2018, "Efficient neural network robustness certification with general
 * activation functions"): a linear function of the logits is bounded by one of the activations before them, and so on
 * back to the pixels. Bounds of the activations' inputs come from intervals and, where these leave an activation
 * undecided, from the same propagation.
 */
public final class Relaxation {
    /** Numbers in the largest tensor of a propagation; more functions are bounded in parts. */
    private static final long LARGEST = 1L << 22;

    /** Where {@link #backward} puts the coefficients of the input, among those of activations. */
    static final int INPUT = -1;

    private final BoundedNetwork network;
    private final Region region;
    private final Rounding rounding;
    private final Bounds[] values;
    /** Of each value, the sum of the magnitudes of what it is computed of. */
    private final Tensor[] magnitudes;

    private final boolean refined;

    private Relaxation(BoundedNetwork network, Region region, Bounds[] values, Tensor[] magnitudes, boolean refined) {
        this.network = network;
        this.region = region;
        this.rounding = new Rounding(network.dtype());
        this.values = values;
        this.magnitudes = magnitudes;
        this.refined = refined;
    }

    /**
     * With bounds of all values by intervals.
     *
     * @param x images, N×C×H×W
     */
    public static Relaxation of(BoundedNetwork network, Tensor x, ThreatModel threat) {
        return byIntervals(network, Region.of(x, threat));
    }

    /**
     * The same over a box of inputs, whatever these are.
     *
     * @param lower bounds of the inputs, N×…
     * @param upper of the same shape
     */
    public static Relaxation ofBox(BoundedNetwork network, Tensor lower, Tensor upper) {
        return byIntervals(network, Region.ofBox(lower, upper));
    }

    /** With bounds of all values by intervals. */
    static Relaxation byIntervals(BoundedNetwork network, Region region) {
        Rounding rounding = new Rounding(network.dtype());
        List<Step> steps = network.steps();
        Bounds[] values = new Bounds[steps.size() + 1];
        Tensor[] magnitudes = new Tensor[values.length];
        values[0] = region.box();
        magnitudes[0] = region.box().magnitude();
        for (int i = 0; i < steps.size(); i++) {
            Step step = steps.get(i);
            List<Bounds> of = new ArrayList<>();
            for (int input : step.inputs()) {
                of.add(values[input]);
            }
            magnitudes[i + 1] =
                    step.magnitude(of.stream().map(Bounds::magnitude).toList());
            values[i + 1] = step.interval(of).padded(magnitudes[i + 1].mul(rounding.ofSum(step.terms())));
        }
        return new Relaxation(network, region, values, magnitudes, false);
    }

    /** The same network and bounds for chosen images, by their indices (INT64); what was improved stays so. */
    public Relaxation at(Tensor indices) {
        Bounds[] chosen = new Bounds[values.length];
        Tensor[] chosenMagnitudes = new Tensor[values.length];
        for (int i = 0; i < values.length; i++) {
            chosen[i] = new Bounds(
                    values[i].lower().indexSelect(0, indices), values[i].upper().indexSelect(0, indices));
            chosenMagnitudes[i] = magnitudes[i].indexSelect(0, indices);
        }
        return new Relaxation(network, region.at(indices), chosen, chosenMagnitudes, refined);
    }

    /** The same with other bounds of a value. */
    Relaxation with(int value, Bounds bounds) {
        Bounds[] others = values.clone();
        others[value] = bounds;
        return new Relaxation(network, region, others, magnitudes, refined);
    }

    Bounds bounds(int value) {
        return values[value];
    }

    /** The images, N×C×H×W. */
    Tensor images() {
        return region.x();
    }

    /** Allowed images at which linear functions of the input, N×S×…, are smallest, of that shape; null but in L∞. */
    Tensor corner(Tensor functions) {
        return region.corner(functions);
    }

    /** The logits of other images, N×K. */
    Tensor logits(Tensor of) {
        return ofBox(network, of, of).bounds(network.last()).center();
    }

    /** How many images it is of. */
    public int examples() {
        return (int) region.x().size(0);
    }

    /** The network. */
    public BoundedNetwork network() {
        return network;
    }

    /** The activations, by the number of their step. */
    Map<Integer, ActivationStep> activations() {
        Map<Integer, ActivationStep> activations = new HashMap<>();
        for (int i = 0; i < network.steps().size(); i++) {
            if (network.steps().get(i) instanceof ActivationStep activation) {
                activations.put(i, activation);
            }
        }
        return activations;
    }

    /**
     * With bounds of the activations' inputs by linear propagation, where intervals leave the activations undecided, from
     * the first to the last: each one's bounds make the lines tighter for those after it.
     */
    Relaxation refined() {
        if (refined) {
            return this;
        }
        Relaxation better = this;
        for (int i = 0; i < network.steps().size(); i++) {
            Step step = network.steps().get(i);
            if (step instanceof ActivationStep activation && activation.input() > 0) {
                better = better.withRefined(activation);
            }
            better = better.forwarded(i);
        }
        return new Relaxation(network, region, better.values, better.magnitudes, true);
    }

    /** Bounds of a step's result again from those of its inputs, which may be better by now. */
    private Relaxation forwarded(int index) {
        Step step = network.steps().get(index);
        List<Bounds> of =
                Arrays.stream(step.inputs()).mapToObj(input -> values[input]).toList();
        Tensor[] smaller = magnitudes.clone();
        smaller[index + 1] = step.magnitude(of.stream().map(Bounds::magnitude).toList());
        Bounds again = step.interval(of).padded(smaller[index + 1].mul(rounding.ofSum(step.terms())));
        Bounds[] others = values.clone();
        others[index + 1] = values[index + 1].and(again);
        return new Relaxation(network, region, others, smaller, refined);
    }

    private Relaxation withRefined(ActivationStep activation) {
        int value = activation.input();
        Bounds known = values[value];
        int n = examples();
        long[] shape = network.shape(value);
        int count = (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
        Tensor undecided =
                activation.activation().isRelaxed(known).reshape(n, count).to(DType.INT64);
        int most = (int) undecided.sum(1).amax(0).item();
        if (most == 0) {
            return this;
        }
        // The undecided numbers of each image come first; images with fewer are filled up with decided ones.
        Tensor order = undecided.argsort(1, true).narrow(1, 0, most);
        Tensor lower = known.lower().reshape(n, count);
        Tensor upper = known.upper().reshape(n, count);
        int atOnce = (int) Math.max(1, LARGEST / Math.max(1, (long) n * widest(value)));
        for (int start = 0; start < most; start += atOnce) {
            try (var scope = Scope.withoutGradients()) {
                int size = Math.min(atOnce, most - start);
                Tensor part = order.narrow(1, start, size);
                Tensor chosen = Tensor.zeros(network.dtype(), n, size, count)
                        .to(known.lower().device())
                        .scatter(
                                2,
                                part.unsqueeze(2),
                                Tensor.ones(network.dtype(), n, size, 1)
                                        .to(known.lower().device()))
                        .reshape(concat(n, size, shape));
                Tensor least = lower(value, chosen, Map.of(), Map.of());
                Tensor greatest = lower(value, chosen.neg(), Map.of(), Map.of()).neg();
                lower = scope.keep(lower.scatter(1, part, least.max(lower.gather(1, part))));
                upper = scope.keep(upper.scatter(1, part, greatest.min(upper.gather(1, part))));
            }
        }
        return with(
                value,
                new Bounds(
                        lower.reshape(known.lower().shape()),
                        upper.reshape(known.lower().shape())));
    }

    /** Numbers of the largest value up to this one. */
    private long widest(int value) {
        long widest = 1;
        for (int i = 0; i <= value; i++) {
            widest = Math.max(widest, Arrays.stream(network.shape(i)).reduce(1, (a, b) -> a * b));
        }
        return widest;
    }

    static long[] concat(long n, long s, long... shape) {
        long[] all = new long[shape.length + 2];
        all[0] = n;
        all[1] = s;
        System.arraycopy(shape, 0, all, 2, shape.length);
        return all;
    }

    /**
     * Lower bounds of linear functions of a value.
     *
     * @param c coefficients, N×S×(sizes of the value)
     * @param choices of lines below activations, by step: N×… or N×S×… in [0, 1]; those left out are CROWN's
     * @param pulls what is added to the coefficients of activations' inputs, by step, N×S×…: multipliers of constraints
     * @return N×S
     */
    Tensor lower(int value, Tensor c, Map<Integer, Tensor> choices, Map<Integer, Tensor> pulls) {
        return backward(value, c, choices, pulls, new HashMap<>());
    }

    /** @param seen receives the coefficients of each activation's result, by step, and those of the input */
    Tensor backward(
            int value, Tensor c, Map<Integer, Tensor> choices, Map<Integer, Tensor> pulls, Map<Integer, Tensor> seen) {
        return propagated(value, c, choices, pulls, seen, false);
    }

    /** Lower bounds from the bounds of the values before the last affine steps. */
    Tensor intervalLower(int value, Tensor c) {
        return propagated(value, c, Map.of(), Map.of(), new HashMap<>(), true);
    }

    /** @param intervals whether activations end the propagation, as all that is not linear does in interval bounds */
    private Tensor propagated(
            int value,
            Tensor c,
            Map<Integer, Tensor> choices,
            Map<Integer, Tensor> pulls,
            Map<Integer, Tensor> seen,
            boolean intervals) {
        Map<Integer, Tensor> coefficients = new HashMap<>();
        coefficients.put(value, c);
        Tensor bound = null;
        for (int v = value; v > 0; v--) {
            Tensor a = coefficients.remove(v);
            if (a == null) {
                continue;
            }
            Step step = network.steps().get(v - 1);
            // Coefficients are large: what is between two steps' is freed as soon as it can be.
            try (var scope = Scope.open()) {
                Map<Integer, Tensor> before = new HashMap<>();
                Tensor constant;
                if (step instanceof AffineStep affine) {
                    constant = sum(a, affine.offset().unsqueeze(1));
                    int[] inputs = affine.inputs();
                    for (int i = 0; i < inputs.length; i++) {
                        before.merge(inputs[i], affine.transposed(i, a), Tensor::add);
                    }
                } else if (!intervals && step instanceof ActivationStep activation) {
                    seen.put(v - 1, a);
                    Lines lines = activation.activation().lines(values[activation.input()], choices.get(v - 1));
                    Tensor positive = a.relu();
                    Tensor negative = a.sub(positive);
                    Tensor through = positive.mul(perFunction(lines.lowerSlope(), a))
                            .add(negative.mul(perFunction(lines.upperSlope(), a)));
                    Tensor pull = pulls.get(v - 1);
                    before.put(activation.input(), pull == null ? through : through.add(pull));
                    constant = sum(positive, perFunction(lines.lowerIntercept(), a))
                            .add(sum(negative, perFunction(lines.upperIntercept(), a)));
                } else {
                    // Of an operation that only rises, its bounds.
                    constant = sum(a.relu(), values[v].lower().unsqueeze(1))
                            .sub(sum(a.neg().relu(), values[v].upper().unsqueeze(1)));
                }
                constant = constant.sub(error(a, v, step.terms()));
                bound = scope.keep(bound == null ? constant : bound.add(constant));
                before.forEach((input, added) -> {
                    Tensor known = coefficients.get(input);
                    coefficients.put(input, scope.keep(known == null ? added : known.add(added)));
                });
            }
        }
        Tensor a = coefficients.get(0);
        if (a == null) {
            return bound;
        }
        seen.put(INPUT, a);
        Tensor least = region.minimum(a).sub(error(a, 0, a.count() / (a.size(0) * a.size(1))));
        return bound == null ? least : bound.add(least);
    }

    /** What rounding may add to linear functions of a value, whose results are sums of so many products. */
    private Tensor error(Tensor a, int value, long terms) {
        try (var scope = Scope.withoutGradients()) {
            Tensor parts = a.mul(magnitudes[value].unsqueeze(1));
            return scope.keep(sum(parts, parts).sqrt().mul(rounding.ofSum(terms)));
        }
    }

    private static Tensor perFunction(Tensor line, Tensor a) {
        return line.dimensions() < a.dimensions() ? line.unsqueeze(1) : line;
    }

    /** Σ over all but the first two dimensions. */
    private static Tensor sum(Tensor a, Tensor b) {
        Tensor product = a.mul(b);
        return product.dimensions() > 2 ? product.flatten(2).sum(2) : product;
    }
}
