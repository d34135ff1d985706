package varepsilon.lab.study;

import java.util.List;
import java.util.Map;
import varepsilon.data.ImageSet;
import varepsilon.report.ImageGrid;
import varepsilon.report.IntervalChart;
import varepsilon.report.LineChart;
import varepsilon.report.Table;

/** A figure or table of a study. */
public sealed interface Exhibit {
    /** The caption, a sentence. */
    String caption();

    /** Curves. */
    record Chart(LineChart chart, String caption) implements Exhibit {}

    /** Values with their intervals, side by side. */
    record Intervals(IntervalChart chart, String caption) implements Exhibit {}

    /**
     * Pixels.
     *
     * @param name of the file, without its ending
     * @param png the file
     */
    record Picture(String name, byte[] png, String caption) implements Exhibit {
        /**
         * Rows of images.
         *
         * @param rows the pixels of each row by its label
         * @param columns images in a row
         * @param like has images of their size
         */
        static Picture ofRows(String name, Map<String, byte[]> rows, int columns, ImageSet like, String caption) {
            int size = columns * like.dimensions();
            byte[] all = new byte[rows.size() * size];
            int row = 0;
            for (byte[] pixels : rows.values()) {
                System.arraycopy(pixels, 0, all, row++ * size, size);
            }
            byte[] png = ImageGrid.of(all, like.channels(), like.height(), like.width())
                    .columns(columns)
                    .rowLabels(List.copyOf(rows.keySet()))
                    .toPng();
            return new Picture(name, png, caption);
        }
    }

    /** Numbers. */
    record Numbers(Table table, String caption) implements Exhibit {}
}
