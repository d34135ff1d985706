package varepsilon.robust.attack;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import varepsilon.base.Declared;
import varepsilon.base.Named;
import varepsilon.base.Parameter;

/**
 * All attacks that have the norm, the one first that is expected to break most images a pass. What is expected of an
 * attack is learned from its runs on these images and from attacks of its kind; an attack that did not break anything
 * waits. Each usual one runs once, and what broke an image runs again; then the search ends where no attack is expected to break
 * {@code least} images, or a budget is used up.
 *
 * @param maxPasses forward and backward passes, over all images, after which no batch is begun; 0 for no limit
 * @param maxTime seconds after which no batch is begun; 0 for no limit. With a limit, the result depends on the speed
 *     of the machine
 * @param least expected number of images broken by another stage below which the search ends
 */
@Named(value = "strongest", help = "all attacks of the norm, ordered by the images that they break a pass")
public record Strongest(
        @Parameter(value = "passes after which no batch is begun; 0 for no limit", min = 0)
        long maxPasses,

        @Parameter(value = "seconds after which no batch is begun; 0 for no limit", min = 0)
        double maxTime,

        @Parameter(value = "it ends where no stage is expected to break so many images", above = 0)
        double least)
        implements StagedAttack {
    /** Rejects settings outside their ranges. */
    public Strongest {
        Declared.check(Strongest.class, maxPasses, maxTime, least);
    }

    /** No budget; it ends where half an image is expected. */
    public Strongest() {
        this(0, 0, 0.5);
    }

    @Override
    public List<Norm> norms() {
        return List.of(Norm.LINF, Norm.L2, Norm.L1);
    }

    @Override
    public int leastClasses() {
        return arms(Norm.LINF).stream()
                .mapToInt(arm -> arm.attack().leastClasses())
                .max()
                .orElseThrow();
    }

    @Override
    public Schedule schedule(Norm norm) {
        return new Learned(arms(norm));
    }

    /**
     * An attack that may be run any number of times, each with random numbers of its own.
     *
     * @param kind arms of one kind are expected to break less from one rank to the next
     * @param rank in its kind, from 1: of the target class, or by cost; 0 for a kind of one
     * @param passes that it needs for an image that it does not break
     * @param share of the images that are left which it is expected to break before anything is known
     */
    private record Arm(String name, String kind, int rank, Attack attack, double passes, double share) {
        /** Whether another run would find something else. */
        boolean isRandom() {
            return !(attack instanceof FastAdaptiveBoundary);
        }
    }

    /** Arms of ranks up to this run once, whatever others broke. */
    private static final int USUAL_RANKS = 3;

    private static List<Arm> arms(Norm norm) {
        List<Arm> arms = new ArrayList<>();
        Apgd apgd = new Apgd();
        arms.add(new Arm(
                "apgd-20-margin", "apgd-20-margin", 0, apgd.withSteps(20).withLoss(AttackLoss.MARGIN), 41, 0.05));
        arms.add(new Arm("apgd-ce", "apgd-ce", 0, apgd.withLoss(AttackLoss.EXACT_CROSS_ENTROPY), 201, 0.05));
        arms.add(new Arm("apgd-dlr", "apgd-dlr", 0, apgd.withLoss(AttackLoss.DLR), 201, 0.05));
        for (int rank = 1; rank <= 9; rank++) {
            arms.add(new Arm(
                    "apgd-t" + rank,
                    "apgd-t",
                    rank,
                    apgd.withLoss(AttackLoss.DLR).withTarget(rank),
                    202,
                    0.05 / rank));
        }
        for (int rank = 1; rank <= 3; rank++) {
            arms.add(new Arm(
                    "fab-t" + rank,
                    "fab-t",
                    rank,
                    FastAdaptiveBoundary.of(100, 1, 1).withTarget(rank),
                    310,
                    0.02 / rank));
        }
        arms.add(new Arm("square-1000", "square", 1, new Square(1000, 1, 0.8), 1000, 0.01));
        // Dear: only where the shorter search broke an image, or costs nothing by comparison.
        arms.add(new Arm("square-5000", "square", USUAL_RANKS + 1, new Square(5000, 1, 0.8), 5000, 0.02));
        arms.removeIf(arm -> !arm.attack().norms().contains(norm));
        return arms;
    }

    /** The schedule of one evaluation. */
    private final class Learned implements Schedule {
        /** How many images the expectation before any run counts as. */
        private static final double PRIOR_IMAGES = 40;
        /** What a repetition of an attack breaks, relative to the run before. */
        private static final double REPETITION = 0.3;

        /** An attack that costs less than this share of all passes so far is tried. */
        private static final double CHEAP = 0.04;
        /** Where at most this share of the images is left, everything is tried: for so few it costs little. */
        private static final double FEW = 0.02;

        private final List<Arm> arms;

        Learned(List<Arm> arms) {
            this.arms = arms;
        }

        @Override
        public Optional<Stage> next(List<StageResult> done) {
            if (passesLeft(done) <= 0 || secondsLeft(done) <= 0) {
                return Optional.empty();
            }
            return best(done).map(arm -> stage(arm, done));
        }

        private Optional<Arm> best(List<StageResult> done) {
            if (done.isEmpty()) {
                return Optional.of(arms.get(0)); // Before anything is known, the cheapest.
            }
            int left = done.get(done.size() - 1).surviving();
            Arm best = null;
            double most = 0;
            for (Arm arm : arms) {
                double share = expected(arm, done);
                if (isDue(arm, share * left, left, done) && share / arm.passes() > most) {
                    most = share / arm.passes();
                    best = arm;
                }
            }
            return Optional.ofNullable(best);
        }

        /**
         * Guesses do not end the search: whatever is left, the usual attacks run once, as do all where few images are
         * left and those that cost next to nothing by now, and what broke an image is repeated.
         */
        private boolean isDue(Arm arm, double expected, int left, List<StageResult> done) {
            List<StageResult> runs = runs(arm, done);
            if (runs.isEmpty()) {
                long spent = done.stream().mapToLong(StageResult::passes).sum();
                return arm.rank() <= USUAL_RANKS
                        || hasPromise(arm, done)
                        || expected >= least
                        || arm.passes() * left < CHEAP * spent
                        || left <= FEW * done.get(0).left();
            }
            return arm.isRandom()
                    && (expected >= least || runs.get(runs.size() - 1).broken() > 0);
        }

        /** Whether the arm before it in its kind broke an image. */
        private boolean hasPromise(Arm arm, List<StageResult> done) {
            return arms.stream()
                    .filter(other -> other.kind().equals(arm.kind()) && other.rank() < arm.rank())
                    .reduce((first, second) -> second)
                    .filter(before -> runs(before, done).stream().anyMatch(run -> run.broken() > 0))
                    .isPresent();
        }

        private Stage stage(Arm arm, List<StageResult> done) {
            int runs = runs(arm, done).size();
            return new Stage(runs == 0 ? arm.name() : arm.name() + " again " + runs, arm.attack());
        }

        private static boolean isOf(StageResult result, Arm arm) {
            return result.stage().attack().equals(arm.attack());
        }

        /**
         * The share of the images that are left which the arm is expected to break: what it broke in its last run, of
         * all that it was tried on, together with the expectation before any run as if that were of
         * {@link #PRIOR_IMAGES} images more. Of a kind, a less probable target class is expected to break at most what a more
         * probable one broke.
         */
        private double expected(Arm arm, List<StageResult> done) {
            double prior = arm.share();
            for (Arm other : arms) {
                if (other.kind().equals(arm.kind()) && other.rank() < arm.rank()) {
                    prior = Math.min(prior, share(other, other.share(), done));
                }
            }
            return share(arm, prior, done) * (runs(arm, done).isEmpty() ? 1 : REPETITION);
        }

        private static List<StageResult> runs(Arm arm, List<StageResult> done) {
            return done.stream().filter(result -> isOf(result, arm)).toList();
        }

        private static double share(Arm arm, double prior, List<StageResult> done) {
            List<StageResult> runs = runs(arm, done);
            int broken = runs.isEmpty() ? 0 : runs.get(runs.size() - 1).broken();
            int tried = runs.stream().mapToInt(StageResult::tried).sum();
            return (broken + prior * PRIOR_IMAGES) / (tried + PRIOR_IMAGES);
        }

        @Override
        public long passesLeft(List<StageResult> done) {
            return maxPasses == 0
                    ? Long.MAX_VALUE
                    : maxPasses - done.stream().mapToLong(StageResult::passes).sum();
        }

        @Override
        public double secondsLeft(List<StageResult> done) {
            return maxTime == 0
                    ? Double.POSITIVE_INFINITY
                    : maxTime - done.stream().mapToDouble(StageResult::seconds).sum();
        }

        @Override
        public List<String> untested(List<StageResult> done) {
            return arms.stream()
                    .filter(arm -> runs(arm, done).isEmpty())
                    .map(Arm::name)
                    .toList();
        }
    }
}
