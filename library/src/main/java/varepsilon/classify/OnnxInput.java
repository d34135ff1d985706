package varepsilon.classify;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import varepsilon.base.InputException;
import varepsilon.data.ImageSet;
import varepsilon.graph.Graph;
import varepsilon.tensor.DType;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * How images enter an ONNX model: channels first or last, or flat.
 *
 * @param port the model's input
 */
record OnnxInput(Graph.Port port) {
    private static final int MOST_CHANNELS = 4;

    /** N×C×H×W pixels in the shape of the model's input. */
    Tensor arranged(Tensor pixels) {
        List<Long> shape = port.shape();
        long channels = pixels.size(1);
        long height = pixels.size(2);
        long width = pixels.size(3);
        if (shape.isEmpty() || matches(channels, height, width)) {
            return pixels;
        }
        if (isChannelsLast() && matches(height, width, channels)) {
            return pixels.permute(0, 2, 3, 1);
        }
        if (channels == 1 && matches(height, width)) {
            return pixels.squeeze(1);
        }
        long[] sizes = shape.stream().mapToLong(Long::longValue).toArray();
        sizes[0] = pixels.size(0);
        boolean known = Arrays.stream(sizes).allMatch(size -> size >= 0);
        if (known && Arrays.stream(sizes).reduce(1, (a, b) -> a * b) == pixels.count()) {
            return pixels.reshape(sizes);
        }
        throw new InputException(
                "the model's input is " + port + "; the images are " + channels + "×" + height + "×" + width);
    }

    /** How such images enter it, where that is not as N×C×H×W or is assumed: the end of a sentence on the model. */
    Optional<String> note(Tensor pixels) {
        List<Long> shape = port.shape();
        long channels = pixels.size(1);
        long height = pixels.size(2);
        long width = pixels.size(3);
        if (shape.isEmpty()) {
            return Optional.of("does not state the shape of its input, which is assumed to be N×C×H×W");
        }
        if (matches(channels, height, width)) {
            boolean either = matches(height, width, channels);
            return either
                    ? Optional.of("has the input " + port + ", which is assumed to be N×C×H×W, channels first")
                    : Optional.empty();
        }
        String given = "has the input " + port + ", to which images are given as ";
        if (shape.size() == 4) {
            return Optional.of(given + "N×H×W×C, channels last");
        }
        return Optional.of(given + (shape.size() == 3 ? "N×H×W" : "rows of the values of C×H×W"));
    }

    private boolean isChannelsLast() {
        List<Long> shape = port.shape();
        return shape.size() == 4 && shape.get(3) > 0 && shape.get(3) <= MOST_CHANNELS;
    }

    private boolean matches(long... sizes) {
        if (port.shape().size() != sizes.length + 1) {
            return false;
        }
        for (int i = 0; i < sizes.length; i++) {
            long stated = port.shape().get(i + 1);
            if (stated >= 0 && stated != sizes[i]) {
                return false;
            }
        }
        return true;
    }

    /** @throws InputException where these images cannot enter */
    void requireFits(ImageSet images) {
        try (var scope = Scope.withoutGradients()) {
            arranged(Tensor.zeros(DType.FLOAT32, 1, images.channels(), images.height(), images.width()));
        }
    }

    /** C, H and W of the images that it takes; empty where its shape leaves them open. */
    long[] image() {
        List<Long> shape = port.shape();
        boolean known = shape.stream().skip(1).allMatch(size -> size > 0);
        if (!known) {
            return new long[0];
        }
        if (shape.size() == 4) {
            return isChannelsLast()
                    ? new long[] {shape.get(3), shape.get(1), shape.get(2)}
                    : new long[] {shape.get(1), shape.get(2), shape.get(3)};
        }
        return shape.size() == 3 ? new long[] {1, shape.get(1), shape.get(2)} : new long[0];
    }
}
