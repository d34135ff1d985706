package varepsilon.coding;

/**
 * A distribution given by the probability of each symbol. Every symbol gets a frequency of 1, however improbable it is,
 * and the rest is shared out by the cumulative probability, rounded down: with F the probability of all symbols below
 * s, {@code cumulative(s) = ⌊F·(2^precision − symbols)⌋ + s}. This makes a symbol's code longer than its information by
 * at most about symbols / 2^precision bits, beside the rounding of frequencies near 1.
 */
public final class FrequencyTable implements QuantisedDistribution {
    private final int[] cumulative;
    private final int precision;

    private FrequencyTable(int[] cumulative, int precision) {
        this.cumulative = cumulative;
        this.precision = precision;
    }

    /**
     * The table of so many weights.
     *
     * @param weights proportional to the probabilities; at least 0 and finite, not all 0
     * @param precision enough for a frequency of 1 for each symbol, at most {@value AnsStack#MAX_PRECISION}
     */
    public static FrequencyTable of(float[] weights, int precision) {
        return of(weights, 0, weights.length, precision);
    }

    /**
     * The table of the weights {@code from} … {@code from + symbols − 1} of a longer array, with the symbols 0 …
     * {@code symbols} − 1.
     */
    public static FrequencyTable of(float[] weights, int from, int symbols, int precision) {
        if (symbols < 1 || precision < 0 || precision > AnsStack.MAX_PRECISION || symbols > 1 << precision) {
            throw new IllegalArgumentException(symbols + " symbols with a precision of " + precision
                    + " bits: expected 1 to 2^precision symbols and at most " + AnsStack.MAX_PRECISION + " bits");
        }
        double sum = 0;
        for (int i = from; i < from + symbols; i++) {
            if (!(weights[i] >= 0)) {
                throw new IllegalArgumentException(
                        "the weight " + weights[i] + " of symbol " + (i - from) + ": expected at least 0");
            }
            sum += weights[i];
        }
        if (!(sum > 0) || Double.isInfinite(sum)) {
            throw new IllegalArgumentException("weights that sum to " + sum + ": expected a finite number above 0");
        }
        int[] cumulative = new int[symbols + 1];
        int shared = (1 << precision) - symbols;
        double scale = shared / sum;
        double below = 0;
        for (int i = 1; i < symbols; i++) {
            below += weights[from + i - 1];
            cumulative[i] = (int) Math.min(shared, below * scale) + i; // rounding may exceed the whole
        }
        cumulative[symbols] = 1 << precision;
        return new FrequencyTable(cumulative, precision);
    }

    @Override
    public int symbols() {
        return cumulative.length - 1;
    }

    @Override
    public int precision() {
        return precision;
    }

    @Override
    public int cumulative(int symbol) {
        return cumulative[symbol];
    }
}
