package varepsilon.lab.study;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import varepsilon.base.AtomicFile;
import varepsilon.lab.page.HtmlPage;
import varepsilon.lab.run.ShellWords;

/** Writes the results of a study: {@code report.html}, {@code report.md} with its figures, and {@code results.json}. */
public final class StudyFolder {
    private static final ObjectMapper JSON =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    private final Path folder;

    /** For results in this folder. */
    public StudyFolder(Path folder) {
        this.folder = folder;
    }

    /**
     * Writes the files.
     *
     * @param facts the settings, by name: size, data, seed
     * @param command the command line
     */
    public void write(Study study, StudyResult result, Map<String, String> facts, List<String> command)
            throws IOException {
        AtomicFile.writeString(
                folder.resolve("results.json"), JSON.writeValueAsString(json(study, result, facts)) + "\n");
        AtomicFile.writeString(folder.resolve("report.md"), markdown(study, result, command));
        page(study, result, facts, command).write(folder.resolve("report.html"));
    }

    /** The result for programs. */
    public static Map<String, Object> json(Study study, StudyResult result, Map<String, String> facts) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("study", study.id());
        json.put("title", study.title());
        json.put("claim", study.claim());
        json.put("verdict", result.verdict().name().toLowerCase(Locale.ROOT));
        json.put("because", result.because());
        json.put("reading", result.reading());
        json.put("numbers", new TreeMap<>(result.numbers()));
        json.put("made_with", facts);
        return json;
    }

    private String markdown(Study study, StudyResult result, List<String> command) throws IOException {
        List<String> text = new ArrayList<>();
        text.add("# " + study.id() + " " + study.title());
        text.add(study.question());
        text.add("The source: " + study.claim());
        text.add("**" + word(result.verdict()) + ".** " + result.because());
        text.add(result.reading());
        int charts = 0;
        for (Exhibit exhibit : result.exhibits()) {
            if (exhibit instanceof Exhibit.Numbers numbers) {
                text.add(numbers.table().toMarkdown());
                text.add(numbers.caption());
                continue;
            }
            String file = exhibit instanceof Exhibit.Picture picture
                    ? picture.name() + ".png"
                    : "figure-" + ++charts + ".svg";
            write(exhibit, folder.resolve(file));
            text.add("![" + exhibit.caption().replaceAll("[\\[\\]]", "") + "](" + file + ")");
            text.add(exhibit.caption());
        }
        text.add("Made by `varepsilon " + ShellWords.quoted(command) + "`.");
        return String.join("\n\n", text) + "\n";
    }

    private static void write(Exhibit exhibit, Path file) throws IOException {
        if (exhibit instanceof Exhibit.Chart chart) {
            chart.chart().writeSvg(file);
        } else if (exhibit instanceof Exhibit.Intervals intervals) {
            intervals.chart().writeSvg(file);
        } else if (exhibit instanceof Exhibit.Picture picture) {
            AtomicFile.write(file, out -> out.write(picture.png()));
        }
    }

    private static HtmlPage page(Study study, StudyResult result, Map<String, String> facts, List<String> command) {
        HtmlPage page = new HtmlPage(study.id() + " " + study.title())
                .subtitle(study.question())
                .callout(tone(result.verdict()), word(result.verdict()), result.because())
                .paragraph("The source: " + study.claim())
                .paragraph(result.reading());
        for (Exhibit exhibit : result.exhibits()) {
            add(page, exhibit);
        }
        return page.heading("Settings").facts(facts).code("command", "varepsilon " + ShellWords.quoted(command));
    }

    private static void add(HtmlPage page, Exhibit exhibit) {
        if (exhibit instanceof Exhibit.Chart chart) {
            page.chart(chart.chart(), chart.caption());
        } else if (exhibit instanceof Exhibit.Intervals intervals) {
            page.chart(intervals.chart(), intervals.caption());
        } else if (exhibit instanceof Exhibit.Picture picture) {
            page.picture(picture.png(), picture.caption(), picture.caption());
        } else if (exhibit instanceof Exhibit.Numbers numbers) {
            page.table(numbers.table(), numbers.caption());
        }
    }

    /** The verdict on the claim, for display. */
    public static String word(StudyResult.Verdict verdict) {
        return switch (verdict) {
            case CONFIRMED -> "The claim holds";
            case CONTRADICTED -> "The claim does not hold";
            case MIXED -> "The claim holds in part";
            case UNDECIDED -> "The measurements do not decide the claim";
        };
    }

    private static HtmlPage.Tone tone(StudyResult.Verdict verdict) {
        return switch (verdict) {
            case CONFIRMED -> HtmlPage.Tone.CONFIRMED;
            case CONTRADICTED -> HtmlPage.Tone.CONTRADICTED;
            case MIXED -> HtmlPage.Tone.MIXED;
            case UNDECIDED -> HtmlPage.Tone.NOTE;
        };
    }
}
