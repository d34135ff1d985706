package varepsilon.lab.page;

import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import varepsilon.lab.page.WatchedRun.Status;
import varepsilon.report.Axis;
import varepsilon.report.LineChart;
import varepsilon.report.Markup;
import varepsilon.report.Metrics;

/** The page of the live view, and the list of runs, which its script fetches at intervals. */
final class LivePage {
    private static final double CHART_WIDTH = 400;
    private static final double CHART_HEIGHT = 280;
    private static final int NEWEST_SAMPLES = 2;
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss", Locale.ROOT);

    /** Every three seconds, replaces what has changed and leaves the rest as it stands. */
    private static final String SCRIPT = """
            'use strict';
            const runs = document.querySelector('main');
            const connection = document.querySelector('#connection');
            async function update() {
                if (!document.hidden) {
                    try {
                        const answer = await fetch('/runs', {cache: 'no-store'});
                        if (!answer.ok) {
                            throw new Error('status ' + answer.status);
                        }
                        const template = document.createElement('template');
                        template.innerHTML = await answer.text();
                        const fresh = [...template.content.children];
                        fresh.forEach((run, i) => {
                            const shown = runs.children[i];
                            if (!shown) {
                                runs.append(run);
                            } else if (!shown.isEqualNode(run)) {
                                shown.replaceWith(run);
                            }
                        });
                        while (runs.children.length > fresh.length) {
                            runs.lastElementChild.remove();
                        }
                        connection.textContent = '';
                    } catch (e) {
                        connection.textContent = 'Not up to date: the server cannot be reached (' + e.message + ').';
                    }
                }
                setTimeout(update, 3000);
            }
            setTimeout(update, 3000);
            """;

    /** Pictures come from the server itself, and so do the runs. */
    private static final String SOURCES = "img-src 'self'; connect-src 'self'";

    /** The content security policy, which also forbids framing by other pages. */
    static final String POLICY = PageStyle.policy(SCRIPT, SOURCES) + "; frame-ancestors 'none'";

    private final Path root;
    private final Clock clock;

    LivePage(Path root, Clock clock) {
        this.root = root;
        this.clock = clock;
    }

    String page() throws IOException {
        return PageStyle.opening("Runs in " + root, SCRIPT, SOURCES)
                + "<header class=\"live\">\n<h1>Runs</h1>\n<p class=\"subtitle\">" + Markup.escape(root.toString())
                + "</p>\n<p id=\"connection\" role=\"status\"></p>\n</header>\n<main class=\"live\">\n" + runs()
                + "</main>\n" + PageStyle.closing(SCRIPT);
    }

    /** An element for each run. */
    String runs() throws IOException {
        WatchedRun.Found found = WatchedRun.under(root);
        StringBuilder html = new StringBuilder();
        if (found.runs().isEmpty()) {
            html.append("<p>No run here yet: none of the folders holds config.yaml and metrics.csv."
                    + " This page shows one as soon as its first epoch is measured.</p>\n");
        }
        for (WatchedRun run : found.runs()) {
            html.append("<section class=\"run\">\n" + content(run) + "</section>\n");
        }
        if (!found.areAll()) {
            html.append("<p>There may be more runs: this folder holds too many files to search. Show one of the folders"
                    + " in it.</p>\n");
        }
        return html.toString();
    }

    private String content(WatchedRun run) {
        String heading = "<h2>" + Markup.escape(run.name()) + "</h2>\n";
        try {
            Metrics metrics = run.metrics();
            return heading + state(run, metrics) + charts(metrics) + samples(run);
        } catch (IOException e) {
            // A run may be deleted or moved meanwhile; the others are still shown.
            return heading + "<p>This run cannot be read: " + Markup.escape(e.toString()) + "</p>\n";
        }
    }

    private String state(WatchedRun run, Metrics metrics) throws IOException {
        Status status = run.status(clock.instant());
        List<String> facts = new ArrayList<>();
        if (Double.isFinite(metrics.last("epoch"))) {
            facts.add("epoch " + Axis.value(metrics.last("epoch")));
        }
        if (Double.isFinite(metrics.last("seconds"))) {
            facts.add(Axis.value(metrics.last("seconds")) + " s");
        }
        facts.add("measured " + TIME.format(run.measured().atZone(clock.getZone())));
        String name = status.name().toLowerCase(Locale.ROOT);
        return "<p class=\"state\"><b class=\"" + name + "\">" + name + "</b> "
                + Markup.escape(String.join(" · ", facts)) + "</p>\n";
    }

    private static String charts(Metrics metrics) {
        StringBuilder html = new StringBuilder("<div class=\"charts\">\n");
        for (LineChart chart : metrics.charts()) {
            html.append(chart.drawing(CHART_WIDTH, CHART_HEIGHT).fragment());
        }
        return html + "</div>\n";
    }

    private String samples(WatchedRun run) throws IOException {
        StringBuilder html = new StringBuilder();
        List<Path> newest = run.samples().stream().limit(NEWEST_SAMPLES).toList();
        for (Path picture : newest) {
            String name = picture.getFileName().toString();
            // The time keeps the browser from showing a cached version of a picture that has changed.
            long time = Files.getLastModifiedTime(picture).toMillis();
            html.append("<figure><img src=\"/file?path=" + URLEncoder.encode(relative(picture), StandardCharsets.UTF_8)
                    + "&amp;time=" + time + "\" alt=\"" + Markup.escape(name) + "\"><figcaption>" + Markup.escape(name)
                    + "</figcaption></figure>\n");
        }
        return html.length() == 0 ? "" : "<div class=\"samples\">\n" + html + "</div>\n";
    }

    /** The address of a picture. */
    private String relative(Path picture) {
        return root.relativize(picture).toString();
    }

    /**
     * The requested picture of a run. Only pictures found by listing the runs are served, so that no path leads
     * elsewhere.
     *
     * @return the file, if a run has it
     */
    Optional<Path> picture(String path) throws IOException {
        for (WatchedRun run : WatchedRun.under(root).runs()) {
            for (Path picture : run.samples()) {
                if (relative(picture).equals(path)) {
                    return Optional.of(picture);
                }
            }
        }
        return Optional.empty();
    }
}
