package varepsilon.lab.experiment;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import varepsilon.lab.page.HtmlPage;
import varepsilon.lab.run.Run;
import varepsilon.lab.spec.RunSpec;
import varepsilon.report.Metrics;
import varepsilon.report.Table;

/**
 * The base of the summaries of all grids: trainings side by side.
 *
 * @param <S> the settings of a training
 * @param <R> its results
 */
abstract class GridSummary<S extends Record & RunSpec, R extends Record> {
    private final List<String> keys;
    private final List<Trained<S, R>> trained;

    GridSummary(List<String> keys, List<GridExperiment.Run<S>> runs, Class<R> results) throws IOException {
        this.keys = keys;
        List<Trained<S, R>> all = new ArrayList<>();
        for (GridExperiment.Run<S> run : runs) {
            all.add(new Trained<>(
                    run.assignment(),
                    run.config(),
                    run.folder(),
                    Run.results(run.folder(), results),
                    Metrics.ofRun(run.folder())));
        }
        this.trained = List.copyOf(all);
    }

    /**
     * A training that is done.
     *
     * @param assignment what it has other than the base of the grid
     * @param config all its settings
     * @param folder its run directory
     * @param results its {@code results.json}
     * @param metrics its {@code metrics.csv}: by column, one value an epoch
     */
    record Trained<S extends Record & RunSpec, R extends Record>(
            GridSettings.Assignment assignment, S config, Path folder, R results, Map<String, double[]> metrics) {
        String label() {
            return assignment.label();
        }
    }

    /** Columns of the CSV table, behind those that say which training a line is about. */
    abstract List<String> columns();

    /** Figures of the results by name; one that is null is left out. */
    abstract Map<String, Function<R, Number>> figures();

    /** Rows of the CSV table, a value for each of {@link #columns}. */
    abstract List<List<Object>> lines(Trained<S, R> one, Map<String, Double> figures);

    /** The part of the JSON object beside the figures. */
    Map<String, Object> facts(Trained<S, R> one) {
        return Map.of();
    }

    /** The table for display, a row for each training. */
    abstract Table table();

    /** The conclusions. */
    abstract String reading();

    /** Adds figures and tables to the report. */
    abstract void show(HtmlPage page, Table table) throws IOException;

    /** The settings in which the trainings differ. */
    final List<String> keys() {
        return keys;
    }

    final List<Trained<S, R>> trained() {
        return trained;
    }

    final Experiment.Summary summary() {
        List<String> columns = new ArrayList<>(keys);
        columns.addAll(columns());
        List<List<Object>> rows = new ArrayList<>();
        List<Object> json = new ArrayList<>();
        for (Trained<S, R> one : trained) {
            Map<String, Double> figures = new LinkedHashMap<>();
            figures().forEach((name, figure) -> {
                Number value = figure.apply(one.results());
                if (value != null) {
                    figures.put(name, value.doubleValue());
                }
            });
            for (List<Object> line : lines(one, figures)) {
                List<Object> row = new ArrayList<>(values(one.assignment()));
                row.addAll(line);
                rows.add(row);
            }
            Map<String, Object> object = new LinkedHashMap<>();
            object.put("training", one.assignment().values());
            object.putAll(figures);
            object.putAll(facts(one));
            json.add(object);
        }
        Table table = table();
        return new Experiment.Summary(columns, rows, json, table, reading(), page -> {
            try {
                show(page, table);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    /** Which training a line is about. */
    private List<Object> values(GridSettings.Assignment assignment) {
        List<Object> values = new ArrayList<>();
        for (String key : keys) {
            JsonNode value = assignment.values().get(key);
            values.add(value == null ? null : value.isTextual() ? value.asText() : value.toString());
        }
        return values;
    }
}
