package varepsilon.lab.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import varepsilon.base.InputException;
import varepsilon.generative.Picture;
import varepsilon.generative.Vae;
import varepsilon.lab.evaluate.VaePictures;
import varepsilon.report.ImageGrid;
import varepsilon.report.LineChart;
import varepsilon.train.EpochResult;
import varepsilon.train.TrainingListener;

/**
 * Draws a VAE's training into its folder: {@code samples/epoch_NNN.png} after NNN epochs (000 before the first), the
 * {@code manifold.png} of a two-dimensional latent space at the same times, and after every epoch the curves of all
 * epochs so far, {@code curves_bpd.png} and {@code curves_terms.png}. On a machine without fonts there are no curves.
 */
public final class TrainingPictures implements TrainingListener {
    private static final int SAMPLES = 64;
    private static final int MANIFOLD_SIDE = 20;
    private static final int EARLY = 10;

    private final Vae vae;
    private final Path folder;
    private final String title;
    private final int samplesEvery;
    private final int epochs;
    private final long seed;

    private Map<String, ReferenceCurves.Curve> published = Map.of();
    private final List<EpochResult> history = new ArrayList<>();
    private Viewer viewer = (name, step, grid) -> {};
    private boolean chartsCanBeDrawn = true;

    /**
     * Pictures of one training.
     *
     * @param folder the run's
     * @param title over the curves: model and data set
     * @param samplesEvery epochs from one picture of samples to the next, at least 1; the last epoch always gets one
     * @param epochs epochs of the whole training
     * @param seed of the samples' latent vectors, which are the same in every picture
     */
    public TrainingPictures(Vae vae, Path folder, String title, int samplesEvery, int epochs, long seed) {
        if (samplesEvery < 1) {
            throw new InputException("samplesEvery " + samplesEvery + ": expected at least 1");
        }
        this.vae = vae;
        this.folder = folder;
        this.title = title;
        this.samplesEvery = samplesEvery;
        this.epochs = epochs;
        this.seed = seed;
    }

    /** A further receiver of the pictures, such as an event file. */
    @FunctionalInterface
    public interface Viewer {
        /**
         * Receives a picture.
         *
         * @param name {@code samples} or {@code manifold}
         * @param step optimizer steps since the start of the run
         */
        void show(String name, long step, ImageGrid picture) throws IOException;
    }

    /** Passes samples and manifold to this viewer too. */
    public TrainingPictures showTo(Viewer viewer) {
        this.viewer = viewer;
        return this;
    }

    /**
     * Lays published values over curves.
     *
     * @param values by the curve's name in {@code metrics.csv}, such as {@code val_bpd}
     */
    public TrainingPictures published(Map<String, ReferenceCurves.Curve> values) {
        published = Map.copyOf(values);
        return this;
    }

    @Override
    public void started(List<EpochResult> earlier) throws IOException {
        history.clear();
        history.addAll(earlier);
        // A run that was stopped within its first epoch has this picture, and its weights are no longer the fresh ones.
        if (earlier.isEmpty() && !Files.exists(samplesFile(folder, 0))) {
            drawModel(0, 0);
        }
        if (!earlier.isEmpty()) {
            chartsCanBeDrawn = drawCurves();
        }
    }

    @Override
    public void finished(EpochResult result) throws IOException {
        history.add(result);
        int done = result.epoch() + 1;
        if (done % samplesEvery == 0 || done == epochs) {
            drawModel(done, result.step());
        }
        if (chartsCanBeDrawn) {
            chartsCanBeDrawn = drawCurves();
        }
    }

    /** The picture of samples after so many epochs, in a run's folder. */
    public static Path samplesFile(Path folder, int epochsDone) {
        return folder.resolve("samples").resolve(String.format(Locale.ROOT, "epoch_%03d.png", epochsDone));
    }

    /**
     * The pictures of samples over a training: before it, after about 10 epochs, and at its end; by epochs
     * done, in order.
     *
     * @param run its folder
     */
    public static Map<Integer, Path> shownSamples(Path run) throws IOException {
        Path folder = run.resolve("samples");
        if (!Files.isDirectory(folder)) {
            return Map.of();
        }
        TreeMap<Integer, Path> all = new TreeMap<>();
        try (var files = Files.list(folder)) {
            files.filter(file -> file.getFileName().toString().matches("epoch_\\d+\\.png"))
                    .forEach(file -> all.put(epoch(file), file));
        }
        Map<Integer, Path> shown = new TreeMap<>();
        if (!all.isEmpty()) {
            shown.put(all.firstKey(), all.get(all.firstKey()));
            int early = all.keySet().stream()
                    .min(Comparator.comparingInt(epoch -> Math.abs(epoch - EARLY)))
                    .orElseThrow();
            shown.put(early, all.get(early));
            shown.put(all.lastKey(), all.get(all.lastKey()));
        }
        return shown;
    }

    private static int epoch(Path picture) {
        return Integer.parseInt(picture.getFileName().toString().replaceAll("\\D", ""));
    }

    private void drawModel(int epochsDone, long step) throws IOException {
        String when = when(epochsDone);
        ImageGrid samples = VaePictures.samples(vae, SAMPLES, Picture.SAMPLE, seed)
                .caption(SAMPLES + " samples " + when + " · " + VaePictures.name(Picture.SAMPLE));
        samples.write(samplesFile(folder, epochsDone));
        viewer.show("samples", step, samples);
        if (VaePictures.isOnAManifold(vae)) {
            ImageGrid manifold = VaePictures.manifold(vae, MANIFOLD_SIDE)
                    .caption("the plane of both latent dimensions " + when + " · mean");
            manifold.write(folder.resolve("manifold.png"));
            viewer.show("manifold", step, manifold);
        }
    }

    private static String when(int epochsDone) {
        return switch (epochsDone) {
            case 0 -> "before training";
            case 1 -> "after 1 epoch";
            default -> "after " + epochsDone + " epochs";
        };
    }

    /** False where this machine cannot draw charts. */
    private boolean drawCurves() throws IOException {
        LineChart bpd = new LineChart(title, "epoch", vae.likelihood().bpdUnit());
        addCurves(bpd, "bpd", "");
        LineChart terms = new LineChart(title, "epoch", "nats per image");
        addCurves(terms, "reconstruction_nats", "reconstruction, ");
        addCurves(terms, "kl_nats", "KL divergence, ");
        return bpd.write(folder.resolve("curves_bpd.png")).isPresent()
                && terms.write(folder.resolve("curves_terms.png")).isPresent();
    }

    private void addCurves(LineChart chart, String metric, String prefix) {
        addCurve(
                chart,
                "train_" + metric,
                prefix + "training",
                result -> result.train().get(metric));
        addCurve(
                chart,
                "val_" + metric,
                prefix + "validation",
                result -> result.validation().get(metric));
    }

    private void addCurve(LineChart chart, String column, String name, ToDoubleFunction<EpochResult> value) {
        double[] x = history.stream().mapToDouble(EpochResult::epoch).toArray();
        chart.curve(name, x, history.stream().mapToDouble(value).toArray());
        ReferenceCurves.Curve overlay = published.get(column);
        if (overlay != null) {
            chart.published(name, overlay.epochs(), overlay.values());
        }
    }
}
