package varepsilon.report;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import varepsilon.report.Canvas.Anchor;

/** The names of a drawing's series beside a sample of each, in rows as full as the width allows. */
final class Legend {
    static final double SAMPLE = 28;
    private static final double ROW = 23;
    private static final double SAMPLE_GAP = 7;
    private static final double ENTRY_GAP = 20;

    private final double width;
    private final List<List<Entry>> rows = new ArrayList<>();

    /**
     * A series.
     *
     * @param sample draws it at a place: x of its left end, y of its middle; {@link #SAMPLE} wide
     */
    record Entry(String name, BiConsumer<Double, Double> sample) {
        private double width() {
            return SAMPLE + SAMPLE_GAP + Canvas.textWidth(name, Canvas.TEXT);
        }
    }

    Legend(List<Entry> entries, double width) {
        this.width = width;
        for (Entry entry : entries) {
            List<Entry> row = rows.isEmpty() ? List.of() : rows.get(rows.size() - 1);
            if (row.isEmpty() || rowWidth(row) + ENTRY_GAP + entry.width() > width) {
                row = new ArrayList<>();
                rows.add(row);
            }
            row.add(entry);
        }
    }

    double height() {
        return rows.size() * ROW;
    }

    void draw(Canvas canvas, double left, double top) {
        double middle = top + ROW / 2;
        for (List<Entry> row : rows) {
            double x = left + Math.max(0, (width - rowWidth(row)) / 2);
            for (Entry entry : row) {
                entry.sample.accept(x, middle);
                canvas.text("name", x + SAMPLE + SAMPLE_GAP, middle + Canvas.TEXT / 3, Anchor.START, entry.name);
                x += entry.width() + ENTRY_GAP;
            }
            middle += ROW;
        }
    }

    private static double rowWidth(List<Entry> row) {
        return row.stream().mapToDouble(Entry::width).sum() + (row.size() - 1) * ENTRY_GAP;
    }
}
