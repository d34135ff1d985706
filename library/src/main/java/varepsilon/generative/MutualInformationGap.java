package varepsilon.generative;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import varepsilon.data.FactorTable;

/**
 * The mutual information gap (MIG) of Chen et al. 2018, "Isolating sources of disentanglement", section 4: how much more
 * one code dimension says about a factor than any other does, in units of the factor's entropy, averaged over factors.
 * The information is that between the factor and the code dimension in {@value #BINS} bins of equal width, as Locatello
 * et al. 2019 estimate it.
 *
 * @param gap the mean over factors, in [0, 1]
 * @param gaps of each factor
 * @param information I(zⱼ; v) in nats, by code dimension and factor
 */
public record MutualInformationGap(double gap, List<Double> gaps, double[][] information) {
    private static final int BINS = 20;

    /**
     * Of codes of images whose factors are known.
     *
     * @param codes N×d, for instance posterior means
     * @param factors of the same N images
     */
    public static MutualInformationGap of(double[][] codes, FactorTable factors) {
        Codes checked = new Codes(codes, factors);
        int dimensions = checked.dimensions();
        double[][] information = new double[dimensions][checked.factorCount()];
        double[] gaps = new double[checked.factorCount()];
        for (int f = 0; f < gaps.length; f++) {
            int[] values = factors.column(f);
            int count = factors.factors().get(f).count();
            double entropy = entropy(counts(values, count));
            double first = 0;
            double second = 0;
            for (int j = 0; j < dimensions; j++) {
                double found = information(bins(checked.column(j)), BINS, values, count);
                information[j][f] = found;
                second = Math.max(second, Math.min(first, found));
                first = Math.max(first, found);
            }
            gaps[f] = (first - second) / entropy;
        }
        return new MutualInformationGap(
                Arrays.stream(gaps).average().orElseThrow(),
                Arrays.stream(gaps).boxed().toList(),
                information);
    }

    /** Which of the bins between the least and the largest value each is in. */
    private static int[] bins(double[] values) {
        double least = Arrays.stream(values).min().orElseThrow();
        double range = Arrays.stream(values).max().orElseThrow() - least;
        return Arrays.stream(values)
                .mapToInt(value -> range == 0 ? 0 : Math.min(BINS - 1, (int) (BINS * ((value - least) / range))))
                .toArray();
    }

    /** H(a) + H(b) − H(a, b), in nats. */
    private static double information(int[] a, int countA, int[] b, int countB) {
        int[] both = IntStream.range(0, a.length).map(i -> a[i] * countB + b[i]).toArray();
        return Math.max(
                0, entropy(counts(a, countA)) + entropy(counts(b, countB)) - entropy(counts(both, countA * countB)));
    }

    private static int[] counts(int[] values, int count) {
        int[] counts = new int[count];
        for (int value : values) {
            counts[value]++;
        }
        return counts;
    }

    private static double entropy(int[] counts) {
        double total = Arrays.stream(counts).sum();
        return -Arrays.stream(counts)
                .filter(count -> count > 0)
                .mapToDouble(count -> count / total * Math.log(count / total))
                .sum();
    }
}
