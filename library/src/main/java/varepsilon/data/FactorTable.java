package varepsilon.data;

import java.util.Arrays;
import java.util.List;

/**
 * The factors that images were drawn from, and which value each factor has in each image.
 *
 * @param factors the factors, at least one
 * @param values by image and factor: a number from 0 to the factor's count less one
 */
public record FactorTable(List<Factor> factors, int[][] values) {
    /**
     * A factor of variation.
     *
     * @param name what it is called
     * @param count how many values it can have, at least 1
     * @param ordered whether its values are steps on a scale; else they are kinds without an order
     */
    public record Factor(String name, int count, boolean ordered) {
        /** Rejects a factor without values. */
        public Factor {
            if (count < 1) {
                throw new IllegalArgumentException(name + ": " + count + " values; expected at least 1");
            }
        }
    }

    /** Rejects values that a factor does not have, and rows that have not one value for each factor. */
    public FactorTable {
        factors = List.copyOf(factors);
        if (factors.isEmpty()) {
            throw new IllegalArgumentException("no factors; expected at least one");
        }
        for (int i = 0; i < values.length; i++) {
            if (values[i].length != factors.size()) {
                throw new IllegalArgumentException("image " + i + " has " + values[i].length + " values; expected "
                        + factors.size() + ", one for each factor");
            }
            for (int f = 0; f < values[i].length; f++) {
                if (values[i][f] < 0 || values[i][f] >= factors.get(f).count()) {
                    throw new IllegalArgumentException(
                            "image " + i + ": " + factors.get(f).name() + " " + values[i][f] + "; expected 0 to "
                                    + (factors.get(f).count() - 1));
                }
            }
        }
    }

    /** The number of images. */
    public int size() {
        return values.length;
    }

    /** The value of one factor in every image. */
    public int[] column(int factor) {
        return Arrays.stream(values).mapToInt(row -> row[factor]).toArray();
    }

    /** Of the first {@code n} images; of all, where there are fewer. */
    public FactorTable limit(int n) {
        return new FactorTable(factors, Arrays.copyOf(values, Math.min(n, values.length)));
    }
}
