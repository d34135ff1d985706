package varepsilon.robust.attack;

import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;

/**
 * The set {‖δ‖ ≤ radius, low ≤ δ ≤ high} in plain double precision, and proofs of optimality in it by weak duality:
 * what {@link #bound} returns is never below the true maximum, however well its one multiplier was searched for.
 */
record BallAndBox(Norm norm, double radius, double[] low, double[] high) {
    double length(double[] delta) {
        double length = 0;
        for (double value : delta) {
            length = switch (norm.label()) {
                case "linf" -> Math.max(length, Math.abs(value));
                case "l2" -> Math.hypot(length, value);
                case "l0" -> length + (value == 0 ? 0 : 1);
                default -> length + Math.abs(value);
            };
        }
        return length;
    }

    /** How far δ lies outside the ball or the box, at least 0. */
    double outside(double[] delta) {
        double outside = Math.max(0, length(delta) - radius);
        for (int i = 0; i < delta.length; i++) {
            outside = Math.max(outside, Math.max(low[i] - delta[i], delta[i] - high[i]));
        }
        return outside;
    }

    /**
     * By how much ⟨gradient, δ⟩ may fall short of its maximum; not negative but for rounding, where δ is in the set.
     */
    double shortfall(double[] gradient, double[] delta) {
        return bound(gradient) - dot(gradient, delta);
    }

    /** p is the point nearest to v if and only if it maximises ⟨v − p, ·⟩; the shortfall bounds its squared error. */
    double projectionShortfall(double[] v, double[] p) {
        double[] residual = new double[v.length];
        for (int i = 0; i < v.length; i++) {
            residual[i] = v[i] - p[i];
        }
        return shortfall(residual, p);
    }

    /** An upper bound of ⟨g, δ⟩ over the set, tight up to the search for the multiplier of the ball. */
    double bound(double[] g) {
        return switch (norm.label()) {
            case "linf" ->
                sum(g.length, i -> Math.max(g[i] * Math.min(radius, high[i]), g[i] * Math.max(-radius, low[i])));
            // Of a linear function the best values change as far as they can, those first that gain most.
            case "l0" ->
                IntStream.range(0, g.length)
                        .mapToDouble(i -> -Math.max(g[i] * high[i], g[i] * low[i]))
                        .sorted()
                        .limit((long) radius)
                        .map(gain -> -gain)
                        .sum();
            case "l2" -> lowest(norm2(g), multiplier -> dualOfL2(g, multiplier));
            default -> lowestAtValues(g, multiplier -> dualOfL1(g, multiplier));
        };
    }

    /** max over the box of ⟨g, δ⟩ + m/2·(radius² − ‖δ‖²). */
    private double dualOfL2(double[] g, double m) {
        return m * radius * radius / 2
                + sum(g.length, i -> {
                    double corner = g[i] > 0 ? high[i] : low[i];
                    double best = Math.abs(g[i]) < m * Math.abs(corner) ? g[i] / m : corner;
                    return g[i] * best - m * best * best / 2;
                });
    }

    /** max over the box of ⟨g, δ⟩ + m·(radius − ‖δ‖₁). */
    private double dualOfL1(double[] g, double m) {
        return m * radius + sum(g.length, i -> Math.max(Math.abs(g[i]) - m, 0) * (g[i] > 0 ? high[i] : -low[i]));
    }

    private interface Term {
        double at(int index);
    }

    private static double sum(int count, Term term) {
        double sum = 0;
        for (int i = 0; i < count; i++) {
            sum += term.at(i);
        }
        return sum;
    }

    static double dot(double[] a, double[] b) {
        return sum(a.length, i -> a[i] * b[i]);
    }

    private static double norm2(double[] g) {
        double length = 0;
        for (double value : g) {
            length = Math.hypot(length, value);
        }
        return length;
    }

    /** The lowest value of a convex function of a multiplier between 0 and where the free solution lies in the ball. */
    private double lowest(double size, DoubleUnaryOperator dual) {
        double best = dual.applyAsDouble(0);
        if (size == 0 || radius == 0) {
            return radius == 0 ? 0 : best;
        }
        double from = Math.log(size / radius) - 40;
        double to = Math.log(size / radius) + 1;
        for (int i = 0; i < 300; i++) {
            double third = (to - from) / 3;
            double left = dual.applyAsDouble(Math.exp(from + third));
            double right = dual.applyAsDouble(Math.exp(to - third));
            best = Math.min(best, Math.min(left, right));
            if (left < right) {
                to -= third;
            } else {
                from += third;
            }
        }
        return best;
    }

    /** The lowest value of a convex function that is linear between the absolute values of g. */
    private static double lowestAtValues(double[] g, DoubleUnaryOperator dual) {
        double best = dual.applyAsDouble(0);
        for (double value : g) {
            best = Math.min(best, dual.applyAsDouble(Math.abs(value)));
        }
        return best;
    }
}
