package varepsilon.lab.study;

import java.util.Arrays;
import varepsilon.report.LineChart;

/** What charts of studies have in common. */
final class Charts {
    private Charts() {}

    /** Adds points without intervals: what was measured, where a curve shows what it should be. */
    static LineChart points(LineChart chart, String name, double[] x, double[] y) {
        double[] none = new double[x.length];
        Arrays.fill(none, Double.NaN);
        return chart.points(name, x, y, none, none);
    }
}
