package varepsilon.lab.experiment;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import varepsilon.base.AtomicFile;
import varepsilon.base.InputException;
import varepsilon.lab.page.HtmlPage;
import varepsilon.lab.run.ShellWords;
import varepsilon.lab.spec.Yaml;
import varepsilon.report.Table;

/**
 * An experiment in its folder: {@code config.yaml}, the runs and evaluations that its cells make, and at the end
 * {@code results.csv}, {@code results.json}, {@code report.html} and {@code report.md}.
 */
public final class ExperimentRun {
    private static final String CONFIG = "config.yaml";
    private static final ObjectMapper JSON =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    private final ExperimentFile file;
    private final Workplace workplace;
    private final Experiment experiment;
    private final List<Stage> stages;

    private ExperimentRun(ExperimentFile file, Workplace workplace) {
        this.file = file;
        this.workplace = workplace;
        this.experiment = file.kind().in(workplace, file);
        this.stages = experiment.stages().stream().map(Stage::once).toList();
    }

    /**
     * A new experiment, or the same one to resume.
     *
     * @throws InputException where the folder holds something else
     */
    public static ExperimentRun in(Workplace workplace, ExperimentFile file) throws IOException {
        ExperimentRun run = new ExperimentRun(file, workplace); // checks the settings first
        Path folder = workplace.folder();
        Path config = folder.resolve(CONFIG);
        if (Files.isRegularFile(config)) {
            requireSame(config, file);
        } else {
            requireEmpty(folder);
            AtomicFile.writeString(config, file.toYaml());
        }
        return run;
    }

    private static void requireEmpty(Path folder) throws IOException {
        if (Files.isDirectory(folder)) {
            AtomicFile.removeLeftovers(folder);
            try (var entries = Files.newDirectoryStream(folder)) {
                if (entries.iterator().hasNext()) {
                    throw new InputException(folder
                            + ": is not empty and not an experiment; choose another --out, so that nothing is lost");
                }
            }
        } else if (Files.exists(folder)) {
            throw new InputException(folder + ": is a file; expected a folder for the experiment");
        }
    }

    private static void requireSame(Path config, ExperimentFile file) throws IOException {
        List<String> found = Files.readString(config).lines().toList();
        List<String> requested = file.toYaml().lines().toList();
        if (found.equals(requested) || file.isSameAs(Yaml.tree(Files.readString(config), config.toString()))) {
            return;
        }
        int at = 0;
        while (at < Math.min(found.size(), requested.size()) && Objects.equals(found.get(at), requested.get(at))) {
            at++;
        }
        throw new InputException(config + ": this folder holds an experiment with other settings (line " + (at + 1)
                + ": '" + line(found, at) + "', requested: '" + line(requested, at)
                + "'); choose another --out, so that their results do not mix");
    }

    private static String line(List<String> lines, int at) {
        return at < lines.size() ? lines.get(at).strip() : "nothing";
    }

    /** Notes on its input files, a sentence each. */
    public List<String> notes() throws IOException {
        return experiment.notes();
    }

    /**
     * Runs the unfinished cells.
     *
     * @throws varepsilon.base.StoppedException where a stop was requested before all was done
     */
    public void run() throws IOException {
        new CellRunner(workplace).run(stages);
    }

    /**
     * The progress.
     *
     * @param stage the first that is not done, from 1
     * @param done its cells that are done
     * @param all its cells
     */
    public record Standing(int stage, int done, int all) {}

    /** The progress; empty where all is done. */
    public Optional<Standing> standing() throws IOException {
        int number = 0;
        for (Stage stage : stages) {
            number++;
            List<Cell> cells = stage.cells();
            int done = (int) cells.stream().filter(Cell::isDone).count();
            if (done < cells.size()) {
                return Optional.of(new Standing(number, done, cells.size()));
            }
        }
        return Optional.empty();
    }

    /**
     * The result.
     *
     * @param folder of all files
     * @param table for display
     * @param reading the conclusions
     * @param json for programs
     */
    public record Result(Path folder, Table table, String reading, Object json) {}

    /**
     * Writes results and report from the finished cells.
     *
     * @param command the command line, for the report
     * @throws InputException where a cell is not finished
     */
    public Result report(List<String> command) throws IOException {
        Optional<Cell> missing = CellRunner.firstMissing(stages);
        if (missing.isPresent()) {
            throw new InputException(workplace.folder() + ": is not finished, '"
                    + missing.get().label()
                    + "' is missing; run the experiment again to go on: varepsilon experiment run "
                    + ShellWords.quoted(workplace.folder().resolve(CONFIG)) + " --out "
                    + ShellWords.quoted(workplace.folder()));
        }
        Experiment.Summary summary = experiment.summarise();
        Path folder = workplace.folder();
        AtomicFile.writeString(folder.resolve("results.csv"), csv(summary));
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("experiment", file.title());
        json.put("results", summary.json());
        AtomicFile.writeString(folder.resolve("results.json"), JSON.writeValueAsString(json) + "\n");
        AtomicFile.writeString(
                folder.resolve("report.md"),
                "# " + file.title() + "\n\n" + summary.reading() + "\n\n"
                        + summary.table().toMarkdown() + "\n");
        page(summary, command).write(folder.resolve("report.html"));
        return new Result(folder, summary.table(), summary.reading(), json);
    }

    private HtmlPage page(Experiment.Summary summary, List<String> command) throws IOException {
        HtmlPage page = new HtmlPage(file.title()).callout(HtmlPage.Tone.NOTE, "Summary", summary.reading());
        summary.page().accept(page);
        page.heading("Settings");
        page.code("command", "varepsilon " + ShellWords.quoted(command));
        page.code("config.yaml", file.toYaml());
        for (Path provenance : provenances()) {
            page.details(
                    "provenance of " + provenance.getParent().getFileName(),
                    inner -> inner.code("provenance.json", read(provenance)));
        }
        return page;
    }

    private List<Path> provenances() throws IOException {
        if (!Files.isDirectory(workplace.runs().folder())) {
            return List.of();
        }
        try (var runs = Files.list(workplace.runs().folder())) {
            return runs.map(run -> run.resolve("provenance.json"))
                    .filter(Files::isRegularFile)
                    .sorted()
                    .toList();
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String csv(Experiment.Summary summary) {
        StringBuilder csv = new StringBuilder(String.join(",", summary.columns())).append('\n');
        for (List<Object> row : summary.rows()) {
            csv.append(row.stream().map(ExperimentRun::cell).collect(Collectors.joining(",")))
                    .append('\n');
        }
        return csv.toString();
    }

    /** Quotes a field as in RFC 4180. */
    private static String cell(Object value) {
        String text = value == null ? "" : value.toString();
        return text.matches("[^,\"\r\n]*") ? text : '"' + text.replace("\"", "\"\"") + '"';
    }
}
