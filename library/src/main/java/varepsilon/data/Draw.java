package varepsilon.data;

import java.util.Arrays;
import java.util.SplittableRandom;

/** Random numbers of one image's corruption: the same from the same seed, in any version of Java. */
final class Draw {
    // From here on, rejection from a hat takes less time than adding waiting times.
    private static final double SMALL_MEAN = 10;

    private final SplittableRandom random;
    private double[] logFactorials = {0};

    Draw(long seed) {
        random = new SplittableRandom(seed);
    }

    /** In [0, 1). */
    double uniform() {
        return random.nextDouble();
    }

    double uniform(double low, double high) {
        return low + (high - low) * random.nextDouble();
    }

    /** From 0 to {@code bound} − 1. */
    int below(int bound) {
        return random.nextInt(bound);
    }

    /** Standard normal, by the method of Box and Muller (1958). */
    double normal() {
        double radius = Math.sqrt(-2 * StrictMath.log(1 - random.nextDouble()));
        return radius * StrictMath.cos(2 * Math.PI * random.nextDouble());
    }

    /** Poisson of that mean, up to some hundreds. */
    int poisson(double mean) {
        return mean < SMALL_MEAN ? byWaiting(mean) : byRejection(mean);
    }

    private int byWaiting(double mean) {
        double limit = StrictMath.exp(-mean);
        int count = 0;
        for (double product = random.nextDouble(); product > limit; product *= random.nextDouble()) {
            count++;
        }
        return count;
    }

    /** Transformed rejection with squeeze (Hörmann 1993, algorithm PTRS). */
    private int byRejection(double mean) {
        double b = 0.931 + 2.53 * Math.sqrt(mean);
        double a = -0.059 + 0.02483 * b;
        double inverseAlpha = 1.1239 + 1.1328 / (b - 3.4);
        double squeeze = 0.9277 - 3.6224 / (b - 2);
        while (true) {
            double u = random.nextDouble() - 0.5;
            double v = 1 - random.nextDouble();
            double us = 0.5 - Math.abs(u);
            double k = Math.floor((2 * a / us + b) * u + mean + 0.43);
            if (us >= 0.07 && v <= squeeze) {
                return (int) k;
            }
            if (k < 0 || (us < 0.013 && v > us)) {
                continue;
            }
            double height = StrictMath.log(v * inverseAlpha / (a / (us * us) + b));
            if (height <= k * StrictMath.log(mean) - mean - logFactorial((int) k)) {
                return (int) k;
            }
        }
    }

    private double logFactorial(int n) {
        if (n >= logFactorials.length) {
            int known = logFactorials.length;
            logFactorials = Arrays.copyOf(logFactorials, 2 * n + 1);
            for (int i = known; i < logFactorials.length; i++) {
                logFactorials[i] = logFactorials[i - 1] + StrictMath.log(i);
            }
        }
        return logFactorials[n];
    }
}
