package varepsilon.lab.cli;

import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import varepsilon.lab.study.Studies;
import varepsilon.report.Table;

/** {@code varepsilon study list}. */
@Command(
        name = "list",
        description = "Lists the studies: one for each question of the source.",
        footer = {"", "Example:", "  varepsilon study list"})
final class StudyListCommand implements Callable<Integer> {
    @Mixin
    private final Output output;

    StudyListCommand(Console console) {
        output = new Output(console);
    }

    private record Row(String id, String title, String question) {}

    @Override
    public Integer call() {
        List<Row> rows = Studies.all().stream()
                .map(study -> new Row(study.id(), study.title(), study.question()))
                .toList();
        Table table = new Table(Table.text("id"), Table.text("title"), Table.text("question"));
        rows.forEach(row -> table.row(row.id(), row.title(), row.question()));
        output.result(rows, table.toText());
        return 0;
    }
}
