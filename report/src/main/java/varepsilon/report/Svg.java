package varepsilon.report;

import java.util.Locale;

/**
 * A drawing in SVG, written element by element. Colours come from classes, so that a page can give it its own; by
 * itself it has colours for light and dark. It holds no identifiers: several can stand in one page.
 */
public final class Svg implements Canvas {
    /**
     * The style of charts: Okabe and Ito's palette (2008), which is safe for colour-blind readers, and lighter variants
     * for dark mode.
     */
    public static final String STYLE = """
            .chart{display:block;width:100%;height:auto}
            .chart text{font:15px system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;fill:#2b2e33}
            .chart .title{font-size:18px;font-weight:600}
            .chart .quiet{fill:#5b6068}
            .chart .paper{fill:#fff}
            .chart .grid{stroke:#e3e4e6}
            .chart .axis{stroke:#8d929a}
            .chart .stripe{fill:#7f8794;fill-opacity:.07}
            .chart .line{fill:none;stroke:currentColor;stroke-width:2.4;stroke-linecap:round;stroke-linejoin:round}
            .chart .again{stroke-dasharray:11 4 2 4}
            .chart .published{stroke-width:1.8;stroke-dasharray:6 4;stroke-linecap:butt;opacity:.8}
            .chart .reference{color:#5b6068;stroke-width:2;stroke-dasharray:1 5}
            .chart .whisker{fill:none;stroke:currentColor;stroke-width:2}
            .chart .band{fill:currentColor;fill-opacity:.16}
            .chart .dot{fill:currentColor}
            .chart .diamond{fill:none;stroke:currentColor;stroke-width:2}
            .chart .ink{color:#2b2e33}
            .chart .hit{fill:currentColor;fill-opacity:0}
            .chart .hit:hover{fill-opacity:.3}
            .chart .s0{color:#0072b2}.chart .s1{color:#d55e00}.chart .s2{color:#009e73}.chart .s3{color:#cc79a7}
            .chart .s4{color:#e69f00}.chart .s5{color:#56b4e9}.chart .s6{color:#000}
            @media screen and (prefers-color-scheme:dark){
            .chart text{fill:#e4e6e9}
            .chart .quiet{fill:#a3a9b2}
            .chart .paper{fill:#16181c}
            .chart .grid{stroke:#30343a}
            .chart .axis{stroke:#6d737c}
            .chart .ink{color:#e4e6e9}
            .chart .reference{color:#a3a9b2}
            .chart .s0{color:#4ba3e3}.chart .s1{color:#ff8b4d}.chart .s2{color:#34c79a}.chart .s3{color:#e79ac6}
            .chart .s4{color:#f3bb45}.chart .s5{color:#a5dcf8}.chart .s6{color:#f2f2f2}
            }
            """;

    private final String label;
    private final double width;
    private double height;
    private final StringBuilder body = new StringBuilder();

    /** An empty drawing; {@code label} is its text for screen readers. */
    Svg(String label, double width, double height) {
        this.label = label;
        this.width = width;
        this.height = height;
    }

    /** Sets the height, where it is known only after the drawing. */
    void height(double height) {
        this.height = height;
    }

    /** The standalone file, with styles and background. */
    String document() {
        return "<svg xmlns=\"http://www.w3.org/2000/svg\"" + opening() + "<style>\n" + STYLE + "</style>\n"
                + "<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n" + body + "</svg>\n";
    }

    /** The drawing for a page that contains {@link #STYLE}, without a background. */
    public String fragment() {
        return "<svg" + opening() + body + "</svg>\n";
    }

    private String opening() {
        return " class=\"chart\" role=\"img\" aria-label=\"" + Markup.escape(label) + "\" viewBox=\"0 0 "
                + Canvas.number(width) + " " + Canvas.number(height) + "\" width=\"" + Canvas.number(width)
                + "\" height=\"" + Canvas.number(height)
                + "\">\n";
    }

    @Override
    public Svg path(String classes, String data) {
        body.append("<path class=\"" + classes + "\" d=\"" + data + "\"/>\n");
        return this;
    }

    Svg rectangle(String classes, double x, double y, double width, double height) {
        body.append("<rect class=\"" + classes + "\" x=\"" + Canvas.number(x) + "\" y=\"" + Canvas.number(y)
                + "\" width=\"" + Canvas.number(width) + "\" height=\"" + Canvas.number(height) + "\"/>\n");
        return this;
    }

    @Override
    public Svg circle(String classes, double x, double y, double radius) {
        body.append(circleOpening(classes, x, y, radius) + "/>\n");
        return this;
    }

    @Override
    public Svg hint(String classes, double x, double y, String text) {
        body.append(
                circleOpening(classes + " hit", x, y, 9) + "><title>" + Markup.escape(text) + "</title></circle>\n");
        return this;
    }

    Svg diamond(String classes, double x, double y, double radius) {
        return path(
                classes + " diamond",
                "M" + Canvas.point(x - radius, y) + "L" + Canvas.point(x, y - radius) + "L"
                        + Canvas.point(x + radius, y) + "L" + Canvas.point(x, y + radius) + "Z");
    }

    @Override
    public Svg text(String classes, double x, double y, Anchor anchor, String text) {
        body.append("<text class=\"" + classes + "\" x=\"" + Canvas.number(x) + "\" y=\"" + Canvas.number(y)
                + "\" text-anchor=\"" + anchor.name().toLowerCase(Locale.ROOT) + "\">" + Markup.escape(text)
                + "</text>\n");
        return this;
    }

    private static String circleOpening(String classes, double x, double y, double radius) {
        return "<circle class=\"" + classes + "\" cx=\"" + Canvas.number(x) + "\" cy=\"" + Canvas.number(y) + "\" r=\""
                + Canvas.number(radius) + "\"";
    }
}
