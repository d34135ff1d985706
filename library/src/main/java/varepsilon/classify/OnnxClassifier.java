package varepsilon.classify;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import varepsilon.base.InputException;
import varepsilon.data.ImageSet;
import varepsilon.graph.Graph;
import varepsilon.graph.GraphNetwork;
import varepsilon.graph.Node;
import varepsilon.graph.OnnxFile;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * An ONNX model as a classifier, differentiable in its input. Images go in as the model's input has them: channels
 * first or last, flat, or as bytes. A softmax at the end is left out, since attacks follow the gradients of logits.
 */
public final class OnnxClassifier implements Classifier {
    private static final int MOST_CHANNELS = 4;
    private static final Set<String> PROBABILITIES = Set.of("Softmax", "Sigmoid");

    private final Path path;
    private final OnnxFile file;
    private final Graph graph;
    private final InputNormaliser normaliser;
    private final Normalisation normalisation;
    private final List<String> notes = Collections.synchronizedList(new ArrayList<>());
    private final SingleOutput single = new SingleOutput();
    private GraphNetwork network;
    private long[] preparedFor = {};

    private OnnxClassifier(Path path, OnnxFile file, Normalisation normalisation, Device device) {
        this.path = path;
        this.file = file;
        this.normalisation = normalisation;
        this.normaliser = new InputNormaliser(normalisation, DType.FLOAT32, device);
        notes.addAll(file.notes());
        this.graph = withoutSoftmax(file.graph());
        if (graph.input().dtype() == DType.UINT8) {
            notes.add("takes bytes: pixels are multiplied by 255 and, so that gradients exist, not rounded");
        }
    }

    /**
     * Reads a model that takes normalised images.
     *
     * @param normalisation one value a channel, or one for all
     * @throws InputException where it is damaged, has operations that are not supported or does not take images
     * @throws IOException on an I/O error
     */
    public static OnnxClassifier load(Path path, Normalisation normalisation, Device device) throws IOException {
        OnnxFile file = OnnxFile.read(path, device);
        try {
            file.requireSupported(path);
            return new OnnxClassifier(path, file, normalisation, device);
        } catch (InputException e) {
            file.close();
            throw e;
        }
    }

    private Graph withoutSoftmax(Graph whole) {
        for (Node node : whole.nodes()) {
            boolean last = node.output().equals(whole.output().name());
            if (last && PROBABILITIES.contains(node.operation())) {
                notes.add("ends in a " + node.operation().toLowerCase(Locale.ROOT)
                        + ", which is left out: the input of '" + node.name() + "' is taken for the logits");
                return whole.endingIn(node.inputs().get(0));
            }
        }
        return whole;
    }

    @Override
    public Tensor logits(Tensor pixels) {
        Tensor x = normaliser.apply(pixels);
        DType type = graph.input().dtype();
        x = arranged(type == DType.UINT8 ? x.mul(255) : type.isFloatingPoint() ? x.to(type) : x);
        Tensor logits = prepared(x).forward(x).to(DType.FLOAT32);
        return single.logits(logits, pixels.size(0));
    }

    private synchronized GraphNetwork prepared(Tensor x) {
        long[] example = Arrays.copyOfRange(x.shape(), 1, x.dimensions());
        if (network == null || !Arrays.equals(example, preparedFor)) {
            if (network != null) {
                network.close();
            }
            try {
                network = GraphNetwork.of(graph, example);
            } catch (InputException e) {
                throw new InputException(path + ": " + e.getMessage(), e);
            }
            preparedFor = example;
            if (network.fixedBatch() > 0) {
                notes.add("is made for batches of " + network.fixedBatch() + " images, so it is run so many at a time");
            }
        }
        return network;
    }

    /** N×C×H×W pixels in the shape of the model's input. */
    private Tensor arranged(Tensor pixels) {
        List<Long> shape = graph.input().shape();
        long channels = pixels.size(1);
        long height = pixels.size(2);
        long width = pixels.size(3);
        if (shape.isEmpty() || matches(shape, channels, height, width)) {
            return pixels;
        }
        if (matches(shape, height, width, channels) && isLast(shape)) {
            return pixels.permute(0, 2, 3, 1);
        }
        if (shape.size() == 3 && channels == 1 && matches(shape, height, width)) {
            return pixels.squeeze(1);
        }
        long[] sizes = shape.stream().mapToLong(Long::longValue).toArray();
        sizes[0] = pixels.size(0);
        boolean known = Arrays.stream(sizes).allMatch(size -> size >= 0);
        if (known && Arrays.stream(sizes).reduce(1, (a, b) -> a * b) == pixels.count()) {
            return pixels.reshape(sizes);
        }
        throw new InputException(
                path + ": its input is " + graph.input() + "; the images are " + channels + "×" + height + "×" + width);
    }

    private static boolean isLast(List<Long> shape) {
        return shape.get(3) > 0 && shape.get(3) <= MOST_CHANNELS;
    }

    private static boolean matches(List<Long> shape, long... sizes) {
        if (shape.size() != sizes.length + 1) {
            return false;
        }
        for (int i = 0; i < sizes.length; i++) {
            long stated = shape.get(i + 1);
            if (stated >= 0 && stated != sizes[i]) {
                return false;
            }
        }
        return true;
    }

    @Override
    public List<String> notes() {
        List<String> all;
        synchronized (notes) {
            all = new ArrayList<>(notes);
        }
        single.note().ifPresent(all::add);
        return all;
    }

    /** The operations of the model up to the logits. */
    public Graph graph() {
        return graph;
    }

    /** @throws InputException where the model cannot take these images */
    void requireFits(ImageSet images) {
        if (normalisation.channels() != 1 && normalisation.channels() != images.channels()) {
            throw new InputException("its normalisation is for " + normalisation.channels() + " colour channels; "
                    + images.name() + " has " + images.channels());
        }
        try (var scope = Scope.withoutGradients()) {
            arranged(Tensor.zeros(DType.FLOAT32, 1, images.channels(), images.height(), images.width()));
        }
    }

    @Override
    public synchronized void close() {
        if (network != null) {
            network.close();
        }
        file.close();
        normaliser.close();
    }
}
