package varepsilon.lab.cli;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import varepsilon.data.DatasetInfo;
import varepsilon.data.Datasets;
import varepsilon.report.Table;

/** {@code varepsilon data info}. */
@Command(
        name = "info",
        description = "Describes a data set, and checks whether its files are the published ones.",
        footer = {"", "Example:", "  varepsilon data info mnist"})
final class DataInfoCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "NAME", description = "Which.")
    private String name;

    @Mixin
    private final DataFolderOption folder = new DataFolderOption();

    @Mixin
    private final Output output;

    DataInfoCommand(Console console) {
        output = new Output(console);
    }

    @Override
    public Integer call() throws IOException {
        Usage.check(spec, () -> Datasets.named(name));
        DatasetInfo info = DatasetInfo.of(name, folder.folder());
        if (info.files().isEmpty()) { // the text says which of the files are the published ones
            info.notes().forEach(output::note);
        }
        output.result(info, text(info));
        return 0;
    }

    private static String text(DatasetInfo info) {
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                "%s: %s%nImages of %d×%d×%d bytes (channels × height × width)%n%n",
                info.name(),
                info.description(),
                info.channels(),
                info.height(),
                info.width()));
        Table parts = new Table(
                Table.text("part"),
                Table.count("images", ""),
                Table.text("mean of pixels in [0,1]"),
                Table.text("their standard deviation"),
                Table.text("SHA-256 of the content"));
        for (DatasetInfo.Part part : info.parts()) {
            parts.row(
                    part.split().label(),
                    part.size(),
                    rounded(part.statistics().mean()),
                    rounded(part.statistics().std()),
                    part.sha256().substring(0, 16) + "…");
        }
        text.append(parts.toText()).append(System.lineSeparator());
        text.append(info.classNames().isEmpty() ? "The images have no labels." : classes(info));
        for (DatasetInfo.File file : info.files()) {
            text.append(String.format(
                    Locale.ROOT,
                    "%n%s  %,d bytes  %s",
                    file.path(),
                    file.bytes(),
                    file.published() ? "as published" : "NOT the published file: SHA-256 " + file.sha256()));
        }
        return text.toString();
    }

    private static String classes(DatasetInfo info) {
        Table.Column[] columns = new Table.Column[info.parts().size() + 1];
        columns[0] = Table.text("class");
        for (int i = 1; i < columns.length; i++) {
            columns[i] = Table.count(info.parts().get(i - 1).split().label(), "images");
        }
        Table table = new Table(columns);
        IntStream.range(0, info.classNames().size()).forEach(label -> {
            Object[] row = new Object[columns.length];
            row[0] = info.classNames().get(label);
            for (int i = 1; i < columns.length; i++) {
                row[i] = info.parts().get(i - 1).classCounts().get(label);
            }
            table.row(row);
        });
        return table.toText();
    }

    private static String rounded(List<Double> values) {
        return values.stream()
                .map(value -> String.format(Locale.ROOT, "%.4f", value))
                .collect(Collectors.joining(" "));
    }
}
