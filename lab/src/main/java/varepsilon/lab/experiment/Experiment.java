package varepsilon.lab.experiment;

import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;
import varepsilon.lab.page.HtmlPage;
import varepsilon.report.Table;

/** Many runs that answer one question. */
public interface Experiment {
    /** The stages, in order. */
    List<Stage> stages();

    /** Notes on its input files, a sentence each. */
    default List<String> notes() throws IOException {
        return List.of();
    }

    /** The results, once all cells of all stages are done. */
    Summary summarise() throws IOException;

    /**
     * The results: the same numbers as CSV, JSON and table. They do not depend on time, place or resumes.
     *
     * @param columns of the CSV table
     * @param rows its rows, one value or null for each column: one measurement a row
     * @param json the same, with the conclusions
     * @param table for display
     * @param reading the conclusions, in a few sentences
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
