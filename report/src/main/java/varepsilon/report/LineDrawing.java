package varepsilon.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import varepsilon.report.Canvas.Anchor;
import varepsilon.report.LineChart.Curve;
import varepsilon.report.LineChart.Frame;
import varepsilon.report.LineChart.Kind;
import varepsilon.report.LineChart.Line;

/** A {@link LineChart} as a drawing: title, axes with round numbers, bands under curves under points, legend. */
final class LineDrawing {
    private static final double MARGIN = 14;
    private static final double TICK_GAP = 8;
    private static final double BELOW_AXIS = 56;
    private static final double ROOM = 0.04;

    /** Bold letters are wider by this factor. */
    static final double BOLD = 1.15;

    /** Above this number of points, only every n-th shows its values on hovering. */
    private static final int HINTS = 200;

    private final List<Line> lines;
    private final Canvas canvas;
    private final Axis x;
    private final Axis y;

    private LineDrawing(List<Line> lines, Canvas canvas, Axis x, Axis y) {
        this.lines = lines;
        this.canvas = canvas;
        this.x = x;
        this.y = y;
    }

    /** Draws the chart; where there is no value to draw, says so. */
    static void draw(Canvas canvas, Frame chart, List<Line> lines, double width, double height) {
        double top = heading(canvas, chart.title(), width);
        if (lines.isEmpty()) {
            canvas.text("quiet", width / 2, height / 2, Anchor.MIDDLE, "There is no value to draw.");
            return;
        }
        Legend legend = new Legend(
                lines.stream()
                        .map(line -> new Legend.Entry(line.name(), (x, y) -> sample(canvas, line, x, y)))
                        .toList(),
                width - 2 * MARGIN);
        double legendTop = height - MARGIN / 2 - legend.height();
        double bottom = legendTop - BELOW_AXIS;
        for (String line : Canvas.wrap(chart.yLabel(), Canvas.TEXT, width - 2 * MARGIN)) {
            top += Canvas.TEXT + 4;
            canvas.text("quiet", MARGIN, top, Anchor.START, line);
        }
        top += 14;

        Axis y = axis(lines, curve -> Stream.of(curve.y(), curve.low(), curve.high()), bottom, top, chart.logY());
        List<Double> yTicks = y.ticks((int) Math.max(2, (bottom - top) / 36));
        List<String> yNames = Axis.labels(yTicks);
        double left = MARGIN
                + TICK_GAP
                + yNames.stream()
                        .mapToDouble(name -> Canvas.textWidth(name, Canvas.TEXT))
                        .max()
                        .orElse(0);
        double right = width - 1.5 * MARGIN;
        Axis x = axis(lines, curve -> Stream.of(curve.x()), left, right, chart.logX());

        for (int i = 0; i < yNames.size(); i++) {
            double place = y.place(yTicks.get(i));
            canvas.line("grid", left, place, right, place);
            canvas.text("quiet tick-y", left - TICK_GAP, place + Canvas.TEXT / 3, Anchor.END, yNames.get(i));
        }
        xAxis(canvas, x, bottom, "");
        canvas.text("quiet", (left + right) / 2, bottom + BELOW_AXIS - 14, Anchor.MIDDLE, chart.xLabel());
        new LineDrawing(lines, canvas, x, y).draw();
        legend.draw(canvas, MARGIN, legendTop);
    }

    /** The title in as many lines as it needs; returns where it ends. */
    static double heading(Canvas canvas, String title, double width) {
        double top = MARGIN / 2;
        for (String line :
                title.isBlank() ? List.<String>of() : Canvas.wrap(title, BOLD * Canvas.TITLE, width - 2 * MARGIN)) {
            top += Canvas.TITLE + 5;
            canvas.text("title", MARGIN, top, Anchor.START, line);
        }
        return top + 4;
    }

    /** An axis along the bottom; each tick's name ends in {@code unit}. */
    static void xAxis(Canvas canvas, Axis axis, double bottom, String unit) {
        List<Double> ticks = xTicks(axis, unit);
        List<String> names = Axis.labels(ticks);
        canvas.line("axis", axis.from(), bottom, axis.to(), bottom);
        for (int i = 0; i < names.size(); i++) {
            double place = axis.place(ticks.get(i));
            canvas.line("axis", place, bottom, place, bottom + 5);
            canvas.text("quiet tick-x", place, bottom + Canvas.TEXT + TICK_GAP, Anchor.MIDDLE, names.get(i) + unit);
        }
    }

    /** As many ticks as their names leave room for. */
    static List<Double> xTicks(Axis axis, String unit) {
        int wanted = 10;
        List<Double> ticks = axis.ticks(wanted);
        while (wanted > 2 && namesWidth(ticks, unit) > axis.to() - axis.from()) {
            ticks = axis.ticks(--wanted);
        }
        return ticks;
    }

    private static double namesWidth(List<Double> ticks, String unit) {
        double gap = 2 * TICK_GAP + Canvas.textWidth(unit, Canvas.TEXT);
        return Axis.labels(ticks).stream()
                .mapToDouble(name -> Canvas.textWidth(name, Canvas.TEXT) + gap)
                .sum();
    }

    private static Axis axis(
            List<Line> lines, Function<Curve, Stream<double[]>> values, double from, double to, boolean isLog) {
        DoubleStream drawn = lines.stream()
                .flatMap(line -> values.apply(line.curve()))
                .flatMapToDouble(Arrays::stream)
                .filter(Double::isFinite);
        var range = drawn.summaryStatistics();
        return Axis.over(range.getMin(), range.getMax(), ROOM, from, to, isLog);
    }

    private void draw() {
        lines.forEach(this::band);
        lines.forEach(this::curve);
        lines.forEach(this::hints);
    }

    private void band(Line line) {
        Curve curve = line.curve();
        if (line.kind() == Kind.POINTS || curve.low().length == 0) {
            return;
        }
        for (List<Integer> part : parts(curve, i -> hasInterval(curve, i))) {
            StringBuilder outline = new StringBuilder();
            part.forEach(i -> outline.append(outline.length() == 0 ? "M" : "L").append(place(curve, i, curve.low())));
            for (int k = part.size() - 1; k >= 0; k--) {
                outline.append("L").append(place(curve, part.get(k), curve.high()));
            }
            canvas.path(colour(line) + " band", outline + "Z");
        }
    }

    private void curve(Line line) {
        Curve curve = line.curve();
        List<List<Integer>> parts = parts(curve, i -> Double.isFinite(curve.y()[i]));
        if (line.kind() != Kind.POINTS) {
            StringBuilder path = new StringBuilder();
            for (List<Integer> part : parts) {
                for (int k = 0; k < part.size(); k++) {
                    path.append(k == 0 ? "M" : "L").append(place(curve, part.get(k), curve.y()));
                }
            }
            canvas.path(classes(line), path.toString());
        }
        for (List<Integer> part : parts) {
            // A line through a single point has no length.
            if (isMarked(line) || part.size() == 1) {
                part.forEach(i -> point(line, i));
            }
        }
    }

    private void point(Line line, int i) {
        Curve curve = line.curve();
        double at = x.place(curve.x()[i]);
        if (line.kind() == Kind.POINTS && hasInterval(curve, i)) {
            double low = y.place(curve.low()[i]);
            double high = y.place(curve.high()[i]);
            canvas.path(
                    colour(line) + " whisker",
                    "M" + Canvas.point(at, low) + "L" + Canvas.point(at, high) + "M" + Canvas.point(at - 4, low) + "h8M"
                            + Canvas.point(at - 4, high) + "h8");
        }
        canvas.circle(colour(line) + " dot", at, y.place(curve.y()[i]), 4);
    }

    private void hints(Line line) {
        Curve curve = line.curve();
        int stride = Math.max(1, curve.x().length / HINTS);
        for (int i = 0; i < curve.x().length; i += stride) {
            if (Double.isFinite(curve.y()[i])) {
                String interval = hasInterval(curve, i)
                        ? " [" + Axis.value(curve.low()[i]) + ", " + Axis.value(curve.high()[i]) + "]"
                        : "";
                String text = line.kind() == Kind.REFERENCE
                        ? line.name() + ": " + Axis.value(curve.y()[i])
                        : line.name() + "\nx = " + Axis.value(curve.x()[i]) + "\ny = " + Axis.value(curve.y()[i])
                                + interval;
                canvas.hint(colour(line), x.place(curve.x()[i]), y.place(curve.y()[i]), text);
            }
        }
    }

    private static void sample(Canvas canvas, Line line, double left, double middle) {
        if (line.kind() != Kind.POINTS) {
            canvas.line(classes(line), left, middle, left + Legend.SAMPLE, middle);
        }
        if (isMarked(line)) {
            canvas.circle(colour(line) + " dot", left + Legend.SAMPLE / 2, middle, 4);
        }
    }

    /** Published values are few, so each is marked. */
    private static boolean isMarked(Line line) {
        return line.kind() == Kind.PUBLISHED || line.kind() == Kind.POINTS;
    }

    private static String colour(Line line) {
        return line.kind() == Kind.REFERENCE ? "reference" : "s" + line.index() % Canvas.COLOURS;
    }

    private static String classes(Line line) {
        String style = line.kind() == Kind.PUBLISHED ? " published" : line.index() >= Canvas.COLOURS ? " again" : "";
        return colour(line) + " line" + (line.kind() == Kind.REFERENCE ? "" : style);
    }

    private String place(Curve curve, int i, double[] values) {
        return Canvas.point(x.place(curve.x()[i]), y.place(values[i]));
    }

    private static boolean hasInterval(Curve curve, int i) {
        return curve.low().length > 0 && Double.isFinite(curve.low()[i]) && Double.isFinite(curve.high()[i]);
    }

    /** Neighbours that belong together: indices in runs without a gap. */
    private static List<List<Integer>> parts(Curve curve, Function<Integer, Boolean> isThere) {
        List<List<Integer>> parts = new ArrayList<>();
        boolean isOpen = false;
        for (int i : IntStream.range(0, curve.x().length).toArray()) {
            boolean there = isThere.apply(i);
            if (there && !isOpen) {
                parts.add(new ArrayList<>());
            }
            if (there) {
                parts.get(parts.size() - 1).add(i);
            }
            isOpen = there;
        }
        return parts;
    }
}
