package varepsilon.report;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The content of a run's {@code metrics.csv}, which may be incomplete while it is being written: an incomplete line is
 * left out, and a cell that is no number is NaN.
 *
 * @param columns by name, all of one length, in the order of the file
 */
public record Metrics(Map<String, double[]> columns) {
    private static final int LARGEST_FILE = 16 << 20;
    private static final int MOST_COLUMNS = 200;
    private static final String EPOCH = "epoch";
    private static final String TRAINING = "train_";
    private static final String VALIDATION = "val_";

    /**
     * Reads the file, or as much of it as a run may have.
     *
     * @throws IOException where it cannot be read, or is a link
     */
    public static Metrics read(Path csv) throws IOException {
        try (var in = Files.newInputStream(csv, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
            return parse(new String(in.readNBytes(LARGEST_FILE), StandardCharsets.UTF_8));
        }
    }

    /**
     * The columns of the {@code metrics.csv} of a run that is finished.
     *
     * @throws IOException where it cannot be read
     */
    public static Map<String, double[]> ofRun(Path run) throws IOException {
        return read(run.resolve("metrics.csv")).columns();
    }

    static Metrics parse(String csv) {
        // The line after the last line break is still being written.
        List<String> lines = csv.substring(0, csv.lastIndexOf('\n') + 1).lines().toList();
        if (lines.isEmpty()) {
            return new Metrics(Map.of());
        }
        String[] names = lines.get(0).split(",", -1);
        List<String[]> rows = new ArrayList<>();
        for (String line : lines.subList(1, lines.size())) {
            String[] cells = line.split(",", -1);
            if (cells.length == names.length) {
                rows.add(cells);
            }
        }
        Map<String, double[]> columns = new LinkedHashMap<>();
        for (int i = 0; i < Math.min(names.length, MOST_COLUMNS); i++) {
            int column = i;
            columns.putIfAbsent(
                    names[i],
                    rows.stream().mapToDouble(row -> number(row[column])).toArray());
        }
        return new Metrics(columns);
    }

    private static double number(String cell) {
        try {
            return cell.isEmpty() ? Double.NaN : Double.parseDouble(cell);
        } catch (NumberFormatException e) {
            return Double.NaN;
        }
    }

    int rows() {
        return columns.values().stream()
                .mapToInt(column -> column.length)
                .findFirst()
                .orElse(0);
    }

    /** The last value of a column, or NaN. */
    public double last(String column) {
        double[] values = columns.getOrDefault(column, new double[0]);
        return values.length == 0 ? Double.NaN : values[values.length - 1];
    }

    /** A chart over the epochs for every quantity that was measured in training, in validation or in both. */
    public List<LineChart> charts() {
        Set<String> quantities = new LinkedHashSet<>();
        for (String column : columns.keySet()) {
            for (String prefix : List.of(TRAINING, VALIDATION)) {
                if (column.startsWith(prefix)) {
                    quantities.add(column.substring(prefix.length()));
                }
            }
        }
        double[] epochs = columns.getOrDefault(EPOCH, new double[0]);
        List<LineChart> charts = new ArrayList<>();
        for (String quantity : epochs.length == 0 ? Set.<String>of() : quantities) {
            LineChart chart = new LineChart(quantity.replace('_', ' '), EPOCH, "");
            addCurve(chart, "training", epochs, columns.get(TRAINING + quantity));
            addCurve(chart, "validation", epochs, columns.get(VALIDATION + quantity));
            charts.add(chart);
        }
        return charts;
    }

    private static void addCurve(LineChart chart, String name, double[] epochs, double[] values) {
        if (values != null) {
            chart.curve(name, epochs, values);
        }
    }
}
