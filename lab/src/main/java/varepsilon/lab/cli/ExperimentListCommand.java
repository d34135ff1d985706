package varepsilon.lab.cli;

import static varepsilon.lab.cli.ExperimentPlace.EXPERIMENTS;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import varepsilon.report.Table;

/** {@code varepsilon experiment list}. */
@Command(
        name = "list",
        description = "Lists the experiments that come with the program.",
        footer = {"", "Example:", "  varepsilon experiment list"})
final class ExperimentListCommand implements Callable<Integer> {
    @Mixin
    private final Output output;

    ExperimentListCommand(Console console) {
        output = new Output(console);
    }

    private record Row(String name, String title, List<String> presets) {}

    @Override
    public Integer call() throws IOException {
        List<Row> rows = new ArrayList<>();
        Table table = new Table(Table.text("name"), Table.text("description"), Table.text("presets"));
        for (String name : EXPERIMENTS.shipped()) {
            Row row = new Row(name, EXPERIMENTS.title(name), EXPERIMENTS.presets(name));
            rows.add(row);
            table.row(row.name(), row.title(), String.join(", ", row.presets()));
        }
        output.result(rows, table.toText() + "\nOne of your own: varepsilon experiment run FILE.yaml");
        return 0;
    }
}
