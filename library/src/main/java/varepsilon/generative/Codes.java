package varepsilon.generative;

import java.util.Arrays;
import varepsilon.base.InputException;
import varepsilon.data.FactorTable;

/**
 * Codes of images whose factors are known.
 *
 * @param rows N×d finite numbers: by image and code dimension
 * @param factors of the same images, each with at least two values that occur
 */
record Codes(double[][] rows, FactorTable factors) {
    /** Rejects rows that do not fit together, and factors that do not vary. */
    Codes {
        if (rows.length != factors.size() || rows.length < 2) {
            throw new IllegalArgumentException(rows.length + " codes and " + factors.size()
                    + " images with factors: expected as many of both, at least 2");
        }
        for (int i = 0; i < rows.length; i++) {
            if (rows[i].length != rows[0].length || rows[i].length < 1) {
                throw new IllegalArgumentException("code " + i + " has " + rows[i].length
                        + " dimensions, and code 0 has " + rows[0].length + ": expected as many, at least 1");
            }
            if (!Arrays.stream(rows[i]).allMatch(Double::isFinite)) {
                throw new IllegalArgumentException(
                        "code " + i + " is " + Arrays.toString(rows[i]) + ": expected finite numbers");
            }
        }
        for (int f = 0; f < factors.factors().size(); f++) {
            if (Arrays.stream(factors.column(f)).distinct().limit(2).count() < 2) {
                throw new InputException("all " + rows.length + " images have the same "
                        + factors.factors().get(f).name()
                        + "; expected several values of each factor: take more images");
            }
        }
    }

    int size() {
        return rows.length;
    }

    int dimensions() {
        return rows[0].length;
    }

    int factorCount() {
        return factors.factors().size();
    }

    double[] column(int dimension) {
        return Arrays.stream(rows).mapToDouble(row -> row[dimension]).toArray();
    }

    /** The values less their mean, over their standard deviation; all 0 where they do not vary. */
    static double[] standardised(double[] values) {
        double mean = Arrays.stream(values).average().orElseThrow();
        double variance = variance(values);
        double scale = variance > 0 ? 1 / Math.sqrt(variance) : 0;
        return Arrays.stream(values).map(value -> (value - mean) * scale).toArray();
    }

    /** The mean squared deviation; exactly 0 where all values are equal. */
    static double variance(double[] values) {
        if (Arrays.stream(values).allMatch(value -> value == values[0])) {
            return 0;
        }
        double mean = Arrays.stream(values).average().orElseThrow();
        return Arrays.stream(values)
                .map(value -> (value - mean) * (value - mean))
                .average()
                .orElseThrow();
    }
}
