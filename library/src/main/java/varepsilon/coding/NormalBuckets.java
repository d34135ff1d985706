package varepsilon.coding;

/**
 * The real line in 2^bits buckets of equal mass under the standard normal (Townsend et al. 2019, section 2.5.1): a
 * standard normal is uniform over them, and any other normal has the mass between a bucket's edges.
 */
public final class NormalBuckets {
    /** The most bits. */
    public static final int MAX_BITS = 20;

    private static final int PRECISION = AnsStack.MAX_PRECISION;

    private final int bits;
    private final double[] edges;

    /**
     * So many buckets.
     *
     * @param bits logarithm of their number, 1 to {@value #MAX_BITS}
     */
    public NormalBuckets(int bits) {
        if (bits < 1 || bits > MAX_BITS) {
            throw new IllegalArgumentException("bits " + bits + ": expected 1 to " + MAX_BITS);
        }
        this.bits = bits;
        edges = new double[(1 << bits) + 1];
        for (int i = 0; i < edges.length; i++) {
            edges[i] = NormalCdf.quantile((long) i << (NormalCdf.SCALE_BITS - bits));
        }
    }

    /** Logarithm of the number of buckets. */
    public int bits() {
        return bits;
    }

    /** The value that stands for a bucket: half of its mass is below, Φ⁻¹((bucket + ½) / 2^bits). */
    public double centre(int bucket) {
        return NormalCdf.quantile((2L * bucket + 1) << (NormalCdf.SCALE_BITS - bits - 1));
    }

    /** The standard normal over the buckets. */
    public QuantisedDistribution standardNormal() {
        return Uniform.ofBits(bits);
    }

    /**
     * A normal distribution over the buckets, in which each has a frequency of at least 1: any can be pushed. That
     * takes 2^(bits − 30) of the mass from the normal. Its distribution function F is evaluated at the edges that are
     * asked for: {@code cumulative(i) = ⌊F(edge i)·(2^30 − 2^bits)⌋ + i}.
     *
     * @param mean finite
     * @param std standard deviation, above 0 and finite
     */
    public QuantisedDistribution normal(double mean, double std) {
        return mixture(new float[] {1}, new double[] {mean}, new double[] {std});
    }

    /**
     * A normal distribution over the buckets to draw from: buckets with less than 2^−30 of the mass have a frequency of
     * 0, are never popped, and cannot be pushed. {@code cumulative(i) = ⌊F(edge i)·2^30⌋}.
     *
     * @param mean finite
     * @param std standard deviation, above 0 and finite
     */
    public QuantisedDistribution posterior(double mean, double std) {
        requireNormal(mean, std);
        return new Mixture(new int[] {1 << PRECISION}, new double[] {mean}, new double[] {std}, 0);
    }

    /**
     * A mixture of normal distributions over the buckets, in which each has a frequency of at least 1. Components of
     * less than about 2^−30 of the weight are left out.
     *
     * @param weights proportional to the components' weights; at least 0 and finite, not all 0
     * @param means finite
     * @param stds standard deviations, above 0 and finite
     */
    public QuantisedDistribution mixture(float[] weights, double[] means, double[] stds) {
        if (weights.length != means.length || weights.length != stds.length) {
            throw new IllegalArgumentException(weights.length + " weights, " + means.length + " means and "
                    + stds.length + " standard deviations: expected as many of each");
        }
        for (int i = 0; i < means.length; i++) {
            requireNormal(means[i], stds[i]);
        }
        return new Mixture(shares(weights, (1 << PRECISION) - (1 << bits)), means, stds, 1);
    }

    private static void requireNormal(double mean, double std) {
        if (!Double.isFinite(mean) || !(std > 0) || Double.isInfinite(std)) {
            throw new IllegalArgumentException("a normal distribution with mean " + mean + " and standard deviation "
                    + std + ": expected finite numbers, and a standard deviation above 0");
        }
    }

    /** Whole numbers in proportion to the weights that sum to {@code all}. */
    private static int[] shares(float[] weights, int all) {
        double sum = 0;
        for (float weight : weights) {
            sum += weight;
        }
        int[] shares = new int[weights.length];
        double below = 0;
        int given = 0;
        for (int i = 0; i < weights.length; i++) {
            if (!(weights[i] >= 0)) {
                throw new IllegalArgumentException("the weight " + weights[i] + ": expected at least 0");
            }
            below += weights[i];
            int up = (int) (below / sum * all); // never above all: the last sum is the whole, and none exceeds it
            shares[i] = up - given;
            given = up;
        }
        if (given != all) {
            throw new IllegalArgumentException("weights that sum to " + sum + ": expected a finite number above 0");
        }
        return shares;
    }

    /** Normals in whole shares, which sum to 2^30 less {@code least} for each bucket. */
    private final class Mixture implements QuantisedDistribution {
        private final int[] shares;
        private final double[] means;
        private final double[] stds;
        private final int least;

        Mixture(int[] shares, double[] means, double[] stds, int least) {
            this.shares = shares;
            this.means = means;
            this.stds = stds;
            this.least = least;
        }

        @Override
        public int symbols() {
            return 1 << bits;
        }

        @Override
        public int precision() {
            return PRECISION;
        }

        /** Integers that never decrease from one edge to the next, whatever the rounding of the arguments. */
        @Override
        public int cumulative(int bucket) {
            long below = 0;
            for (int i = 0; i < shares.length; i++) {
                if (shares[i] > 0) {
                    below += shares[i] * NormalCdf.of((edges[bucket] - means[i]) / stds[i]);
                }
            }
            return (int) (below >>> NormalCdf.SCALE_BITS) + least * bucket;
        }
    }
}
