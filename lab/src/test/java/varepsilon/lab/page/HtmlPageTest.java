package varepsilon.lab.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import varepsilon.lab.page.HtmlPage.Item;
import varepsilon.lab.page.HtmlPage.Tone;
import varepsilon.report.ImageGrid;
import varepsilon.report.IntervalChart;
import varepsilon.report.IntervalChart.Mark;
import varepsilon.report.LineChart;
import varepsilon.report.Table;

class HtmlPageTest {
    private static final String HOSTILE =
            "</pre></title></style></script><script>alert(1)</script><img src=x onerror=\"alert('2')\"> & \u0000\u0007";
    private static final String HARMLESS =
            "&lt;/pre&gt;&lt;/title&gt;&lt;/style&gt;&lt;/script&gt;&lt;script&gt;alert(1)"
                    + "&lt;/script&gt;&lt;img src=x onerror=&quot;alert(&#39;2&#39;)&quot;&gt; &amp; \uFFFD\uFFFD";

    @TempDir
    private Path folder;

    @Test
    void hostileTextStaysTextWhereverItStands() {
        String html = everythingNamed(HOSTILE).toHtml();
        assertThat(html).doesNotContain("alert(1)</script>", "<img src=x", "\u0000", "\u0007");
        assertThat(html.split(Pattern.quote("<script>"), -1))
                .as("one script, ours")
                .hasSize(2);
        for (String place : List.of(
                "<title>%s</title>",
                "<h1>%s</h1>",
                "<p class=\"subtitle\">%s</p>",
                "<dt>%s</dt><dd>%s</dd>",
                "<h2 id=\"section-1\">%s</h2>",
                "<a href=\"#section-1\">%s</a>",
                "<p>%s</p>",
                "<strong>%s</strong>",
                "<figcaption>%s</figcaption>",
                "alt=\"%s\"",
                "<li title=\"%s\">",
                "<b>%s</b><span>%s</span>",
                "aria-label=\"%s\"",
                "<td class=\"long\">%s</td>",
                "scope=\"col\">%s</th>",
                "<pre tabindex=\"0\">\n%s</pre>",
                "<summary>%s</summary>")) {
            assertThat(html).contains(place.replace("%s", HARMLESS));
        }
    }

    @Test
    void aPageNeedsNothingElse() {
        String html = everythingNamed("x").toHtml();
        assertThat(html).doesNotContain("http://", "https://", "@import", "url(", "<link", "<iframe");
        assertThat(Pattern.compile("(src|href)=\"(?!data:image/png;base64,|#)")
                        .matcher(html)
                        .find())
                .isFalse();
        assertThat(html).contains("default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-");
    }

    @Test
    void picturesSayTheirSize() {
        byte[] png = ImageGrid.of(new byte[2 * 3 * 5 * 7], 3, 5, 7)
                .scale(1)
                .padding(0)
                .columns(2)
                .toPng();
        assertThat(new HtmlPage("t").picture(png, "two", "").toHtml())
                .contains("width=\"14\" height=\"5\" alt=\"two\"")
                .doesNotContain("<figcaption>");
        for (byte[] other : List.of(new byte[0], new byte[100], Arrays.copyOf(png, 20))) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> new HtmlPage("t").picture(other, "none", ""))
                    .withMessageContaining(other.length + " bytes are no PNG file");
        }
    }

    @Test
    void tablesKeepTheirNumbersToTheRight() {
        Table table = new Table(Table.text("attack"), Table.percent("accuracy", 1), Table.count("n", "images"))
                .row("FGSM", 0.3121, 2500)
                .row("none", null, null);
        assertThat(new HtmlPage("t").table(table, "All.").toHtml())
                .contains("<th scope=\"col\">attack</th><th scope=\"col\" class=\"n\">accuracy (%)</th>"
                        + "<th scope=\"col\" class=\"n\">n (images)</th>")
                .contains("<tr><td>FGSM</td><td class=\"n\">31.2</td><td class=\"n\">2,500</td></tr>")
                .contains("<tr><td>none</td><td class=\"n\">–</td><td class=\"n\">–</td></tr>")
                .contains("<figcaption>All.</figcaption>");
    }

    @Test
    void moreThanThreeHeadingsMakeContents() {
        HtmlPage page = new HtmlPage("t").heading("one").heading("two").heading("three");
        assertThat(page.toHtml()).doesNotContain("<nav");
        assertThat(page.heading("two").toHtml())
                .contains("<li><a href=\"#section-2\">two</a></li>", "<li><a href=\"#section-4\">two</a></li>")
                .contains("<h2 id=\"section-4\">two</h2>");
    }

    @Test
    void detailsHoldWhatIsAddedInside() {
        String html = new HtmlPage("t")
                .details("more", inside -> inside.paragraph("in").code("label", "\n first line is empty"))
                .paragraph("out")
                .toHtml();
        assertThat(html)
                .contains("<details><summary>more</summary>\n<p>in</p>\n<div class=\"code\"><b>label</b>"
                        + "<pre tabindex=\"0\">\n\n first line is empty</pre></div>\n</details>\n<p>out</p>");
    }

    @Test
    void aBrowserShowsEverythingOnAPhone() throws IOException, InterruptedException {
        HtmlPage page = everythingNamed(HOSTILE);
        page.write(folder.resolve("written.html"));
        Chromium.Look look = Chromium.at(Files.readString(folder.resolve("written.html")), folder);
        assertThat(look.console()).isEmpty();
        assertThat(look.findings()).isEqualTo("2 charts, 3 images, 2 buttons");
    }

    /** The check above is worth something only if it fails where it should. */
    @Test
    void aBrowserNoticesWhatIsBroken() throws IOException, InterruptedException {
        byte[] cut = Arrays.copyOf(picture(), 40);
        String html = new HtmlPage("t")
                .picture(cut, "cut off", "")
                .paragraph("long")
                .toHtml()
                .replace(
                        "<p>long</p>",
                        "<p style=\"width:500px\">long</p><script>let x = ;</script>"
                                + "<img src=\"https://example.org/x.png\" alt=\"from elsewhere\">");
        Chromium.Look look = Chromium.at(html, folder);
        assertThat(look.findings()).contains("broken image cut off", "broken image from elsewhere", "wide, not 380");
        assertThat(String.join("\n", look.console()))
                .contains("violates the following Content Security Policy", "script-src", "img-src");
    }

    private static HtmlPage everythingNamed(String name) {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put(name, name);
        double[] x = {0, 1, 2};
        Table table = new Table(Table.text(name), Table.text("b"), Table.text("c"), Table.number("d", name, 3));
        for (int i = 0; i < 30; i++) {
            table.row(name.repeat(3), name, "a cell with words that need room", i);
        }
        HtmlPage page = new HtmlPage(name)
                .subtitle(name)
                .facts(facts)
                .heading(name)
                .heading("b")
                .heading("c")
                .heading("d")
                .paragraph(name)
                .chart(new LineChart(name, name, name).curve(name, x, x, x, x).published(name, x, x), name)
                .chart(new IntervalChart(name, name).row(name, new Mark(name, 1, 0, 2)), name)
                .picture(picture(), name, name)
                .gallery(List.of(new Item(picture(), name, name), new Item(picture(), "b", "")))
                .table(table, name)
                .code(name, name + "\n" + "a long line ".repeat(50))
                .details(name, inside -> inside.code("inside", name).table(table, ""));
        for (Tone tone : Tone.values()) {
            page.callout(tone, name, name);
        }
        return page;
    }

    private static byte[] picture() {
        byte[] pixels = new byte[3 * 32 * 32];
        new Random(1).nextBytes(pixels);
        return ImageGrid.of(pixels, 3, 32, 32).toPng();
    }
}
