package varepsilon.robust.attack;

import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import varepsilon.base.Declared;
import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.tensor.DType;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * RayS (Chen, Gu 2020): the smallest perturbation in L∞ by predicted classes alone. All values move by the same amount,
 * up or down; signs are flipped in blocks, halves first, then quarters, down to single values, and a flip is kept where
 * it lets the amount be smaller. It draws no random numbers.
 *
 * @param queries forward passes an example at most; where a pass over single values changes nothing, the search ends
 */
@Named(value = "rays", help = "smallest perturbations in L∞ by predicted classes alone (Chen, Gu 2020)")
public record RayS(
        @Parameter(value = "forward passes an image at most", min = 20)
        int queries) implements MinimumAttack {
    // Of a binary search, which finds the amount up to a thousandth; the paper's tolerance is 1e-3 as well.
    private static final int HALVINGS = 10;

    /** Rejects settings outside their ranges. */
    public RayS {
        Declared.check(RayS.class, queries);
    }

    /** 10,000 queries. */
    public RayS() {
        this(10_000);
    }

    @Override
    public Knowledge knowledge() {
        return Knowledge.LABELS;
    }

    @Override
    public List<Norm> norms() {
        return List.of(Norm.LINF);
    }

    @Override
    public Smallest minimise(Problem problem, double enough, Draws draws) {
        try (var scope = Scope.withoutGradients()) {
            Search search = new Search(problem);
            int dimensions = (int) (problem.pixels().count() / problem.size());
            search.flip(0, 0);
            int block = dimensions;
            while (search.isOpen()) {
                Arrays.fill(search.improved, false);
                for (int from = 0; from < dimensions && search.isOpen(); from += block) {
                    search.flip(from, Math.min(block, dimensions - from));
                    search.leave(i ->
                            search.found[i] && search.amount[i] <= enough || search.used[i] + 1 + HALVINGS > queries);
                }
                if (block == 1) {
                    search.leave(i -> !search.improved[i]);
                }
                block = (block + 1) / 2;
            }
            return search.smallest(scope);
        }
    }

    /** Signs and amounts so far. */
    private static final class Search {
        private final Problem problem;
        private final Tensor signs;
        private final double[] amount;
        private final boolean[] found;
        private final boolean[] improved;
        private final int[] used;
        private int[] open;

        Search(Problem problem) {
            int n = (int) problem.size();
            this.problem = problem;
            signs = problem.pixels().flatten(1).zerosLike().add(1);
            amount = new double[n];
            Arrays.fill(amount, problem.threat().box().width());
            found = new boolean[n];
            improved = new boolean[n];
            used = new int[n];
            open = IntStream.range(0, n).toArray();
        }

        boolean isOpen() {
            return open.length > 0;
        }

        void leave(IntPredicate done) {
            open = Arrays.stream(open).filter(i -> !done.test(i)).toArray();
        }

        /** Tries, for all that are open, the signs with so many of them flipped. */
        void flip(int from, int count) {
            try (var step = Scope.open()) {
                Rows rows = rows(open);
                Tensor tried = rows.of(signs).copy();
                tried.narrow(1, from, count).mulInPlace(-1);
                boolean[] met = isMet(
                        open,
                        tried,
                        Arrays.stream(open).mapToDouble(i -> amount[i]).toArray());
                int[] promising =
                        IntStream.range(0, open.length).filter(k -> met[k]).toArray();
                if (promising.length > 0) {
                    shrink(promising, tried);
                }
            }
        }

        /** Binary search for the amount, from that so far down; signs that need no less are not taken. */
        private void shrink(int[] promising, Tensor tried) {
            int[] rows = Arrays.stream(promising).map(k -> open[k]).toArray();
            Tensor theirs = rows(promising).of(tried);
            double[] outside = Arrays.stream(rows).mapToDouble(i -> amount[i]).toArray();
            double[] inside = new double[rows.length];
            for (int halving = 0; halving < HALVINGS; halving++) {
                double[] middle = new double[rows.length];
                Arrays.setAll(middle, k -> (inside[k] + outside[k]) / 2);
                boolean[] met = isMet(rows, theirs, middle);
                for (int k = 0; k < rows.length; k++) {
                    (met[k] ? outside : inside)[k] = middle[k];
                }
            }
            int[] better = IntStream.range(0, rows.length)
                    .filter(k -> !found[rows[k]] || outside[k] < amount[rows[k]])
                    .toArray();
            for (int k : better) {
                improved[rows[k]] = true;
                found[rows[k]] = true;
                amount[rows[k]] = outside[k];
            }
            if (better.length > 0) {
                rows(Arrays.stream(better).map(k -> rows[k]).toArray())
                        .put(signs, rows(better).of(theirs));
            }
        }

        private boolean[] isMet(int[] rows, Tensor itsSigns, double[] amounts) {
            try (var query = Scope.open()) {
                Problem here = rows(rows).of(problem);
                byte[] met = here.isMet(perturbed(here, itsSigns, amounts))
                        .to(DType.UINT8)
                        .toBytes();
                boolean[] result = new boolean[rows.length];
                for (int k = 0; k < rows.length; k++) {
                    used[rows[k]]++;
                    result[k] = met[k] != 0;
                }
                return result;
            }
        }

        private static Tensor perturbed(Problem problem, Tensor signs, double[] amounts) {
            Tensor each =
                    Tensor.of(amounts, amounts.length, 1).to(signs.dtype()).to(signs.device());
            return signs.mul(each).reshape(problem.pixels().shape()).clamp(problem.low(), problem.high());
        }

        private Rows rows(int[] indices) {
            long[] longs = Arrays.stream(indices).asLongStream().toArray();
            return new Rows(Tensor.of(longs, longs.length).to(signs.device()));
        }

        Smallest smallest(Scope scope) {
            double[] amounts = new double[amount.length];
            Arrays.setAll(amounts, i -> found[i] ? amount[i] : 0);
            byte[] flags = new byte[found.length];
            for (int i = 0; i < flags.length; i++) {
                flags[i] = (byte) (found[i] ? 1 : 0);
            }
            return new Smallest(
                    scope.keep(perturbed(problem, signs, amounts)),
                    scope.keep(Tensor.of(flags, flags.length).to(DType.BOOL).to(signs.device())));
        }
    }
}
