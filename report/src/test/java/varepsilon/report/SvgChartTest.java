package varepsilon.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;
import varepsilon.report.IntervalChart.Mark;

/** Charts as SVG, read back by an XML parser. */
class SvgChartTest {
    private static final Pattern NUMBER = Pattern.compile("-?\\d+(\\.\\d+)?");

    private final Locale usual = Locale.getDefault();

    @TempDir
    private Path folder;

    @AfterEach
    void restoreLocale() {
        Locale.setDefault(usual);
    }

    @Test
    void equalStepsLieEquallyFarApart() {
        Document svg = parsed(chart().curve("a", new double[] {0, 1, 2, 3}, new double[] {10, 20, 30, 40})
                .svg());
        double[] path = numbers(one(svg, "path", "s0 line"), "d");
        assertThat(path[2] - path[0]).isCloseTo(path[4] - path[2], within(0.11)).isPositive();
        assertThat(path[3] - path[1])
                .as("upwards")
                .isCloseTo(path[7] - path[5], within(0.11))
                .isNegative();
    }

    @Test
    void aTickStandsWhereItsValueLies() {
        Document svg = parsed(chart().curve("a", new double[] {0, 50, 100}, new double[] {-1, 0, 1})
                .svg());
        double[] path = numbers(one(svg, "path", "s0 line"), "d");
        assertThat(tick(svg, "tick-x", "0", "x")).isCloseTo(path[0], within(0.11));
        assertThat(tick(svg, "tick-x", "100", "x")).isCloseTo(path[4], within(0.11));
        assertThat(tick(svg, "tick-y", "−1.0", "y") - tick(svg, "tick-y", "1.0", "y"))
                .isCloseTo(path[1] - path[5], within(0.21));
    }

    @Test
    void aPowerLawIsStraightOnLogarithmicAxes() {
        Document svg = parsed(chart().logX()
                .logY()
                .curve("a", new double[] {0, 1, 10, 100}, new double[] {5, 100, 1, 0.01})
                .curve("never positive", new double[] {1, 10}, new double[] {0, -1})
                .svg());
        double[] path = numbers(one(svg, "path", "s0 line"), "d");
        assertThat(path).as("x = 0 has no place").hasSize(6);
        assertThat(path[2] - path[0]).isCloseTo(path[4] - path[2], within(0.11));
        assertThat(path[3] - path[1]).isCloseTo(path[5] - path[3], within(0.11));
        assertThat(all(svg, "path", "s1 line")).isEmpty();
        assertThat(texts(svg, "tick-x")).containsExactly("1", "2", "5", "10", "20", "50", "100");
        assertThat(texts(svg, "tick-y")).contains("0.01", "0.1", "1", "10", "100");
    }

    @Test
    void aPointThatIsPointedAtSaysItsSeriesValueAndInterval() {
        Document svg = parsed(chart().curve(
                        "robust",
                        new double[] {0, 0.5},
                        new double[] {0.25, 0.123456789},
                        new double[] {0.2, Double.NaN},
                        new double[] {0.3, 0.4})
                .svg());
        assertThat(hints(svg)).containsExactly("robust\nx = 0\ny = 0.25 [0.2, 0.3]", "robust\nx = 0.5\ny = 0.12346");
    }

    @Test
    void aGapIsNotBridged() {
        Document svg = parsed(chart().curve(
                        "a", new double[] {0, 1, 2, 3, 4}, new double[] {1, 1, Double.NaN, Double.POSITIVE_INFINITY, 2})
                .svg());
        String path = one(svg, "path", "s0 line").getAttribute("d");
        assertThat(path.chars().filter(letter -> letter == 'M')).hasSize(2);
        assertThat(all(svg, "circle", "s0 dot"))
                .as("the lone point after the gap")
                .hasSize(1);
        assertThat(hints(svg)).hasSize(3);
    }

    @Test
    void aBandReachesFromItsLowerEndToItsUpperOne() {
        Document svg = parsed(
                chart().curve("a", new double[] {0, 1}, new double[] {2, 2}, new double[] {1, 1}, new double[] {4, 4})
                        .svg());
        double[] band = numbers(one(svg, "path", "s0 band"), "d");
        double line = numbers(one(svg, "path", "s0 line"), "d")[1];
        double below = band[1] - line;
        double above = line - band[7];
        assertThat(band).hasSize(8);
        assertThat(above).isCloseTo(2 * below, within(0.3)).isPositive();
    }

    @Test
    void pointsHaveWhiskersAndNoLine() {
        Document svg = parsed(chart().points(
                        "p",
                        new double[] {1, 2, 3},
                        new double[] {5, 6, 7},
                        new double[] {4, Double.NaN, 6},
                        new double[] {6, 7, 8})
                .svg());
        assertThat(all(svg, "path", "s0 line")).isEmpty();
        assertThat(all(svg, "path", "s0 whisker")).hasSize(2);
        assertThat(all(svg, "circle", "s0 dot")).hasSize(3 + 1); // and one in the legend
        double[] whisker = numbers(all(svg, "path", "s0 whisker").get(0), "d");
        Element dot = all(svg, "circle", "s0 dot").get(0);
        assertThat((whisker[1] + whisker[3]) / 2).isCloseTo(place(dot, "cy"), within(0.11));
        assertThat(whisker[0]).isEqualTo(place(dot, "cx"));
    }

    @Test
    void publishedValuesAndReferencesAreTheirOwn() {
        Document svg = parsed(chart().curve("val", new double[] {0, 10}, new double[] {0, 4})
                .published("val", new double[] {0, 10}, new double[] {4, 0})
                .reference("half", 2)
                .svg());
        assertThat(numbers(one(svg, "path", "s0 line published"), "d")).hasSize(4);
        double[] reference = numbers(one(svg, "path", "reference line"), "d");
        double[] curve = numbers(all(svg, "path", "s0 line").get(0), "d");
        assertThat(reference[1]).isEqualTo(reference[3]).isCloseTo((curve[1] + curve[3]) / 2, within(0.11));
        assertThat(reference[0]).as("across").isEqualTo(curve[0]);
        assertThat(reference[2]).isEqualTo(curve[2]);
        assertThat(texts(svg, "name")).containsExactly("val", "val, published", "half");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> chart().reference("r", Double.NaN))
                .withMessageContaining("NaN");
    }

    @Test
    void valuesOfAnySizeHaveAPlace() {
        double[][] extremes = {
            {1e300, -1e300},
            {Double.MAX_VALUE, -Double.MAX_VALUE},
            {1e17, 1e17 + 16},
            {1, 1 + Math.ulp(1.0)},
            {0, Double.MIN_VALUE},
            {5, 5},
            {0, 0},
            {-1e-9, 1e-9},
            {Double.MIN_VALUE, Double.MAX_VALUE}
        };
        for (double[] values : extremes) {
            for (boolean isLog : new boolean[] {false, true}) {
                LineChart chart = chart().curve("a", new double[] {1, 2}, values)
                        .curve("b", new double[] {1, 2}, new double[] {1, 1});
                String svg = (isLog ? chart.logY() : chart).svg();
                assertThat(svg).doesNotContain("Infinity", "NaN");
                for (Element line : all(parsed(svg), "path", "s0 line")) {
                    double[] path = numbers(line, "d");
                    assertThat(Arrays.stream(path))
                            .as("%s in %s", Arrays.toString(values), svg)
                            .allMatch(v -> v >= 0 && v <= 800);
                }
                assertThat(texts(parsed(svg), "tick-y"))
                        .as(Arrays.toString(values))
                        .hasSizeBetween(1, 40);
            }
        }
    }

    @Test
    void namesCanDoNoHarm() {
        String hostile = "</title><script>alert('x')</script> & \"]]>\u0000\u001b\ud800";
        String line = new LineChart(hostile, hostile, hostile)
                .curve(hostile, new double[] {0, 1}, new double[] {0, 1})
                .reference(hostile, 1)
                .svg();
        String intervals = new IntervalChart(hostile, hostile)
                .row(hostile, Mark.of(hostile, 1))
                .svg();
        for (String svg : List.of(line, intervals)) {
            Document document = parsed(svg);
            assertThat(document.getElementsByTagName("script").getLength()).isZero();
            assertThat(hints(document).get(0))
                    .startsWith("</title><script>alert('x')</script> & \"]]>\uFFFD\uFFFD\uFFFD");
            assertThat(svg).doesNotContain("\u0000", "\u001b");
        }
    }

    @Test
    void chartsLookTheSameInEveryCountry() {
        LineChart chart = chart().curve("a", new double[] {0, 0.5}, new double[] {1234.5, 99999});
        String here = chart.svg();
        Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
        assertThat(chart.svg()).isEqualTo(here);
    }

    @Test
    void chartsSayThatThereIsNothingToDraw() {
        assertThat(chart().reference("bound", 1).svg()).contains("There is no value to draw.");
        assertThat(new IntervalChart("t", "x")
                        .row("r", Mark.of("s", Double.NaN))
                        .svg())
                .contains("There is no value to draw.");
    }

    @Test
    void chartsAreWrittenWhole() throws IOException {
        LineChart line = chart().curve("a", new double[] {0, 1}, new double[] {0, 1});
        IntervalChart intervals = new IntervalChart("t", "x").row("r", Mark.of("s", 1));
        line.writeSvg(folder.resolve("line.svg"));
        intervals.writeSvg(folder.resolve("deep/intervals.svg"));
        assertThat(Files.readString(folder.resolve("line.svg"))).isEqualTo(line.svg());
        assertThat(Files.readString(folder.resolve("deep/intervals.svg"))).isEqualTo(intervals.svg());
    }

    @Test
    void intervalsLieAroundTheirValues() {
        Document svg = parsed(new IntervalChart("Accuracy", "accuracy")
                .percent()
                .range(0, 1)
                .row("FGSM", new Mark("measured", 0.5, 0.25, 1), Mark.of("published", 0.25))
                .row("PGD", new Mark("measured", 0, Double.NaN, Double.NaN), new Mark("again", 0.75, 0.7, 0.8))
                .svg());
        double zero = tick(svg, "tick-x", "0\u202F%", "x");
        double hundred = tick(svg, "tick-x", "100\u202F%", "x");
        List<Element> measured = all(svg, "circle", "s0 dot");
        assertThat(place(measured.get(0), "cx")).isCloseTo((zero + hundred) / 2, within(0.11));
        assertThat(place(measured.get(1), "cx")).isCloseTo(zero, within(0.11));
        double[] whisker = numbers(one(svg, "path", "s0 whisker"), "d");
        assertThat(whisker[0]).isCloseTo(zero + (hundred - zero) / 4, within(0.11));
        assertThat(whisker[2]).isCloseTo(hundred, within(0.11));
        double[] diamond = numbers(all(svg, "path", "ink diamond").get(0), "d");
        assertThat((diamond[0] + diamond[4]) / 2).isCloseTo(whisker[0], within(0.11));
        assertThat(diamond[1]).as("beside, not upon each other").isGreaterThan(place(measured.get(0), "cy") + 10);
        assertThat(place(all(svg, "circle", "s1 dot").get(0), "cx"))
                .as("published takes no colour from the next series")
                .isCloseTo(zero + 0.75 * (hundred - zero), within(0.11));
        assertThat(texts(svg, "name")).containsExactly("FGSM", "PGD", "measured", "published", "again");
        assertThat(hints(svg))
                .containsExactly(
                        "FGSM\nmeasured: 50\u202F% [25\u202F%, 100\u202F%]",
                        "FGSM\npublished: 25\u202F%",
                        "PGD\nmeasured: 0\u202F%",
                        "PGD\nagain: 75\u202F% [70\u202F%, 80\u202F%]");
    }

    @Test
    void theAxisGrowsOverValuesBeyondItsRange() {
        Document svg = parsed(new IntervalChart("", "nats")
                .range(0, 1)
                .row("a", new Mark("s", 2, -1, 3))
                .svg());
        double[] whisker = numbers(one(svg, "path", "s0 whisker"), "d");
        assertThat(tick(svg, "tick-x", "0.0", "x")).isBetween(whisker[0], whisker[2]);
        assertThat(tick(svg, "tick-x", "1.0", "x")).isCloseTo((whisker[0] + whisker[2]) / 2, within(0.11));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new IntervalChart("", "").range(1, 1))
                .withMessageContaining("1.0 to 1.0");
    }

    @Test
    void longLabelsStandOverTheirRow() {
        String label = "a pre-trained ResNet-18 hardened by adversarial batches, with augmentation";
        Document svg = parsed(new IntervalChart("t", "x")
                .row(label, Mark.of("s", 1))
                .drawing(380)
                .document());
        assertThat(String.join(" ", texts(svg, "name"))).isEqualTo(label + " s");
        assertThat(texts(svg, "name")).hasSizeGreaterThan(2);
    }

    @Test
    void ticksAreRoundAndFew() {
        assertThat(Axis.over(0.13, 0.94, 0, 0, 1, false).ticks(5)).containsExactly(0.2, 0.4, 0.6, 0.8);
        assertThat(Axis.over(0, 0.7, 0, 0, 1, false).ticks(7)).containsExactly(0., 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7);
        assertThat(Axis.over(1e-12, 1, 0, 0, 1, true).ticks(5)).isEqualTo(List.of(1e-12, 1e-9, 1e-6, 1e-3, 1e0));
        assertThat(Axis.labels(List.of(0.0, 0.5, 1.0))).containsExactly("0.0", "0.5", "1.0");
        assertThat(Axis.labels(List.of(1e-3, 1.0, 1e3, 1e6))).containsExactly("0.001", "1", "1,000", "10⁶");
        assertThat(Axis.value(-1.234567e-12)).isEqualTo("−1.2346·10⁻¹²");
    }

    private static LineChart chart() {
        return new LineChart("title", "x", "y");
    }

    private static Document parsed(String svg) {
        try {
            return DocumentBuilderFactory.newInstance()
                    .newDocumentBuilder()
                    .parse(new InputSource(new StringReader(svg)));
        } catch (ParserConfigurationException | SAXException | IOException e) {
            throw new AssertionError(svg, e);
        }
    }

    /** Elements whose classes begin with these. */
    private static List<Element> all(Document svg, String tag, String classes) {
        NodeList nodes = svg.getElementsByTagName(tag);
        List<Element> found = new ArrayList<>();
        for (int i = 0; i < nodes.getLength(); i++) {
            Element element = (Element) nodes.item(i);
            if (element.getAttribute("class").startsWith(classes)) {
                found.add(element);
            }
        }
        return found;
    }

    /** The first of them, which the drawing holds before the legend's sample of it. */
    private static Element one(Document svg, String tag, String classes) {
        return all(svg, tag, classes).get(0);
    }

    private static List<String> texts(Document svg, String word) {
        NodeList nodes = svg.getElementsByTagName("text");
        List<String> found = new ArrayList<>();
        for (int i = 0; i < nodes.getLength(); i++) {
            Element text = (Element) nodes.item(i);
            if (List.of(text.getAttribute("class").split(" ")).contains(word)) {
                found.add(text.getTextContent());
            }
        }
        return found;
    }

    private static double tick(Document svg, String word, String name, String attribute) {
        NodeList nodes = svg.getElementsByTagName("text");
        for (int i = 0; i < nodes.getLength(); i++) {
            Element text = (Element) nodes.item(i);
            if (text.getAttribute("class").contains(word)
                    && text.getTextContent().equals(name)) {
                return place(text, attribute);
            }
        }
        throw new AssertionError("no tick " + name + " among " + texts(svg, word));
    }

    private static List<String> hints(Document svg) {
        NodeList nodes = svg.getElementsByTagName("title");
        List<String> found = new ArrayList<>();
        for (int i = 0; i < nodes.getLength(); i++) {
            found.add(nodes.item(i).getTextContent());
        }
        return found;
    }

    private static double place(Element element, String attribute) {
        return Double.parseDouble(element.getAttribute(attribute));
    }

    private static double[] numbers(Element element, String attribute) {
        Matcher matcher = NUMBER.matcher(element.getAttribute(attribute));
        return matcher.results()
                .mapToDouble(result -> Double.parseDouble(result.group()))
                .toArray();
    }

    @Test
    void theStyleIsCss() {
        assertThat(Svg.STYLE.lines().map(String::strip))
                .allSatisfy(line -> assertThat(line).matches("(@media .*\\{|}|(\\.chart[ .a-z0-9:]*\\{[^{}]*})+)"));
        assertThat(Svg.STYLE).doesNotContain("\" +", "+ \"");
    }
}
