package varepsilon.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A small table for the terminal, a Markdown page or an HTML page. A column has a unit and a number format, independent
 * of the locale.
 *
 * <pre>{@code
 * new Table(Table.text("model"), Table.number("test", "bits/dim", 4), Table.percent("accuracy", 1))
 *         .row("vae-20", 0.51934, null)
 *         .toText();
 * }</pre>
 */
public final class Table {
    private static final String MISSING = "–";

    private final List<Column> columns;
    private final List<List<String>> rows = new ArrayList<>();

    /** An empty table. */
    public Table(Column... columns) {
        if (columns.length == 0) {
            throw new IllegalArgumentException("a table needs a column");
        }
        this.columns = List.of(columns);
    }

    /**
     * A column.
     *
     * @param name what the header says
     * @param unit in the header after the name, or empty
     * @param decimals digits after the point; -1 for text
     * @param factor factor applied to numbers before they are written
     */
    public record Column(String name, String unit, int decimals, double factor) {
        public boolean isText() {
            return decimals < 0;
        }

        public String header() {
            return unit.isEmpty() ? name : name + " (" + unit + ")";
        }

        private String format(Object cell) {
            if (cell == null) {
                return MISSING;
            }
            if (isText()) {
                return cell.toString();
            }
            if (!(cell instanceof Number number)) {
                throw new IllegalArgumentException("column " + name + " takes numbers, not " + cell);
            }
            return decimals == 0 && factor == 1 && !(cell instanceof Double || cell instanceof Float)
                    ? String.format(Locale.ROOT, "%,d", number.longValue())
                    : String.format(Locale.ROOT, "%." + decimals + "f", factor * number.doubleValue());
        }
    }

    /** Text, flush left. */
    public static Column text(String name) {
        return new Column(name, "", -1, 1);
    }

    /** Whole numbers, flush right, with a comma before every third digit. */
    public static Column count(String name, String unit) {
        return new Column(name, unit, 0, 1);
    }

    /** Numbers with as many decimals, flush right. */
    public static Column number(String name, String unit, int decimals) {
        return new Column(name, unit, decimals, 1);
    }

    /** Fractions of one, written as percentages, flush right. */
    public static Column percent(String name, int decimals) {
        return new Column(name, "%", decimals, 100);
    }

    /** Adds a row: a cell for each column; null is written as a dash. */
    public Table row(Object... cells) {
        if (cells.length != columns.size()) {
            throw new IllegalArgumentException(cells.length + " cells for " + columns.size() + " columns");
        }
        rows.add(IntStream.range(0, cells.length)
                .mapToObj(i -> columns.get(i).format(cells[i]))
                .toList());
        return this;
    }

    /** The table in lines of text, with a rule under the header. */
    public String toText() {
        List<List<String>> lines = new ArrayList<>();
        lines.add(columns.stream().map(Column::header).toList());
        lines.addAll(rows);
        int[] widths = widths(lines);
        lines.add(1, Arrays.stream(widths).mapToObj("-"::repeat).toList());
        return lines.stream()
                .map(line -> String.join("  ", padded(line, widths)).stripTrailing() + "\n")
                .collect(Collectors.joining());
    }

    /** The table in Markdown. */
    public String toMarkdown() {
        List<List<String>> lines = new ArrayList<>();
        lines.add(columns.stream().map(column -> escaped(column.header())).toList());
        rows.forEach(row -> lines.add(row.stream().map(Table::escaped).toList()));
        int[] widths =
                Arrays.stream(widths(lines)).map(width -> Math.max(3, width)).toArray();
        lines.add(
                1,
                IntStream.range(0, widths.length)
                        .mapToObj(
                                i -> columns.get(i).isText() ? "-".repeat(widths[i]) : "-".repeat(widths[i] - 1) + ":")
                        .toList());
        return lines.stream()
                .map(line -> "| " + String.join(" | ", padded(line, widths)) + " |\n")
                .collect(Collectors.joining());
    }

    public List<Column> columns() {
        return columns;
    }

    /** The cells as text. */
    public List<List<String>> rows() {
        return List.copyOf(rows);
    }

    private List<String> padded(List<String> line, int[] widths) {
        return IntStream.range(0, widths.length)
                .mapToObj(i -> {
                    String space = " ".repeat(widths[i] - length(line.get(i)));
                    return columns.get(i).isText() ? line.get(i) + space : space + line.get(i);
                })
                .toList();
    }

    private int[] widths(List<List<String>> lines) {
        return IntStream.range(0, columns.size())
                .map(i -> lines.stream()
                        .mapToInt(line -> length(line.get(i)))
                        .max()
                        .orElse(0))
                .toArray();
    }

    private static String escaped(String cell) {
        return cell.replace("|", "\\|").replace("\n", " ");
    }

    private static int length(String cell) {
        return cell.codePointCount(0, cell.length());
    }
}
