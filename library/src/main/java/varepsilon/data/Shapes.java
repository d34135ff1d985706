package varepsilon.data;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import varepsilon.data.FactorTable.Factor;

/**
 * Images of one shape on black, 32×32 grey, drawn from six factors that are known and independent: the shape, its size,
 * rotation, x and y position, and shade. In the manner of dSprites (Matthey et al. 2017), with which disentanglement is
 * measured.
 *
 * <ul>
 *   <li>shape: square, ellipse (axes 2 to 1), heart;
 *   <li>size: the square root of its area, 5 to 10 pixels, the same for all shapes;
 *   <li>rotation: 0° to 84° in steps of 6°, counter-clockwise. A quarter turn leaves a square as it is, so that no two
 *       combinations give the same image;
 *   <li>x, y: the centre of mass, in steps of one pixel from pixel 8 to 23, y downwards. The whole shape is always
 *       inside the image;
 *   <li>shade: the shape's intensity, 0.3 to 1 in steps of 0.1.
 * </ul>
 *
 * <p>A pixel's value is the part of it that the shape covers, times the shade. The drawing uses only operations that IEEE
 * 754 and {@link StrictMath} fix to the last bit, so it gives the same bytes on every machine.
 */
public final class Shapes {
    private enum Kind {
        SQUARE,
        ELLIPSE,
        HEART
    }

    /** The factors, in the order of {@link FactorTable#values}. */
    public static final List<Factor> FACTORS = List.of(
            new Factor("shape", Kind.values().length, false),
            new Factor("size", 6, true),
            new Factor("rotation", 15, true),
            new Factor("x", 16, true),
            new Factor("y", 16, true),
            new Factor("shade", 8, true));

    /** How many combinations of values there are: 552,960. */
    public static final int COMBINATIONS =
            FACTORS.stream().mapToInt(Factor::count).reduce(1, Math::multiplyExact);

    private static final int SIDE = 32;
    private static final int PIXELS = SIDE * SIDE;
    private static final double SMALLEST = 5;
    private static final double DEGREES = 6;
    private static final double DARKEST = 0.3;
    private static final double SHADE_STEP = 0.1;
    /** The largest shape lies within a square of so many pixels around its centre of mass, and these within the image. */
    private static final int STAMP = 17;
    /** Points on each axis of a pixel at which its covered part is counted. */
    private static final int POINTS = 16;

    private Shapes() {}

    /**
     * Combinations of factor values, drawn at random without replacement: all are different. Where the ranges of two
     * calls with one seed do not overlap, neither do their combinations.
     *
     * @param first how many of the seed's combinations to leave out
     * @param count how many to take
     * @throws IllegalArgumentException where there are not as many
     */
    public static FactorTable sample(int first, int count, long seed) {
        if (first < 0 || count < 1 || count > COMBINATIONS - first) {
            throw new IllegalArgumentException("first " + first + ", count " + count
                    + ": expected at least 0 and 1, and at" + " most " + COMBINATIONS + " together");
        }
        int[] order = new int[COMBINATIONS];
        Arrays.setAll(order, i -> i);
        Draw draw = new Draw(seed);
        for (int i = 0; i < first + count; i++) {
            int other = i + draw.below(COMBINATIONS - i);
            int chosen = order[other];
            order[other] = order[i];
            order[i] = chosen;
        }
        int[][] values = new int[count][];
        Arrays.setAll(values, i -> combination(order[first + i]));
        return new FactorTable(FACTORS, values);
    }

    /** The values whose number in the order of all combinations this is, the last factor the fastest. */
    private static int[] combination(int number) {
        int[] values = new int[FACTORS.size()];
        int rest = number;
        for (int f = values.length - 1; f >= 0; f--) {
            int count = FACTORS.get(f).count();
            values[f] = rest % count;
            rest /= count;
        }
        return values;
    }

    /**
     * Draws images.
     *
     * @param name what the set is to be called
     * @param table of {@link #FACTORS}, at least one image
     * @return N×1×32×32, labelled by their shape
     * @throws IllegalArgumentException where the table has other factors
     */
    public static ImageSet draw(String name, FactorTable table) {
        if (!table.factors().equals(FACTORS)) {
            throw new IllegalArgumentException(table.factors() + ": expected " + FACTORS);
        }
        byte[] pixels = new byte[Math.multiplyExact(table.size(), PIXELS)];
        Map<List<Integer>, double[]> stamps = new HashMap<>();
        for (int i = 0; i < table.size(); i++) {
            int[] values = table.values()[i];
            double[] stamp = stamps.computeIfAbsent(
                    List.of(values[0], values[1], values[2]),
                    form -> stamp(
                            Kind.values()[values[0]], SMALLEST + values[1], StrictMath.toRadians(DEGREES * values[2])));
            double shade = 255 * (DARKEST + SHADE_STEP * values[5]);
            int corner = i * PIXELS + values[4] * SIDE + values[3];
            for (int p = 0; p < stamp.length; p++) {
                pixels[corner + p / STAMP * SIDE + p % STAMP] = (byte) (int) (shade * stamp[p] + 0.5);
            }
        }
        List<String> names = Arrays.stream(Kind.values())
                .map(kind -> kind.name().toLowerCase(Locale.ROOT))
                .toList();
        return ImageSet.labelled(name, pixels, 1, SIDE, SIDE, table.column(0), names);
    }

    /** The covered part of each pixel around the centre of mass. */
    private static double[] stamp(Kind kind, double size, double angle) {
        double cos = StrictMath.cos(angle) / size;
        double sin = StrictMath.sin(angle) / size;
        double[] covered = new double[STAMP * STAMP];
        for (int row = 0; row < STAMP * POINTS; row++) {
            double up = STAMP / 2.0 - (row + 0.5) / POINTS;
            for (int column = 0; column < STAMP * POINTS; column++) {
                double right = (column + 0.5) / POINTS - STAMP / 2.0;
                if (isInside(kind, cos * right + sin * up, cos * up - sin * right)) {
                    covered[row / POINTS * STAMP + column / POINTS] += 1.0 / (POINTS * POINTS);
                }
            }
        }
        return covered;
    }

    /** Whether a point lies in the shape of area 1 whose centre of mass is the origin; u to the right, v upwards. */
    private static boolean isInside(Kind kind, double u, double v) {
        return switch (kind) {
            case SQUARE -> Math.abs(u) <= 0.5 && Math.abs(v) <= 0.5;
            case ELLIPSE -> u * u / 4 + v * v <= 1 / (2 * Math.PI);
            case HEART -> isInHeart(u, v);
        };
    }

    /** The heart (x² + y² − 1)³ ≤ x²y³, by the numerically integrated area and centre of mass of that curve. */
    private static boolean isInHeart(double u, double v) {
        double scale = 1.91363; // its area is 3.66197
        double x = scale * u;
        double y = scale * v + 0.29348;
        double q = x * x + y * y - 1;
        return q * q * q <= x * x * y * y * y;
    }
}
