package varepsilon.classify;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashSet;
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
import varepsilon.tensor.Tensor;

/**
 * An ONNX model as a classifier, differentiable in its input. Images go in as the model's input has them: channels
 * first or last, flat, or as bytes. A softmax at the end is left out, since attacks follow the gradients of logits.
 */
public final class OnnxClassifier implements Classifier {
    private static final Set<String> PROBABILITIES = Set.of("Softmax", "Sigmoid");

    private final Path path;
    private final OnnxFile file;
    private final Graph graph;
    private final OnnxInput input;
    private final InputNormaliser normaliser;
    private final Normalisation normalisation;
    private final Device device;
    private final Set<String> notes = Collections.synchronizedSet(new LinkedHashSet<>());
    private final SingleOutput single = new SingleOutput();
    private GraphNetwork network;
    private long[] preparedFor = {};

    private OnnxClassifier(Path path, OnnxFile file, Normalisation normalisation, Device device) {
        this.path = path;
        this.file = file;
        this.normalisation = normalisation;
        this.device = device;
        this.normaliser = new InputNormaliser(normalisation, DType.FLOAT32, device);
        notes.addAll(file.notes());
        this.graph = withoutSoftmax(file.graph());
        this.input = new OnnxInput(graph.input());
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
        Tensor x = prepared(pixels).to(inputType());
        return single.logits(network(x).forward(x).to(DType.FLOAT32), pixels.size(0));
    }

    private DType inputType() {
        return graph.input().dtype().isFloatingPoint() ? graph.input().dtype() : DType.FLOAT32;
    }

    /** Pixels in [0, 1], N×C×H×W, as the model's input takes them, in FLOAT32. */
    Tensor prepared(Tensor pixels) {
        Tensor x = normaliser.apply(pixels);
        input.note(x).ifPresent(notes::add);
        return input.arranged(graph.input().dtype() == DType.UINT8 ? x.mul(255) : x);
    }

    /** The device of its weights. */
    Device device() {
        return device;
    }

    private synchronized GraphNetwork network(Tensor x) {
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

    @Override
    public List<String> notes() {
        List<String> all;
        synchronized (notes) {
            all = new ArrayList<>(notes);
        }
        single.note().ifPresent(all::add);
        return all;
    }

    /** Channels, height and width of the images that it takes; empty where its input leaves them open. */
    public long[] image() {
        return input.image();
    }

    /** The operations of the model up to the logits. */
    public Graph graph() {
        return graph;
    }

    /** @throws InputException where the model cannot take these images */
    void requireFits(ImageSet images) {
        normalisation.requireFits(images);
        input.requireFits(images);
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
