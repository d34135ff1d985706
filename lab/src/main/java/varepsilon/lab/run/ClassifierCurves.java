package varepsilon.lab.run;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import varepsilon.report.LineChart;
import varepsilon.train.EpochResult;
import varepsilon.train.TrainingListener;

/**
 * Draws a classifier's training into its folder, after every epoch the curves of all epochs so far:
 * {@code curves_accuracy.png} and {@code curves_loss.png}. On a machine without fonts there are none.
 */
final class ClassifierCurves implements TrainingListener {
    private final Path folder;
    private final String title;
    private final List<EpochResult> history = new ArrayList<>();
    private boolean chartsCanBeDrawn = true;

    /** @param title over the curves: model and data set */
    ClassifierCurves(Path folder, String title) {
        this.folder = folder;
        this.title = title;
    }

    @Override
    public void started(List<EpochResult> earlier) throws IOException {
        history.clear();
        history.addAll(earlier);
        if (!earlier.isEmpty()) {
            draw();
        }
    }

    @Override
    public void finished(EpochResult result) throws IOException {
        history.add(result);
        draw();
    }

    private void draw() throws IOException {
        if (!chartsCanBeDrawn) {
            return;
        }
        LineChart accuracy = new LineChart(title, "epoch", "accuracy");
        addCurves(accuracy, "accuracy", "");
        addCurves(accuracy, "robust_accuracy", "under attack, ");
        addCurves(accuracy, "certified_accuracy", "certified, ");
        addCurves(accuracy, "noisy_accuracy", "under noise, ");
        LineChart loss = new LineChart(title, "epoch", "cross-entropy, nats per image");
        addCurves(loss, "loss", "");
        addCurves(loss, "adversarial_loss", "under attack, ");
        addCurves(loss, "noisy_loss", "under noise, ");
        chartsCanBeDrawn = accuracy.write(folder.resolve("curves_accuracy.png")).isPresent()
                && loss.write(folder.resolve("curves_loss.png")).isPresent();
    }

    private void addCurves(LineChart chart, String metric, String prefix) {
        addCurve(chart, prefix + "training", metric, EpochResult::train);
        addCurve(chart, prefix + "validation", metric, EpochResult::validation);
    }

    /** Not every defence has all metrics. */
    private void addCurve(
            LineChart chart, String name, String metric, Function<EpochResult, Map<String, Double>> part) {
        if (history.stream().allMatch(epoch -> part.apply(epoch).containsKey(metric))) {
            chart.curve(
                    name,
                    history.stream().mapToDouble(EpochResult::epoch).toArray(),
                    history.stream()
                            .mapToDouble(epoch -> part.apply(epoch).get(metric))
                            .toArray());
        }
    }
}
