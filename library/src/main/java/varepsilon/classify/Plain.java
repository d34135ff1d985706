package varepsilon.classify;

import java.util.Arrays;
import varepsilon.base.InputException;
import varepsilon.tensor.Tensor;

/** Images and scores as arrays of plain Java. */
final class Plain {
    private Plain() {}

    /** The values of each image, in row-major order. */
    static float[][] rows(Tensor pixels) {
        float[] values = pixels.toFloats();
        int n = Math.toIntExact(pixels.size(0));
        int dimensions = values.length / n;
        float[][] rows = new float[n][];
        Arrays.setAll(rows, i -> Arrays.copyOfRange(values, i * dimensions, (i + 1) * dimensions));
        return rows;
    }

    /** N×K, in the type of the images and on their device. */
    static Tensor tensor(float[][] scores, Tensor pixels) {
        int classes = scores.length == 0 ? 0 : scores[0].length;
        float[] values = new float[scores.length * classes];
        for (int i = 0; i < scores.length; i++) {
            if (scores[i].length != classes) {
                throw new InputException("the classifier returned " + classes + " scores for its first image and "
                        + scores[i].length + " for number " + (i + 1) + "; expected one for each class");
            }
            System.arraycopy(scores[i], 0, values, i * classes, classes);
        }
        return Tensor.of(values, scores.length, classes).to(pixels.dtype()).to(pixels.device());
    }

    /** 1 at each label, and 0 at the other classes. */
    static float[][] oneHot(int[] labels, int classes) {
        float[][] scores = new float[labels.length][classes];
        for (int i = 0; i < labels.length; i++) {
            if (labels[i] < 0 || labels[i] >= classes) {
                throw new InputException(
                        "the classifier returned class " + labels[i] + "; it has the classes 0 to " + (classes - 1));
            }
            scores[i][labels[i]] = 1;
        }
        return scores;
    }
}
