package varepsilon.generative;

import java.util.Arrays;

/** The k smallest of the numbers offered, with their indices; of equal ones, those that were offered first. */
final class Nearest {
    private final double[] values;
    private final int[] indices;

    Nearest(int k) {
        values = new double[k];
        Arrays.fill(values, Double.POSITIVE_INFINITY);
        indices = new int[k];
        Arrays.fill(indices, -1);
    }

    void offer(double value, int index) {
        int place = values.length - 1;
        if (!(value < values[place])) {
            return;
        }
        for (; place > 0 && value < values[place - 1]; place--) {
            values[place] = values[place - 1];
            indices[place] = indices[place - 1];
        }
        values[place] = value;
        indices[place] = index;
    }

    /** From the smallest up. */
    double[] values() {
        return values;
    }

    /** In the same order. */
    int[] indices() {
        return indices;
    }
}
