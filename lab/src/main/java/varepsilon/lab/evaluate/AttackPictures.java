package varepsilon.lab.evaluate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import varepsilon.base.InputException;
import varepsilon.classify.Classifier;
import varepsilon.report.ImageGrid;
import varepsilon.robust.attack.AttackResult;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.robust.evaluate.AttackedBatch;
import varepsilon.robust.evaluate.Trial;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * Pictures of one trial of an evaluation: image, perturbation and perturbed image of a few examples, with the
 * predictions. Receives the batches of the evaluation and keeps only the examples that are shown.
 *
 * <pre>{@code
 * AttackPictures pictures = AttackPictures.first(8, 0, trial, classifier, images.classNames());
 * evaluation.of(classifier, images, pictures, () -> false);
 * pictures.grid().title("pgd on resnet20").write(file);
 * }</pre>
 */
public final class AttackPictures implements Consumer<AttackedBatch> {
    private static final int MOST_IMAGES = 100;
    private static final int READABLE_CELL = 112;
    private static final int PADDING = 10;
    private static final int CORRECT = 0x2B7BBA; // blue, not green: red and green look alike to many
    private static final int INCORRECT = 0xD0402E;

    /** The outcome of an example, in the order of preference for display. */
    private enum Outcome {
        MISCLASSIFIED,
        ROBUST,
        WRONG_ALREADY
    }

    private record Prediction(int label, double probability) {}

    private record Example(
            int index,
            int label,
            Outcome outcome,
            float[] pixels,
            Prediction before,
            float[] adversarial,
            Prediction after) {}

    private final int count;
    private final IntPredicate candidates;
    private final Comparator<Example> order;
    private final int trialNumber;
    private final ThreatModel threat;
    private final Classifier classifier;
    private final List<String> classNames;
    private final List<Example> examples = new ArrayList<>();
    private int channels;
    private int height;
    private int width;

    private AttackPictures(
            int count,
            IntPredicate candidates,
            Comparator<Example> order,
            int trialNumber,
            Trial trial,
            Classifier classifier,
            List<String> classNames) {
        if (count < 1 || count > MOST_IMAGES) {
            throw new InputException("pictures of " + count + " examples: expected 1 to " + MOST_IMAGES);
        }
        this.count = count;
        this.candidates = candidates;
        this.order = order;
        this.trialNumber = trialNumber;
        this.threat = trial.threat();
        this.classifier = classifier;
        this.classNames = List.copyOf(classNames);
    }

    /**
     * Shows the first examples that are correctly classified without and misclassified under attack; where there are
     * too few, then the first that are correctly classified under attack too, then the first that are misclassified
     * already.
     *
     * @param count examples, 1 to 100
     * @param trialNumber which of the evaluation's trials, from 0
     * @param trial that one
     * @param classNames by label
     */
    public static AttackPictures first(
            int count, int trialNumber, Trial trial, Classifier classifier, List<String> classNames) {
        Comparator<Example> order = Comparator.comparing(Example::outcome).thenComparing(Example::index);
        return new AttackPictures(count, i -> true, order, trialNumber, trial, classifier, classNames);
    }

    /**
     * Shows certain images, in this set's order: to compare classifiers or attacks by the same ones.
     *
     * @param images their numbers in the evaluation's images
     */
    public static AttackPictures of(
            int[] images, int trialNumber, Trial trial, Classifier classifier, List<String> classNames) {
        int[] sorted = Arrays.stream(images).sorted().distinct().toArray();
        return new AttackPictures(
                sorted.length,
                i -> Arrays.binarySearch(sorted, i) >= 0,
                Comparator.comparing(Example::index),
                trialNumber,
                trial,
                classifier,
                classNames);
    }

    @Override
    public void accept(AttackedBatch batch) {
        if (batch.trial() != trialNumber) {
            return;
        }
        channels = (int) batch.pixels().size(1);
        height = (int) batch.pixels().size(2);
        width = (int) batch.pixels().size(3);
        int[] rows = IntStream.range(0, batch.indices().length)
                .filter(row -> candidates.test(batch.indices()[row]))
                .boxed()
                .sorted(Comparator.comparing(row -> outcome(batch.result(), row)))
                .filter(row -> isShown(outcome(batch.result(), row)))
                .limit(count)
                .mapToInt(Integer::intValue)
                .toArray();
        if (rows.length > 0) {
            add(batch, rows);
        }
    }

    /** Whether one more with this outcome would be shown. */
    private boolean isShown(Outcome outcome) {
        return examples.stream()
                        .filter(kept -> kept.outcome().compareTo(outcome) <= 0)
                        .count()
                < count;
    }

    private void add(AttackedBatch batch, int[] rows) {
        try (var scope = Scope.withoutGradients()) {
            Tensor chosen = Tensor.of(Arrays.stream(rows).asLongStream().toArray(), rows.length)
                    .to(batch.pixels().device());
            Tensor pixels = batch.pixels().indexSelect(0, chosen);
            Tensor adversarial = batch.result().adversarial().indexSelect(0, chosen);
            double[][] before = probabilities(pixels);
            double[][] after = probabilities(adversarial);
            float[] allPixels = pixels.toFloats();
            float[] allAdversarial = adversarial.toFloats();
            long[] labels = batch.labels().toLongs();
            AttackResult result = batch.result();
            int size = allPixels.length / rows.length;
            for (int i = 0; i < rows.length; i++) {
                int row = rows[i];
                int clean = result.cleanPrediction()[row];
                int attacked = result.adversarialPrediction()[row];
                examples.add(new Example(
                        batch.indices()[row],
                        (int) labels[row],
                        outcome(result, row),
                        Arrays.copyOfRange(allPixels, i * size, (i + 1) * size),
                        new Prediction(clean, before[i][clean]),
                        Arrays.copyOfRange(allAdversarial, i * size, (i + 1) * size),
                        new Prediction(attacked, after[i][attacked])));
            }
        }
        examples.sort(order);
        examples.subList(Math.min(count, examples.size()), examples.size()).clear();
    }

    private static Outcome outcome(AttackResult result, int row) {
        if (!result.correct()[row]) {
            return Outcome.WRONG_ALREADY;
        }
        return result.isRobust(row) ? Outcome.ROBUST : Outcome.MISCLASSIFIED;
    }

    /** Softmax of the logits, a row an image. */
    private double[][] probabilities(Tensor pixels) {
        double[][] rows = new double[(int) pixels.size(0)][];
        classifier.evaluating(() -> {
            double[] flat = classifier.logits(pixels).softmax(1).toDoubles();
            int classes = flat.length / rows.length;
            Arrays.setAll(rows, i -> Arrays.copyOfRange(flat, i * classes, (i + 1) * classes));
        });
        return rows;
    }

    /** The numbers of the images that are shown, from left to right. */
    public int[] shown() {
        return examples.stream().mapToInt(Example::index).toArray();
    }

    /**
     * The picture: an example a column, under the name of its true class; three rows.
     *
     * @throws IllegalStateException where nothing has been attacked
     */
    public ImageGrid grid() {
        List<Example> shown = List.copyOf(examples);
        if (shown.isEmpty()) {
            throw new IllegalStateException("no image was attacked, so there is none to show");
        }
        float range = range(shown);
        List<float[]> images = new ArrayList<>();
        List<String> texts = new ArrayList<>();
        for (Example example : shown) {
            images.add(example.pixels());
            texts.add(text(example.before()));
        }
        for (Example example : shown) {
            images.add(perturbation(example, range));
            texts.add("");
        }
        for (Example example : shown) {
            images.add(example.adversarial());
            texts.add(text(example.after()));
        }
        int columns = shown.size();
        ImageGrid grid = ImageGrid.of(joined(images), channels, height, width)
                .columns(columns)
                .padding(PADDING)
                .scale(1 + (READABLE_CELL - 1) / Math.max(height, width))
                .columnLabels(shown.stream().map(e -> name(e.label())).toList())
                .rowLabels(List.of("original", "perturbation", "adversarial"))
                .cellTexts(texts)
                .caption(caption(range));
        for (int i = 0; i < columns; i++) {
            Example example = shown.get(i);
            grid.frame(i, colour(example, example.before()));
            grid.frame(2 * columns + i, colour(example, example.after()));
        }
        return grid;
    }

    /**
     * The change of a pixel that is drawn black or white: ε where the norm bounds each pixel, else the largest shown.
     */
    private float range(List<Example> shown) {
        if (threat.norm().equals(Norm.LINF)) {
            return (float) Math.min(threat.epsilon(), threat.box().width());
        }
        float largest = 0;
        for (Example example : shown) {
            for (int i = 0; i < example.pixels().length; i++) {
                largest = Math.max(largest, Math.abs(example.adversarial()[i] - example.pixels()[i]));
            }
        }
        return largest;
    }

    private static float[] perturbation(Example example, float range) {
        float[] drawn = new float[example.pixels().length];
        for (int i = 0; i < drawn.length; i++) {
            float delta = example.adversarial()[i] - example.pixels()[i];
            drawn[i] = range > 0 ? 0.5f + delta / (2 * range) : 0.5f;
        }
        return drawn;
    }

    private static float[] joined(List<float[]> images) {
        int size = images.get(0).length;
        float[] all = new float[images.size() * size];
        for (int i = 0; i < images.size(); i++) {
            System.arraycopy(images.get(i), 0, all, i * size, size);
        }
        return all;
    }

    private static String caption(float range) {
        String perturbation = range > 0
                ? String.format(Locale.ROOT, "perturbation ×%.3g, grey where there is none", 1 / (2 * range))
                : "perturbation: none";
        return perturbation + " · above: the true class · frame: blue where correctly classified, red where"
                + " misclassified";
    }

    private static int colour(Example example, Prediction prediction) {
        return prediction.label() == example.label() ? CORRECT : INCORRECT;
    }

    private String text(Prediction prediction) {
        return name(prediction.label()) + "\n" + percent(prediction.probability());
    }

    static String percent(double probability) {
        if (probability < 0.005) {
            return "<1 %";
        }
        return probability >= 0.995 ? ">99 %" : String.format(Locale.ROOT, "%.0f %%", 100 * probability);
    }

    /** A classifier may have more classes than the images. */
    private String name(int label) {
        return label < classNames.size() ? classNames.get(label) : "class " + label;
    }
}
