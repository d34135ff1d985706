package varepsilon.report;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import varepsilon.base.AtomicFile;
import varepsilon.stats.Interval;

/**
 * Values with their intervals, side by side: a row for each category, in it a dot with whiskers for each series. What
 * is named {@code published} is a hollow diamond.
 *
 * <pre>{@code
 * new IntervalChart("Accuracy under attack", "accuracy")
 *         .percent()
 *         .range(0, 1)
 *         .row("FGSM", new Mark("measured", 0.31, 0.29, 0.33), Mark.of("published", 0.36))
 *         .writeSvg(folder.resolve("attacks.svg"));
 * }</pre>
 *
 * <p>The setters change this chart and return it.
 */
public final class IntervalChart {
    static final String PUBLISHED = "published";
    private static final double WIDTH = 800;

    private final String title;
    private final String xLabel;
    private final List<Row> rows = new ArrayList<>();
    private double low = Double.NaN;
    private double high = Double.NaN;
    private boolean isPercent;

    /** A chart without rows; the label names the unit. */
    public IntervalChart(String title, String xLabel) {
        this.title = title;
        this.xLabel = xLabel;
    }

    /**
     * A value of a series.
     *
     * @param series decides the colour: series take them in the order in which they first appear
     * @param value not drawn where it is not finite
     * @param low lower end of its interval, or NaN for none
     * @param high upper end of its interval, or NaN for none
     */
    public record Mark(String series, double value, double low, double high) {
        /** A value with its interval. */
        public static Mark of(String series, Interval interval) {
            return new Mark(series, interval.value(), interval.low(), interval.high());
        }

        /** A value without an interval. */
        public static Mark of(String series, double value) {
            return new Mark(series, value, Double.NaN, Double.NaN);
        }

        boolean hasInterval() {
            return Double.isFinite(low) && Double.isFinite(high);
        }
    }

    /** A category. */
    record Row(String label, List<Mark> marks) {}

    /** Adds a row under those that are there. */
    public IntervalChart row(String label, Mark... marks) {
        rows.add(new Row(label, List.of(marks)));
        return this;
    }

    /**
     * The axis reaches at least from {@code low} to {@code high}; by default, over what is drawn.
     *
     * @throws IllegalArgumentException if these are not finite, or not in this order
     */
    public IntervalChart range(double low, double high) {
        if (!Double.isFinite(low) || !Double.isFinite(high) || low >= high) {
            throw new IllegalArgumentException("an axis cannot reach from " + low + " to " + high);
        }
        this.low = low;
        this.high = high;
        return this;
    }

    /** Values are fractions of one, written as percentages. */
    public IntervalChart percent() {
        isPercent = true;
        return this;
    }

    /**
     * The chart as a standalone SVG document, light or dark as its viewer prefers, as high as its rows need; values are
     * shown on hovering. Without values, the chart is a message.
     */
    public String svg() {
        return drawing().document();
    }

    /** Writes {@link #svg()} to a file, whole or not at all. */
    public void writeSvg(Path target) throws IOException {
        AtomicFile.writeString(target, svg());
    }

    public Svg drawing() {
        return drawing(WIDTH);
    }

    public Svg drawing(double width) {
        Set<String> series = new LinkedHashSet<>();
        rows.forEach(row -> row.marks.forEach(mark -> series.add(mark.series)));
        return new IntervalDrawing(title, xLabel, List.copyOf(rows), List.copyOf(series), low, high, isPercent)
                .draw(width);
    }
}
