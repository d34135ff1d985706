package varepsilon.robust.evaluate;

import java.util.Arrays;
import java.util.List;
import varepsilon.base.Family;
import varepsilon.base.InputException;
import varepsilon.base.Watch;
import varepsilon.graph.GraphNetwork;
import varepsilon.robust.certify.Bound;
import varepsilon.robust.certify.BoundedNetwork;
import varepsilon.robust.certify.Relaxation;
import varepsilon.robust.certify.VnnLib.Inequality;
import varepsilon.robust.certify.VnnLib.Property;
import varepsilon.tensor.DType;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

/**
 * Whether a network has a property: by searching for an input with an unsafe output, and by bounding the left sides of the
 * inequalities that unsafe outputs keep. A conjunction of them is impossible where one left side is always above 0.
 *
 * @param bounds in the order in which they are tried
 * @param steps of the search from each start
 * @param starts of the search, drawn from the box
 * @param seed of the starts
 */
public record PropertyCheck(List<Bound> bounds, int steps, int starts, long seed) {
    private static final double ROUNDING = 1e-5;

    /** Copies the list. */
    public PropertyCheck {
        bounds = List.copyOf(bounds);
        if (steps < 1 || starts < 1) {
            throw new InputException(steps + " steps from " + starts + " starts: expected at least 1 of each");
        }
    }

    /** What was found. */
    public enum Verdict {
        /** No input of the box has an unsafe output. */
        HOLDS,
        /** One has. */
        VIOLATED,
        /** Neither was shown. */
        UNKNOWN
    }

    /**
     * The result.
     *
     * @param counterexample an input with an unsafe output, where there is one; else null
     * @param decidedBy what decided it; empty where it is unknown
     * @param bound the smallest, over conjunctions, of their largest lower bound: above 0 where the property holds
     */
    public record Result(Verdict verdict, float[] counterexample, String decidedBy, double bound, double seconds) {}

    /**
     * Checks a property.
     *
     * @param example sizes of an input
     * @throws InputException where the network has another number of inputs or outputs
     */
    public Result of(GraphNetwork network, Property property, Watch watch, long... example) {
        long start = System.nanoTime();
        try (var scope = Scope.withoutGradients();
                Rng random = Seed.of(seed).split("property").stream()) {
            long[] shape = new long[example.length + 1];
            shape[0] = 1;
            System.arraycopy(example, 0, shape, 1, example.length);
            requireCount(
                    "inputs", property.lower().length, Arrays.stream(example).reduce(1, (a, b) -> a * b));
            Tensor lower = Tensor.of(property.lower(), shape).to(DType.FLOAT32);
            Tensor upper = Tensor.of(property.upper(), shape).to(DType.FLOAT32);
            Tensor middle = lower.add(upper).mul(0.5);
            requireCount("outputs", property.outputs(), network.forward(middle).size(1));
            float[] unsafe = search(network, property, lower, upper, random, watch);
            if (unsafe != null) {
                return new Result(Verdict.VIOLATED, unsafe, "search", Double.NaN, since(start));
            }
            return bounded(network, property, lower, upper, start, watch, example);
        }
    }

    private static void requireCount(String what, long stated, long found) {
        if (stated != found) {
            throw new InputException("the property is of " + stated + " " + what + ", the network has " + found);
        }
    }

    private static double since(long start) {
        return (System.nanoTime() - start) / 1e9;
    }

    private Result bounded(
            GraphNetwork network,
            Property property,
            Tensor lower,
            Tensor upper,
            long start,
            Watch watch,
            long... example) {
        List<Inequality> all = property.unsafe().stream().flatMap(List::stream).toList();
        double[] coefficients = all.stream()
                .flatMapToDouble(one -> Arrays.stream(one.coefficients()))
                .toArray();
        Tensor functions =
                Tensor.of(coefficients, 1, all.size(), property.outputs()).to(DType.FLOAT32);
        double tolerance =
                ROUNDING * (1 + network.forward(lower).abs().amax(0, 1).item());
        double best = Double.NEGATIVE_INFINITY;
        // Then the output is unsafe where any left side is negative.
        boolean alone = property.unsafe().stream()
                .allMatch(conjunction ->
                        conjunction.size() == 1 && conjunction.get(0).constant() == 0);
        try (BoundedNetwork bounded = BoundedNetwork.of(network.graph(), example)) {
            Relaxation relaxation = Relaxation.ofBox(bounded, lower, upper);
            for (Bound method : bounds) {
                Bound used = alone ? method.untilOneFails() : method;
                Bound.Found found = used.bound(relaxation, functions, watch);
                relaxation = found.relaxation();
                best = Math.max(best, bound(property, all, found.lower().toDoubles()));
                float[] unsafe = found.candidates() == null
                        ? null
                        : unsafe(property, found.candidates(), network.forward(found.candidates()));
                if (unsafe != null) {
                    return new Result(Verdict.VIOLATED, unsafe, Family.nameOf(method), best, since(start));
                }
                if (best > tolerance) {
                    return new Result(Verdict.HOLDS, null, Family.nameOf(method), best, since(start));
                }
                if (watch.stopRequested()) {
                    break;
                }
            }
        }
        return new Result(Verdict.UNKNOWN, null, "", best, since(start));
    }

    /** A conjunction is impossible by the largest of its bounds; the property holds where all are. */
    private static double bound(Property property, List<Inequality> all, double[] lower) {
        double least = Double.POSITIVE_INFINITY;
        int next = 0;
        for (List<Inequality> conjunction : property.unsafe()) {
            double most = Double.NEGATIVE_INFINITY;
            for (int i = 0; i < conjunction.size(); i++) {
                most = Math.max(most, lower[next] + all.get(next).constant());
                next++;
            }
            least = Math.min(least, most);
        }
        return least;
    }

    /** Descends, for each conjunction, on the largest of its left sides; null where no unsafe output was met. */
    private float[] search(
            GraphNetwork network, Property property, Tensor lower, Tensor upper, Rng random, Watch watch) {
        Tensor width = upper.sub(lower);
        for (List<Inequality> conjunction : property.unsafe()) {
            Tensor rows = Tensor.of(
                            conjunction.stream()
                                    .flatMapToDouble(one -> Arrays.stream(one.coefficients()))
                                    .toArray(),
                            conjunction.size(),
                            property.outputs())
                    .to(DType.FLOAT32);
            Tensor constants = Tensor.of(
                            conjunction.stream()
                                    .mapToDouble(Inequality::constant)
                                    .toArray(),
                            conjunction.size())
                    .to(DType.FLOAT32);
            long[] many = lower.shape();
            many[0] = starts;
            Tensor x = lower.add(width.mul(random.uniform(many)));
            for (int step = 0; step < steps && !watch.stopRequested(); step++) {
                try (var scope = Scope.withGradients()) {
                    Tensor at = x.detach().requiresGrad(true);
                    Tensor outputs = network.forward(at);
                    float[] found = unsafe(property, at, outputs);
                    if (found != null) {
                        return found;
                    }
                    Tensor sides = outputs.matmul(rows.transpose(0, 1)).add(constants);
                    Tensor gradient = Gradients.of(sides.amax(1).sum(), at);
                    // Steps fall from a half of the box.
                    double length = 0.5 * (1 - step / (double) steps);
                    Tensor moved = at.detach().sub(gradient.sign().mul(width.mul(length)));
                    x = scope.keep(moved.clamp(lower, upper));
                }
            }
        }
        return null;
    }

    private static float[] unsafe(Property property, Tensor x, Tensor outputs) {
        double[] values = outputs.toDoubles();
        int k = property.outputs();
        for (int i = 0; i < x.size(0); i++) {
            if (property.isUnsafe(Arrays.copyOfRange(values, i * k, (i + 1) * k))) {
                return x.detach().narrow(0, i, 1).toFloats();
            }
        }
        return null;
    }
}
