package varepsilon.lab.study;

import java.io.IOException;
import java.util.List;
import varepsilon.classify.Classifier;
import varepsilon.classify.ClassifierFile;
import varepsilon.classify.Predictions;
import varepsilon.lab.run.NetworkChoice;
import varepsilon.lab.spec.AttackSpec;
import varepsilon.lab.spec.ClassifierSpec;
import varepsilon.lab.spec.DefenseSpec;
import varepsilon.stats.Accuracy;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * A classifier of generated images, trained on the data alone. A low predicted probability shows that an image is
 * unlike the training images; a high one does not show the contrary.
 */
final class DigitClassifier implements AutoCloseable {
    /** The predicted probability from which a prediction counts as confident. */
    static final double CONFIDENT = 0.95;

    private static final int BATCH = 256;
    private static final int CLASSES = 10;

    private final ClassifierFile file;

    private DigitClassifier(ClassifierFile file) {
        this.file = file;
    }

    /** Trained on the study's data, now or before. */
    static DigitClassifier of(StudyContext context) throws IOException {
        ClassifierSpec.Images images = new ClassifierSpec.Images(
                context.dataOr("mnist"), context.pick(3000, 20_000, 0), context.pick(300, 1000, 6000), "none", 1000);
        ClassifierSpec config = new ClassifierSpec(
                images,
                NetworkChoice.of("small-cnn", null, images, context.seed(), context.dataDir())
                        .network(),
                new ClassifierSpec.Fitting(context.pick(3, 3, 6), 64, 0.05),
                DefenseSpec.standard(),
                AttackSpec.none(),
                context.seed(),
                context.threads(),
                context.device().toString());
        return new DigitClassifier(ClassifierFile.read(context.trained(config), context.device()));
    }

    /**
     * Predictions on images.
     *
     * @param confident how many are predicted with a probability of at least {@link #CONFIDENT}
     * @param classes the predicted class of each
     */
    record Classified(Accuracy confident, int[] classes) {
        /** The number of images predicted as each class. */
        int[] counts() {
            int[] counts = new int[CLASSES];
            for (int one : classes) {
                counts[one]++;
            }
            return counts;
        }
    }

    /** @param images FLOAT32 N×C×H×W in [0, 1] */
    Classified classify(Tensor images) {
        Classifier classifier = file.classifier();
        int n = (int) images.size(0);
        int[] classes = new int[n];
        int confident = 0;
        for (int start = 0; start < n; start += BATCH) {
            try (var scope = Scope.withoutGradients()) {
                int size = Math.min(BATCH, n - start);
                Tensor probabilities =
                        classifier.logits(images.narrow(0, start, size)).softmax(1);
                int[] predicted = Predictions.of(probabilities).classes();
                float[] highest = probabilities.amax(1).toFloats();
                for (int i = 0; i < size; i++) {
                    classes[start + i] = predicted[i];
                    confident += highest[i] >= CONFIDENT ? 1 : 0;
                }
            }
        }
        return new Classified(new Accuracy(confident, n), classes);
    }

    /** Names of the classes, for tables. */
    static List<String> names() {
        return List.of("0", "1", "2", "3", "4", "5", "6", "7", "8", "9");
    }

    @Override
    public void close() {
        file.close();
    }
}
