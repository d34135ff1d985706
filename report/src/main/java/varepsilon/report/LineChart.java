package varepsilon.report;

import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.font.TextLayout;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.DoubleSummaryStatistics;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import varepsilon.base.AtomicFile;
import varepsilon.stats.Interval;

/**
 * Curves over a common axis (bits per dimension over epochs, accuracy over ε), as a PNG at twice the given size or as
 * an SVG. A published curve is drawn over the measured curve of the same name, in its colour, dashed and marked.
 *
 * <pre>{@code
 * new LineChart("VAE on MNIST", "epoch", "bits per dimension")
 *         .curve("validation", epochs, bpd)
 *         .published("validation", publishedEpochs, publishedBpd)
 *         .write(folder.resolve("bpd.png"));
 * }</pre>
 *
 * <p>The setters change this chart and return it. Values that are not finite, or not positive on a logarithmic axis,
 * leave a gap.
 */
public final class LineChart {
    private static final Logger LOG = LoggerFactory.getLogger(LineChart.class);
    private static final double[] NO_BAND = {};

    private final String title;
    private final String xLabel;
    private final String yLabel;
    private final Map<String, Curve> own = new LinkedHashMap<>();
    private final Set<String> points = new HashSet<>();
    private final Map<String, Curve> published = new LinkedHashMap<>();
    private final Map<String, Double> references = new LinkedHashMap<>();
    private boolean logX;
    private boolean logY;
    private int width = 800;
    private int height = 500;

    /** A chart without curves; the axis labels name their units. */
    public LineChart(String title, String xLabel, String yLabel) {
        this.title = title;
        this.xLabel = xLabel;
        this.yLabel = yLabel;
    }

    /** Points (x, y) inside a band between {@code low} and {@code high}, which are empty where there is no band. */
    record Curve(double[] x, double[] y, double[] low, double[] high) {
        private boolean isEmpty() {
            return Arrays.stream(y).noneMatch(Double::isFinite);
        }
    }

    /** What is around the curves. */
    record Frame(String title, String xLabel, String yLabel, boolean logX, boolean logY) {}

    /** What a line shows. */
    enum Kind {
        CURVE,
        /** Values by themselves, not joined, each with its interval. */
        POINTS,
        PUBLISHED,
        /** A horizontal line. */
        REFERENCE
    }

    /** A curve as it is drawn: lines with one index share a colour. */
    record Line(String name, Curve curve, int index, Kind kind) {}

    /** Adds a curve; its points are joined in the order given. */
    public LineChart curve(String name, double[] x, double[] y) {
        return add(own, name, x, y, NO_BAND, NO_BAND);
    }

    /** Adds a curve inside the band between {@code low} and {@code high}, such as a 95 % interval. */
    public LineChart curve(String name, double[] x, double[] y, double[] low, double[] high) {
        requireAsMany(name, x, low);
        requireAsMany(name, x, high);
        return add(own, name, x, y, low, high);
    }

    /** Adds a curve of values with their intervals. */
    public LineChart curve(String name, double[] x, List<Interval> y) {
        return curve(
                name,
                x,
                y.stream().mapToDouble(Interval::value).toArray(),
                y.stream().mapToDouble(Interval::low).toArray(),
                y.stream().mapToDouble(Interval::high).toArray());
    }

    /** Lays published values over the curve of the same name, or by themselves where there is none. */
    public LineChart published(String name, double[] x, double[] y) {
        return add(published, name, x, y, NO_BAND, NO_BAND);
    }

    /**
     * Adds points that are not joined, each with an interval from {@code low} to {@code high}; where one of these is
     * NaN, without.
     */
    public LineChart points(String name, double[] x, double[] y, double[] low, double[] high) {
        curve(name, x, y, low, high);
        points.add(name);
        return this;
    }

    /** Adds one point with its interval. */
    public LineChart point(String name, double x, Interval y) {
        curve(name, new double[] {x}, List.of(y));
        points.add(name);
        return this;
    }

    /**
     * Lays a dotted horizontal line across the chart, such as a bound or a chance level.
     *
     * @throws IllegalArgumentException if {@code y} is not finite, or there is such a line already
     */
    public LineChart reference(String name, double y) {
        if (!Double.isFinite(y)) {
            throw new IllegalArgumentException(name + ": a line at " + y + " cannot be drawn");
        }
        if (references.putIfAbsent(name, y) != null) {
            throw new IllegalArgumentException("two references named " + name);
        }
        return this;
    }

    /** Makes the x axis logarithmic. */
    public LineChart logX() {
        logX = true;
        return this;
    }

    /** Makes the y axis logarithmic. */
    public LineChart logY() {
        logY = true;
        return this;
    }

    /** Size on the page, 800×500 by default; the picture has twice as many pixels in each direction. */
    public LineChart size(int width, int height) {
        if (width < 200 || height < 150 || width > 8000 || height > 8000) {
            throw new IllegalArgumentException("a chart of " + width + "×" + height + " cannot be read");
        }
        this.width = width;
        this.height = height;
        return this;
    }

    /**
     * Writes the chart as a PNG file, whole or not at all.
     *
     * @return the file; or empty where nothing was written because this machine has no fonts or there is no value to
     *     draw, which is logged as a warning instead of ending a training
     * @throws IOException if the file cannot be written
     */
    public Optional<Path> write(Path target) throws IOException {
        List<Line> lines = lines();
        Optional<String> obstacle = lines.isEmpty() ? Optional.of("there is no value to draw") : fontProblem();
        if (obstacle.isPresent()) {
            LOG.warn("No chart {}: {}", target, obstacle.get());
            return Optional.empty();
        }
        Bitmap bitmap = new Bitmap(width, height);
        LineDrawing.draw(bitmap, frame(), lines, width, height);
        byte[] png = Png.encode(bitmap.picture());
        AtomicFile.write(target, out -> out.write(png));
        return Optional.of(target);
    }

    /**
     * The chart as a standalone SVG document, light or dark as its viewer prefers; values are shown on hovering.
     * Without values, the chart is a message.
     */
    public String svg() {
        return drawing().document();
    }

    /** Writes {@link #svg()} to a file, whole or not at all. */
    public void writeSvg(Path target) throws IOException {
        AtomicFile.writeString(target, svg());
    }

    public Svg drawing() {
        return drawing(width, height);
    }

    public Svg drawing(double width, double height) {
        Svg svg = new Svg(title.isEmpty() ? yLabel : title, width, height);
        LineDrawing.draw(svg, frame(), lines(), width, height);
        return svg;
    }

    private Frame frame() {
        return new Frame(title, xLabel, yLabel, logX, logY);
    }

    /** Why this machine cannot draw text, if it cannot. */
    static Optional<String> fontProblem() {
        Graphics2D graphics = null;
        try {
            graphics = new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB).createGraphics();
            new TextLayout("x", new Font(Font.SANS_SERIF, Font.PLAIN, 12), graphics.getFontRenderContext());
            return Optional.empty();
        } catch (RuntimeException | Error e) {
            // Without a font, fontconfig, freetype or the display it was told of, the JRE throws a RuntimeException,
            // InternalError, LinkageError, AWTError or plain Error, depending on its version and on what was tried
            // before.
            return Optional.of("this machine cannot draw text (" + e + "); install fontconfig and a font (Debian:"
                    + " apt-get install fontconfig fonts-dejavu-core) and run Java with -Djava.awt.headless=true");
        } finally {
            if (graphics != null) {
                graphics.dispose();
            }
        }
    }

    private List<Line> lines() {
        Set<String> names = new LinkedHashSet<>(own.keySet());
        names.addAll(published.keySet());
        List<Line> lines = new ArrayList<>();
        int index = 0;
        for (String name : names) {
            if (own.containsKey(name)) {
                Kind kind = points.contains(name) ? Kind.POINTS : Kind.CURVE;
                lines.add(new Line(name, drawable(own.get(name)), index, kind));
            }
            if (published.containsKey(name)) {
                lines.add(new Line(name + ", published", drawable(published.get(name)), index, Kind.PUBLISHED));
            }
            index++;
        }
        lines.removeIf(line -> line.curve.isEmpty());
        return lines.isEmpty() ? lines : withReferences(lines);
    }

    /** With the references, from the first x of all curves to the last. */
    private List<Line> withReferences(List<Line> lines) {
        DoubleSummaryStatistics x = lines.stream()
                .flatMapToDouble(line -> Arrays.stream(line.curve.x))
                .summaryStatistics();
        List<Line> all = new ArrayList<>(lines);
        references.forEach((name, y) -> {
            Curve across = new Curve(new double[] {x.getMin(), x.getMax()}, new double[] {y, y}, NO_BAND, NO_BAND);
            all.add(new Line(name, drawable(across), 0, Kind.REFERENCE));
        });
        all.removeIf(line -> line.curve.isEmpty());
        return all;
    }

    /** The points that have a place on the x axis, with a gap (NaN) where y has none. */
    private Curve drawable(Curve curve) {
        int[] kept = IntStream.range(0, curve.x.length)
                .filter(i -> Double.isFinite(curve.x[i]) && (!logX || curve.x[i] > 0))
                .toArray();
        return new Curve(
                Arrays.stream(kept).mapToDouble(i -> curve.x[i]).toArray(),
                drawable(curve.y, kept),
                drawable(curve.low, kept),
                drawable(curve.high, kept));
    }

    private double[] drawable(double[] y, int[] kept) {
        return y.length == 0
                ? y
                : Arrays.stream(kept)
                        .mapToDouble(i -> Double.isFinite(y[i]) && (!logY || y[i] > 0) ? y[i] : Double.NaN)
                        .toArray();
    }

    private LineChart add(Map<String, Curve> to, String name, double[] x, double[] y, double[] low, double[] high) {
        requireAsMany(name, x, y);
        if (to.putIfAbsent(name, new Curve(x.clone(), y.clone(), low.clone(), high.clone())) != null) {
            throw new IllegalArgumentException("two curves named " + name);
        }
        return this;
    }

    private static void requireAsMany(String name, double[] x, double[] y) {
        if (x.length != y.length) {
            throw new IllegalArgumentException(name + ": " + x.length + " values of x, but " + y.length + " of y");
        }
    }
}
