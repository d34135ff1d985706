package varepsilon.coding;

import java.util.NoSuchElementException;

/**
 * A distribution over the symbols 0 … {@link #symbols} − 1 with integer frequencies: symbol s has the interval [{@code
 * cumulative(s)}, {@code cumulative(s + 1)}) of [0, 2^precision). One whose interval is empty cannot be pushed. Both
 * directions of a coder must compute the same integers.
 */
public interface QuantisedDistribution {
    /** The number of symbols, at least 1. */
    int symbols();

    /** Bits of the frequencies' sum: they sum to 2^precision, at most 2^{@value AnsStack#MAX_PRECISION}. */
    int precision();

    /**
     * The sum of the frequencies of all symbols below this one: from 0 at 0 to 2^precision at {@link #symbols}, never
     * decreasing.
     */
    int cumulative(int symbol);

    /** The symbol whose interval has this number of [0, 2^precision). */
    default int symbolAt(int slot) {
        int low = 0;
        int high = symbols();
        while (high - low > 1) {
            int middle = (low + high) >>> 1;
            if (cumulative(middle) <= slot) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** Pushes a symbol. */
    default void push(AnsStack stack, int symbol) {
        int start = cumulative(symbol);
        stack.push(start, cumulative(symbol + 1) - start, precision());
    }

    /**
     * Pops a symbol.
     *
     * @throws NoSuchElementException where the stack is empty
     */
    default int pop(AnsStack stack) {
        int symbol = symbolAt(stack.peek(precision()));
        int start = cumulative(symbol);
        stack.advance(start, cumulative(symbol + 1) - start, precision());
        return symbol;
    }

    /**
     * Draws a symbol with bits of the stack, for bits-back coding: whatever was pushed before, each symbol comes with
     * its probability.
     *
     * @throws NoSuchElementException where the stack is empty
     */
    default int draw(AnsStack stack) {
        stack.scramble(precision());
        return pop(stack);
    }

    /** Gives back the bits with which a symbol was drawn: the inverse of {@link #draw}. */
    default void undraw(AnsStack stack, int symbol) {
        push(stack, symbol);
        stack.unscramble(precision());
    }

    /** Information of a symbol, −log₂ of its frequency / 2^precision: what its push costs. */
    default double bits(int symbol) {
        return precision() - Math.log(cumulative(symbol + 1) - cumulative(symbol)) / Math.log(2);
    }
}
