package varepsilon.robust.evaluate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import varepsilon.classify.Classifier;
import varepsilon.classify.Predictions;
import varepsilon.data.Batch;
import varepsilon.data.Batches;
import varepsilon.data.ImageSet;
import varepsilon.robust.attack.AttackLoss;
import varepsilon.stats.Percent;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * Looks at the gradients of a loss at images that are correctly classified: whether an attack can follow them, and
 * whether they vanish where pixels are on one side of a value, as they do behind a clamp.
 */
final class GradientChecks {
    private static final String GRADIENTS = "gradients";
    private static final String CLIPPED = "clipped-inputs";

    /** Below this cosine, the gradient has another direction than in double precision. */
    private static final double ROUNDED = 0.9;
    /** The share of images that may have one that is rounded away. */
    private static final double MOST_ROUNDED = 0.05;
    /** Products of smaller ones are zero in single precision, and of larger ones infinite. */
    private static final double TINY = 1e-18;

    private static final double HUGE = 1e18;
    /** The share of pixel values without a gradient on one side of a value. */
    private static final double MOST_CLIPPED = 0.02;

    private final AttackLoss loss;
    private final int channels;
    private int images;
    private int zero;
    private int notFinite;
    private int rounded;
    private int exploding;
    private final List<Image> partly = new ArrayList<>();

    /** Pixels and gradient of an image, of which some values have a gradient. */
    private record Image(float[] pixels, float[] gradient) {}

    private GradientChecks(AttackLoss loss, int channels) {
        this.loss = loss;
        this.channels = channels;
    }

    /**
     * Checks the gradients of one loss.
     *
     * @param loss that attacks maximise
     * @param images labelled; some dozens are enough
     * @param device of the classifier
     */
    static List<Check> of(Classifier classifier, ImageSet images, AttackLoss loss, int batchSize, Device device) {
        GradientChecks checks = new GradientChecks(loss, images.channels());
        classifier.evaluating(() -> {
            var batches = Batches.of(images, batchSize).iterator();
            while (batches.hasNext()) {
                try (var scope = Scope.withGradients()) {
                    checks.add(classifier, batches.next(), device);
                }
            }
        });
        return List.of(checks.gradients(), checks.clipped());
    }

    private void add(Classifier classifier, Batch batch, Device device) {
        Tensor pixels = batch.pixels(device).detach().requiresGrad(true);
        Tensor labels = batch.labels().to(device);
        boolean[] correct = Predictions.of(classifier.logits(pixels).detach()).correct(labels);
        float[] values = pixels.detach().toFloats();
        float[] gradient = gradient(classifier, pixels, labels, false);
        float[] exact = gradient(classifier, pixels, labels, true);
        int size = values.length / correct.length;
        for (int i = 0; i < correct.length; i++) {
            if (correct[i]) {
                add(
                        Arrays.copyOfRange(values, i * size, (i + 1) * size),
                        Arrays.copyOfRange(gradient, i * size, (i + 1) * size),
                        Arrays.copyOfRange(exact, i * size, (i + 1) * size));
            }
        }
    }

    private float[] gradient(Classifier classifier, Tensor pixels, Tensor labels, boolean exact) {
        Tensor logits = classifier.logits(pixels);
        Tensor value = loss.of(exact ? logits.to(DType.FLOAT64) : logits, labels);
        return Gradients.of(value.sum(), pixels).to(DType.FLOAT32).toFloats();
    }

    private void add(float[] pixels, float[] gradient, float[] exact) {
        images++;
        double largest = largest(gradient);
        if (!Double.isFinite(largest)) {
            notFinite++;
        } else if (largest == 0) {
            zero++;
        } else {
            exploding += largest > HUGE ? 1 : 0;
            rounded += largest < TINY || cosine(gradient, exact) < ROUNDED ? 1 : 0;
            partly.add(new Image(pixels, gradient));
        }
    }

    /** NaN or infinite where one of them is. */
    private static double largest(float[] values) {
        double largest = 0;
        for (float value : values) {
            largest = Math.max(largest, Math.abs(value));
        }
        return largest;
    }

    /** NaN where one of them is not finite or 0. */
    private static double cosine(float[] a, float[] b) {
        double ab = 0;
        double aa = 0;
        double bb = 0;
        for (int i = 0; i < a.length; i++) {
            ab += (double) a[i] * b[i];
            aa += (double) a[i] * a[i];
            bb += (double) b[i] * b[i];
        }
        return ab / Math.sqrt(aa * bb);
    }

    private Check gradients() {
        String saw = "of " + images + " correctly classified images the gradient of the loss " + loss
                + " is exactly zero at "
                + zero + ", NaN or infinite at " + notFinite + ", rounded away or underflown at " + rounded
                + ", above 1e18 at " + exploding;
        List<String> advice = new ArrayList<>();
        if (rounded > MOST_ROUNDED * images || (zero > 0 && loss == AttackLoss.CROSS_ENTROPY)) {
            advice.add(
                    "Where the predicted probability is rounded to 1, the cross-entropy has no usable gradient: attack"
                            + " the loss exact-cross-entropy, margin or dlr.");
        }
        if (zero > 0) {
            advice.add(
                    "Where it is zero with other losses too, the model is not differentiable or saturates: attack the"
                            + " function that it approximates, or by scores alone.");
        }
        if (notFinite > 0 || exploding > 0) {
            advice.add("Find where the model divides by zero, takes its root or logarithm, or overflows.");
        }
        return advice.isEmpty()
                ? Check.passed(GRADIENTS, saw)
                : new Check(GRADIENTS, true, saw, String.join(" ", advice));
    }

    /** Behind a clamp, all pixels outside of it are without a gradient, and those inside have one. */
    private Check clipped() {
        long outside = 0;
        long all = 0;
        List<String> where = new ArrayList<>();
        for (int channel = 0; channel < channels; channel++) {
            double[] steep = values(channel, true);
            double[] flat = values(channel, false);
            all += steep.length + flat.length;
            if (steep.length > 0) {
                double low = Arrays.stream(steep).min().orElseThrow();
                double high = Arrays.stream(steep).max().orElseThrow();
                long beyond = Arrays.stream(flat)
                        .filter(value -> value < low || value > high)
                        .count();
                outside += beyond;
                if (beyond > 0) {
                    where.add(Numbers.shortest(low) + " to " + Numbers.shortest(high));
                }
            }
        }
        double share = all == 0 ? 0 : (double) outside / all;
        String saw = Percent.of(share) + " of the pixel values have a gradient of zero and lie below or above all that"
                + " have one";
        return share > MOST_CLIPPED
                ? new Check(
                        CLIPPED,
                        true,
                        saw + ", which are from " + String.join(", ", where) + " by channel",
                        "The model seems to clamp its input, perhaps after normalisation: let the clamp be to the range of"
                                + " the pixels before it.")
                : Check.passed(CLIPPED, saw);
    }

    /** The pixels of a channel with a gradient, or without one. */
    private double[] values(int channel, boolean withGradient) {
        return partly.stream()
                .flatMapToDouble(image -> {
                    int size = image.pixels().length / channels;
                    return IntStream.range(channel * size, (channel + 1) * size)
                            .filter(i -> (image.gradient()[i] != 0) == withGradient)
                            .mapToDouble(i -> image.pixels()[i]);
                })
                .toArray();
    }
}
