package varepsilon.robust.certify;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import varepsilon.base.Declared;
import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.base.Watch;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * Branch and bound over activations of the ReLU kind: where α-CROWN does not prove a function positive, the allowed images
 * are divided into those that make the input of one activation positive and the others, which makes that activation a
 * line in each part; the sign is a constraint with a multiplier β ≥ 0 in the bound (Wang et al. 2021, "Beta-CROWN:
 * efficient bound propagation with per-neuron split constraints"). Which activation is divided next is found by trying
 * those whose relaxation costs the bound most (De Palma et al. 2021, "Improved branch and bound for neural network
 * verification via Lagrangian decomposition").
 *
 * @param seconds at most, for an image
 * @param parts bounded at once
 * @param steps of gradient ascent on each bound
 */
@Named(
        value = "branch-and-bound",
        help = "alpha-crown, then branching on activations with multipliers (Wang et al. 2021)")
public record BranchAndBound(
        @Parameter(value = "seconds at most for an image", above = 0)
        double seconds,

        @Parameter(value = "parts that are bounded at once", min = 2)
        int parts,

        @Parameter(value = "steps of gradient ascent on the bound", min = 1)
        int steps)
        implements Bound {
    private static final double ALPHA_STEP = 0.1;
    private static final double BETA_STEP = 0.05;
    private static final int CANDIDATES = 4;
    /** On a part in which every activation is a line, the best multipliers give the exact bound, as linear programs do. */
    private static final int STEPS_OF_WHOLE = 300;

    /** Parts that wait at the same time, at most; each takes a number an activation. */
    private static final int MOST_WAITING = 20_000;

    /** Rejects settings outside their ranges. */
    public BranchAndBound {
        Declared.check(BranchAndBound.class, seconds, parts, steps);
    }

    /** Of 30 seconds an image, 64 parts at once, 20 steps. */
    public BranchAndBound() {
        this(30, 64, 20);
    }

    @Override
    public boolean isSearch() {
        return true;
    }

    @Override
    public Bound untilOneFails() {
        return (start, functions, watch) -> bound(start, functions, true, watch);
    }

    @Override
    public Found bound(Relaxation start, Tensor functions, Watch watch) {
        return bound(start, functions, false, watch);
    }

    private Found bound(Relaxation start, Tensor functions, boolean untilOneFails, Watch watch) {
        Found found = new AlphaCrown().bound(start, functions, watch);
        double[] lower = found.lower().toDoubles();
        int count = (int) functions.size(1);
        Tensor candidates = found.relaxation().images().copy();
        for (int image = 0; image < found.relaxation().examples() && !watch.stopRequested(); image++) {
            double[] of = Arrays.copyOfRange(lower, image * count, (image + 1) * count);
            if (Arrays.stream(of).allMatch(bound -> bound > 0)) {
                continue;
            }
            try (var scope = Scope.withoutGradients()) {
                Tensor index = Tensor.of(new long[] {image}, 1);
                Tensor functionsOfImage = functions.indexSelect(0, index).squeeze(0);
                Search search = new Search(found.relaxation().at(index), functionsOfImage, of);
                search.run(untilOneFails, watch);
                if (search.met != null) {
                    Tensor at = candidates.narrow(0, image, 1);
                    at.copyInPlace(search.like(search.met, at));
                }
            }
            System.arraycopy(of, 0, lower, image * count, count);
        }
        Tensor improved =
                Tensor.of(lower, found.lower().shape()).to(functions.dtype()).to(functions.device());
        return new Found(found.relaxation(), improved, candidates);
    }

    /**
     * A part of the allowed images.
     *
     * @param function whose bound it is
     * @param splits activations whose sign is fixed, by number, and the sign
     * @param slopes of the lines below activations, by number
     * @param multipliers of the signs, by number
     * @param lower the function's bound on it
     */
    private record Part(
            int function,
            Map<Integer, Integer> splits,
            float[] slopes,
            Map<Integer, Float> multipliers,
            double lower) {}

    /** The search for one image. */
    private final class Search {
        private final Relaxation root;
        private final Tensor functions;
        private final double[] lower;
        private final Map<Integer, ActivationStep> activations = new LinkedHashMap<>();
        /** Where the numbers of an activation step begin among all. */
        private final Map<Integer, Integer> offsets = new HashMap<>();

        private final int total;
        /** Functions that an allowed image makes negative, so that no part proves them, and the last such image. */
        private final Set<Integer> negative = new HashSet<>();

        private float[] met;
        private final long deadline =
                System.nanoTime() + Duration.ofMillis((long) (seconds * 1000)).toNanos();

        /** @param lower of each function, which are replaced by better ones */
        Search(Relaxation root, Tensor functions, double[] lower) {
            this.root = root;
            this.functions = functions;
            this.lower = lower;
            int at = 0;
            for (var entry : root.activations().entrySet()) {
                if (entry.getValue().activation() instanceof LeakyRelu) {
                    activations.put(entry.getKey(), entry.getValue());
                    offsets.put(entry.getKey(), at);
                    at += size(entry.getValue());
                }
            }
            this.total = at;
        }

        private int size(ActivationStep step) {
            return (int) Arrays.stream(root.network().shape(step.input())).reduce(1, (a, b) -> a * b);
        }

        void run(boolean untilOneFails, Watch watch) {
            PriorityQueue<Part> open = new PriorityQueue<>(Comparator.comparingDouble(Part::lower));
            double[] proven = new double[lower.length];
            Arrays.fill(proven, Double.POSITIVE_INFINITY);
            float[] usual = usualSlopes();
            for (int function = 0; function < lower.length; function++) {
                if (!(lower[function] > 0)) {
                    open.add(new Part(function, Map.of(), usual, Map.of(), lower[function]));
                } else {
                    proven[function] = lower[function];
                }
            }
            List<Part> stuck = new ArrayList<>();
            List<Part> lost = new ArrayList<>();
            while (!open.isEmpty() && stuck.isEmpty() && open.size() < MOST_WAITING && !isOver(watch)) {
                List<Part> worst = new ArrayList<>();
                while (!open.isEmpty() && worst.size() < parts / 2) {
                    Part next = open.remove();
                    (negative.contains(next.function()) ? lost : worst).add(next);
                }
                if (worst.isEmpty() || (untilOneFails && met != null)) {
                    open.addAll(worst);
                    break;
                }
                try (var scope = Scope.withoutGradients()) {
                    List<Part> halves = new ArrayList<>();
                    List<Part> whole = new ArrayList<>();
                    branch(worst, halves, whole);
                    for (Part part : bounded(halves, steps, watch)) {
                        if (part.lower() > 0) {
                            proven[part.function()] = Math.min(proven[part.function()], part.lower());
                        } else {
                            open.add(part);
                        }
                    }
                    for (Part part : bounded(whole, STEPS_OF_WHOLE, watch)) {
                        if (part.lower() > 0) {
                            proven[part.function()] = Math.min(proven[part.function()], part.lower());
                        } else {
                            stuck.add(part);
                        }
                    }
                }
            }
            open.addAll(stuck);
            open.addAll(lost);
            for (int function = 0; function < lower.length; function++) {
                double least = proven[function];
                for (Part part : open) {
                    least = part.function() == function ? Math.min(least, part.lower()) : least;
                }
                lower[function] = Math.max(lower[function], least);
            }
        }

        private boolean isOver(Watch watch) {
            return watch.stopRequested() || System.nanoTime() > deadline;
        }

        private float[] usualSlopes() {
            float[] slopes = new float[total];
            activations.forEach((index, step) -> {
                Bounds of = root.bounds(step.input());
                float[] taken =
                        of.upper().gt(of.lower().neg()).to(of.lower().dtype()).toFloats();
                System.arraycopy(taken, 0, slopes, offsets.get(index), taken.length);
            });
            return slopes;
        }

        /** The network over each of several parts. */
        private Relaxation over(List<Part> of) {
            Relaxation relaxation = root.at(Tensor.of(new long[of.size()], of.size()));
            for (var entry : activations.entrySet()) {
                int value = entry.getValue().input();
                int from = offsets.get(entry.getKey());
                int size = size(entry.getValue());
                float[] signs = new float[of.size() * size];
                for (int i = 0; i < of.size(); i++) {
                    int row = i * size;
                    of.get(i).splits().forEach((number, sign) -> {
                        if (number >= from && number < from + size) {
                            signs[row + number - from] = sign;
                        }
                    });
                }
                Bounds known = relaxation.bounds(value);
                Tensor sign = like(signs, known.lower());
                Tensor zero = known.lower().zerosLike();
                relaxation = relaxation.with(
                        value,
                        new Bounds(
                                known.lower().max(zero).where(sign.gt(0), known.lower()),
                                known.upper().min(zero).where(sign.lt(0), known.upper())));
            }
            return relaxation;
        }

        private Tensor like(float[] values, Tensor other) {
            return Tensor.of(values, other.shape()).to(other.dtype()).to(other.device());
        }

        private Tensor functionsOf(List<Part> of) {
            long[] rows = of.stream().mapToLong(Part::function).toArray();
            return functions
                    .indexSelect(0, Tensor.of(rows, rows.length).to(functions.device()))
                    .unsqueeze(1);
        }

        private Map<Integer, Tensor> slopes(List<Part> of) {
            Map<Integer, Tensor> slopes = new HashMap<>();
            activations.forEach((index, step) -> {
                int size = size(step);
                float[] values = new float[of.size() * size];
                for (int i = 0; i < of.size(); i++) {
                    System.arraycopy(of.get(i).slopes(), offsets.get(index), values, i * size, size);
                }
                slopes.put(index, perFunction(values, step, of.size()));
            });
            return slopes;
        }

        private Tensor perFunction(float[] values, ActivationStep step, int count) {
            return Tensor.of(values, Relaxation.concat(count, 1, root.network().shape(step.input())))
                    .to(functions.dtype())
                    .to(functions.device());
        }

        /** Signs, and multipliers, of the parts' splits; both empty where an activation has none. */
        private record Constraints(Map<Integer, Tensor> signs, Map<Integer, Tensor> multipliers) {
            Map<Integer, Tensor> pulls() {
                Map<Integer, Tensor> pulls = new HashMap<>();
                signs.forEach((index, sign) ->
                        pulls.put(index, sign.mul(multipliers.get(index)).neg()));
                return pulls;
            }
        }

        private Constraints constraints(List<Part> of) {
            Map<Integer, Tensor> signs = new HashMap<>();
            Map<Integer, Tensor> multipliers = new HashMap<>();
            activations.forEach((index, step) -> {
                int from = offsets.get(index);
                int size = size(step);
                float[] sign = new float[of.size() * size];
                float[] multiplier = new float[sign.length];
                boolean any = false;
                for (int i = 0; i < of.size(); i++) {
                    for (var split : of.get(i).splits().entrySet()) {
                        int at = split.getKey() - from;
                        if (at >= 0 && at < size) {
                            any = true;
                            sign[i * size + at] = split.getValue();
                            multiplier[i * size + at] = of.get(i).multipliers().getOrDefault(split.getKey(), 0f);
                        }
                    }
                }
                if (any) {
                    signs.put(index, perFunction(sign, step, of.size()));
                    multipliers.put(index, perFunction(multiplier, step, of.size()));
                }
            });
            return new Constraints(signs, multipliers);
        }

        /** Divides each part in two; those that no activation can divide are whole. */
        private void branch(List<Part> worst, List<Part> halves, List<Part> whole) {
            Relaxation relaxation = over(worst);
            Map<Integer, Tensor> seen = new HashMap<>();
            relaxation.backward(
                    root.network().last(),
                    functionsOf(worst),
                    slopes(worst),
                    constraints(worst).pulls(),
                    seen);
            meet(worst, relaxation, seen.get(Relaxation.INPUT));
            List<Tensor> scores = new ArrayList<>();
            activations.forEach((index, step) -> scores.add(
                    score(relaxation.bounds(step.input()), seen.get(index)).flatten(1)));
            Tensor all = Tensor.concat(1, scores);
            int tried = Math.min(CANDIDATES, total);
            Tensor order = all.argsort(1, true).narrow(1, 0, tried);
            long[] numbers = order.toLongs();
            double[] values = all.gather(1, order).toDoubles();
            List<Part> candidates = new ArrayList<>();
            for (int i = 0; i < worst.size(); i++) {
                if (!(values[i * tried] > 0)) {
                    whole.add(worst.get(i));
                    continue;
                }
                for (int k = 0; k < tried; k++) {
                    // Fewer than enough: the best again.
                    int at = values[i * tried + k] > 0 ? i * tried + k : i * tried;
                    candidates.add(split(worst.get(i), (int) numbers[at], 1));
                    candidates.add(split(worst.get(i), (int) numbers[at], -1));
                }
            }
            if (candidates.isEmpty()) {
                return;
            }
            double[] bounds = over(candidates)
                    .lower(
                            root.network().last(),
                            functionsOf(candidates),
                            slopes(candidates),
                            constraints(candidates).pulls())
                    .toDoubles();
            for (int i = 0; i < candidates.size(); i += 2 * tried) {
                int best = i;
                for (int k = i; k < i + 2 * tried; k += 2) {
                    best = gain(bounds, k) > gain(bounds, best) ? k : best;
                }
                halves.add(candidates.get(best));
                halves.add(candidates.get(best + 1));
            }
        }

        /** Whether the images at which the bounds of parts are attained make their functions negative. */
        private void meet(List<Part> of, Relaxation relaxation, Tensor coefficients) {
            // None reach the input behind an operation of which only intervals are known.
            Tensor corners = coefficients == null ? null : relaxation.corner(coefficients);
            if (corners == null) {
                return;
            }
            Tensor images = corners.squeeze(1);
            Tensor logits = root.logits(images).unsqueeze(1);
            double[] values = functionsOf(of).mul(logits).sum(-1).toDoubles();
            for (int i = 0; i < values.length; i++) {
                if (values[i] < 0) {
                    negative.add(of.get(i).function());
                    met = images.narrow(0, i, 1).toFloats();
                }
            }
        }

        private static double gain(double[] bounds, int at) {
            return Math.min(bounds[at], bounds[at + 1]) + 1e-3 * Math.max(bounds[at], bounds[at + 1]);
        }

        /**
         * How much the lines around an activation cost the bound, 0 for those that are lines themselves: the intercept of
         * the one above where its coefficient is negative; where it is positive, the triangle's smaller side.
         */
        private Tensor score(Bounds of, Tensor coefficients) {
            Tensor a = coefficients.squeeze(1);
            Tensor zero = of.lower().zerosLike();
            Tensor relaxed = of.lower().lt(0).and(of.upper().gt(0));
            Tensor width = of.upper().sub(of.lower()).where(relaxed, zero.add(1));
            Tensor intercept = of.upper().mul(of.lower().neg()).div(width);
            Tensor side = of.upper().min(of.lower().neg()).mul(0.5);
            Tensor cost = a.neg().relu().mul(intercept).add(a.relu().mul(side));
            return cost.add(1e-12).where(relaxed, zero);
        }

        private Part split(Part part, int number, int sign) {
            Map<Integer, Integer> splits = new HashMap<>(part.splits());
            splits.put(number, sign);
            return new Part(part.function(), splits, part.slopes(), part.multipliers(), part.lower());
        }

        /** The parts with better slopes and multipliers, and their bounds. */
        private List<Part> bounded(List<Part> of, int ascents, Watch watch) {
            if (of.isEmpty()) {
                return List.of();
            }
            Relaxation relaxation = over(of);
            Tensor functionsOfParts = functionsOf(of);
            try (var all = Scope.withGradients()) {
                Map<Integer, Tensor> slopes = slopes(of);
                Constraints constraints = constraints(of);
                List<Tensor> slopesList = List.copyOf(slopes.values());
                List<Tensor> multipliersList =
                        List.copyOf(constraints.multipliers().values());
                slopesList.forEach(slope -> slope.requiresGrad(true));
                multipliersList.forEach(multiplier -> multiplier.requiresGrad(true));
                BoundAscent ascent = new BoundAscent(slopesList, ALPHA_STEP, 1);
                BoundAscent pulling = new BoundAscent(multipliersList, BETA_STEP, Float.MAX_VALUE);
                Tensor best = null;
                for (int i = 0; i < ascents; i++) {
                    try (var step = Scope.open()) {
                        Tensor lower =
                                relaxation.lower(root.network().last(), functionsOfParts, slopes, constraints.pulls());
                        best = step.keep(best == null ? lower.detach().copy() : best.max(lower.detach()));
                        if (i == ascents - 1
                                || isOver(watch)
                                || best.neg().flatten(0).amax(0).item() < 0) {
                            break;
                        }
                        BoundAscent.step(lower.sum(), ascent, pulling);
                    }
                }
                return withBetter(of, slopes, constraints, best.toDoubles());
            }
        }

        private List<Part> withBetter(
                List<Part> of, Map<Integer, Tensor> slopes, Constraints constraints, double[] bounds) {
            List<Part> better = new ArrayList<>();
            Map<Integer, float[]> slopeValues = values(slopes);
            Map<Integer, float[]> multiplierValues = values(constraints.multipliers());
            for (int i = 0; i < of.size(); i++) {
                float[] chosen = new float[total];
                Map<Integer, Float> multipliers = new HashMap<>();
                for (var entry : activations.entrySet()) {
                    int from = offsets.get(entry.getKey());
                    int size = size(entry.getValue());
                    System.arraycopy(slopeValues.get(entry.getKey()), i * size, chosen, from, size);
                    float[] pulls = multiplierValues.get(entry.getKey());
                    for (int number : of.get(i).splits().keySet()) {
                        if (pulls != null && number >= from && number < from + size) {
                            multipliers.put(number, pulls[i * size + number - from]);
                        }
                    }
                }
                // A part of a part cannot be worse.
                double bound = Math.max(of.get(i).lower(), bounds[i]);
                better.add(new Part(of.get(i).function(), of.get(i).splits(), chosen, multipliers, bound));
            }
            return better;
        }

        private static Map<Integer, float[]> values(Map<Integer, Tensor> tensors) {
            Map<Integer, float[]> values = new HashMap<>();
            tensors.forEach((index, tensor) -> values.put(index, tensor.toFloats()));
            return values;
        }
    }
}
