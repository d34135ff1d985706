package varepsilon.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Line2D;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.XYSeries.XYSeriesRenderStyle;
import org.knowm.xchart.style.AxesChartStyler.TextAlignment;
import org.knowm.xchart.style.XYStyler;
import org.knowm.xchart.style.markers.SeriesMarkers;
import varepsilon.report.LineChart.Curve;
import varepsilon.report.LineChart.Kind;
import varepsilon.report.LineChart.Line;

/** How a chart looks: XChart draws axes and curves, and we the legend, since XChart's entries run into each other. */
record ChartPicture(String title, String xLabel, String yLabel, boolean logX, boolean logY) {
    private static final int RESOLUTION = 2;
    private static final Font TEXT = new Font(Font.SANS_SERIF, Font.PLAIN, 13);
    private static final Color INK = new Color(0x33363B);
    private static final Color GRID = new Color(0xE3E4E6);
    private static final BasicStroke SOLID = new BasicStroke(2.2f, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND);
    private static final BasicStroke DASHED =
            new BasicStroke(1.4f, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 10, new float[] {4, 3}, 0);
    private static final BasicStroke DOTTED =
            new BasicStroke(1.8f, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND, 10, new float[] {0.1f, 5}, 0);
    private static final int MARKER = 8;

    /** Okabe and Ito's palette (2008), which the colour-blind can tell apart; its yellow is too faint for a line. */
    private static final List<Color> PALETTE = List.of(
            new Color(0x0072B2),
            new Color(0xD55E00),
            new Color(0x009E73),
            new Color(0xCC79A7),
            new Color(0xE69F00),
            new Color(0x56B4E9),
            new Color(0x000000));

    private static final int SAMPLE = 28;
    private static final int SAMPLE_GAP = 7;
    private static final int ENTRY_GAP = 22;
    private static final int LEGEND_LINE = 22;
    private static final int MARGIN = 14;

    /** The picture, at twice the given size. */
    BufferedImage draw(List<Line> lines, int width, int height) {
        BufferedImage picture = new BufferedImage(width * RESOLUTION, height * RESOLUTION, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = picture.createGraphics();
        try {
            graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
            graphics.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
            graphics.scale(RESOLUTION, RESOLUTION);
            graphics.setColor(Color.WHITE);
            graphics.fillRect(0, 0, width, height);
            graphics.setFont(TEXT);
            List<List<Line>> legend = legend(graphics, lines, width);
            int chartHeight = height - legend.size() * LEGEND_LINE - MARGIN / 2;
            chart(lines, width, chartHeight).paint(graphics, width, chartHeight);
            for (int row = 0; row < legend.size(); row++) {
                drawLegend(graphics, legend.get(row), width, chartHeight + row * LEGEND_LINE);
            }
        } finally {
            graphics.dispose();
        }
        return picture;
    }

    private XYChart chart(List<Line> lines, int width, int height) {
        XYChart chart = new XYChartBuilder()
                .width(width)
                .height(height)
                .title(title)
                .xAxisTitle(xLabel)
                .yAxisTitle(yLabel)
                .build();
        style(chart.getStyler());
        lines.forEach(line -> band(chart, line));
        lines.forEach(line -> curve(chart, line));
        unevenX(chart, lines);
        return chart;
    }

    /**
     * Where all x are evenly spaced, XChart labels every n-th of them (0, 3, 6, …) instead of round numbers: an
     * invisible point at an odd place has it choose round ones.
     */
    private static void unevenX(XYChart chart, List<Line> lines) {
        double first = lines.stream()
                .flatMapToDouble(line -> Arrays.stream(line.curve().x()))
                .min()
                .orElseThrow();
        double last = lines.stream()
                .flatMapToDouble(line -> Arrays.stream(line.curve().x()))
                .max()
                .orElseThrow();
        double[] y = Arrays.stream(lines.get(0).curve().y())
                .filter(Double::isFinite)
                .limit(1)
                .toArray();
        add(chart, new double[] {first * (1 - 1 / Math.PI) + last / Math.PI}, y).setMarker(SeriesMarkers.NONE);
    }

    /** XChart wants names that differ; nobody sees them. */
    private static XYSeries add(XYChart chart, double[] x, double[] y) {
        return chart.addSeries("series " + chart.getSeriesMap().size(), x, y);
    }

    private void style(XYStyler style) {
        style.setLocale(Locale.ROOT);
        style.setChartBackgroundColor(Color.WHITE);
        style.setChartFontColor(INK);
        style.setChartPadding(MARGIN);
        style.setChartTitleFont(TEXT.deriveFont(Font.BOLD, 16f));
        style.setChartTitleBoxVisible(false);
        style.setChartTitlePadding(8);
        style.setChartTitleVisible(!title.isEmpty());
        style.setAxisTitleFont(TEXT.deriveFont(14f));
        style.setAxisTickLabelsFont(TEXT);
        style.setAxisTickLabelsColor(INK);
        style.setAxisTickMarksColor(GRID);
        style.setYAxisLabelAlignment(TextAlignment.Right);
        style.setXAxisTickMarkSpacingHint(90);
        style.setYAxisTickMarkSpacingHint(60);
        style.setPlotBackgroundColor(Color.WHITE);
        style.setPlotBorderVisible(false);
        style.setPlotGridLinesColor(GRID);
        style.setPlotGridLinesStroke(new BasicStroke(1));
        style.setPlotMargin(0);
        style.setLegendVisible(false);
        style.setMarkerSize(MARKER);
        style.setXAxisLogarithmic(logX);
        style.setYAxisLogarithmic(logY);
    }

    private static void curve(XYChart chart, Line line) {
        XYSeries series = add(chart, line.curve().x(), line.curve().y());
        series.setLineColor(strokeColour(line));
        series.setLineStyle(stroke(line));
        series.setMarker(isMarked(line) ? SeriesMarkers.CIRCLE : SeriesMarkers.NONE);
        series.setMarkerColor(colour(line, 255));
    }

    private static BasicStroke stroke(Line line) {
        return switch (line.kind()) {
            case CURVE, POINTS -> SOLID;
            case PUBLISHED -> DASHED;
            case REFERENCE -> DOTTED;
        };
    }

    private static Color strokeColour(Line line) {
        return colour(
                line,
                switch (line.kind()) {
                    case CURVE, REFERENCE -> 255;
                    case PUBLISHED -> 150;
                    case POINTS -> 0;
                });
    }

    /** Published values are few; and a line through a single point has no length. */
    private static boolean isMarked(Line line) {
        return line.kind() == Kind.PUBLISHED
                || line.kind() == Kind.POINTS
                || Arrays.stream(line.curve().y()).filter(Double::isFinite).count() == 1;
    }

    /** The band as one polygon: along its lower edge, and back along its upper one. */
    private static void band(XYChart chart, Line line) {
        Curve curve = line.curve();
        if (line.kind() == Kind.POINTS) {
            intervals(chart, line);
            return;
        }
        int[] inside = IntStream.range(0, curve.low().length)
                .filter(i -> Double.isFinite(curve.low()[i]) && Double.isFinite(curve.high()[i]))
                .toArray();
        if (inside.length < 2) {
            return;
        }
        double[] x = new double[2 * inside.length];
        double[] y = new double[2 * inside.length];
        for (int i = 0; i < inside.length; i++) {
            int back = x.length - 1 - i;
            x[i] = curve.x()[inside[i]];
            x[back] = curve.x()[inside[i]];
            y[i] = curve.low()[inside[i]];
            y[back] = curve.high()[inside[i]];
        }
        XYSeries series = add(chart, x, y);
        series.setXYSeriesRenderStyle(XYSeriesRenderStyle.PolygonArea);
        series.setFillColor(colour(line, 40));
        series.setLineColor(colour(line, 0));
        series.setMarker(SeriesMarkers.NONE);
    }

    /** A line from the lower end of each interval to its upper one. */
    private static void intervals(XYChart chart, Line line) {
        Curve curve = line.curve();
        for (int i = 0; i < curve.x().length; i++) {
            if (Double.isFinite(curve.low()[i]) && Double.isFinite(curve.high()[i])) {
                double[] at = {curve.x()[i], curve.x()[i]};
                XYSeries series = add(chart, at, new double[] {curve.low()[i], curve.high()[i]});
                series.setLineColor(colour(line, 255));
                series.setLineStyle(SOLID);
                series.setMarker(SeriesMarkers.NONE);
            }
        }
    }

    /** The entries in rows, each as full as the width allows. */
    private static List<List<Line>> legend(Graphics2D graphics, List<Line> lines, int width) {
        List<List<Line>> rows = new ArrayList<>();
        List<Line> row = new ArrayList<>();
        for (Line line : lines) {
            row.add(line);
            if (row.size() > 1 && rowWidth(graphics, row) > width - 2 * MARGIN) {
                row.remove(row.size() - 1);
                rows.add(row);
                row = new ArrayList<>(List.of(line));
            }
        }
        rows.add(row);
        return rows;
    }

    private static int rowWidth(Graphics2D graphics, List<Line> row) {
        int names = row.stream()
                .mapToInt(line -> graphics.getFontMetrics().stringWidth(line.name()))
                .sum();
        return names + row.size() * (SAMPLE + SAMPLE_GAP + ENTRY_GAP) - ENTRY_GAP;
    }

    private static void drawLegend(Graphics2D graphics, List<Line> row, int width, int top) {
        graphics.setFont(TEXT);
        double left = (width - rowWidth(graphics, row)) / 2.0;
        double middle = top + LEGEND_LINE / 2.0;
        for (Line line : row) {
            graphics.setStroke(stroke(line));
            graphics.setColor(strokeColour(line));
            graphics.draw(new Line2D.Double(left, middle, left + SAMPLE, middle));
            if (isMarked(line)) {
                graphics.setColor(colour(line, 255));
                double corner = MARKER / 2.0;
                graphics.fill(new Ellipse2D.Double(left + SAMPLE / 2.0 - corner, middle - corner, MARKER, MARKER));
            }
            graphics.setColor(INK);
            double text = left + SAMPLE + SAMPLE_GAP;
            graphics.drawString(line.name(), (float) text, (float) middle + 4.5f);
            left = text + graphics.getFontMetrics().stringWidth(line.name()) + ENTRY_GAP;
        }
    }

    private static Color colour(Line line, int alpha) {
        Color colour = line.kind() == Kind.REFERENCE ? INK : PALETTE.get(line.index() % PALETTE.size());
        return new Color(colour.getRed(), colour.getGreen(), colour.getBlue(), alpha);
    }
}
