package varepsilon.coding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import org.apache.commons.statistics.distribution.NormalDistribution;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NormalBucketsTest {
    private static final NormalDistribution STANDARD = NormalDistribution.of(0, 1);

    @Test
    void theDistributionFunctionIsThatOfTheNormal() {
        for (double x = -9; x <= 9; x += 0.000_37) {
            assertThat(NormalCdf.of(x) * 0x1p-32).isCloseTo(STANDARD.cumulativeProbability(x), within(3e-8));
        }
        assertThat(NormalCdf.of(Double.NEGATIVE_INFINITY)).isZero();
        assertThat(NormalCdf.of(Double.POSITIVE_INFINITY)).isEqualTo(1L << 32);
        assertThat(NormalCdf.of(0)).isEqualTo(1L << 31);
        // On the grid it is Φ rounded.
        for (double x = -8; x <= 8; x += 0x1p-10) {
            assertThat(NormalCdf.of(x) * 0x1p-32).isCloseTo(STANDARD.cumulativeProbability(x), within(0x1p-32));
        }
    }

    @Test
    void theDistributionFunctionNeverDecreases() {
        for (double x : new double[] {-8.1, -6.2, -1, 0, 0.5 - 1e-13, 3, 7.999}) {
            long before = 0;
            for (double next = x; next < x + 2000 * Math.ulp(x); next = Math.nextUp(next)) {
                assertThat(NormalCdf.of(next)).isGreaterThanOrEqualTo(before);
                before = NormalCdf.of(next);
            }
        }
        long before = 0;
        for (double x = -8.5; x < 8.5; x += 1e-4) {
            assertThat(NormalCdf.of(x)).isGreaterThanOrEqualTo(before);
            before = NormalCdf.of(x);
        }
    }

    @Test
    void bucketsHaveEqualMassAndCentresInTheirMiddle() {
        NormalBuckets buckets = new NormalBuckets(10);
        for (int i = 0; i < 1 << 10; i++) {
            double p = (i + 0.5) / (1 << 10);
            assertThat(STANDARD.cumulativeProbability(buckets.centre(i))).isCloseTo(p, within(3e-8));
            assertThat(buckets.centre(i)).isCloseTo(STANDARD.inverseCumulativeProbability(p), within(1e-5));
        }
        assertThat(buckets.centre(511)).isEqualTo(-buckets.centre(512), within(1e-8));
    }

    @ParameterizedTest
    @CsvSource({"0, 1", "0.3, 0.5", "-1.7, 0.02", "3.9, 0.1", "0, 100", "-12, 0.5", "40, 1e-30", "0.1, 1e9"})
    void aNormalHasTheMassBetweenTheEdges(double mean, double std) {
        NormalBuckets buckets = new NormalBuckets(8);
        QuantisedDistribution normal = buckets.normal(mean, std);
        assertThat(normal.precision()).isEqualTo(30);
        NormalDistribution reference = NormalDistribution.of(mean, std);
        for (int i = 1; i < 1 << 8; i++) {
            double edge = STANDARD.inverseCumulativeProbability(i / 256.0);
            double below = reference.cumulativeProbability(edge);
            // The edge is known to 10⁻⁷ at worst here, which a narrow normal magnifies.
            double steepest = 2e-7 / std;
            double slack = 1e-6 + Math.min(1, steepest) + 3e-8;
            assertThat((normal.cumulative(i) - i) * 0x1p-30).isCloseTo(below, within(slack));
        }
    }

    @Test
    void theStandardNormalIsUniformOverItsBuckets() {
        NormalBuckets buckets = new NormalBuckets(12);
        QuantisedDistribution prior = buckets.standardNormal();
        QuantisedDistribution same = buckets.normal(0, 1);
        for (int i = 0; i < 1 << 12; i++) {
            assertThat(prior.bits(i)).isEqualTo(12);
            assertThat(same.bits(i)).isCloseTo(12, within(0.001));
        }
    }

    /** KL(q ‖ p) in bits is what a draw from q over the buckets costs under the prior, less what it gives. */
    @Test
    void theDivergenceOverTheBucketsIsTheClosedForm() {
        NormalBuckets buckets = new NormalBuckets(14);
        double mean = 0.8;
        double std = 0.07;
        QuantisedDistribution q = buckets.posterior(mean, std);
        double divergence = 0;
        for (int i = 0; i < q.symbols(); i++) {
            if (q.cumulative(i + 1) == q.cumulative(i)) {
                continue;
            }
            divergence += Math.pow(2, -q.bits(i)) * (14 - q.bits(i));
        }
        double closed = (0.5 * (std * std + mean * mean - 1) - Math.log(std)) / Math.log(2);
        assertThat(divergence).isCloseTo(closed, within(0.002));
    }

    @Test
    void aPosteriorHasNoMassFarFromItsMean() {
        NormalBuckets buckets = new NormalBuckets(12);
        QuantisedDistribution posterior = buckets.posterior(0.5, 0.01);
        QuantisedDistribution normal = buckets.normal(0.5, 0.01);
        for (int i = 0; i < posterior.symbols(); i++) {
            boolean near = Math.abs(buckets.centre(i) - 0.5) < 0.07;
            assertThat(near || posterior.cumulative(i + 1) == posterior.cumulative(i))
                    .isTrue();
            assertThat(normal.cumulative(i + 1)).isGreaterThan(normal.cumulative(i));
            assertThat(posterior.cumulative(i) * 0x1p-30).isCloseTo(normal.cumulative(i) * 0x1p-30, within(4e-6));
        }
        AnsStack stack = AnsStack.empty();
        assertThatIllegalArgumentException().isThrownBy(() -> posterior.push(stack, 0));
    }

    @Test
    void aMixtureHasTheMassOfItsComponents() {
        NormalBuckets buckets = new NormalBuckets(10);
        double[] means = {-1, 0.3, 7};
        double[] stds = {0.5, 0.1, 2};
        QuantisedDistribution mixture = buckets.mixture(new float[] {2, 5, 1}, means, stds);
        assertThat(mixture.cumulative(1 << 10)).isEqualTo(1 << 30);
        for (int i = 0; i < 1 << 10; i++) {
            double edge = STANDARD.inverseCumulativeProbability(i / 1024.0);
            double below = 0;
            for (int k = 0; k < 3; k++) {
                below += new double[] {0.25, 0.625, 0.125}[k]
                        * NormalDistribution.of(means[k], stds[k]).cumulativeProbability(edge);
            }
            assertThat((mixture.cumulative(i) - i) / (0x1p30 - 1024)).isCloseTo(below, within(2e-6));
            assertThat(mixture.cumulative(i + 1)).isGreaterThan(mixture.cumulative(i));
        }
        QuantisedDistribution one = buckets.mixture(new float[] {0, 3, 0}, means, stds);
        QuantisedDistribution normal = buckets.normal(0.3, 0.1);
        for (int i = 0; i <= 1 << 10; i++) {
            assertThat(one.cumulative(i)).isEqualTo(normal.cumulative(i));
        }
    }

    @Test
    void whatIsNoMixtureIsRefused() {
        NormalBuckets buckets = new NormalBuckets(4);
        double[] two = {1, 1};
        for (float[] wrong : new float[][] {{1}, {0, 0}, {-1, 2}, {1, Float.NaN}, {1, Float.POSITIVE_INFINITY}}) {
            assertThatIllegalArgumentException().isThrownBy(() -> buckets.mixture(wrong, two, two));
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> buckets.mixture(new float[] {1, 0}, new double[] {1, Double.NaN}, two));
    }

    @Test
    void whatIsNoDistributionIsRefused() {
        NormalBuckets buckets = new NormalBuckets(4);
        for (double[] wrong :
                new double[][] {{0, 0}, {0, -1}, {0, Double.NaN}, {Double.NaN, 1}, {0, 1 / 0.0}, {1 / 0.0, 1}}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> buckets.normal(wrong[0], wrong[1]))
                    .withMessageContaining("standard deviation " + wrong[1]);
        }
        assertThatIllegalArgumentException().isThrownBy(() -> new NormalBuckets(0));
        assertThatIllegalArgumentException().isThrownBy(() -> new NormalBuckets(21));
    }
}
