package varepsilon.lab.study;

import varepsilon.report.IntervalChart;
import varepsilon.report.LineChart;
import varepsilon.report.Table;

/** What a study shows. */
public sealed interface Exhibit {
    /** What is to be seen, in a sentence. */
    String caption();

    /** Curves. */
    record Chart(LineChart chart, String caption) implements Exhibit {}

    /** Values with their intervals, side by side. */
    record Intervals(IntervalChart chart, String caption) implements Exhibit {}

    /**
     * Pixels.
     *
     * @param name of the file, without its ending
     * @param png the file
     */
    record Picture(String name, byte[] png, String caption) implements Exhibit {}

    /** Numbers. */
    record Numbers(Table table, String caption) implements Exhibit {}
}
