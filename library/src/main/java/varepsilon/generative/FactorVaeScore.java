package varepsilon.generative;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import varepsilon.data.FactorTable;
import varepsilon.tensor.Seed;

/**
 * The disentanglement score of Kim, Mnih 2018, "Disentangling by factorising", section 4. A vote fixes one factor at one
 * value, draws images with that value, and finds the code dimension that varies least among them, relative to its
 * variance over all images. Each dimension is assigned to the factor for which it got most votes; the score is the share
 * of further votes in which the dimension's factor is the one that was fixed.
 *
 * @param score in [0, 1]
 * @param chance its expectation for codes that carry no information: one over the number of factors
 */
public record FactorVaeScore(double score, double chance) {
    /** As many as Locatello et al. 2019 take, like the following two. */
    private static final int ASSIGNING_VOTES = 10_000;

    private static final int SCORED_VOTES = 5_000;
    private static final int IMAGES_A_VOTE = 64;

    /**
     * Of codes of images whose factors are known.
     *
     * @param codes N×d: for instance posterior means. Dimensions that do not vary take no part; where none varies, the
     *     score is that of chance
     * @param factors of the same N images, drawn independently of each other
     * @param seed of the votes
     */
    public static FactorVaeScore of(double[][] codes, FactorTable factors, long seed) {
        Votes votes = new Votes(new Codes(codes, factors), seed);
        double chance = 1.0 / votes.codes.factorCount();
        if (votes.nothingVaries()) {
            return new FactorVaeScore(chance, chance);
        }
        int[][] counts = new int[votes.codes.dimensions()][votes.codes.factorCount()];
        for (int vote = 0; vote < ASSIGNING_VOTES; vote++) {
            int factor = votes.nextFactor();
            counts[votes.nextDimension(factor)][factor]++;
        }
        int[] assigned =
                Arrays.stream(counts).mapToInt(FactorVaeScore::mostFrequent).toArray();
        int right = 0;
        for (int vote = 0; vote < SCORED_VOTES; vote++) {
            int factor = votes.nextFactor();
            right += assigned[votes.nextDimension(factor)] == factor ? 1 : 0;
        }
        return new FactorVaeScore((double) right / SCORED_VOTES, chance);
    }

    private static int mostFrequent(int[] counts) {
        int most = 0;
        for (int i = 1; i < counts.length; i++) {
            most = counts[i] > counts[most] ? i : most;
        }
        return most;
    }

    private static final class Votes {
        private final Codes codes;
        private final SplittableRandom random;
        private final double[] means;
        private final double[] variances;
        /** Images by factor and value. */
        private final List<List<int[]>> images;

        Votes(Codes codes, long seed) {
            this.codes = codes;
            random =
                    new SplittableRandom(Seed.of(seed).split("factor-vae score").value());
            means = new double[codes.dimensions()];
            Arrays.setAll(means, j -> Arrays.stream(codes.column(j)).average().orElseThrow());
            variances = new double[codes.dimensions()];
            Arrays.setAll(variances, j -> Codes.variance(codes.column(j)));
            images = new ArrayList<>();
            for (int f = 0; f < codes.factorCount(); f++) {
                images.add(byValue(codes.factors(), f));
            }
        }

        private static List<int[]> byValue(FactorTable table, int factor) {
            int[] values = table.column(factor);
            return IntStream.range(0, table.factors().get(factor).count())
                    .mapToObj(value -> IntStream.range(0, values.length)
                            .filter(i -> values[i] == value)
                            .toArray())
                    .filter(found -> found.length > 0)
                    .toList();
        }

        boolean nothingVaries() {
            return Arrays.stream(variances).allMatch(variance -> variance == 0);
        }

        int nextFactor() {
            return random.nextInt(codes.factorCount());
        }

        /** The dimension that varies least among images that share a value of the factor. */
        int nextDimension(int factor) {
            List<int[]> values = images.get(factor);
            int[] alike = values.get(random.nextInt(values.size()));
            double[] sums = new double[variances.length];
            double[] squares = new double[variances.length];
            for (int draw = 0; draw < IMAGES_A_VOTE; draw++) {
                double[] code = codes.rows()[alike[random.nextInt(alike.length)]];
                for (int j = 0; j < code.length; j++) {
                    double deviation = code[j] - means[j];
                    sums[j] += deviation;
                    squares[j] += deviation * deviation;
                }
            }
            int least = -1;
            double leastVariance = Double.POSITIVE_INFINITY;
            for (int j = 0; j < variances.length; j++) {
                double variance = (squares[j] - sums[j] * sums[j] / IMAGES_A_VOTE) / variances[j];
                if (variances[j] > 0 && variance < leastVariance) {
                    leastVariance = variance;
                    least = j;
                }
            }
            return least;
        }
    }
}
