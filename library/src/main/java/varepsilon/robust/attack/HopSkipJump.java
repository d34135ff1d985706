package varepsilon.robust.attack;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import varepsilon.base.Declared;
import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.tensor.DType;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * HopSkipJumpAttack (Chen, Jordan, Wainwright 2020): the smallest perturbation by predicted classes alone. From a
 * random image that meets the criterion it goes to the decision boundary, estimates the direction in which the boundary
 * is crossed from the predictions around that point, takes a step that way, goes back to the boundary on the line to the
 * image, and so on.
 *
 * @param queries forward passes an example at most; an iteration that would need more is not begun
 * @param samples predictions from which the first direction is estimated; those of iteration t take √t times as many
 */
@Named(value = "hop-skip-jump", help = "smallest perturbations by predicted classes alone (Chen et al. 2020)")
public record HopSkipJump(
        @Parameter(value = "forward passes an image at most", min = 100)
        int queries,

        @Parameter(value = "random vectors of the first estimate; more in later ones", min = 1)
        int samples)
        implements MinimumAttack {
    // Of random images, how many are tried until one meets the criterion.
    private static final int STARTS = 50;
    // A step that is shortened so often is none.
    private static final int HALVINGS_OF_A_STEP = 12;
    private static final int SAMPLES_AT_ONCE = 20;
    private static final double FIRST_RADIUS = 0.1;

    /** Rejects settings outside their ranges. */
    public HopSkipJump {
        Declared.check(HopSkipJump.class, queries, samples);
    }

    /** 10,000 queries, the first direction from 100. */
    public HopSkipJump() {
        this(10_000, 100);
    }

    @Override
    public Knowledge knowledge() {
        return Knowledge.LABELS;
    }

    @Override
    public List<Norm> norms() {
        return List.of(Norm.L2, Norm.LINF);
    }

    @Override
    public Smallest minimise(Problem problem, double enough, Draws draws) {
        Tensor smallest = problem.pixels().zerosLike();
        try (var scope = Scope.withoutGradients()) {
            long[] used = new long[(int) problem.size()];
            Tensor at = smallest.zerosLike();
            Tensor found = start(problem, draws, at, used);
            Rows open = new Rows(found.nonzero());
            Search search = new Search(problem);
            Tensor size = Tensor.full(Double.POSITIVE_INFINITY, DType.FLOAT64, problem.size())
                    .to(smallest.device());
            for (int t = 0; open.indices().count() > 0; t++) {
                try (var iteration = Scope.open()) {
                    Problem here = open.of(problem);
                    Tensor boundary = search.toBoundary(here, open.of(at));
                    count(used, open, search.halvings());
                    Tensor length = search.length(boundary);
                    Tensor better = length.lt(open.of(size));
                    open.put(at, boundary);
                    open.put(size, length.min(open.of(size)));
                    open.put(smallest, boundary.where(PerExample.broadcast(better, boundary), open.of(smallest)));
                    int estimate = (int) (samples * Math.sqrt(t + 1));
                    open = open.only(
                            remaining(open, open.of(size), used, enough, estimate + search.halvings()), iteration);
                    if (open.indices().count() == 0) {
                        break;
                    }
                    here = open.of(problem);
                    boundary = open.of(at);
                    length = search.length(boundary);
                    Tensor radius = t == 0
                            ? length.zerosLike()
                                    .add(FIRST_RADIUS * problem.threat().box().width())
                            : length.mul(search.relativeRadius());
                    Tensor direction = search.direction(here, boundary, radius, estimate, open.of(draws));
                    count(used, open, estimate);
                    step(open, here, at, direction, length.div(Math.sqrt(t + 1)), used);
                }
            }
            return new Smallest(smallest, scope.keep(found));
        }
    }

    /** Random images, until one meets the criterion: BOOL N, whether one did. */
    private Tensor start(Problem problem, Draws draws, Tensor at, long[] used) {
        Tensor found = Tensor.zeros(DType.BOOL, problem.size()).to(at.device());
        Rows open = Rows.ALL;
        for (int i = 0; i < STARTS; i++) {
            try (var attempt = Scope.open()) {
                Problem here = open.of(problem);
                Tensor share = open.of(draws).uniform(here.pixels());
                Tensor image = here.low().add(here.high().sub(here.low()).mul(share));
                Tensor met = here.isMet(image);
                count(used, open, 1);
                open.put(found, met);
                open.put(at, image);
                Tensor staying = met.not().nonzero();
                if (staying.count() == 0) {
                    break;
                }
                open = open.only(staying, attempt);
            }
        }
        return found;
    }

    /** The longest of the steps 1, 1/2, 1/4, … times {@code length} after which the criterion is met still. */
    private static void step(Rows open, Problem problem, Tensor at, Tensor direction, Tensor length, long[] used) {
        Rows here = Rows.ALL;
        Tensor from = open.of(at);
        for (int i = 0; i < HALVINGS_OF_A_STEP; i++) {
            Tensor way = here.of(direction)
                    .mul(PerExample.broadcast(
                            here.of(length).mul(Math.pow(0.5, i)).to(at.dtype()), direction));
            Problem its = here.of(problem);
            Tensor there = here.of(from).add(way).clamp(its.low(), its.high());
            Tensor met = its.isMet(there);
            Rows whole = here.indices() == null ? open : new Rows(open.indices().indexSelect(0, here.indices()));
            count(used, whole, 1);
            whole.put(at, there.where(PerExample.broadcast(met, there), here.of(from)));
            Tensor staying = met.not().nonzero();
            if (staying.count() == 0) {
                break;
            }
            here = new Rows(here.indices() == null ? staying : here.indices().indexSelect(0, staying));
        }
    }

    /** Positions of those that may go on: longer than is enough, and with queries for another iteration. */
    private Tensor remaining(Rows open, Tensor size, long[] used, double enough, int needed) {
        double[] sizes = size.toDoubles();
        long[] rows = open.indices().toLongs();
        long[] staying = IntStream.range(0, rows.length)
                .filter(i -> sizes[i] > enough && used[(int) rows[i]] + needed + HALVINGS_OF_A_STEP <= queries)
                .asLongStream()
                .toArray();
        return Tensor.of(staying, staying.length).to(size.device());
    }

    private static void count(long[] used, Rows rows, int queries) {
        if (rows.indices() == null) {
            Arrays.setAll(used, i -> used[i] + queries);
        } else {
            for (long row : rows.indices().toLongs()) {
                used[(int) row] += queries;
            }
        }
    }

    /** The parts of an iteration, in one norm and for images of one size. */
    private static final class Search {
        private final Norm norm;
        private final double relativeRadius;
        private final int halvings;

        Search(Problem problem) {
            norm = problem.threat().norm();
            double dimensions = problem.pixels().count() / (double) problem.size();
            // The threshold θ of the binary search: d^(−3/2) in L2, d^(−2) in L∞; the radius of the estimate is
            // √d·θ or d·θ of the distance, which is 1/d in both.
            double threshold = Math.pow(dimensions, norm == Norm.L2 ? -1.5 : -2);
            relativeRadius = 1 / dimensions;
            halvings = Math.max(1, (int) Math.ceil(-Math.log(threshold) / Math.log(2)));
        }

        double relativeRadius() {
            return relativeRadius;
        }

        int halvings() {
            return halvings;
        }

        Tensor length(Tensor delta) {
            return norm.length(delta.to(DType.FLOAT64));
        }

        /** On the way from the image to δ, the nearest point at which the criterion is met, by bisection. */
        Tensor toBoundary(Problem problem, Tensor delta) {
            Tensor inside = length(delta).zerosLike();
            Tensor outside = norm == Norm.L2 ? inside.add(1) : length(delta);
            Tensor nearest = delta;
            for (int i = 0; i < halvings; i++) {
                Tensor middle = inside.add(outside).mul(0.5);
                Tensor between = towards(delta, middle);
                Tensor met = problem.isMet(between);
                outside = middle.where(met, outside);
                inside = inside.where(met, middle);
                nearest = between.where(PerExample.broadcast(met, between), nearest);
            }
            return nearest;
        }

        /** In L2 a share of δ, in L∞ δ limited to a size. */
        private Tensor towards(Tensor delta, Tensor amount) {
            Tensor each = PerExample.broadcast(amount.to(delta.dtype()), delta);
            return norm == Norm.L2 ? delta.mul(each) : delta.clamp(each.neg(), each);
        }

        /** Σ (φ(v) − mean φ)·v over random unit vectors v, φ = 1 where the criterion is met and else −1. */
        Tensor direction(Problem problem, Tensor delta, Tensor radius, int count, Draws draws) {
            Tensor weighted = delta.zerosLike();
            Tensor plain = delta.zerosLike();
            Tensor total = radius.zerosLike();
            for (int done = 0; done < count; done += SAMPLES_AT_ONCE) {
                try (var some = Scope.open()) {
                    Samples at = Samples.of(problem, delta, Math.min(SAMPLES_AT_ONCE, count - done));
                    Tensor random = norm == Norm.L2 ? at.normal(draws) : at.uniform(draws);
                    Tensor length = Norm.L2.length(random);
                    Tensor scale = at.perPoint(radius).to(delta.dtype()).div(length);
                    Tensor there = at.inBox(random.mul(PerExample.broadcast(scale, random)));
                    Tensor vectors = there.sub(at.delta())
                            .div(PerExample.broadcast(at.perPoint(radius).to(delta.dtype()), there));
                    Tensor sign =
                            at.problem().isMet(there).to(delta.dtype()).mul(2).sub(1);
                    weighted.addInPlace(at.sums(vectors.mul(PerExample.broadcast(sign, vectors))));
                    plain.addInPlace(at.sums(vectors));
                    total.addInPlace(at.sumsOfNumbers(sign));
                }
            }
            // Where all agree, their mean would leave nothing.
            Tensor divided = total.abs().lt(total.zerosLike().add(count));
            Tensor subtracted = total.div(count).where(divided, total.zerosLike());
            Tensor sum = weighted.sub(plain.mul(PerExample.broadcast(subtracted.to(delta.dtype()), delta)));
            if (norm == Norm.LINF) {
                return sum.sign();
            }
            Tensor length = Norm.L2.length(sum);
            return sum.div(PerExample.broadcast(length.where(length.gt(0), length.add(1)), sum));
        }
    }
}
