package varepsilon.robust.certify;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import varepsilon.tensor.Tensor;

/**
 * A function with a bounded second derivative between its kinks. It is evaluated at points of the interval, its kinks
 * among them; between two points at distance h it lies within curvature·h²/8 of their chord, and so of every line that
 * bounds it at the points.
 *
 * @param function element by element
 * @param curvature at least the absolute value of its second derivative
 * @param kinks where it has none
 */
record SmoothActivation(UnaryOperator<Tensor> function, double curvature, double... kinks) implements Activation {
    private static final int POINTS = 33;
    /** What single precision may make of a value, relative to it and to what it is computed of. */
    private static final double ROUNDING = 1e-6;

    @Override
    public Tensor apply(Tensor x) {
        return function.apply(x);
    }

    private List<Tensor> points(Bounds interval) {
        List<Tensor> points = new ArrayList<>();
        Tensor width = interval.upper().sub(interval.lower());
        for (int i = 0; i < POINTS; i++) {
            double part = i / (POINTS - 1.0);
            points.add(i == POINTS - 1 ? interval.upper() : interval.lower().add(width.mul(part)));
        }
        for (double kink : kinks) {
            points.add(interval.lower().mul(0).add(kink).clamp(interval.lower(), interval.upper()));
        }
        return points;
    }

    /** The smallest and the largest of f(x) − slope·x on the interval. */
    private Bounds around(Bounds interval, Tensor slope) {
        Tensor least = null;
        Tensor most = null;
        Tensor largest = null;
        for (Tensor x : points(interval)) {
            Tensor value = function.apply(x);
            Tensor rest = value.sub(x.mul(slope));
            least = least == null ? rest : least.min(rest);
            most = most == null ? rest : most.max(rest);
            largest = largest == null ? value.abs() : largest.max(value.abs());
        }
        Tensor step = interval.upper().sub(interval.lower()).div(POINTS - 1.0);
        Tensor rounding =
                interval.magnitude().mul(slope.abs().add(1)).add(largest).add(1).mul(ROUNDING);
        return new Bounds(least, most).padded(step.square().mul(curvature / 8).add(rounding));
    }

    @Override
    public Bounds range(Bounds interval) {
        return around(interval, interval.lower().mul(0));
    }

    @Override
    public Tensor isRelaxed(Bounds interval) {
        return interval.upper().gt(interval.lower());
    }

    @Override
    public Lines lines(Bounds interval, Tensor choice) {
        Tensor width = interval.upper().sub(interval.lower());
        Tensor thin = width.lt(1e-6);
        Tensor rise = function.apply(interval.upper()).sub(function.apply(interval.lower()));
        Tensor chord = rise.div(width.add(1).where(thin, width));
        Tensor slope = chord.mul(0).where(thin, chord);
        Bounds rest = around(interval, slope);
        return new Lines(slope, rest.lower(), slope, rest.upper());
    }
}
