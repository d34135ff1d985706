package varepsilon.generative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Comparator;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import varepsilon.base.InputException;
import varepsilon.base.StoppedException;
import varepsilon.base.Watch;
import varepsilon.data.ImageSet;

class NearestNeighboursTest {
    private static ImageSet random(String name, int n, long seed) {
        byte[] pixels = new byte[n * 2 * 3 * 3];
        new Random(seed).nextBytes(pixels);
        return ImageSet.unlabelled(name, pixels, 2, 3, 3);
    }

    private static int squaredDistance(byte[] a, byte[] b) {
        int sum = 0;
        for (int p = 0; p < a.length; p++) {
            int difference = (a[p] & 0xff) - (b[p] & 0xff);
            sum += difference * difference;
        }
        return sum;
    }

    /** On more images than are compared at once. */
    @Test
    void areThoseOfAPlainSearch() {
        ImageSet set = random("set", 2_500, 1);
        ImageSet images = random("images", 1_030, 2);
        NearestNeighbours found = NearestNeighbours.of(images, set, 3, Watch.NONE);

        assertThat(found.indices()).hasDimensions(1_030, 3);
        for (int i : new int[] {0, 1, 500, 1_023, 1_024, 1_029}) {
            byte[] image = images.image(i);
            int[] expected = IntStream.range(0, set.size())
                    .boxed()
                    .sorted(Comparator.comparing(j -> squaredDistance(image, set.image(j))))
                    .limit(3)
                    .mapToInt(j -> j)
                    .toArray();
            assertThat(found.indices()[i]).isEqualTo(expected);
            for (int rank = 0; rank < 3; rank++) {
                assertThat(found.distances()[i][rank])
                        .isCloseTo(Math.sqrt(squaredDistance(image, set.image(expected[rank]))) / 255, within(1e-12));
            }
            assertThat(found.nearest()[i]).isEqualTo(found.distances()[i][0]);
        }
    }

    @Test
    void aCopyIsAtDistanceZeroAndOfEqualImagesTheFirstCounts() {
        byte[] pixels = {0, 0, (byte) 255, (byte) 255, 0, 0, 0, 0, (byte) 255, (byte) 255};
        ImageSet set = ImageSet.unlabelled("set", pixels, 1, 1, 2);
        ImageSet images = ImageSet.unlabelled("images", new byte[] {(byte) 255, (byte) 255, 51, 0}, 1, 1, 2);
        NearestNeighbours found = NearestNeighbours.of(images, set, 2, Watch.NONE);

        assertThat(found.indices()[0]).containsExactly(1, 4);
        assertThat(found.distances()[0]).containsExactly(0, 0);
        assertThat(found.indices()[1]).containsExactly(0, 2);
        assertThat(found.distances()[1]).containsExactly(0.2, 0.2);
    }

    @Test
    void progressCountsComparisonsAndAStopEndsTheSearch() {
        long[] last = {0, 0};
        NearestNeighbours.of(random("a", 1_100, 1), random("b", 1_100, 2), 1, new Watch() {
            @Override
            public void progress(String what, long done, long all) {
                assertThat(done).isGreaterThanOrEqualTo(last[0]);
                last[0] = done;
                last[1] = all;
            }
        });
        assertThat(last).containsExactly(1_210_000, 1_210_000);

        Watch stopping = new Watch() {
            @Override
            public void progress(String what, long done, long all) {}

            @Override
            public boolean stopRequested() {
                return true;
            }
        };
        assertThatThrownBy(() -> NearestNeighbours.of(random("a", 5, 1), random("b", 5, 2), 1, stopping))
                .isInstanceOf(StoppedException.class);
    }

    @Test
    void refusesOtherShapesAndMoreNeighboursThanThereAre() {
        ImageSet set = random("train", 5, 1);
        assertThatThrownBy(() -> NearestNeighbours.of(set, set, 6, Watch.NONE))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("6 nearest neighbours: expected 1 to 5");
        ImageSet other = ImageSet.unlabelled("samples", new byte[18], 1, 3, 6);
        assertThatThrownBy(() -> NearestNeighbours.of(other, set, 1, Watch.NONE))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("samples has images of 1×3×6, and train of 2×3×3");
    }

    @Test
    void copiesAreNearerThanTestImagesAndLikeOnesAreNot() {
        double[] test = {1, 2, 3, 4};

        assertThat(CopyingCheck.of(new double[] {0, 0}, test).shareNearer()).isEqualTo(1);
        assertThat(CopyingCheck.of(new double[] {9}, test).shareNearer()).isZero();
        assertThat(CopyingCheck.of(test, test).shareNearer()).isEqualTo(0.5);
        // 0.5 is nearer than 4 of 4; 2 than 2, and as near as 1; 3.5 than 1: (4 + 2.5 + 1) / 12.
        assertThat(CopyingCheck.of(new double[] {0.5, 2, 3.5}, test).shareNearer())
                .isEqualTo(0.625);
    }

    @Test
    void quantilesOfDistancesByHand() {
        double[] distances =
                IntStream.rangeClosed(0, 1_000).mapToDouble(i -> 1_000 - i).toArray();

        assertThat(CopyingCheck.Distances.of(distances))
                .isEqualTo(new CopyingCheck.Distances(1_001, 0, 10, 100, 500, 900));
        assertThat(CopyingCheck.Distances.of(new double[] {2, 4}).median()).isEqualTo(3);
        assertThat(CopyingCheck.Distances.of(new double[] {7})).isEqualTo(new CopyingCheck.Distances(1, 7, 7, 7, 7, 7));
    }
}
