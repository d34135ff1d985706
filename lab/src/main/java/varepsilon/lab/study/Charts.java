package varepsilon.lab.study;

import java.util.Arrays;
import varepsilon.report.LineChart;
import varepsilon.stats.Interval;

/** Helpers for the charts of studies. */
final class Charts {
    private Charts() {}

    /** The 95 % interval of a mean whose standard error is known. */
    static Interval around(double mean, double error) {
        return new Interval(mean, mean - 1.96 * error, mean + 1.96 * error);
    }

    /** Adds measured points without intervals, beside a curve of the expected values. */
    static LineChart points(LineChart chart, String name, double[] x, double[] y) {
        double[] none = new double[x.length];
        Arrays.fill(none, Double.NaN);
        return chart.points(name, x, y, none, none);
    }
}
