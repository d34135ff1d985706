package varepsilon.stats;

/**
 * How many of some examples are right.
 *
 * @param correct how many, from 0 to {@code n}
 * @param n examples, at least 1
 */
public record Accuracy(int correct, int n) {
    /** Refuses counts that do not fit. */
    public Accuracy {
        if (n < 1 || correct < 0 || correct > n) {
            throw new IllegalArgumentException(correct + " right of " + n + ": expected 0 to n, and n at least 1");
        }
    }

    /** How many of these are true. */
    public static Accuracy of(boolean[] right) {
        int correct = 0;
        for (boolean one : right) {
            correct += one ? 1 : 0;
        }
        return new Accuracy(correct, right.length);
    }

    /** The share that is right, in [0, 1]. */
    public double rate() {
        return (double) correct / n;
    }

    /** 95 % interval of the rate on images like these. */
    public WilsonInterval interval() {
        return WilsonInterval.of(correct, n);
    }
}
