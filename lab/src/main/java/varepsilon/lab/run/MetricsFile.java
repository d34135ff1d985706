package varepsilon.lab.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A run's {@code metrics.csv}, read back. */
public final class MetricsFile {
    private MetricsFile() {}

    /** By column, one value an epoch; NaN where there is none. */
    public static Map<String, double[]> read(Path run) throws IOException {
        List<String> lines = Files.readAllLines(run.resolve("metrics.csv"));
        String[] names = lines.get(0).split(",");
        Map<String, double[]> columns = new LinkedHashMap<>();
        for (int c = 0; c < names.length; c++) {
            int column = c;
            columns.put(
                    names[c],
                    lines.stream()
                            .skip(1)
                            .map(line -> line.split(",", -1)[column])
                            .mapToDouble(value -> value.isEmpty() ? Double.NaN : Double.parseDouble(value))
                            .toArray());
        }
        return columns;
    }
}
