package varepsilon.robust.attack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterTry;
import net.jqwik.api.lifecycle.BeforeTry;
import varepsilon.tensor.DType;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/** Projection, linear maximum and ascent, each proved optimal by {@link BallAndBox} for whatever comes. */
class NormPropertyTest {
    private Scope scope;

    @BeforeTry
    void openScope() {
        scope = Scope.open();
    }

    @AfterTry
    void closeScope() {
        scope.close();
    }

    /**
     * Images and a vector for each.
     *
     * @param pixels in [0, 1], N rows
     * @param vectors from the tiniest to such as lie far outside
     */
    record Case(Norm norm, double radius, double[][] pixels, double[][] vectors) {
        BallAndBox set(int row) {
            double[] low = Arrays.stream(pixels[row]).map(p -> -p).toArray();
            double[] high = Arrays.stream(pixels[row]).map(p -> 1 - p).toArray();
            return new BallAndBox(norm, radius, low, high);
        }

        Tensor low(DType dtype) {
            return Box.PIXELS.below(tensor(pixels, DType.FLOAT64)).to(dtype);
        }

        Tensor high(DType dtype) {
            return Box.PIXELS.above(tensor(pixels, DType.FLOAT64)).to(dtype);
        }

        Tensor vectors(DType dtype) {
            return tensor(vectors, dtype);
        }

        double[][] project(DType dtype) {
            return rows(norm.project(vectors(dtype), radius, low(dtype), high(dtype)));
        }

        double[][] maximise(DType dtype) {
            return rows(norm.maximise(vectors(dtype), radius, low(dtype), high(dtype)));
        }

        @Override
        public String toString() {
            return norm.label() + " radius " + radius + " pixels " + Arrays.deepToString(pixels) + " vectors "
                    + Arrays.deepToString(vectors);
        }
    }

    private static Tensor tensor(double[][] rows, DType dtype) {
        double[] flat = Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray();
        // Two dimensions behind the first, as images have several.
        return Tensor.of(flat, rows.length, 1, rows[0].length).to(dtype);
    }

    private static double[][] rows(Tensor tensor) {
        int count = (int) tensor.size(0);
        double[] flat = tensor.toDoubles();
        int width = flat.length / count;
        double[][] rows = new double[count][];
        Arrays.setAll(rows, i -> Arrays.copyOfRange(flat, i * width, (i + 1) * width));
        return rows;
    }

    /** Corners of the box and of the ball come often, as do all scales at once in one batch. */
    @Provide
    Arbitrary<Case> cases() {
        return cases(List.of(Norm.LINF, Norm.L2, Norm.L1));
    }

    /** Also with L0, whose ball is not convex, so that the proof of a projection does not hold there. */
    @Provide
    Arbitrary<Case> casesOfAnyNorm() {
        return cases(Norm.ALL);
    }

    private static Arbitrary<Case> cases(List<Norm> norms) {
        return Arbitraries.longs().map(seed -> {
            Random random = new Random(seed);
            int width = 1 + random.nextInt(12);
            double[] radii = {0, 1 / 255.0, 0.5, 1, 100, 4 * random.nextDouble()};
            double[] scales = {1e-20, 1e-6, 0.01, 1, 10};
            double[][] pixels = new double[3][width];
            double[][] vectors = new double[3][width];
            for (int i = 0; i < 3; i++) {
                double scale = oneOf(random, scales);
                for (int j = 0; j < width; j++) {
                    pixels[i][j] = oneOf(random, 0, 1, 0.5, random.nextInt(256) / 255.0, random.nextDouble());
                    double other = 2 * random.nextDouble() - 1;
                    vectors[i][j] = scale * oneOf(random, 0, 1, -1, 0.5, other, other, other);
                }
            }
            return new Case(oneOf(random, norms), oneOf(random, radii), pixels, vectors);
        });
    }

    private static double oneOf(Random random, double... values) {
        return values[random.nextInt(values.length)];
    }

    private static <T> T oneOf(Random random, List<T> values) {
        return values.get(random.nextInt(values.size()));
    }

    private static double largest(double[] values) {
        return Arrays.stream(values).map(Math::abs).max().orElseThrow();
    }

    /** A shortfall s of a projection bounds its distance to the nearest point by √s. */
    @Property(tries = 400)
    void projectionIsTheNearestPointOfBallAndBox(@ForAll("cases") Case given) {
        double[][] found = given.project(DType.FLOAT64);
        for (int i = 0; i < found.length; i++) {
            assertThat(given.set(i).outside(found[i])).isLessThan(1e-12);
            assertThat(given.set(i).projectionShortfall(given.vectors[i], found[i]))
                    .isLessThan(1e-11);
        }
    }

    @Property(tries = 200)
    void singlePrecisionProjectsToTheSamePoint(@ForAll("cases") Case given) {
        double[][] exact = given.project(DType.FLOAT64);
        double[][] found = given.project(DType.FLOAT32);
        for (int i = 0; i < found.length; i++) {
            assertThat(given.set(i).outside(found[i])).isLessThan(1e-6);
            double scale = Math.max(1, largest(given.vectors[i]));
            assertThat(found[i]).containsExactly(exact[i], within(1e-6 * scale));
        }
    }

    @Property(tries = 200)
    void projectionOfAProjectionChangesNothing(@ForAll("casesOfAnyNorm") Case given) {
        double[][] once = given.project(DType.FLOAT64);
        double[][] twice = new Case(given.norm, given.radius, given.pixels, once).project(DType.FLOAT64);
        for (int i = 0; i < once.length; i++) {
            assertThat(twice[i]).containsExactly(once[i], within(1e-12));
        }
    }

    @Property(tries = 400)
    void maximumIsThatOfTheLinearProgram(@ForAll("casesOfAnyNorm") Case given) {
        double[][] found = given.maximise(DType.FLOAT64);
        double[][] single = given.maximise(DType.FLOAT32);
        for (int i = 0; i < found.length; i++) {
            double scale = largest(given.vectors[i]) * found[i].length;
            assertThat(given.set(i).outside(found[i])).isLessThan(1e-12);
            assertThat(given.set(i).shortfall(given.vectors[i], found[i])).isLessThanOrEqualTo(1e-12 * scale);
            assertThat(given.set(i).outside(single[i])).isLessThan(1e-6);
            assertThat(given.set(i).shortfall(given.vectors[i], single[i])).isLessThanOrEqualTo(1e-6 * scale);
        }
    }

    /** Where nothing is gained nothing is moved: the maximum is 0 in each value whose gradient is 0. */
    @Property(tries = 100)
    void maximumLeavesValuesWithoutGradientAlone(@ForAll("casesOfAnyNorm") Case given) {
        double[][] found = given.maximise(DType.FLOAT32);
        for (int i = 0; i < found.length; i++) {
            for (int j = 0; j < found[i].length; j++) {
                if (given.vectors[i][j] == 0) {
                    assertThat(found[i][j]).isZero();
                }
            }
        }
    }

    @Property(tries = 200)
    void ascentStaysInsideGoesNoFurtherThanItsStepAndRises(@ForAll("cases") Case given) {
        double step = Math.max(given.radius / 4, 1e-3);
        Tensor start = given.norm.project(
                given.vectors(DType.FLOAT64).neg(), given.radius, given.low(DType.FLOAT64), given.high(DType.FLOAT64));
        double[][] before = rows(start);
        double[][] after = rows(given.norm.ascend(
                start,
                given.vectors(DType.FLOAT64),
                step,
                given.radius,
                given.low(DType.FLOAT64),
                given.high(DType.FLOAT64)));
        for (int i = 0; i < before.length; i++) {
            double[] way = new double[before[i].length];
            for (int j = 0; j < way.length; j++) {
                way[j] = after[i][j] - before[i][j];
            }
            double gain = BallAndBox.dot(given.vectors[i], way);
            assertThat(given.set(i).outside(after[i])).isLessThan(1e-12);
            assertThat(given.set(i).length(way)).isLessThan(step * (1 + 1e-9));
            double possible = given.set(i).shortfall(given.vectors[i], before[i]);
            if (possible > 1e-9 * largest(given.vectors[i])) {
                assertThat(gain).isPositive();
            } else {
                assertThat(gain).isGreaterThanOrEqualTo(-1e-9 * largest(given.vectors[i]));
            }
        }
    }

    /** From anywhere: so many steps that also L2's, which turn towards the best direction, arrive. */
    @Property(tries = 40)
    void ascentOfALinearLossEndsAtItsMaximum(@ForAll("casesOfAnyNorm") Case given) {
        Tensor low = given.low(DType.FLOAT64);
        Tensor high = given.high(DType.FLOAT64);
        Tensor gradient = given.vectors(DType.FLOAT64);
        Tensor delta = given.norm.project(gradient.neg(), given.radius, low, high);
        for (int i = 0; i < 200; i++) {
            delta = given.norm.ascend(delta, gradient, Math.max(given.radius, 1e-3), given.radius, low, high);
        }
        double[][] found = rows(delta);
        for (int i = 0; i < found.length; i++) {
            double scale = largest(given.vectors[i]) * found[i].length;
            assertThat(given.set(i).shortfall(given.vectors[i], found[i])).isLessThanOrEqualTo(1e-5 * scale);
        }
    }

    /** In L0 by trying every set of values that may be changed. */
    @Property(tries = 200)
    void projectionInL0IsTheNearestPoint(@ForAll("casesOfAnyNorm") Case any) {
        Case given = new Case(Norm.L0, Math.min(any.radius, 5), any.pixels, any.vectors);
        double[][] found = given.project(DType.FLOAT64);
        for (int i = 0; i < found.length; i++) {
            BallAndBox set = given.set(i);
            assertThat(set.outside(found[i])).isZero();
            double nearest = Double.POSITIVE_INFINITY;
            int width = found[i].length;
            for (int subset = 0; subset < 1 << width; subset++) {
                if (Integer.bitCount(subset) <= given.radius) {
                    double[] point = new double[width];
                    for (int j = 0; j < width; j++) {
                        double inBox = Math.min(set.high()[j], Math.max(set.low()[j], given.vectors[i][j]));
                        point[j] = (subset >> j & 1) == 1 ? inBox : 0;
                    }
                    nearest = Math.min(nearest, distance(given.vectors[i], point));
                }
            }
            assertThat(distance(given.vectors[i], found[i])).isLessThanOrEqualTo(nearest * (1 + 1e-12));
        }
    }

    private static double distance(double[] a, double[] b) {
        double squares = 0;
        for (int i = 0; i < a.length; i++) {
            squares += (a[i] - b[i]) * (a[i] - b[i]);
        }
        return Math.sqrt(squares);
    }
}
