package varepsilon.report;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A scale from values to positions in a drawing, with ticks at round numbers.
 *
 * @param low the value at {@code from}
 * @param high the value at {@code to}, above {@code low}
 * @param from place of the lowest value
 * @param to place of the highest one; smaller than {@code from} where the axis points upwards
 * @param isLog whether equal ratios, not equal differences, lie equally far apart
 */
public record Axis(double low, double high, double from, double to, boolean isLog) {
    private static final double LEAST_SPAN = 1e-300;
    private static final double LEAST_RELATIVE_SPAN = 1e-12;
    private static final double LARGEST = 1e307;
    private static final String SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

    /**
     * An axis over values, finite and (on a logarithmic axis) positive, with some room at both ends.
     *
     * @param room the share of the span that is left free at each end
     */
    static Axis over(double low, double high, double room, double from, double to, boolean isLog) {
        if (isLog) {
            double span = Math.log10(high) - Math.log10(low);
            double free = span < LEAST_RELATIVE_SPAN ? 0.5 : room * span;
            return new Axis(
                    Math.max(Double.MIN_NORMAL, low * Math.pow(10, -free)),
                    Math.min(LARGEST, high * Math.pow(10, free)),
                    from,
                    to,
                    true);
        }
        double lowest = Math.max(-LARGEST, low);
        double highest = Math.min(LARGEST, high);
        double size = Math.max(Math.abs(lowest), Math.abs(highest));
        double span = highest - lowest;
        boolean isOneValue = span < Math.max(LEAST_SPAN, LEAST_RELATIVE_SPAN * size);
        double free = isOneValue ? (size < LEAST_SPAN ? 1 : 0.1 * size) : room * span;
        return new Axis(lowest - free, highest + free, from, to, false);
    }

    /** The position of a value; values beyond an end are at the end. */
    double place(double value) {
        double share = isLog
                ? (Math.log(value) - Math.log(low)) / (Math.log(high) - Math.log(low))
                : (value - low) / (high - low);
        return from + Math.min(1, Math.max(0, share)) * (to - from);
    }

    /** Round values within the axis, rising, at most about as many as wanted. */
    List<Double> ticks(int wanted) {
        return isLog && high / low >= 4 ? logTicks(wanted) : linearTicks(wanted);
    }

    private List<Double> linearTicks(int wanted) {
        double step = step(wanted);
        List<Double> ticks = new ArrayList<>();
        long first = (long) Math.ceil(low / step - 1e-9);
        long last = (long) Math.floor(high / step + 1e-9);
        for (long i = first; i <= last; i++) {
            // Through decimal digits, so that three times 0.1 is 0.3.
            ticks.add(new BigDecimal(i * step).round(new MathContext(12)).doubleValue());
        }
        return ticks;
    }

    private double step(int wanted) {
        double least = (high - low) / Math.max(1, wanted);
        double power = Math.pow(10, Math.floor(Math.log10(least)));
        for (double factor : new double[] {1, 2, 5}) {
            if (factor * power >= least) {
                return factor * power;
            }
        }
        return 10 * power;
    }

    private List<Double> logTicks(int wanted) {
        int first = (int) Math.floor(Math.log10(low));
        int last = (int) Math.ceil(Math.log10(high));
        double[] factors = high / low < 500 ? new double[] {1, 2, 5} : new double[] {1};
        int stride = Math.max(1, (int) Math.ceil((last - first + 1.0) / Math.max(1, wanted)));
        List<Double> ticks = new ArrayList<>();
        for (int power = Math.floorDiv(first, stride) * stride; power <= last; power += stride) {
            for (double factor : factors) {
                double tick = Double.parseDouble((int) factor + "e" + power);
                if (tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9)) {
                    ticks.add(tick);
                }
            }
        }
        return ticks;
    }

    /** The names of ticks, with the same number of decimals where they have any. */
    static List<String> labels(List<Double> ticks) {
        boolean arePlain = ticks.stream().allMatch(Axis::isPlain);
        int decimals =
                ticks.stream().mapToInt(tick -> rounded(tick).scale()).max().orElse(0);
        double most = ticks.stream().mapToDouble(Math::abs).max().orElse(0);
        double least = ticks.stream()
                .mapToDouble(Math::abs)
                .filter(size -> size > 0)
                .min()
                .orElse(1);
        // From 0.001 to 100 each tick has its own number of decimals.
        return arePlain && most < 1000 * least
                ? ticks.stream().map(tick -> plain(tick, decimals)).toList()
                : ticks.stream().map(Axis::label).toList();
    }

    /** The text of a tick: a power of ten where plain digits would be too many. */
    static String label(double tick) {
        if (isPlain(tick)) {
            return plain(tick, rounded(tick).scale());
        }
        double size = Math.abs(tick);
        int exponent = (int) Math.floor(Math.log10(size) + 1e-12);
        BigDecimal factor = new BigDecimal(size)
                .scaleByPowerOfTen(-exponent)
                .round(new MathContext(6))
                .stripTrailingZeros();
        String times = factor.compareTo(BigDecimal.ONE) == 0 ? "" : factor.toPlainString() + "·";
        return sign(tick) + times + "10" + superscript(exponent);
    }

    /** A value as shown on hovering: five significant digits. */
    public static String value(double value) {
        // Rounded down, because the largest double would round to infinity.
        return Double.isFinite(value)
                ? label(new BigDecimal(value)
                        .round(new MathContext(5, Math.abs(value) > LARGEST ? RoundingMode.DOWN : RoundingMode.HALF_UP))
                        .doubleValue())
                : Double.isNaN(value) ? "not a number" : sign(value) + "∞";
    }

    private static boolean isPlain(double value) {
        double size = Math.abs(value);
        return size == 0 || size >= 1e-4 && size < 1e6;
    }

    private static String plain(double value, int decimals) {
        return sign(value) + String.format(Locale.ROOT, "%,." + Math.max(0, decimals) + "f", Math.abs(value));
    }

    private static BigDecimal rounded(double value) {
        return new BigDecimal(value).round(new MathContext(8)).stripTrailingZeros();
    }

    private static String sign(double value) {
        return value < 0 ? "−" : "";
    }

    private static String superscript(int exponent) {
        StringBuilder digits = new StringBuilder(exponent < 0 ? "⁻" : "");
        Integer.toString(Math.abs(exponent)).chars().forEach(digit -> digits.append(SUPERSCRIPTS.charAt(digit - '0')));
        return digits.toString();
    }
}
