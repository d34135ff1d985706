package varepsilon.lab.experiment;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import varepsilon.lab.run.MetricsFile;
import varepsilon.lab.spec.ClassifierSpec;
import varepsilon.lab.spec.VaeSpec;
import varepsilon.lab.spec.Yaml;

/** Trainings that differ in some settings, side by side. */
final class GridExperiment implements Experiment {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Class<? extends Record> config;
    private final GridSettings settings;
    private final Workplace workplace;

    GridExperiment(Class<? extends Record> config, GridSettings settings, Workplace workplace) {
        this.config = config;
        this.settings = settings;
        this.workplace = workplace;
        settings.assignments().forEach(this::config); // what is wrong with one is found before any is trained
    }

    /**
     * One training of the grid.
     *
     * @param assignment what it has other than the base
     * @param config all its settings
     * @param folder its run directory
     */
    record Run(GridSettings.Assignment assignment, Record config, Path folder) {
        /** Its {@code results.json}. */
        JsonNode results() throws IOException {
            return JSON.readTree(Files.readString(folder.resolve("results.json")));
        }

        /** Its {@code metrics.csv}: by column, one value an epoch. */
        Map<String, double[]> metrics() throws IOException {
            return MetricsFile.read(folder);
        }
    }

    private Record config(GridSettings.Assignment assignment) {
        ObjectNode all = assignment.applied(settings.base(), config);
        return Yaml.read(all, config, "the settings with " + assignment.label());
    }

    private List<Run> runs() throws IOException {
        List<Run> runs = new ArrayList<>();
        for (GridSettings.Assignment assignment : settings.assignments()) {
            Record config = config(assignment);
            Path folder = config instanceof VaeSpec vae
                    ? workplace.runs().folder(vae)
                    : workplace.runs().folder((ClassifierSpec) config);
            runs.add(new Run(assignment, config, folder));
        }
        return runs;
    }

    @Override
    public List<Stage> stages() {
        return List.of(this::cells);
    }

    private List<Cell> cells() throws IOException {
        Map<String, Cell> cells = new LinkedHashMap<>();
        for (Run run : runs()) {
            Cell cell = run.config() instanceof VaeSpec vae
                    ? TrainingCell.of(run.assignment().label(), vae, workplace.runs())
                    : TrainingCell.of(run.assignment().label(), (ClassifierSpec) run.config(), workplace.runs());
            cells.putIfAbsent(cell.key(), cell);
        }
        return List.copyOf(cells.values());
    }

    @Override
    public Summary summarise() throws IOException {
        return config == VaeSpec.class
                ? new VaeGridSummary(settings.keys(), runs(), workplace.runs().curves()).summary()
                : new ClassifierGridSummary(settings.keys(), runs()).summary();
    }

    /** The numbers of a tree by their names, those of sections with the section's name before them. */
    static Map<String, Double> numbers(JsonNode tree, List<String> names) {
        Map<String, Double> numbers = new LinkedHashMap<>();
        for (String name : names) {
            Optional.of(tree.at("/" + name.replace('.', '/')))
                    .filter(JsonNode::isNumber)
                    .ifPresent(value -> numbers.put(name, value.asDouble()));
        }
        return numbers;
    }

    /** The columns that say which training a line is about, for a table for programs. */
    static List<Object> values(GridSettings.Assignment assignment, List<String> keys) {
        List<Object> values = new ArrayList<>();
        for (String key : keys) {
            JsonNode value = assignment.values().get(key);
            values.add(value == null ? null : value.isTextual() ? value.asText() : value.toString());
        }
        return values;
    }
}
