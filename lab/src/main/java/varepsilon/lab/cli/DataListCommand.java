package varepsilon.lab.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import varepsilon.data.DataSource;
import varepsilon.data.Datasets;
import varepsilon.lab.machine.Diagnosis;
import varepsilon.report.Table;

/** {@code varepsilon data list}. */
@Command(
        name = "list",
        description = "Lists the data sets.",
        footer = {"", "Example:", "  varepsilon data list --json"})
final class DataListCommand implements Callable<Integer> {
    @Mixin
    private final DataFolderOption folder = new DataFolderOption();

    @Mixin
    private final Output output;

    DataListCommand(Console console) {
        output = new Output(console);
    }

    private record Row(String name, String description, boolean usable, String state) {}

    private record Listing(Path folder, List<Row> data) {}

    @Override
    public Integer call() {
        List<Row> rows = Datasets.all().stream().map(this::row).toList();
        Table table = new Table(Table.text("name"), Table.text("description"), Table.text("where"));
        rows.forEach(row -> table.row(row.name(), row.description(), row.state()));
        String own = String.format(
                "%nImages of your own: folder:PATH, with a sub-folder for each class, or without labels;"
                        + " folder:PATH,LABELS.csv; idx:IMAGES,LABELS for IDX files; numpy:FILE.npz for arrays of NumPy");
        output.result(new Listing(folder.folder(), rows), table.toText() + own);
        return 0;
    }

    private Row row(DataSource source) {
        Diagnosis.Dataset found = Diagnosis.Dataset.of(source, folder.folder());
        return new Row(source.name(), source.description(), found.usable(), found.state());
    }
}
