package varepsilon.report;

import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.stream.DoubleStream;
import varepsilon.report.Canvas.Anchor;
import varepsilon.report.IntervalChart.Mark;
import varepsilon.report.IntervalChart.Row;

/**
 * An {@link IntervalChart} as a drawing.
 *
 * @param series names in the order of their colours
 * @param low where the axis begins at the latest, or NaN
 * @param high where the axis ends at the earliest, or NaN
 */
record IntervalDrawing(
        String title, String xLabel, List<Row> rows, List<String> series, double low, double high, boolean isPercent) {
    private static final double MARGIN = 14;
    private static final double LABEL_GAP = 12;
    private static final double MARK_HEIGHT = 16;
    private static final double ROW_GAP = 14;
    private static final double LINE = Canvas.TEXT + 4;
    private static final double BELOW_AXIS = 56;

    /** After a narrow space that does not break. */
    private static final String PERCENT = "\u202F%";

    /** Labels that need more than this share of the width stand over their row instead of before it. */
    private static final double LARGEST_LABELS = 0.4;

    /** The drawing, as high as it needs to be. */
    Svg draw(double width) {
        List<String> drawn = series.stream()
                .filter(name -> marks().stream().anyMatch(mark -> mark.series().equals(name)))
                .toList();
        if (drawn.isEmpty()) {
            Svg svg = new Svg(name(), width, 120);
            LineDrawing.heading(svg, title, width);
            return svg.text("quiet", width / 2, 80, Anchor.MIDDLE, "There is no value to draw.");
        }
        double longest = rows.stream()
                .mapToDouble(row -> Canvas.textWidth(row.label(), Canvas.TEXT))
                .max()
                .orElse(0);
        boolean isLabelAbove = longest > LARGEST_LABELS * width;
        double left = isLabelAbove ? 1.5 * MARGIN : MARGIN + longest + LABEL_GAP;
        double right = width - 2 * MARGIN;

        // The height is known only after the rows are laid out, and the drawing needs it from the start.
        double top = LineDrawing.heading(new Svg("", width, 0), title, width) + 4;
        double rowsHeight = rows.stream()
                .mapToDouble(row -> height(row, isLabelAbove, width))
                .sum();
        double bottom = top + rowsHeight;
        Svg svg = new Svg(name(), width, 0);
        Legend legend = new Legend(
                drawn.stream()
                        .map(name -> new Legend.Entry(name, (x, y) -> sample(svg, name, x, y)))
                        .toList(),
                width - 2 * MARGIN);
        svg.height(bottom + BELOW_AXIS + legend.height() + MARGIN / 2);

        LineDrawing.heading(svg, title, width);
        Axis axis = axis(left, right);
        grid(svg, axis, top, bottom);
        double rowTop = top;
        for (int i = 0; i < rows.size(); i++) {
            double height = height(rows.get(i), isLabelAbove, width);
            if (i % 2 == 0) {
                svg.rectangle("stripe", 0, rowTop, width, height);
            }
            row(svg, axis, rows.get(i), rowTop, isLabelAbove, width);
            rowTop += height;
        }
        svg.text("quiet", (left + right) / 2, bottom + BELOW_AXIS - 14, Anchor.MIDDLE, xLabel);
        legend.draw(svg, MARGIN, bottom + BELOW_AXIS);
        return svg;
    }

    private String name() {
        return title.isEmpty() ? xLabel : title;
    }

    private List<Mark> marks() {
        return rows.stream()
                .flatMap(row -> row.marks().stream())
                .filter(mark -> Double.isFinite(mark.value()))
                .toList();
    }

    private Axis axis(double left, double right) {
        DoubleSummaryStatistics values = marks().stream()
                .flatMapToDouble(mark -> DoubleStream.of(mark.value(), mark.low(), mark.high()))
                .filter(Double::isFinite)
                .summaryStatistics();
        Axis around = Axis.over(values.getMin(), values.getMax(), 0.04, left, right, false);
        return Double.isNaN(low)
                ? around
                : new Axis(
                        values.getMin() < low ? around.low() : low,
                        values.getMax() > high ? around.high() : high,
                        left,
                        right,
                        false);
    }

    private void grid(Svg svg, Axis axis, double top, double bottom) {
        double scale = isPercent ? 100 : 1;
        Axis shown = new Axis(scale * axis.low(), scale * axis.high(), axis.from(), axis.to(), false);
        String unit = isPercent ? PERCENT : "";
        for (double tick : LineDrawing.xTicks(shown, unit)) {
            svg.line("grid", shown.place(tick), top, shown.place(tick), bottom);
        }
        LineDrawing.xAxis(svg, shown, bottom, unit);
    }

    private double height(Row row, boolean isLabelAbove, double width) {
        int lines = isLabelAbove ? labelLines(row, width).size() : 0;
        return ROW_GAP + lines * LINE + Math.max(1, row.marks().size()) * MARK_HEIGHT;
    }

    private static List<String> labelLines(Row row, double width) {
        return Canvas.wrap(row.label(), Canvas.TEXT, width - 2 * MARGIN);
    }

    private void row(Svg svg, Axis axis, Row row, double top, boolean isLabelAbove, double width) {
        double marksTop = top + ROW_GAP / 2;
        if (isLabelAbove) {
            for (String line : labelLines(row, width)) {
                marksTop += LINE;
                svg.text("name", MARGIN, marksTop - 4, Anchor.START, line);
            }
        } else {
            double middle = top + height(row, false, width) / 2;
            svg.text("name", axis.from() - LABEL_GAP, middle + Canvas.TEXT / 3, Anchor.END, row.label());
        }
        for (int i = 0; i < row.marks().size(); i++) {
            Mark mark = row.marks().get(i);
            if (Double.isFinite(mark.value())) {
                mark(svg, axis, row, mark, marksTop + (i + 0.5) * MARK_HEIGHT);
            }
        }
    }

    private void mark(Svg svg, Axis axis, Row row, Mark mark, double y) {
        double x = axis.place(mark.value());
        String interval = "";
        if (mark.hasInterval()) {
            double from = axis.place(mark.low());
            double to = axis.place(mark.high());
            svg.path(
                    colour(mark.series()) + " whisker",
                    "M" + Canvas.point(from, y) + "L" + Canvas.point(to, y) + "M" + Canvas.point(from, y - 4) + "v8M"
                            + Canvas.point(to, y - 4) + "v8");
            interval = " [" + value(mark.low()) + ", " + value(mark.high()) + "]";
        }
        symbol(svg, mark.series(), x, y);
        svg.hint(
                colour(mark.series()),
                x,
                y,
                row.label() + "\n" + mark.series() + ": " + value(mark.value()) + interval);
    }

    private String value(double value) {
        return isPercent ? Axis.value(100 * value) + PERCENT : Axis.value(value);
    }

    private void sample(Svg svg, String name, double left, double middle) {
        symbol(svg, name, left + Legend.SAMPLE / 2, middle);
    }

    private void symbol(Svg svg, String name, double x, double y) {
        if (name.equals(IntervalChart.PUBLISHED)) {
            svg.diamond(colour(name), x, y, 6);
        } else {
            svg.circle(colour(name) + " dot", x, y, 5);
        }
    }

    /** Published values have the colour of ink, and take none from the series that were measured. */
    private String colour(String name) {
        if (name.equals(IntervalChart.PUBLISHED)) {
            return "ink";
        }
        List<String> measured = series.stream()
                .filter(other -> !other.equals(IntervalChart.PUBLISHED))
                .toList();
        return "s" + measured.indexOf(name) % Canvas.COLOURS;
    }
}
