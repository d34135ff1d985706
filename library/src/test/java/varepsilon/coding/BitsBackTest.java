package varepsilon.coding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** Bits-back coding (Townsend et al. 2019) of models whose evidence p(x) is known. */
class BitsBackTest {
    private static final int PRECISION = 24;
    private static final float[] PRIOR = {0.5f, 0.3f, 0.2f};
    private static final float[][] LIKELIHOOD = {
        {0.7f, 0.1f, 0.1f, 0.1f}, {0.1f, 0.6f, 0.2f, 0.1f}, {0, 0.1f, 0.3f, 0.6f}
    };

    /** Of a model with three latent values and four symbols. */
    private interface Posterior {
        float[] of(int x);
    }

    private static float[] exact(int x) {
        float[] posterior = new float[PRIOR.length];
        for (int z = 0; z < PRIOR.length; z++) {
            posterior[z] = PRIOR[z] * LIKELIHOOD[z][x];
        }
        return posterior;
    }

    private static double evidence(int x) {
        double sum = 0;
        for (float joint : exact(x)) {
            sum += joint;
        }
        return sum;
    }

    /** Lengths in bits. */
    private record Coded(AnsStack stack, double net) {}

    private static Coded code(int[] message, Posterior posterior) {
        AnsStack stack = AnsStack.random(5);
        for (int x : message) {
            int z = FrequencyTable.of(posterior.of(x), PRECISION).draw(stack);
            FrequencyTable.of(LIKELIHOOD[z], PRECISION).push(stack, x);
            FrequencyTable.of(PRIOR, PRECISION).push(stack, z);
        }
        return new Coded(stack, stack.bits() - 64.0 - AnsStack.WORD_BITS * stack.initialWords());
    }

    private static int[] decode(AnsStack stack, int n, Posterior posterior) {
        int[] message = new int[n];
        for (int i = n - 1; i >= 0; i--) {
            int z = FrequencyTable.of(PRIOR, PRECISION).pop(stack);
            message[i] = FrequencyTable.of(LIKELIHOOD[z], PRECISION).pop(stack);
            FrequencyTable.of(posterior.of(message[i]), PRECISION).undraw(stack, z);
        }
        return message;
    }

    private static int[] message(int n) {
        Random random = new Random(9);
        int[] message = new int[n];
        for (int i = 0; i < n; i++) {
            float[] likelihood = LIKELIHOOD[draw(PRIOR, random)];
            message[i] = draw(likelihood, random);
        }
        return message;
    }

    private static int draw(float[] probabilities, Random random) {
        return FrequencyTable.of(probabilities, PRECISION).symbolAt(random.nextInt(1 << PRECISION));
    }

    private static double log2(double x) {
        return Math.log(x) / Math.log(2);
    }

    @Test
    void withTheExactPosteriorAMessageCostsItsEvidence() {
        int[] message = message(100_000);
        Coded coded = code(message, BitsBackTest::exact);
        double evidence = 0;
        for (int x : message) {
            evidence -= log2(evidence(x));
        }
        // 64 bits: the heads at the beginning and at the end are of different fill.
        assertThat(coded.net).isCloseTo(evidence, within(1e-4 * evidence + 64));
        assertThat(decode(AnsStack.of(coded.stack.toBytes()), message.length, BitsBackTest::exact))
                .isEqualTo(message);
    }

    @Test
    void withAnyPosteriorAMessageCostsTheNegativeBoundOnAverage() {
        Posterior posterior = x -> new float[] {0.2f + 0.1f * x, 0.4f, 0.4f - 0.1f * x};
        int[] message = message(100_000);
        Coded coded = code(message, posterior);
        double bound = 0;
        double variance = 0;
        double evidence = 0;
        for (int x : message) {
            // Where the likelihood is 0, the coder has its smallest frequency.
            double mean = 0;
            double square = 0;
            for (int z = 0; z < PRIOR.length; z++) {
                double q = Math.pow(
                        2, -FrequencyTable.of(posterior.of(x), PRECISION).bits(z));
                double cost = FrequencyTable.of(LIKELIHOOD[z], PRECISION).bits(x) - log2(PRIOR[z]) + log2(q);
                mean += q * cost;
                square += q * cost * cost;
            }
            bound += mean;
            variance += square - mean * mean;
            evidence -= log2(evidence(x));
        }
        assertThat(coded.net).isCloseTo(bound, within(4 * Math.sqrt(variance) + 64));
        assertThat(bound).isGreaterThan(evidence + 20 * Math.sqrt(variance));
        AnsStack decoder = AnsStack.of(coded.stack.toBytes());
        assertThat(decode(decoder, message.length, posterior)).isEqualTo(message);
        assertThat(decoder.toBytes())
                .isEqualTo(AnsStack.initial(5, coded.stack.initialWords()).toBytes());
    }

    /**
     * z ~ N(0, 1), x|z ~ N(w·z, 1 − w²): then x ~ N(0, 1), which is uniform over the buckets, and z|x ~ N(w·x, 1 − w²).
     */
    @Test
    void aGaussianModelCostsTheBitsOfItsBuckets() {
        NormalBuckets buckets = new NormalBuckets(12);
        double w = 0.9;
        double std = Math.sqrt(1 - w * w);
        int n = 20_000;
        int[] message = new Random(2).ints(n, 0, 1 << 12).toArray();
        AnsStack stack = AnsStack.random(1);
        for (int x : message) {
            int z = buckets.posterior(w * buckets.centre(x), std).draw(stack);
            buckets.normal(w * buckets.centre(z), std).push(stack, x);
            buckets.standardNormal().push(stack, z);
        }
        double net = stack.bits() - 64.0 - AnsStack.WORD_BITS * stack.initialWords();
        assertThat(net / n).isCloseTo(12, within(0.01));
        // The first posterior alone takes what was not yet on the stack: 12 bits less the information of z about x.
        assertThat(stack.initialWords()).isLessThanOrEqualTo(1);
        for (int i = n - 1; i >= 0; i--) {
            int z = buckets.standardNormal().pop(stack);
            int x = buckets.normal(w * buckets.centre(z), std).pop(stack);
            buckets.posterior(w * buckets.centre(x), std).undraw(stack, z);
            assertThat(x).isEqualTo(message[i]);
        }
    }
}
