package varepsilon.lab.machine;

import java.util.Arrays;
import java.util.function.DoubleSupplier;

/**
 * Times two implementations in turns within one run, so that changes of the machine's speed affect both.
 *
 * @param oursMs median of our way, in milliseconds
 * @param textbookMs median of the textbook's, in milliseconds
 */
record SideBySide(double oursMs, double textbookMs) {
    /** Textbook over ours. */
    double speedup() {
        return textbookMs / oursMs;
    }

    /**
     * Measures.
     *
     * @param ours returns a number that is finite if all went well, such as its loss
     * @param warmUp rounds that do not count
     * @param rounds that count, at least 1
     */
    static SideBySide measure(DoubleSupplier ours, DoubleSupplier textbook, int warmUp, int rounds) {
        double[] ourTimes = new double[rounds];
        double[] textbookTimes = new double[rounds];
        for (int i = -warmUp; i < rounds; i++) {
            double a = milliseconds(ours);
            double b = milliseconds(textbook);
            if (i >= 0) {
                ourTimes[i] = a;
                textbookTimes[i] = b;
            }
        }
        return new SideBySide(median(ourTimes), median(textbookTimes));
    }

    private static double milliseconds(DoubleSupplier step) {
        long start = System.nanoTime();
        double loss = step.getAsDouble();
        double elapsed = (System.nanoTime() - start) / 1e6;
        if (!Double.isFinite(loss)) {
            throw new IllegalStateException("the loss became " + loss + " while it was being timed");
        }
        return elapsed;
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
