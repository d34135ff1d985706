package varepsilon.lab.experiment;

import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;
import varepsilon.lab.page.HtmlPage;
import varepsilon.report.Table;

/** Many runs that answer one question. */
public interface Experiment {
    /** What is to be done, in order. */
    List<Stage> stages();

    /** What a person should know of the files that it begins with, a sentence each. */
    default List<String> notes() throws IOException {
        return List.of();
    }

    /** What came of it, once all cells of all stages are done. */
    Summary summarise() throws IOException;

    /**
     * The results: the same numbers for programs and for people. Nothing in them depends on when, where or in how many
     * sittings they were made.
     *
     * @param columns of the table for programs
     * @param rows its rows, one value or null for each column: one measurement a row
     * @param json the same, with what was concluded
     * @param table for people
     * @param reading what follows from the numbers, in a few sentences
     * @param page adds figures and tables to the report
     */
    record Summary(
            List<String> columns,
            List<List<Object>> rows,
            Object json,
            Table table,
            String reading,
            Consumer<HtmlPage> page) {}
}
