package varepsilon.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import varepsilon.tensor.AtomicFile;

/** {@code metrics.csv}: a row an epoch, for every measured quantity its training and its validation value. */
final class MetricsCsv {
    private MetricsCsv() {}

    static void write(Path path, List<EpochResult> history) throws IOException {
        StringBuilder csv = new StringBuilder("epoch,step,seconds");
        EpochResult first = history.get(0);
        // The same order in every run, in order of measurement, training before validation.
        Set<String> names = new LinkedHashSet<>(first.train().keySet());
        names.addAll(first.validation().keySet());
        for (String name : names) {
            csv.append(first.train().containsKey(name) ? ",train_" + name : "");
            csv.append(first.validation().containsKey(name) ? ",val_" + name : "");
        }
        csv.append('\n');
        for (EpochResult row : history) {
            csv.append(row.epoch()).append(',').append(row.step()).append(',');
            csv.append(String.format(Locale.ROOT, "%.1f", row.seconds()));
            for (String name : names) {
                append(csv, row.train().get(name));
                append(csv, row.validation().get(name));
            }
            csv.append('\n');
        }
        AtomicFile.writeString(path, csv.toString());
    }

    private static void append(StringBuilder csv, Double value) {
        if (value != null) {
            csv.append(',').append(value);
        }
    }
}
