package varepsilon.coding;

/**
 * The distribution function Φ of the standard normal in integers of 2⁻³²: linear between multiples of 2⁻¹⁰. It never
 * decreases, and it is computed from additions, multiplications and a table alone, so that it is the same whenever and
 * wherever it is computed. It differs from Φ by less than 3·10⁻⁸.
 */
final class NormalCdf {
    /** Bits behind the point: {@code 1L << SCALE_BITS} stands for 1. */
    static final int SCALE_BITS = 32;

    private static final int LARGEST = 8; // Φ(−8) is 0 in units of 2⁻³²
    private static final int STEPS_PER_UNIT = 1 << 10;
    private static final int STEPS = 2 * LARGEST * STEPS_PER_UNIT;
    private static final int FRACTION_BITS = 20;
    private static final long[] TABLE = table();

    private NormalCdf() {}

    private static long[] table() {
        long[] table = new long[STEPS + 1];
        for (int i = STEPS / 2; i <= STEPS; i++) {
            table[i] = Math.round(positive((double) i / STEPS_PER_UNIT - LARGEST) * (1L << SCALE_BITS));
            table[STEPS - i] = (1L << SCALE_BITS) - table[i];
        }
        return table;
    }

    /** Φ(x) = ½ + φ(x)·(x + x³/3 + x⁵/(3·5) + …) for x ≥ 0 (Marsaglia 2004, "Evaluating the normal distribution"). */
    private static double positive(double x) {
        double sum = x;
        double term = x;
        for (int odd = 3; sum + term > sum; odd += 2) {
            term *= x * x / odd;
            sum += term;
        }
        return 0.5 + sum * StrictMath.exp(-0.5 * x * x) / StrictMath.sqrt(2 * Math.PI);
    }

    /** Φ(x)·2³², from 0 to 2³²; x may be infinite. */
    static long of(double x) {
        double step = (x + LARGEST) * STEPS_PER_UNIT;
        if (step < 0) {
            return 0;
        }
        if (step >= STEPS) {
            return 1L << SCALE_BITS;
        }
        int below = (int) step;
        long fraction = (long) ((step - below) * (1 << FRACTION_BITS));
        return TABLE[below] + (fraction * (TABLE[below + 1] - TABLE[below]) >> FRACTION_BITS);
    }

    /** The inverse: the x with Φ(x) = p / 2³², for p from 1 to 2³² − 1; infinite at 0 and 2³². */
    static double quantile(long p) {
        if (p <= 0 || p >= 1L << SCALE_BITS) {
            return p <= 0 ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
        }
        int low = 0;
        int high = STEPS;
        while (high - low > 1) {
            int middle = (low + high) >>> 1;
            if (TABLE[middle] <= p) {
                low = middle;
            } else {
                high = middle;
            }
        }
        double fraction = (double) (p - TABLE[low]) / (TABLE[high] - TABLE[low]);
        return (low + fraction) / STEPS_PER_UNIT - LARGEST;
    }
}
