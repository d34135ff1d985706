package varepsilon.stats;

/**
 * A 95 % interval for the difference of two accuracies on the same examples: the Wilson intervals of both, combined by
 * how far the two are right together (Newcombe 1998, "Improved confidence intervals for the difference between binomial
 * proportions based on paired data", method 10).
 *
 * @param low lower bound, from −1
 * @param high upper bound, to 1
 */
public record DifferenceInterval(double low, double high) {
    static DifferenceInterval of(PairedComparison pairs) {
        Accuracy first = pairs.first();
        Accuracy second = pairs.second();
        double below1 = first.rate() - first.interval().low();
        double above1 = first.interval().high() - first.rate();
        double below2 = second.rate() - second.interval().low();
        double above2 = second.interval().high() - second.rate();
        double phi = correlation(pairs);
        return new DifferenceInterval(
                Math.max(-1, pairs.difference() - hypotenuse(below1, above2, phi)),
                Math.min(1, pairs.difference() + hypotenuse(above1, below2, phi)));
    }

    /**
     * A 95 % interval for the difference of two accuracies on examples that have nothing to do with each other (Newcombe
     * 1998, "Interval estimation for the difference between independent proportions", method 10).
     */
    public static DifferenceInterval independent(Accuracy first, Accuracy second) {
        double difference = first.rate() - second.rate();
        double below = Math.hypot(
                first.rate() - first.interval().low(), second.interval().high() - second.rate());
        double above = Math.hypot(
                first.interval().high() - first.rate(),
                second.rate() - second.interval().low());
        return new DifferenceInterval(Math.max(-1, difference - below), Math.min(1, difference + above));
    }

    private static double hypotenuse(double a, double b, double phi) {
        // Written as a sum that rounding cannot turn negative: |φ| is at most 1.
        return Math.sqrt((a - b) * (a - b) + 2 * (1 - phi) * a * b);
    }

    /** φ of the two-by-two table, drawn towards 0 by half an example where it is positive. */
    private static double correlation(PairedComparison pairs) {
        double n = pairs.n();
        double right1 = pairs.first().correct();
        double right2 = pairs.second().correct();
        double margins = right1 * (n - right1) * right2 * (n - right2);
        if (margins == 0) {
            return 0;
        }
        double product =
                (double) pairs.bothRight() * pairs.bothWrong() - (double) pairs.onlyFirst() * pairs.onlySecond();
        double corrected = product > 0 ? Math.max(product - n / 2, 0) : product;
        return corrected / Math.sqrt(margins);
    }
}
