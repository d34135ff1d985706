package varepsilon.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ShapesTest {
    private static final int SHADE = 7; // the brightest: 255 inside
    private static final FactorTable TRAIN = Shapes.sample(0, 20_000, 1);

    private static byte[] draw(int... values) {
        return Shapes.draw("x", new FactorTable(Shapes.FACTORS, new int[][] {values}))
                .image(0);
    }

    private static int at(byte[] image, int x, int y) {
        return image[32 * y + x] & 0xff;
    }

    @Test
    void drawsTheSameBytesOnEveryMachine() {
        // A recorded value: it changes only when the drawing is changed on purpose.
        assertThat(Shapes.draw("x", Shapes.sample(0, 300, 42)).sha256())
                .isEqualTo("ef69988660de1425fe0f136d0fc4443f9dd3457a007416ddf72c41fb7fb41cfd");
    }

    @Test
    void areaAndCentreOfMassAreThoseOfTheFactors() {
        for (int shape = 0; shape < 3; shape++) {
            for (int size = 0; size < 6; size++) {
                for (int rotation = 0; rotation < 15; rotation++) {
                    byte[] image = draw(shape, size, rotation, 5, 12, SHADE);
                    double mass = 0;
                    double x = 0;
                    double y = 0;
                    for (int p = 0; p < image.length; p++) {
                        double ink = (image[p] & 0xff) / 255.0;
                        mass += ink;
                        x += ink * (p % 32);
                        y += ink * Math.floorDiv(p, 32);
                    }
                    String what = shape + ", size " + size + ", rotation " + rotation;
                    // The edge, at most 4·10 pixels long, is counted at points 1/16 apart.
                    assertThat(Math.sqrt(mass)).as(what).isCloseTo(5 + size, within(0.05));
                    assertThat(x / mass).as(what).isCloseTo(8 + 5, within(0.03));
                    assertThat(y / mass).as(what).isCloseTo(8 + 12, within(0.03));
                }
            }
        }
    }

    @Test
    void anUprightSquareOfSixCoversItsPixels() {
        byte[] image = draw(0, 1, 0, 0, 0, SHADE);

        // From 5.5 to 11.5 with pixel 8 in the middle at 8.5: half of pixel 5, all of 6 to 10, half of 11.
        assertThat(new int[] {at(image, 4, 8), at(image, 5, 8), at(image, 6, 8), at(image, 10, 8), at(image, 11, 8)})
                .containsExactly(0, 128, 255, 255, 128);
        assertThat(at(image, 5, 5)).as("a quarter of the corner's pixel").isEqualTo(64);
    }

    @Test
    void aHeartPointsDownAndTurnsCounterClockwise() {
        byte[] upright = draw(2, 5, 0, 8, 8, SHADE);
        int[] extents = {0, 0};
        for (int step = 1; step < 16; step++) {
            extents[0] += at(upright, 16, 16 - step) > 0 ? 1 : 0;
            extents[1] += at(upright, 16, 16 + step) > 0 ? 1 : 0;
        }
        assertThat(extents[1])
                .as("the point below reaches further than the notch above")
                .isGreaterThan(extents[0] + 2);

        byte[] turned = draw(2, 5, 14, 8, 8, SHADE); // by 84°: its point is on the right
        assertThat(at(turned, 22, 16)).isPositive();
        assertThat(at(turned, 10, 16)).isZero();
    }

    @Test
    void anEllipseIsTwiceAsLongAsWide() {
        byte[] image = draw(1, 5, 0, 8, 8, SHADE);
        int wide = 0;
        int high = 0;
        for (int i = 0; i < 32; i++) {
            wide += at(image, i, 16);
            high += at(image, 16, i);
        }

        // Axes of 2·0.798·10 and half of that.
        assertThat(wide / 255.0).isCloseTo(15.96, within(0.3));
        assertThat(high / 255.0).isCloseTo(7.98, within(0.3));
    }

    @Test
    void shadeScalesThePixelsAndPositionMovesThemByWholePixels() {
        byte[] bright = draw(2, 3, 4, 2, 3, SHADE);
        byte[] dark = draw(2, 3, 4, 2, 3, 0);
        byte[] moved = draw(2, 3, 4, 9, 14, SHADE);
        for (int y = 0; y < 32; y++) {
            for (int x = 0; x < 32; x++) {
                assertThat(at(dark, x, y) / 0.3).isCloseTo(at(bright, x, y), within(0.5 / 0.3 + 0.5));
                if (x < 25 && y < 21) {
                    assertThat(at(moved, x + 7, y + 11)).isEqualTo(at(bright, x, y));
                }
            }
        }
    }

    @Test
    void theLargestShapesFitIntoTheImageInEveryCorner() {
        for (int shape = 0; shape < 3; shape++) {
            for (int rotation = 0; rotation < 15; rotation++) {
                int mass = 0;
                for (byte pixel : draw(shape, 5, rotation, 8, 8, SHADE)) {
                    mass += pixel & 0xff;
                }
                for (int corner : new int[] {0, 15}) {
                    int there = 0;
                    for (byte pixel : draw(shape, 5, rotation, corner, corner, SHADE)) {
                        there += pixel & 0xff;
                    }
                    assertThat(there).isEqualTo(mass);
                }
            }
        }
    }

    @Test
    void noTwoCombinationsLookTheSame() {
        Set<ByteBuffer> seen = new HashSet<>();
        int count = 0;
        for (int shape = 0; shape < 3; shape++) {
            for (int size = 0; size < 6; size++) {
                for (int rotation = 0; rotation < 15; rotation++) {
                    for (int shade = 0; shade < 8; shade++) {
                        seen.add(ByteBuffer.wrap(draw(shape, size, rotation, 8, 8, shade)));
                        count++;
                    }
                }
            }
        }
        assertThat(seen).hasSize(count);
    }

    @Test
    void combinationsAreDrawnWithoutReplacementAndFewerAreTheFirstOfMore() {
        Set<List<Integer>> seen = new HashSet<>();
        for (FactorTable table : List.of(TRAIN, Shapes.sample(20_000, 5_000, 1))) {
            for (int[] row : table.values()) {
                assertThat(seen.add(Arrays.stream(row).boxed().toList())).isTrue();
            }
        }
        assertThat(Shapes.sample(0, 50, 1).values())
                .isDeepEqualTo(TRAIN.limit(50).values());
        assertThat(Shapes.sample(10, 40, 1).values()).isDeepEqualTo(Arrays.copyOfRange(TRAIN.values(), 10, 50));
        assertThat(Shapes.sample(0, Shapes.COMBINATIONS, 3).size()).isEqualTo(552_960);
    }

    @Test
    void valuesAreEquallyFrequentAndIndependent() {
        for (int f = 0; f < Shapes.FACTORS.size(); f++) {
            int count = Shapes.FACTORS.get(f).count();
            int[] counts = new int[count];
            double covariance = 0;
            int other = (f + 1) % Shapes.FACTORS.size();
            int otherCount = Shapes.FACTORS.get(other).count();
            for (int[] row : TRAIN.values()) {
                counts[row[f]]++;
                covariance += (row[f] - (count - 1) / 2.0) * (row[other] - (otherCount - 1) / 2.0);
            }
            double expected = (double) TRAIN.size() / count;
            for (int found : counts) {
                assertThat(found).isCloseTo((int) expected, within((int) (5 * Math.sqrt(expected))));
            }
            // Uniform numbers from 0 to c − 1 have the variance (c² − 1)/12.
            double scale = Math.sqrt((count * count - 1) / 12.0 * (otherCount * otherCount - 1) / 12.0);
            assertThat(covariance / TRAIN.size() / scale).isCloseTo(0, within(5 / Math.sqrt(TRAIN.size())));
        }
    }

    @Test
    void theDataSetHasItsFactorsInTheOrderOfItsImages() throws Exception {
        DataSource source = Datasets.named("shapes");
        for (Split split : Split.values()) {
            ImageSet images = source.load(split, Path.of("nowhere"));
            FactorTable table = source.factors(split).orElseThrow();
            assertThat(images.size()).isEqualTo(split == Split.TRAIN ? 60_000 : 10_000);
            assertThat(images.classNames()).containsExactly("square", "ellipse", "heart");
            assertThat(images.labels()).isEqualTo(table.column(0));
            for (int i : new int[] {0, 1, 2_345, 9_999}) {
                assertThat(images.image(i)).isEqualTo(draw(table.values()[i]));
            }
        }
        assertThat(Datasets.named("glyphs").factors(Split.TEST)).isEmpty();
    }

    @Test
    void noImageOfTheTestPartIsInTheTrainingPart() {
        DataSource source = Datasets.named("shapes");
        Set<List<Integer>> train = new HashSet<>();
        for (int[] row : source.factors(Split.TRAIN).orElseThrow().values()) {
            train.add(Arrays.stream(row).boxed().toList());
        }
        assertThat(train).hasSize(60_000);
        for (int[] row : source.factors(Split.TEST).orElseThrow().values()) {
            assertThat(train.contains(Arrays.stream(row).boxed().toList())).isFalse();
        }
    }

    @Test
    void refusesWhatThereIsNot() {
        assertThatThrownBy(() -> Shapes.sample(552_000, 961, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("552000");
        assertThatThrownBy(() -> Shapes.sample(0, 0, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> draw(0, 6, 0, 0, 0, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("size 6; expected 0 to 5");
        assertThatThrownBy(() -> draw(0, 0)).hasMessageContaining("2 values; expected 6");
        FactorTable other = new FactorTable(List.of(new FactorTable.Factor("hue", 2, true)), new int[][] {{1}});
        assertThatThrownBy(() -> Shapes.draw("x", other)).isInstanceOf(IllegalArgumentException.class);
    }
}
