package varepsilon.robust.evaluate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import varepsilon.classify.Classifier;
import varepsilon.data.ImageSet;
import varepsilon.tensor.Tensor;

/** Classifiers of which everything is known, and images for them. */
final class Toys {
    private Toys() {}

    /** Two classes: logits 0 and w·x + b. */
    static Classifier linear(float[] w, double b) {
        return pixels ->
                twoClasses(pixels.flatten(1).matmul(Tensor.of(w, w.length, 1)).add(b));
    }

    /** Two classes by the mean pixel: logits 0 and what {@code score} makes of the means, N×1. */
    static Classifier byMean(UnaryOperator<Tensor> score) {
        return pixels -> twoClasses(score.apply(pixels.flatten(1).mean(1).unsqueeze(1)));
    }

    /** As many classes as {@code w} has rows: logits W·x. */
    static Classifier linear(float[][] w) {
        float[] flat = new float[w.length * w[0].length];
        for (int i = 0; i < w.length; i++) {
            System.arraycopy(w[i], 0, flat, i * w[0].length, w[0].length);
        }
        return pixels ->
                pixels.flatten(1).matmul(Tensor.of(flat, w.length, w[0].length).transpose(0, 1));
    }

    private static Tensor twoClasses(Tensor score) {
        return Tensor.concat(1, List.of(score.mul(0), score));
    }

    /** Images of C×H×W bytes with labels. */
    static ImageSet images(byte[] pixels, int channels, int height, int width, int[] labels, int classes) {
        List<String> names = new ArrayList<>(Collections.nCopies(classes, "class"));
        return ImageSet.labelled("toys", pixels, channels, height, width, labels, names);
    }

    /** Grey 4×4 images with pixels between the levels {@code low} and {@code high}, labelled at random. */
    static ImageSet random(int n, int low, int high, int classes, long seed) {
        Random random = new Random(seed);
        byte[] pixels = new byte[n * 16];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte) (low + random.nextInt(high - low + 1));
        }
        return images(pixels, 1, 4, 4, random.ints(n, 0, classes).toArray(), classes);
    }

    /** Grey 4×4 images, each of one level, all of class 0. */
    static ImageSet flat(int n, int level) {
        byte[] pixels = new byte[n * 16];
        Arrays.fill(pixels, (byte) level);
        return images(pixels, 1, 4, 4, new int[n], 2);
    }

    /** The same images with the labels that w·x + b gives. */
    static ImageSet labelledBy(ImageSet images, float[] w, double b) {
        byte[] pixels = new byte[images.size() * images.dimensions()];
        int[] labels = new int[images.size()];
        for (int i = 0; i < images.size(); i++) {
            System.arraycopy(images.image(i), 0, pixels, i * images.dimensions(), images.dimensions());
            labels[i] = score(images, i, w, b) > 0 ? 1 : 0;
        }
        return images(pixels, images.channels(), images.height(), images.width(), labels, 2);
    }

    /** w·x + b of an image, in double precision. */
    static double score(ImageSet images, int i, float[] w, double b) {
        byte[] image = images.image(i);
        double sum = b;
        for (int d = 0; d < image.length; d++) {
            sum += w[d] * ((image[d] & 0xff) / 255.0);
        }
        return sum;
    }
}
