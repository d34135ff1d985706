package varepsilon.lab.page;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import varepsilon.base.AtomicFile;
import varepsilon.report.IntervalChart;
import varepsilon.report.LineChart;
import varepsilon.report.Markup;
import varepsilon.report.Png;
import varepsilon.report.Svg;
import varepsilon.report.Table;

/**
 * A page of results in one self-contained HTML file. It has layouts for narrow screens, dark mode and print. All text
 * is plain text: it is escaped, and can neither add an element nor run a script.
 *
 * <pre>{@code
 * new HtmlPage("VAE on MNIST")
 *         .subtitle("20 latent dimensions, 80 epochs")
 *         .heading("Curves")
 *         .chart(chart, "Bits per dimension over epochs.")
 *         .details("How this was made", inside -> inside.code("command", command).code("config.yaml", yaml))
 *         .write(folder.resolve("report.html"));
 * }</pre>
 *
 * <p>The methods add to this page, in the order in which they are called, and return it. More than three headings make
 * a table of contents.
 */
public final class HtmlPage {
    private static final int HEADINGS_WITHOUT_CONTENTS = 3;
    private static final double NARROW_WIDTH = 380;
    private static final double NARROW_HEIGHT = 430;

    /** A table's cell of more letters than this may take several lines. */
    private static final int LONGEST_LINE = 32;

    private final String title;
    private final StringBuilder body = new StringBuilder();
    private final List<String> headings = new ArrayList<>();
    private String subtitle = "";

    /** A page without content; the title stands in its head and over it. */
    public HtmlPage(String title) {
        this.title = title;
    }

    /** The kind of a callout. */
    public enum Tone {
        /** The claim holds. */
        CONFIRMED,
        /** The claim does not hold. */
        CONTRADICTED,
        /** The claim holds in part, or under a condition. */
        MIXED,
        /** A note. */
        NOTE
    }

    /**
     * A picture of a gallery.
     *
     * @param png the file
     * @param title stands under it
     * @param detail stands under the title, smaller; empty for none
     */
    public record Item(byte[] png, String title, String detail) {}

    /** A sentence under the title. */
    public HtmlPage subtitle(String subtitle) {
        this.subtitle = subtitle;
        return this;
    }

    /** A definition list, in the order of the map. */
    public HtmlPage facts(Map<String, String> facts) {
        body.append("<dl>\n");
        facts.forEach((name, value) -> body.append("<dt>" + text(name) + "</dt><dd>" + text(value) + "</dd>\n"));
        body.append("</dl>\n");
        return this;
    }

    /** Begins a section. */
    public HtmlPage heading(String heading) {
        headings.add(heading);
        body.append("<h2 id=\"section-" + headings.size() + "\">" + text(heading) + "</h2>\n");
        return this;
    }

    /** Running text; line breaks are kept. */
    public HtmlPage paragraph(String paragraph) {
        body.append("<p>" + text(paragraph) + "</p>\n");
        return this;
    }

    /** A paragraph that stands out; its title is in the colour of its tone. */
    public HtmlPage callout(Tone tone, String title, String paragraph) {
        body.append("<div class=\"callout " + tone.name().toLowerCase(Locale.ROOT) + "\"><strong>" + text(title)
                + "</strong>\n<p>" + text(paragraph) + "</p></div>\n");
        return this;
    }

    /** Curves, drawn once for a wide page and once for a narrow one. */
    public HtmlPage chart(LineChart chart, String caption) {
        return chart(chart.drawing(), chart.drawing(NARROW_WIDTH, NARROW_HEIGHT), caption);
    }

    /** Values with intervals, drawn once for a wide page and once for a narrow one. */
    public HtmlPage chart(IntervalChart chart, String caption) {
        return chart(chart.drawing(), chart.drawing(NARROW_WIDTH), caption);
    }

    private HtmlPage chart(Svg wide, Svg narrow, String caption) {
        return figure(
                "<div class=\"wide\">\n" + wide.fragment() + "</div>\n<div class=\"narrow\">\n" + narrow.fragment()
                        + "</div>\n",
                caption);
    }

    /**
     * A picture at its own size, or smaller where the page is narrower.
     *
     * @param png the file
     * @param alternative alternative text for screen readers
     * @throws IllegalArgumentException if it is no PNG file
     */
    public HtmlPage picture(byte[] png, String alternative, String caption) {
        return figure(image(png, alternative), caption);
    }

    /**
     * Pictures side by side, all of them equally large.
     *
     * @throws IllegalArgumentException if one is no PNG file
     */
    public HtmlPage gallery(List<Item> items) {
        body.append("<ul class=\"gallery\">\n");
        for (Item item : items) {
            body.append("<li title=\"" + text(item.detail) + "\">" + image(item.png, item.title) + "<b>"
                    + text(item.title) + "</b><span>" + text(item.detail) + "</span></li>\n");
        }
        body.append("</ul>\n");
        return this;
    }

    /** A table; one that is wider than the page scrolls by itself. */
    public HtmlPage table(Table table, String caption) {
        StringBuilder html = new StringBuilder();
        html.append("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"" + text(caption)
                + "\"><table>\n<thead><tr>");
        List<Table.Column> columns = table.columns();
        columns.forEach(
                column -> html.append("<th scope=\"col\"" + alignment(column) + ">" + text(column.header()) + "</th>"));
        html.append("</tr></thead>\n<tbody>\n");
        for (List<String> row : table.rows()) {
            html.append("<tr>");
            for (int i = 0; i < row.size(); i++) {
                String kind = row.get(i).length() > LONGEST_LINE ? " class=\"long\"" : alignment(columns.get(i));
                html.append("<td" + kind + ">" + text(row.get(i)) + "</td>");
            }
            html.append("</tr>\n");
        }
        return figure(html + "</tbody></table></div>\n", caption);
    }

    private static String alignment(Table.Column column) {
        return column.isText() ? "" : " class=\"n\"";
    }

    /** Preformatted text, such as a command or a file, with a button that copies it. */
    public HtmlPage code(String label, String code) {
        // A line break right after <pre> is not part of the text: the first one is ours.
        body.append(
                "<div class=\"code\"><b>" + text(label) + "</b><pre tabindex=\"0\">\n" + text(code) + "</pre></div>\n");
        return this;
    }

    /**
     * Content that is shown on a click. Headings should be left outside.
     *
     * @param content adds what belongs inside, to the page that it is given
     */
    public HtmlPage details(String summary, Consumer<HtmlPage> content) {
        body.append("<details><summary>" + text(summary) + "</summary>\n");
        content.accept(this);
        body.append("</details>\n");
        return this;
    }

    /** The page. */
    public String toHtml() {
        String under = subtitle.isBlank() ? "" : "<p class=\"subtitle\">" + text(subtitle) + "</p>\n";
        return PageStyle.opening(title, PageStyle.SCRIPT, "img-src data:")
                + "<header>\n<h1>" + text(title) + "</h1>\n" + under + "</header>\n"
                + contents()
                + "<main>\n" + body + "</main>\n"
                + PageStyle.closing(PageStyle.SCRIPT);
    }

    /** Writes the page to a file, whole or not at all. */
    public void write(Path target) throws IOException {
        AtomicFile.writeString(target, toHtml());
    }

    private String contents() {
        if (headings.size() <= HEADINGS_WITHOUT_CONTENTS) {
            return "";
        }
        StringBuilder contents = new StringBuilder("<nav aria-label=\"Contents\"><ol>\n");
        for (int i = 1; i <= headings.size(); i++) {
            contents.append("<li><a href=\"#section-" + i + "\">" + text(headings.get(i - 1)) + "</a></li>\n");
        }
        return contents + "</ol></nav>\n";
    }

    private HtmlPage figure(String content, String caption) {
        String under = caption.isBlank() ? "" : "<figcaption>" + text(caption) + "</figcaption>\n";
        body.append("<figure>\n" + content + under + "</figure>\n");
        return this;
    }

    private static String image(byte[] png, String alternative) {
        Png.Size size = Png.size(png);
        return "<img src=\"data:image/png;base64," + Base64.getEncoder().encodeToString(png) + "\" width=\""
                + size.width() + "\" height=\"" + size.height() + "\" alt=\"" + text(alternative) + "\">\n";
    }

    private static String text(String text) {
        return Markup.escape(text);
    }
}
