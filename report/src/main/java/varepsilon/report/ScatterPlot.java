package varepsilon.report;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.Rectangle;
import java.awt.RenderingHints;
import java.awt.geom.Ellipse2D;
import java.awt.image.BufferedImage;
import java.util.Arrays;
import java.util.List;

/**
 * Points of the plane in the colours of their groups, which are drawn in the order of the points, so that no group covers
 * the others. Text is drawn with {@link BitmapFont}, so that the picture is the same on every machine.
 *
 * @param xLabel name of the axis to the right
 * @param yLabel name of the axis upwards
 * @param groups names of the groups; a single one has no legend
 * @param points in drawing order
 * @param caption text below; empty for none
 */
public record ScatterPlot(String xLabel, String yLabel, List<String> groups, List<Point> points, String caption)
        implements PngPicture {
    private static final int SIDE = 720;
    private static final int MARGIN = 60;
    private static final int TEXT_SCALE = 2;
    private static final int LINE = TEXT_SCALE * BitmapFont.HEIGHT + 8;
    private static final int GAP = 8;
    private static final int TICKS = 6;
    private static final double RADIUS = 3;
    private static final double ROOM = 0.03;
    private static final Color INK = new Color(0x33363B);
    private static final Color LINES = new Color(0xDADAD6);
    private static final double OPACITY = 0.75;

    /**
     * A point.
     *
     * @param group its place among the groups
     */
    public record Point(double x, double y, int group) {}

    /** Rejects points of no group, and plots without any point. */
    public ScatterPlot {
        groups = List.copyOf(groups);
        points = List.copyOf(points);
        int count = groups.size();
        if (points.isEmpty()) {
            throw new IllegalArgumentException("no points: expected at least one");
        }
        points.stream()
                .filter(point -> point.group < 0 || point.group >= count)
                .findFirst()
                .ifPresent(point -> {
                    throw new IllegalArgumentException("a point of group " + point.group + " of " + count);
                });
    }

    /** Hues around the circle, every other one darker, so that neighbours are told apart. */
    private static Color colour(int group, int groups) {
        boolean isDark = group % 2 == 1;
        return Color.getHSBColor((float) group / groups, isDark ? 0.9f : 0.75f, isDark ? 0.6f : 0.95f);
    }

    private Axis x() {
        return axis(points.stream().mapToDouble(Point::x).toArray(), MARGIN, MARGIN + SIDE);
    }

    private Axis y() {
        return axis(points.stream().mapToDouble(Point::y).toArray(), MARGIN + SIDE, MARGIN);
    }

    private static Axis axis(double[] values, double from, double to) {
        var range = Arrays.stream(values).summaryStatistics();
        return Axis.over(range.getMin(), range.getMax(), ROOM, from, to, false);
    }

    @Override
    public byte[] toPng() {
        return Png.encode(render());
    }

    BufferedImage render() {
        BitmapFont font = BitmapFont.STANDARD;
        int legend = groups.size() < 2
                ? 0
                : groups.stream().mapToInt(font::width).max().orElse(0) * TEXT_SCALE + 4 * GAP + LINE;
        int width = 2 * MARGIN + SIDE + legend;
        List<String> lines = caption.isEmpty() ? List.of() : font.wrap(caption, (width - 2 * MARGIN) / TEXT_SCALE);
        int rows = legend == 0 ? 0 : groups.size();
        int height = Math.max(2 * MARGIN + SIDE + LINE * (lines.size() + 1), 2 * MARGIN + rows * LINE);
        Axis x = x();
        Axis y = y();
        BufferedImage picture = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = picture.createGraphics();
        graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        graphics.setColor(Color.WHITE);
        graphics.fillRect(0, 0, width, height);
        axes(graphics, x, y);
        for (Point point : points) {
            Color colour = colour(point.group, groups.size());
            graphics.setColor(
                    new Color(colour.getRed(), colour.getGreen(), colour.getBlue(), (int) Math.round(255 * OPACITY)));
            double centreX = x.place(point.x);
            double centreY = y.place(point.y);
            graphics.fill(new Ellipse2D.Double(centreX - RADIUS, centreY - RADIUS, 2 * RADIUS, 2 * RADIUS));
        }
        for (int group = 0; group < groups.size() && legend > 0; group++) {
            int top = MARGIN + group * LINE;
            int left = MARGIN + SIDE + 2 * GAP;
            graphics.setColor(colour(group, groups.size()));
            graphics.fill(new Rectangle(left, top, LINE - GAP, LINE - GAP));
            text(graphics, groups.get(group), left + LINE, top);
        }
        for (int i = 0; i < lines.size(); i++) {
            text(graphics, lines.get(i), MARGIN, 2 * MARGIN + SIDE + i * LINE);
        }
        graphics.dispose();
        return picture;
    }

    private void axes(Graphics2D graphics, Axis x, Axis y) {
        BitmapFont font = BitmapFont.STANDARD;
        List<Double> across = x.ticks(TICKS);
        List<Double> up = y.ticks(TICKS);
        for (int i = 0; i < across.size(); i++) {
            int place = (int) Math.round(x.place(across.get(i)));
            String name = Axis.labels(across).get(i);
            graphics.setColor(LINES);
            graphics.drawLine(place, MARGIN, place, MARGIN + SIDE);
            text(graphics, name, place - TEXT_SCALE * font.width(name) / 2, MARGIN + SIDE + GAP);
        }
        for (int i = 0; i < up.size(); i++) {
            int place = (int) Math.round(y.place(up.get(i)));
            String name = Axis.labels(up).get(i);
            graphics.setColor(LINES);
            graphics.drawLine(MARGIN, place, MARGIN + SIDE, place);
            text(graphics, name, MARGIN - GAP - TEXT_SCALE * font.width(name), place - BitmapFont.HEIGHT);
        }
        int below = MARGIN + SIDE + GAP + LINE;
        text(graphics, xLabel, MARGIN + (SIDE - TEXT_SCALE * font.width(xLabel)) / 2, below);
        text(graphics, yLabel, GAP, MARGIN - LINE - GAP);
    }

    private static void text(Graphics2D graphics, String text, int left, int top) {
        graphics.setColor(INK);
        BitmapFont.STANDARD.draw(
                text, (x, y) -> graphics.fillRect(left + x * TEXT_SCALE, top + y * TEXT_SCALE, TEXT_SCALE, TEXT_SCALE));
    }
}
