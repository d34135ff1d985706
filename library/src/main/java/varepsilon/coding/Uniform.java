package varepsilon.coding;

/**
 * Equally probable symbols; exactly so where their number is a power of two.
 *
 * @param symbols their number, 1 to 2^precision
 * @param precision bits of the frequencies' sum, at most {@value AnsStack#MAX_PRECISION}
 */
public record Uniform(int symbols, int precision) implements QuantisedDistribution {
    /** Rejects numbers out of range. */
    public Uniform {
        if (precision < 0 || precision > AnsStack.MAX_PRECISION || symbols < 1 || symbols > 1 << precision) {
            throw new IllegalArgumentException(symbols + " symbols with a precision of " + precision
                    + " bits: expected 1 to 2^precision symbols and at most " + AnsStack.MAX_PRECISION + " bits");
        }
    }

    /** 2^bits symbols, each of so many bits. */
    public static Uniform ofBits(int bits) {
        return new Uniform(1 << bits, bits);
    }

    @Override
    public int cumulative(int symbol) {
        return (int) (((long) symbol << precision) / symbols);
    }
}
