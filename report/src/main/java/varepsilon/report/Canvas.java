package varepsilon.report;

import java.util.ArrayList;
import java.util.List;

/**
 * What a chart is drawn on: an SVG or a bitmap. Places are in units of the page, from the top left; how an element
 * looks follows from its classes by {@link Svg#STYLE}.
 */
interface Canvas {
    /** Height of the letters of ticks, labels and legends. */
    double TEXT = 15;

    /** Height of the letters of a title. */
    double TITLE = 18;

    /** Series have this many colours; later ones take them again. */
    int COLOURS = 7;

    /** Where a text begins or ends. */
    enum Anchor {
        START,
        MIDDLE,
        END
    }

    /** Lines and areas, as path data of SVG with the commands M, L, h, v and Z. */
    Canvas path(String classes, String data);

    Canvas circle(String classes, double x, double y, double radius);

    /** A line of text whose letters stand on {@code y}. */
    Canvas text(String classes, double x, double y, Anchor anchor, String text);

    /** A text shown on hovering, where the medium supports it. */
    Canvas hint(String classes, double x, double y, String text);

    default Canvas line(String classes, double x1, double y1, double x2, double y2) {
        return path(classes, "M" + point(x1, y1) + "L" + point(x2, y2));
    }

    static String point(double x, double y) {
        return number(x) + " " + number(y);
    }

    /** A place to a tenth of a unit. */
    static String number(double place) {
        long tenths = Math.round(10 * place);
        return tenths % 10 == 0 ? Long.toString(tenths / 10) : Double.toString(tenths / 10.0);
    }

    /**
     * About how wide a text is: the viewer's font is not known when an SVG is drawn. Rather too wide than too narrow.
     */
    static double textWidth(String text, double size) {
        return size
                * text.codePoints()
                        .mapToDouble(point -> point >= 0x2E80
                                ? 1
                                : "ijlftrI.,:;|'!()[] ".indexOf(point) >= 0
                                        ? 0.36
                                        : "mwMW@%".indexOf(point) >= 0
                                                ? 0.9
                                                : Character.isUpperCase(point) ? 0.7 : 0.58)
                        .sum();
    }

    /** Text in lines of at most this width, broken between words; a longer word has a line of its own. */
    static List<String> wrap(String text, double size, double width) {
        List<String> lines = new ArrayList<>();
        StringBuilder line = new StringBuilder();
        for (String word : text.strip().split("\\s+")) {
            if (line.length() > 0 && textWidth(line + " " + word, size) > width) {
                lines.add(line.toString());
                line.setLength(0);
            }
            line.append(line.length() == 0 ? "" : " ").append(word);
        }
        if (line.length() > 0) {
            lines.add(line.toString());
        }
        return lines;
    }
}
