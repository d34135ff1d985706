package varepsilon.coding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;

/** What holds for every distribution and every message. */
class CodingPropertyTest {
    /** A symbol and the distribution from which it is. */
    private record Coded(QuantisedDistribution distribution, int symbol) {}

    private static QuantisedDistribution distribution(Random random) {
        int bits = 1 + random.nextInt(8);
        int precision = bits + random.nextInt(AnsStack.MAX_PRECISION - bits + 1);
        int symbols = 1 + random.nextInt(1 << bits);
        return switch (random.nextInt(4)) {
            case 0 -> new Uniform(symbols, precision);
            case 1 -> FrequencyTable.of(weights(random, symbols), precision);
            case 2 -> new NormalBuckets(bits).normal(mean(random), std(random));
            default ->
                new NormalBuckets(bits)
                        .mixture(
                                weights(random, symbols),
                                random.doubles(symbols).map(x -> mean(random)).toArray(),
                                random.doubles(symbols).map(x -> std(random)).toArray());
        };
    }

    private static double mean(Random random) {
        return 20 * random.nextDouble() - 10;
    }

    /** From near nothing to all of the mass in one bucket, at either end and in the middle. */
    private static double std(Random random) {
        return Math.exp(40 * random.nextDouble() - 20);
    }

    /** Of all scales, and with zeros. */
    private static float[] weights(Random random, int symbols) {
        float[] weights = new float[symbols];
        for (int i = 0; i < symbols; i++) {
            weights[i] = random.nextInt(4) == 0 ? 0 : (float) Math.exp(40 * random.nextDouble() - 20);
        }
        weights[random.nextInt(symbols)] = 1;
        return weights;
    }

    private static List<Coded> message(Random random, int length) {
        List<Coded> message = new ArrayList<>();
        for (int i = 0; i < length; i++) {
            QuantisedDistribution distribution = distribution(random);
            message.add(new Coded(distribution, random.nextInt(distribution.symbols())));
        }
        return message;
    }

    private static void push(List<Coded> message, AnsStack stack) {
        message.forEach(coded -> coded.distribution.push(stack, coded.symbol));
    }

    private static void popAndCompare(List<Coded> message, AnsStack stack) {
        for (int i = message.size() - 1; i >= 0; i--) {
            assertThat(message.get(i).distribution.pop(stack)).isEqualTo(message.get(i).symbol);
        }
    }

    @Property(tries = 300)
    void aPopIsTheInverseOfAPush(@ForAll long seed, @ForAll @IntRange(min = 0, max = 300) int length) {
        List<Coded> message = message(new Random(seed), length);
        AnsStack stack = AnsStack.empty();
        push(message, stack);
        AnsStack read = AnsStack.of(stack.toBytes());
        popAndCompare(message, read);
        assertThat(read.toBytes()).isEqualTo(AnsStack.empty().toBytes());
    }

    @Property(tries = 300)
    void anUndrawIsTheInverseOfADraw(@ForAll long seed, @ForAll @IntRange(min = 0, max = 300) int length) {
        Random random = new Random(seed);
        AnsStack stack = AnsStack.random(seed);
        List<Coded> drawn = new ArrayList<>();
        for (int i = 0; i < length; i++) {
            QuantisedDistribution distribution = distribution(random);
            drawn.add(0, new Coded(distribution, distribution.draw(stack)));
        }
        AnsStack read = AnsStack.of(stack.toBytes());
        drawn.forEach(coded -> coded.distribution.undraw(read, coded.symbol));
        assertThat(read.toBytes())
                .isEqualTo(AnsStack.initial(seed, stack.initialWords()).toBytes());
    }

    @Property(tries = 500)
    void frequenciesAreAtLeastOneAndCoverAll(@ForAll @LongRange long seed) {
        QuantisedDistribution distribution = distribution(new Random(seed));
        assertThat(distribution.cumulative(0)).isZero();
        assertThat(distribution.cumulative(distribution.symbols())).isEqualTo(1 << distribution.precision());
        for (int symbol = 0; symbol < distribution.symbols(); symbol++) {
            int start = distribution.cumulative(symbol);
            int end = distribution.cumulative(symbol + 1);
            assertThat(end).isGreaterThan(start);
            assertThat(distribution.symbolAt(start)).isEqualTo(symbol);
            assertThat(distribution.symbolAt(end - 1)).isEqualTo(symbol);
        }
    }

    @Property(tries = 20)
    void aMessageIsAsLongAsItsInformation(@ForAll long seed) {
        Random random = new Random(seed);
        int n = 20_000;
        float[] weights = weights(random, 2 + random.nextInt(255));
        FrequencyTable table = FrequencyTable.of(weights, 24);
        AnsStack stack = AnsStack.empty();
        double information = 0;
        for (int i = 0; i < n; i++) {
            int symbol = table.symbolAt(random.nextInt(1 << 24));
            information += table.bits(symbol);
            table.push(stack, symbol);
        }
        // 64 bits of the head, of which 31 are the empty stack's; a hundredth of a percent; and what rounding costs.
        assertThat(stack.bits() - 31.0).isBetween(information - 0.01 * n / 1000 - 1, information * 1.0001 + 34);
        double[] exact = new double[weights.length];
        double sum = 0;
        for (float weight : weights) {
            sum += weight;
        }
        for (int i = 0; i < exact.length; i++) {
            exact[i] = weights[i] / sum;
            double shared = exact[i] * ((1 << 24) - exact.length) / (1 << 24);
            assertThat(Math.pow(2, -table.bits(i))).isBetween(shared, shared + 2.0 / (1 << 24) + 1e-12);
        }
        assertThat(Arrays.stream(exact).sum()).isEqualTo(1, within(1e-9));
    }
}
