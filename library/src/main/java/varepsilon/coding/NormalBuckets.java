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
        return new Normal(mean, std, 1);
    }

    /**
     * A normal distribution over the buckets to draw from: buckets with less than 2^−30 of the mass have a frequency of
     * 0, are never popped, and cannot be pushed. {@code cumulative(i) = ⌊F(edge i)·2^30⌋}.
     *
     * @param mean finite
     * @param std standard deviation, above 0 and finite
     */
    public QuantisedDistribution posterior(double mean, double std) {
        return new Normal(mean, std, 0);
    }

    private final class Normal implements QuantisedDistribution {
        private final double mean;
        private final double std;
        private final int least;

        Normal(double mean, double std, int least) {
            if (!Double.isFinite(mean) || !(std > 0) || Double.isInfinite(std)) {
                throw new IllegalArgumentException("a normal distribution with mean " + mean
                        + " and standard deviation " + std
                        + ": expected finite numbers, and a standard deviation above 0");
            }
            this.mean = mean;
            this.std = std;
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

        @Override
        public int cumulative(int bucket) {
            long below = NormalCdf.of((edges[bucket] - mean) / std);
            long shared = (1L << PRECISION) - ((long) least << bits);
            return (int) (below * shared >>> NormalCdf.SCALE_BITS) + least * bucket;
        }
    }
}
