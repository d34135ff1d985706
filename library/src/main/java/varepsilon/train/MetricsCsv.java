package varepsilon.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import varepsilon.base.AtomicFile;

/** {@code metrics.csv}: a row an epoch, for every measured quantity its training and its validation value. */
final class MetricsCsv {
    private MetricsCsv() {}

    static void write(Path path, List<EpochResult> history) throws IOException {
        // The same order in every run, in order of measurement, training before validation.
        Set<String> trained = new LinkedHashSet<>();
        Set<String> validated = new LinkedHashSet<>();
        for (EpochResult row : history) {
            trained.addAll(row.train().keySet());
            validated.addAll(row.validation().keySet());
        }
        Set<String> names = new LinkedHashSet<>(trained);
        names.addAll(validated);

        StringBuilder csv = new StringBuilder("epoch,step,seconds");
        for (String name : names) {
            csv.append(trained.contains(name) ? ",train_" + name : "");
            csv.append(validated.contains(name) ? ",val_" + name : "");
        }
        csv.append('\n');
        for (EpochResult row : history) {
            csv.append(row.epoch()).append(',').append(row.step()).append(',');
            csv.append(String.format(Locale.ROOT, "%.1f", row.seconds()));
            for (String name : names) {
                csv.append(trained.contains(name) ? cell(row.train().get(name)) : "");
                csv.append(validated.contains(name) ? cell(row.validation().get(name)) : "");
            }
            csv.append('\n');
        }
        AtomicFile.writeString(path, csv.toString());
    }

    /** Empty where an epoch did not measure what another did. */
    private static String cell(Double value) {
        return value == null ? "," : "," + value;
    }
}
