package varepsilon.generative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.stats.Interval;

class PrecisionRecallTest {
    private static double[][] line(double... values) {
        return Arrays.stream(values).mapToObj(value -> new double[] {value}).toArray(double[][]::new);
    }

    private static double[][] cloud(Random random, int n, double... centre) {
        double[][] rows = new double[n][centre.length];
        for (double[] row : rows) {
            for (int j = 0; j < centre.length; j++) {
                row[j] = centre[j] + random.nextGaussian();
            }
        }
        return rows;
    }

    private static double[][] joined(double[][] a, double[][] b) {
        double[][] all = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, all, a.length, b.length);
        return all;
    }

    @Test
    void onALineByHand() {
        double[][] real = line(0, 1, 3, 10);
        double[][] generated = line(-0.5, 5.5, 17.5, 40);

        // First neighbours: the real radii are 1, 1, 2, 7, so the real manifold is [−1, 5] and [3, 17]; the generated
        // radii are 6, 6, 12, 22.5, so that manifold is [−6.5, 11.5], [5.5, 29.5] and [17.5, 62.5].
        PrecisionRecall found = PrecisionRecall.of(real, generated, 1);
        assertThat(found.precision()).isEqualTo(Interval.ofShare(2, 4));
        assertThat(found.recall()).isEqualTo(Interval.ofShare(4, 4));
        // −0.5 lies in the ball of 0 alone, 5.5 in that of 10.
        assertThat(found.density()).isEqualTo(2 / 4.0);
        assertThat(found.coverage()).isEqualTo(Interval.ofShare(2, 4));
        // Second neighbours: real radii 3, 2, 3, 9: [−3, 6] and [1, 19].
        PrecisionRecall second = PrecisionRecall.of(real, generated, 2);
        assertThat(second.precision().value()).isEqualTo(0.75);
        // −0.5 lies in [−3, 3], [−1, 3] and [0, 6] without it: two; 5.5 in [0, 6] and [1, 19]; 17.5 in the last.
        assertThat(second.density()).isEqualTo(5 / 2.0 / 4);
        assertThat(second.coverage().value()).isEqualTo(1);
    }

    @Test
    void equalSetsHaveAllOfBoth() {
        double[][] set = cloud(new Random(1), 300, 0, 50, -1000);
        PrecisionRecall found = PrecisionRecall.of(set, set, PrecisionRecall.DEFAULT_K);

        assertThat(found.precision().value()).isEqualTo(1);
        assertThat(found.recall().value()).isEqualTo(1);
    }

    @Test
    void setsFarFromEachOtherHaveNothingOfEither() {
        PrecisionRecall found = PrecisionRecall.of(
                cloud(new Random(1), 100, 0, 0), cloud(new Random(2), 100, 100, 0), PrecisionRecall.DEFAULT_K);

        assertThat(found.precision().value()).isZero();
        assertThat(found.recall().value()).isZero();
    }

    @Test
    void aModelThatDropsAModeHasPrecisionWithoutRecallAndOneThatInventsOneTheReverse() {
        Random random = new Random(4);
        double[][] one = cloud(random, 200, 0, 0);
        double[][] both = joined(cloud(random, 200, 0, 0), cloud(random, 200, 60, 0));
        PrecisionRecall drops = PrecisionRecall.of(both, one, PrecisionRecall.DEFAULT_K);
        PrecisionRecall invents = PrecisionRecall.of(one, both, PrecisionRecall.DEFAULT_K);

        // Of 200 draws of one distribution, all but a few outer ones lie in the manifold of 200 others.
        assertThat(drops.precision().value()).isBetween(0.9, 1.0);
        assertThat(drops.recall().value()).isBetween(0.45, 0.5);
        assertThat(invents.precision()).isEqualTo(drops.recall());
        assertThat(invents.recall()).isEqualTo(drops.precision());
    }

    /** One real outlier has a ball that holds anything: all of the precision, little of density and coverage. */
    @Test
    void anOutlierAmongTheRealImagesTakesNoiseForReal() {
        Random random = new Random(6);
        double[][] real = cloud(random, 200, 0, 0);
        real[0] = new double[] {50, 0};
        double[][] noise = cloud(random, 200, 30, 0);
        PrecisionRecall found = PrecisionRecall.of(real, noise, PrecisionRecall.DEFAULT_K);

        assertThat(found.precision().value()).isEqualTo(1);
        assertThat(found.density()).isCloseTo(1.0 / 3, within(1e-12));
        assertThat(found.coverage()).isEqualTo(Interval.ofShare(1, 200));
        PrecisionRecall alike = PrecisionRecall.of(cloud(random, 600, 0, 0), cloud(random, 600, 0, 0), 3);
        // Four standard errors of a share of 600; ones of the density are a little larger.
        assertThat(alike.coverage().value()).isCloseTo(1 - 1.0 / 8, within(0.055));
        assertThat(alike.density()).isCloseTo(1, within(0.1));
    }

    /** Against the definition, written out, on more images than are compared at once. */
    @ParameterizedTest
    @ValueSource(ints = {1, 3, 10})
    void isTheDefinition(int k) {
        Random random = new Random(9);
        double[][] real = cloud(random, 700, 0, 0, 0);
        double[][] generated = cloud(random, 530, 1, 0, 0.5);
        PrecisionRecall found = PrecisionRecall.of(real, generated, k);

        assertThat(found.precision().value()).isEqualTo(share(generated, real, k));
        assertThat(found.recall().value()).isEqualTo(share(real, generated, k));
        double[] radii = radii(real, k);
        long pairs = 0;
        int reached = 0;
        for (int i = 0; i < real.length; i++) {
            int[] ball = {i};
            long members = Arrays.stream(generated)
                    .filter(vector -> distance(vector, real[ball[0]]) <= radii[ball[0]])
                    .count();
            pairs += members;
            reached += members > 0 ? 1 : 0;
        }
        assertThat(found.density()).isCloseTo((double) pairs / k / generated.length, within(1e-12));
        assertThat(found.coverage()).isEqualTo(Interval.ofShare(reached, real.length));
        assertThat(found.precision().value()).isBetween(0.3, 0.999);
    }

    private static double[] radii(double[][] set, int k) {
        return Arrays.stream(set)
                .mapToDouble(center -> Arrays.stream(set)
                        .mapToDouble(other -> distance(center, other))
                        .sorted()
                        .toArray()[k]) // after the distance 0 to itself
                .toArray();
    }

    private static double share(double[][] vectors, double[][] set, int k) {
        double[] radii = radii(set, k);
        long inside = Arrays.stream(vectors)
                .filter(vector -> {
                    for (int j = 0; j < set.length; j++) {
                        if (distance(vector, set[j]) <= radii[j]) {
                            return true;
                        }
                    }
                    return false;
                })
                .count();
        return (double) inside / vectors.length;
    }

    private static double distance(double[] a, double[] b) {
        double sum = 0;
        for (int j = 0; j < a.length; j++) {
            sum += (a[j] - b[j]) * (a[j] - b[j]);
        }
        return Math.sqrt(sum);
    }

    @Test
    void refusesTooFewImages() {
        double[][] three = line(1, 2, 3);
        assertThatThrownBy(() -> PrecisionRecall.of(three, line(1, 2, 3, 4), 3))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("k 3, 3 real and 4 generated images");
        assertThatThrownBy(() -> PrecisionRecall.of(three, three, 0)).isInstanceOf(IllegalArgumentException.class);
    }
}
