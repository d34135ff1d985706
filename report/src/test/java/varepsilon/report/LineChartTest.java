package varepsilon.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.awt.image.BufferedImage;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import varepsilon.base.AtomicFile;

class LineChartTest {
    private static final int BLUE = 0x0072B2;
    private static final int VERMILLION = 0xD55E00;
    private static final int BAND_OF_BLUE = 0xD6E8F3;

    @TempDir
    private Path folder;

    /** A pixel of the picture. */
    private record Point(int x, int y) {}

    @Test
    void aRisingLineRisesFromTheLeftToTheRight() throws IOException {
        BufferedImage picture = drawn(small().curve("line", new double[] {0, 1, 2}, new double[] {0, 1, 2}));

        List<Point> blue = plotted(picture, BLUE);
        Point first = blue.get(0);
        Point last = blue.get(blue.size() - 1);
        double slope = (last.y - first.y) / (double) (last.x - first.x);
        assertThat(slope).isNegative();
        assertThat(last.x - first.x).as("uses the width").isGreaterThan(picture.getWidth() / 2);
        assertThat(blue)
                .allSatisfy(p -> assertThat(p.y - (first.y + slope * (p.x - first.x)))
                        .as("distance of %s from the straight line", p)
                        .isBetween(-5.0, 5.0));
    }

    @Test
    void thePictureHasTwiceTheSize() throws IOException {
        BufferedImage picture = drawn(small().curve("c", new double[] {0, 1}, new double[] {0, 1}));
        assertThat(picture.getWidth()).isEqualTo(800);
        assertThat(picture.getHeight()).isEqualTo(520);
    }

    @Test
    void publishedValuesTakeTheColourOfTheirCurve() throws IOException {
        double[] x = {0, 1, 2, 3};
        BufferedImage own =
                drawn(small().curve("train", x, new double[] {4, 3, 2, 1}).curve("val", x, new double[] {5, 4, 3, 2}));
        BufferedImage both = drawn(small().curve("train", x, new double[] {4, 3, 2, 1})
                .curve("val", x, new double[] {5, 4, 3, 2})
                .published("val", x, new double[] {5, 4.5, 4, 3.5}));

        assertThat(plotted(both, VERMILLION).size())
                .isGreaterThan(plotted(own, VERMILLION).size());
        assertThat(plotted(both, BLUE)).isNotEmpty();
        assertThat(plotted(both, 0x009E73)).as("no third colour").isEmpty();
    }

    @Test
    void theBandLiesBetweenItsEnds() throws IOException {
        BufferedImage picture = drawn(
                small().curve("a", new double[] {0, 1}, new double[] {2, 2}, new double[] {1, 1}, new double[] {3, 3}));

        int middle = picture.getWidth() / 2;
        int line = plotted(picture, BLUE).stream().mapToInt(Point::y).min().orElseThrow();
        List<Point> band = new ArrayList<>(plotted(picture, BAND_OF_BLUE));
        band.removeIf(p -> p.x != middle + 7);
        int above = line - band.stream().mapToInt(Point::y).min().orElseThrow();
        int below = band.stream().mapToInt(Point::y).max().orElseThrow() - line;
        assertThat(above).isGreaterThan(50);
        assertThat(Math.abs(above - below)).as("as far above as below").isLessThan(12);
    }

    @Test
    void valuesThatHaveNoPlaceLeaveAGap() throws IOException {
        double[] x = {0, 1, 2, 3, 4, 5, 6, 7};
        double[] whole = {1, 1, 1, 1, 1, 1, 1, 1};
        double[] diverged = {1, 1, 1, Double.NaN, Double.POSITIVE_INFINITY, 1, 1, 1};
        int all = plotted(drawn(small().curve("a", x, whole)), BLUE).size();
        int some = plotted(drawn(small().curve("a", x, diverged)), BLUE).size();
        assertThat(some / (double) all).isBetween(0.5, 0.7);
    }

    @Test
    void logarithmicAxesTakeWhatIsPositive() throws IOException {
        double[] x = {0, 1, 10, 100};
        BufferedImage picture = drawn(small().curve("a", x, new double[] {5, 100, 10, 1})
                .curve("never positive", x, new double[] {-1, 0, -2, -3})
                .logX()
                .logY());
        List<Point> blue = plotted(picture, BLUE);
        Point first = blue.get(0);
        Point last = blue.get(blue.size() - 1);
        double slope = (last.y - first.y) / (double) (last.x - first.x);
        assertThat(blue)
                .as("a power law is straight")
                .allSatisfy(p ->
                        assertThat(p.y - (first.y + slope * (p.x - first.x))).isBetween(-5.0, 5.0));
    }

    @Test
    void valuesOfAnySizeCanBeDrawn() throws IOException {
        double[][] extremes = {
            {1e300, -1e300}, {1e17, 1e17 + 16}, {1, 1 + Math.ulp(1.0)}, {0, Double.MIN_VALUE}, {5, 5}, {-1e-9, 1e-9}
        };
        for (double[] values : extremes) {
            drawn(small().curve("a", new double[] {1, 2}, values));
            drawn(small().curve("a", values, new double[] {1, 2}));
        }
        drawn(small().curve("one point", new double[] {1}, new double[] {2}));
    }

    @Test
    void nothingIsWrittenWhereThereIsNothingToDraw() throws IOException {
        Path target = folder.resolve("empty.png");
        LineChart chart =
                new LineChart("", "x", "y").curve("a", new double[] {1, 2}, new double[] {Double.NaN, Double.NaN});
        assertThat(chart.write(target)).isEmpty();
        assertThat(new LineChart("", "x", "y").write(target)).isEmpty();
        assertThat(target).doesNotExist();
    }

    @Test
    void saysWhatIsWrongWithItsInput() {
        LineChart chart = new LineChart("", "x", "y").curve("a", new double[] {1}, new double[] {2});
        assertThatIllegalArgumentException()
                .isThrownBy(() -> chart.curve("b", new double[] {1, 2}, new double[] {1}))
                .withMessageContaining("b: 2 values of x, but 1");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> chart.curve("a", new double[] {1}, new double[] {2}))
                .withMessageContaining("two curves named a");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> chart.size(10, 10))
                .withMessageContaining("10×10");
    }

    /** A display that is not there breaks drawing on every JRE; a missing font or fontconfig breaks it the same way. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void aMachineThatCannotDrawTextCostsTheChartAndNothingElse() throws IOException, InterruptedException {
        String classPath = Stream.of(LineChart.class, LineChartTest.class, AtomicFile.class, Logger.class)
                .map(part -> Path.of(location(part)).toString())
                .collect(Collectors.joining(File.pathSeparator));
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Djava.awt.headless=false",
                "-cp",
                classPath,
                Undrawable.class.getName(),
                folder.toString());
        builder.environment().put("DISPLAY", ":7777");
        Process process = builder.redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(output).contains("chart: Optional.empty", "cannot draw text", "install fontconfig");
        assertThat(process.exitValue()).as(output).isZero();
        assertThat(folder.resolve("chart.png")).doesNotExist();
        assertThat(folder.resolve("grid.png")).as("grids need no fonts").isNotEmptyFile();
    }

    /** Runs in a JVM of its own. */
    static final class Undrawable {
        private Undrawable() {}

        public static void main(String[] arguments) throws IOException {
            Path folder = Path.of(arguments[0]);
            LineChart chart = new LineChart("t", "x", "y").curve("a", new double[] {0, 1}, new double[] {0, 1});
            System.out.println("chart: " + chart.write(folder.resolve("chart.png")));
            System.out.println("why: " + LineChart.fontProblem());
            ImageGrid.of(new byte[28 * 28], 1, 28, 28).caption("ε = 8/255").write(folder.resolve("grid.png"));
        }
    }

    private static LineChart small() {
        return new LineChart("title", "x", "y").size(400, 260);
    }

    private static URI location(Class<?> part) {
        return URI.create(
                part.getProtectionDomain().getCodeSource().getLocation().toString());
    }

    private BufferedImage drawn(LineChart chart) throws IOException {
        assumeTrue(
                LineChart.fontProblem().isEmpty(),
                () -> "skipped: " + LineChart.fontProblem().orElseThrow());
        Path target = folder.resolve("chart.png");
        assertThat(chart.write(target)).isEqualTo(Optional.of(target));
        return ImageIO.read(target.toFile());
    }

    /**
     * Pixels of exactly this colour from left to right, without those of the legend, which lies in the last 60 rows.
     */
    private static List<Point> plotted(BufferedImage picture, int colour) {
        List<Point> points = new ArrayList<>();
        for (int x = 0; x < picture.getWidth(); x++) {
            for (int y = 0; y < picture.getHeight() - 60; y++) {
                if ((picture.getRGB(x, y) & 0xFFFFFF) == colour) {
                    points.add(new Point(x, y));
                }
            }
        }
        return points;
    }
}
