package varepsilon.lab.published;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import varepsilon.data.ImageSet;
import varepsilon.lab.page.HtmlPage;
import varepsilon.lab.published.MeasuredClassifier.Changed;
import varepsilon.lab.published.MeasuredClassifier.Measurement;
import varepsilon.report.ImageGrid;

/** Images before and after each measurement, a strip for each image, for a gallery. */
final class AttackedStrips {
    private static final int SCALE = 3;

    private AttackedStrips() {}

    /** A strip for each image, a column for each measurement; below it, the predicted classes. */
    static List<HtmlPage.Item> of(
            MeasuredClassifier classifier, ImageSet images, List<Measurement> columns, long seed) {
        List<Changed> changed = columns.stream()
                .map(column -> classifier.changed(column, images, seed))
                .toList();
        int dimensions = images.dimensions();
        List<HtmlPage.Item> items = new ArrayList<>();
        for (int i = 0; i < images.size(); i++) {
            float[] strip = new float[columns.size() * dimensions];
            List<String> captions = new ArrayList<>();
            for (int c = 0; c < columns.size(); c++) {
                System.arraycopy(changed.get(c).pixels(), i * dimensions, strip, c * dimensions, dimensions);
                int predicted = changed.get(c).predictions()[i];
                captions.add(String.format(
                        Locale.ROOT,
                        "%s: %s",
                        columns.get(c).name(),
                        images.classNames().get(predicted)));
            }
            byte[] png = ImageGrid.of(strip, images.channels(), images.height(), images.width())
                    .columns(columns.size())
                    .scale(SCALE)
                    .toPng();
            items.add(new HtmlPage.Item(png, images.classNames().get(images.label(i)), String.join("; ", captions)));
        }
        return items;
    }
}
