package varepsilon.djl;

import ai.djl.inference.Predictor;
import ai.djl.modality.Classifications;
import ai.djl.modality.cv.Image;
import ai.djl.modality.cv.ImageFactory;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.translate.TranslateException;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import varepsilon.base.InputException;
import varepsilon.classify.Classifier;
import varepsilon.tensor.Device;
import varepsilon.tensor.Tensor;

/**
 * A model that the Deep Java Library runs, as a classifier without gradients: attacks on scores or labels apply. One
 * call at a time goes to the predictor, since predictors are not made for several threads.
 *
 * <p>DJL's PyTorch engine loads a libtorch of its own, and two of them in one process clash. Its models are TorchScript
 * programs, which {@link varepsilon.classify.ClassifierFile} reads itself, with gradients.
 */
public final class DjlClassifier implements Classifier {
    private static final double SMALLEST_PROBABILITY = 1e-30;
    private static final int LEVELS = 255;

    /** From pixels on the CPU, N×C×H×W, to N×K scores. */
    private interface Scores {
        Tensor of(Tensor pixels) throws TranslateException;
    }

    private final Scores scores;
    private final List<String> notes;

    private DjlClassifier(Scores scores, String... notes) {
        this.scores = scores;
        this.notes = List.of(notes);
    }

    /**
     * Of a predictor of tensors, as a model without a translator has: one N×C×H×W of pixels in [0, 1] goes in, and the
     * first that comes out is N×K, the logits.
     *
     * @param predictor stays the caller's, who closes it
     * @param manager of the same engine; stays the caller's as well
     */
    public static DjlClassifier ofTensors(Predictor<NDList, NDList> predictor, NDManager manager) {
        return new DjlClassifier(
                pixels -> {
                    try (NDManager once = manager.newSubManager()) {
                        NDArray images = once.create(pixels.toFloats(), new Shape(pixels.shape()));
                        NDList found = predictor.predict(new NDList(images));
                        try {
                            NDArray logits = found.get(0);
                            return Tensor.of(
                                    logits.toFloatArray(), logits.getShape().getShape());
                        } finally {
                            found.close();
                        }
                    }
                },
                "is run by DJL as a black box, which has no gradients: attacks on scores or labels apply");
    }

    /**
     * Of a predictor of images, as DJL's model zoo has them. An image has 256 levels a channel, to which pixels are
     * rounded on their way in. The logarithms of the probabilities are the logits.
     *
     * @param predictor stays the caller's, who closes it
     * @param classNames of the probabilities that are wanted, in the order of the labels
     */
    public static DjlClassifier ofImages(Predictor<Image, Classifications> predictor, List<String> classNames) {
        List<String> names = List.copyOf(classNames);
        return new DjlClassifier(
                pixels -> {
                    List<Classifications> found = predictor.batchPredict(images(pixels));
                    float[] logits = new float[found.size() * names.size()];
                    for (int i = 0; i < found.size(); i++) {
                        double[] of = logarithms(found.get(i), names);
                        for (int k = 0; k < of.length; k++) {
                            logits[i * names.size() + k] = (float) of[k];
                        }
                    }
                    return Tensor.of(logits, found.size(), names.size());
                },
                "is run by DJL as a black box, which has no gradients: attacks on scores or labels apply",
                "takes images of 256 levels, to which pixels are rounded",
                "returns probabilities, whose logarithms are taken for the logits");
    }

    private static double[] logarithms(Classifications found, List<String> names) {
        double[] logarithms = new double[names.size()];
        for (int k = 0; k < logarithms.length; k++) {
            int at = found.getClassNames().indexOf(names.get(k));
            if (at < 0) {
                throw new InputException(
                        "the model has no class '" + names.get(k) + "'; its classes are " + found.getClassNames());
            }
            logarithms[k] = Math.log(found.getProbabilities().get(at) + SMALLEST_PROBABILITY);
        }
        return logarithms;
    }

    /** One for each, grey ones with three equal channels. */
    static List<Image> images(Tensor pixels) {
        int channels = (int) pixels.size(1);
        int height = (int) pixels.size(2);
        int width = (int) pixels.size(3);
        if (channels != 1 && channels != 3) {
            throw new InputException(channels + " channels: expected 1 or 3, of which an image can be made");
        }
        float[] all = pixels.toFloats();
        int area = height * width;
        List<Image> images = new ArrayList<>();
        for (int from = 0; from < all.length; from += channels * area) {
            BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
            for (int i = 0; i < area; i++) {
                int rgb = 0;
                for (int c = 0; c < 3; c++) {
                    float value = all[from + Math.min(c, channels - 1) * area + i];
                    rgb = rgb << 8 | Math.round(Math.max(0, Math.min(1, value)) * LEVELS);
                }
                image.setRGB(i % width, i / width, rgb);
            }
            images.add(ImageFactory.getInstance().fromImage(image));
        }
        return images;
    }

    @Override
    public Tensor logits(Tensor pixels) {
        Tensor found;
        synchronized (scores) {
            try {
                found = scores.of(pixels.detach().to(Device.CPU));
            } catch (TranslateException e) {
                throw new InputException("DJL fails on " + pixels + ": " + e.getMessage(), e);
            }
        }
        if (found.dimensions() != 2 || found.size(0) != pixels.size(0)) {
            throw new InputException("the model gives " + Arrays.toString(found.shape()) + " for " + pixels.size(0)
                    + " images; expected a row of logits for each");
        }
        return found.to(pixels.device());
    }

    @Override
    public boolean hasGradients() {
        return false;
    }

    @Override
    public List<String> notes() {
        return notes;
    }
}
