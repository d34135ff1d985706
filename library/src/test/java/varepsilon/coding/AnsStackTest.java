package varepsilon.coding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.ByteBuffer;
import java.util.NoSuchElementException;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.base.InputException;

class AnsStackTest {
    @Test
    void theHeadAfterAPushIsThatOfThePaper() {
        // C(s, h) = 2^r ⌊h / f⌋ + start + (h mod f), by hand, from the smallest head 2³¹.
        AnsStack stack = AnsStack.empty();
        stack.push(5, 3, 4);
        long head = (1L << 31) / 3 * 16 + 5 + (1L << 31) % 3;
        assertThat(stack.toBytes()).isEqualTo(bytes(head));
        stack.push(200, 1, 8);
        assertThat(stack.toBytes()).isEqualTo(bytes(head * 256 + 200));
    }

    @Test
    void aHeadThatWouldBeTooLongGivesAWordFirst() {
        AnsStack stack = AnsStack.of(bytes((1L << 60) + 12345));
        stack.push(7, 2, 4); // (2⁶⁰ + 12345) / 2 · 16 would be above 2⁶³
        assertThat(stack.toBytes()).isEqualTo(bytes((1L << 28) / 2 * 16 + 7, 12345));
        AnsStack barely = AnsStack.of(bytes((1L << 60) - 1));
        barely.push(7, 2, 4);
        assertThat(barely.bits()).isEqualTo(64);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 8, 24, AnsStack.MAX_PRECISION})
    void equallyProbableSymbolsTakeTheirBits(int precision) {
        AnsStack stack = AnsStack.empty();
        Random random = new Random(1);
        int n = 10_000;
        int[] symbols = random.ints(n, 0, 1 << precision).toArray();
        for (int symbol : symbols) {
            stack.push(symbol, 1, precision);
        }
        assertThat((double) stack.bits()).isCloseTo((double) n * precision + 31, within(33.0));
        for (int i = n - 1; i >= 0; i--) {
            assertThat(stack.peek(precision)).isEqualTo(symbols[i]);
            stack.advance(symbols[i], 1, precision);
        }
        assertThat(stack.toBytes()).isEqualTo(AnsStack.empty().toBytes());
    }

    @Test
    void whatIsWrittenIsReadAgain() {
        AnsStack stack = AnsStack.random(3);
        for (int i = 0; i < 1000; i++) {
            stack.push(i, 1, 10);
        }
        byte[] bytes = stack.toBytes();
        AnsStack read = AnsStack.of(bytes);
        assertThat(read.toBytes()).isEqualTo(bytes);
        assertThat(8L * bytes.length - 32).isEqualTo(stack.bits()).isEqualTo(read.bits());
        for (int i = 999; i >= 0; i--) {
            assertThat(read.peek(10)).isEqualTo(i);
            read.advance(i, 1, 10);
        }
        assertThat(read.toBytes()).isEqualTo(AnsStack.initial(3, 0).toBytes());
    }

    @Test
    void bytesThatNoStackWroteAreRefused() {
        assertThatThrownBy(() -> AnsStack.of(new byte[7]))
                .isInstanceOf(InputException.class)
                .hasMessage("a stack of 7 bytes; expected 12 and then a multiple of 4");
        assertThatThrownBy(() -> AnsStack.of(new byte[18])).isInstanceOf(InputException.class);
        assertThatThrownBy(() -> AnsStack.of(bytes((1L << 31) - 1, 5)))
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith("a stack with the head 2147483647; expected 2147483648");
        assertThatThrownBy(() -> AnsStack.of(bytes(-1))).isInstanceOf(InputException.class);
    }

    @Test
    void poppingMoreThanWasPushedFailsAndChangesNothing() {
        AnsStack stack = AnsStack.empty();
        stack.push(3, 1, 4);
        stack.advance(3, 1, 4);
        byte[] before = stack.toBytes();
        assertThatThrownBy(() -> stack.advance(0, 1, 1))
                .isInstanceOf(NoSuchElementException.class)
                .hasMessage("the stack is empty: more was popped than pushed");
        assertThat(stack.toBytes()).isEqualTo(before);
    }

    @Test
    void anIntervalThatIsNotTheTopSymbolsIsRefused() {
        AnsStack stack = AnsStack.empty();
        stack.push(3, 2, 4);
        assertThatIllegalArgumentException().isThrownBy(() -> stack.advance(5, 2, 4));
        assertThatIllegalArgumentException().isThrownBy(() -> stack.advance(0, 3, 4));
        stack.advance(3, 2, 4);
        assertThat(stack.toBytes()).isEqualTo(AnsStack.empty().toBytes());
    }

    @Test
    void intervalsOutsideOfTheirRangeAreRefused() {
        AnsStack stack = AnsStack.empty();
        for (int[] wrong : new int[][] {
            {0, 0, 4},
            {-1, 1, 4},
            {16, 1, 4},
            {15, 2, 4},
            {0, 17, 4},
            {0, 1, 31},
            {0, 1, -1},
            {1, Integer.MAX_VALUE, 30}
        }) {
            assertThatIllegalArgumentException().isThrownBy(() -> stack.push(wrong[0], wrong[1], wrong[2]));
            assertThatIllegalArgumentException().isThrownBy(() -> stack.advance(wrong[0], wrong[1], wrong[2]));
        }
        assertThat(stack.toBytes()).isEqualTo(AnsStack.empty().toBytes());
    }

    @Test
    void randomContentIsCountedAsItIsTakenAndComesBack() {
        AnsStack stack = AnsStack.random(42);
        assertThat(stack.initialWords()).isZero();
        int[] drawn = new int[1000];
        for (int i = 0; i < drawn.length; i++) {
            drawn[i] = stack.peek(20);
            stack.advance(drawn[i], 1, 20);
        }
        // 20,000 bits are gone: the head began with 62 to 63 of them, and has 31 to 63 left.
        assertThat(stack.initialWords()).isBetween(624, 625);
        assertThat(stack.bits()).isEqualTo(64);
        AnsStack decoder = AnsStack.of(stack.toBytes());
        for (int i = drawn.length - 1; i >= 0; i--) {
            decoder.push(drawn[i], 1, 20);
        }
        assertThat(decoder.toBytes())
                .isEqualTo(AnsStack.initial(42, stack.initialWords()).toBytes());
        assertThat(decoder.toBytes())
                .isNotEqualTo(AnsStack.initial(43, stack.initialWords()).toBytes());
    }

    /** Pushes of one symbol alone, of a frequency of 1, leave no random bits. */
    @Test
    void scrambledPopsAreDrawsWhateverTheContent() {
        AnsStack stack = AnsStack.empty();
        int n = 64 * 1000;
        for (int i = 0; i < n; i++) {
            stack.push(0, 1, 30);
        }
        byte[] before = stack.toBytes();
        int[] drawn = new int[n];
        int[] counts = new int[64];
        for (int i = 0; i < n; i++) {
            stack.scramble(6);
            drawn[i] = stack.peek(6);
            stack.advance(drawn[i], 1, 6);
            counts[drawn[i]]++;
        }
        assertThat(chiSquare(counts, 1000)).isBetween(63 - 4 * 11.2, 63 + 4 * 11.2);
        AnsStack decoder = AnsStack.of(stack.toBytes());
        for (int i = n - 1; i >= 0; i--) {
            decoder.push(drawn[i], 1, 6);
            decoder.unscramble(6);
        }
        assertThat(decoder.toBytes()).isEqualTo(before);
    }

    @Test
    void randomContentIsUniform() {
        AnsStack stack = AnsStack.random(7);
        int[] counts = new int[256];
        int n = 256 * 1000;
        for (int i = 0; i < n; i++) {
            int symbol = stack.peek(8);
            stack.advance(symbol, 1, 8);
            counts[symbol]++;
        }
        // 255 degrees of freedom: mean 255, standard deviation 22.6.
        assertThat(chiSquare(counts, 1000)).isBetween(255 - 4 * 22.6, 255 + 4 * 22.6);
    }

    private static double chiSquare(int[] counts, double expected) {
        double sum = 0;
        for (int count : counts) {
            sum += (count - expected) * (count - expected) / expected;
        }
        return sum;
    }

    /** Of a stack without scrambles. */
    private static byte[] bytes(long head, int... words) {
        ByteBuffer buffer = ByteBuffer.allocate(12 + 4 * words.length);
        buffer.putLong(head);
        buffer.putInt(0);
        for (int word : words) {
            buffer.putInt(word);
        }
        return buffer.array();
    }
}
