package varepsilon.stats;

/**
 * How many of some examples are correctly classified.
 *
 * @param correct how many, from 0 to {@code n}
 * @param n examples, at least 1
 */
public record Accuracy(int correct, int n) {
    /** Rejects inconsistent counts. */
    public Accuracy {
        if (n < 1 || correct < 0 || correct > n) {
            throw new IllegalArgumentException(correct + " correct of " + n + ": expected 0 to n, and n at least 1");
        }
    }

    /** How many of these are true. */
    public static Accuracy of(boolean[] correct) {
        int count = 0;
        for (boolean one : correct) {
            count += one ? 1 : 0;
        }
        return new Accuracy(count, correct.length);
    }

    /** The share that is correctly classified, in [0, 1]. */
    public double rate() {
        return (double) correct / n;
    }

    /** The rate with its 95 % interval on images like these, by Wilson. */
    public Interval interval() {
        return Interval.ofShare(correct, n);
    }

    /**
     * This less another, measured on other examples, with the 95 % interval of the difference (Newcombe 1998, "Interval
     * estimation for the difference between independent proportions", method 10). On the same examples, {@link
     * PairedComparison} says more.
     */
    public Interval less(Accuracy other) {
        double difference = rate() - other.rate();
        double below = Math.hypot(interval().below(), other.interval().above());
        double above = Math.hypot(interval().above(), other.interval().below());
        return new Interval(difference, Math.max(-1, difference - below), Math.min(1, difference + above));
    }
}
