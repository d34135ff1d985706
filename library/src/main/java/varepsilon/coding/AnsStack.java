package varepsilon.coding;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.NoSuchElementException;
import varepsilon.base.InputException;

/**
 * A stack of coded symbols: range asymmetric numeral systems (Duda 2009, "Asymmetric numeral systems"), with a head of
 * 63 bits and words of 32. A push makes the stack longer by the symbol's information, −log₂ of its probability; a pop
 * is the exact inverse.
 *
 * <p>A symbol is an interval of {@code [0, 2^precision)}: its frequency is the interval's length, and 2^precision times
 * its probability. {@link QuantisedDistribution} makes these from probabilities.
 *
 * <p>Bits-back coding (Townsend et al. 2019) pops what was never pushed, and needs each such pop to be a draw from its
 * distribution. The codes of earlier symbols alone do not give that: their bits are uniform only where those symbols
 * were drawn from the distributions with which they were pushed. {@link #scramble} before the pop makes it a draw
 * whatever the content, and so the expected length of the code the negative evidence lower bound.
 */
public final class AnsStack {
    /** The largest precision, in bits. */
    public static final int MAX_PRECISION = 30;

    /** Bits of a word. */
    public static final int WORD_BITS = Integer.SIZE;

    // The head h satisfies 2³¹ ≤ h < 2⁶³.
    private static final int HEAD_BITS = Long.SIZE - 1;
    private static final long SMALLEST_HEAD = 1L << (HEAD_BITS - WORD_BITS);
    private static final long WORD_MASK = 0xFFFF_FFFFL;
    private static final int FIRST_CAPACITY = 64;

    private static final RandomWords MASKS = new RandomWords(0x243F_6A88_85A3_08D3L); // digits of π

    private final RandomWords initial;
    private long head;
    private int scrambles;
    private int[] words = new int[FIRST_CAPACITY];
    private int size;
    private int initialWords;

    private AnsStack(RandomWords initial, long head) {
        this.initial = initial;
        this.head = head;
    }

    /** An empty stack. */
    public static AnsStack empty() {
        return new AnsStack(null, SMALLEST_HEAD);
    }

    /**
     * A stack with random content, of which there is always more: pops never find it empty. What they have taken of it
     * is counted by {@link #initialWords}.
     *
     * @param seed decides the content
     */
    public static AnsStack random(long seed) {
        RandomWords random = new RandomWords(seed);
        return new AnsStack(random, random.head());
    }

    /**
     * The content with which {@link #random} begins, as far as it was used: what is left of it when all that was pushed
     * has been popped, and all that was popped has been pushed again.
     *
     * @param words from {@link #initialWords}
     */
    public static AnsStack initial(long seed, int words) {
        if (words < 0) {
            throw new IllegalArgumentException("words " + words + ": expected at least 0");
        }
        RandomWords random = new RandomWords(seed);
        AnsStack stack = new AnsStack(null, random.head());
        for (int i = words - 1; i >= 0; i--) {
            stack.add(random.word(i));
        }
        return stack;
    }

    /**
     * The stack that {@link #toBytes} wrote.
     *
     * @throws InputException for bytes that it cannot have written
     */
    public static AnsStack of(byte[] bytes) {
        if (bytes.length < Long.BYTES + Integer.BYTES || bytes.length % Integer.BYTES != 0) {
            throw new InputException("a stack of " + bytes.length + " bytes; expected " + (Long.BYTES + Integer.BYTES)
                    + " and then a multiple of " + Integer.BYTES);
        }
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        long head = buffer.getLong();
        if (head < SMALLEST_HEAD) {
            throw new InputException("a stack with the head " + Long.toUnsignedString(head) + "; expected "
                    + SMALLEST_HEAD + " to " + Long.MAX_VALUE);
        }
        AnsStack stack = new AnsStack(null, head);
        stack.scrambles = buffer.getInt();
        stack.size = buffer.remaining() / Integer.BYTES;
        stack.words = new int[Math.max(FIRST_CAPACITY, stack.size)];
        buffer.asIntBuffer().get(stack.words, 0, stack.size);
        return stack;
    }

    /**
     * The head, the number of scrambles that were not undone (in 4 bytes, modulo 2³²) and the words from the bottom up;
     * the high byte of each number first.
     */
    public byte[] toBytes() {
        int wordBytes = Math.multiplyExact(size, Integer.BYTES);
        ByteBuffer buffer = ByteBuffer.allocate(Math.addExact(Long.BYTES + Integer.BYTES, wordBytes));
        buffer.putLong(head);
        buffer.putInt(scrambles);
        buffer.asIntBuffer().put(words, 0, size);
        return buffer.array();
    }

    /** Length of the content in bits: 64 of the head, {@value #WORD_BITS} of each word. */
    public long bits() {
        return Long.SIZE + (long) WORD_BITS * size;
    }

    /** Words of the random content that pops have taken; the head, another 64 bits, is not counted. */
    public int initialWords() {
        return initialWords;
    }

    /**
     * Pushes a symbol.
     *
     * @param start lower end of its interval
     * @param frequency length of its interval, at least 1
     * @param precision the intervals of all symbols cover [0, 2^precision); 0 to {@value #MAX_PRECISION}
     */
    public void push(int start, int frequency, int precision) {
        requireInterval(start, frequency, precision);
        // The new head would be about h·2^precision / frequency; where that is 2⁶³ or more, a word leaves first.
        if (head >>> (HEAD_BITS - precision) >= frequency) {
            add((int) head);
            head >>>= WORD_BITS;
        }
        head = (head / frequency << precision) + head % frequency + start;
    }

    /**
     * A number of [0, 2^precision), in the interval of the symbol on top; {@link #advance} then removes the symbol.
     */
    public int peek(int precision) {
        requirePrecision(precision);
        return slot(precision);
    }

    /**
     * Removes the symbol on top.
     *
     * @throws IllegalArgumentException for an interval without the number that {@link #peek} gives
     * @throws NoSuchElementException where the stack has no more words, having been popped more than pushed; the stack
     *     is unchanged
     */
    public void advance(int start, int frequency, int precision) {
        requireInterval(start, frequency, precision);
        int slot = slot(precision);
        if (slot < start || slot - start >= frequency) {
            throw new IllegalArgumentException("the symbol on top has the number " + slot + ", which is not in ["
                    + start + ", " + ((long) start + frequency) + ")");
        }
        long next = frequency * (head >>> precision) + slot - start;
        head = next < SMALLEST_HEAD ? next << WORD_BITS | (remove() & WORD_MASK) : next;
    }

    /**
     * Makes the next symbol's number uniform over [0, 2^precision), by the exclusive or with a pseudo-random number,
     * the same for the n-th scramble of every stack.
     */
    public void scramble(int precision) {
        requirePrecision(precision);
        head ^= MASKS.word(scrambles++) & mask(precision);
    }

    /** Undoes the last scramble, when all that was done after it has been undone. */
    public void unscramble(int precision) {
        requirePrecision(precision);
        head ^= MASKS.word(--scrambles) & mask(precision);
    }

    private int slot(int precision) {
        return (int) (head & mask(precision));
    }

    private static long mask(int precision) {
        return (1L << precision) - 1;
    }

    private void add(int word) {
        if (size == words.length) {
            words = Arrays.copyOf(words, Math.multiplyExact(size, 2));
        }
        words[size++] = word;
    }

    private int remove() {
        if (size > 0) {
            return words[--size];
        }
        if (initial == null) {
            throw new NoSuchElementException("the stack is empty: more was popped than pushed");
        }
        return initial.word(initialWords++);
    }

    private static void requirePrecision(int precision) {
        if (precision < 0 || precision > MAX_PRECISION) {
            throw new IllegalArgumentException("precision " + precision + ": expected 0 to " + MAX_PRECISION);
        }
    }

    private static void requireInterval(int start, int frequency, int precision) {
        requirePrecision(precision);
        if (start < 0 || frequency < 1 || start > (1 << precision) - frequency) {
            throw new IllegalArgumentException("start " + start + " and frequency " + frequency
                    + ": expected an interval of at least 1 in [0, 2^" + precision + ")");
        }
    }

    /** Words by their index, from the finaliser of SplitMix64 (Steele et al. 2014). */
    private record RandomWords(long seed) {
        int word(int index) {
            return (int) (mixed(index + 1L) >>> WORD_BITS);
        }

        long head() {
            return mixed(0) >>> 2 | 1L << (HEAD_BITS - 1);
        }

        private long mixed(long index) {
            long z = seed + index * 0x9E37_79B9_7F4A_7C15L;
            z = (z ^ z >>> 30) * 0xBF58_476D_1CE4_E5B9L;
            z = (z ^ z >>> 27) * 0x94D0_49BB_1331_11EBL;
            return z ^ z >>> 31;
        }
    }
}
