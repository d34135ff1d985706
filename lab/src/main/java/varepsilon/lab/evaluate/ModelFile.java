package varepsilon.lab.evaluate;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import varepsilon.base.InputException;
import varepsilon.classify.Architecture;
import varepsilon.classify.ClassifierFile;
import varepsilon.classify.ClassifierGraph;
import varepsilon.classify.NetworkClassifier;
import varepsilon.data.ImageShape;
import varepsilon.generative.VaeFile;
import varepsilon.generative.VaeGraph;
import varepsilon.graph.Graph;
import varepsilon.graph.GraphNetwork;
import varepsilon.graph.OnnxFile;
import varepsilon.tensor.Device;
import varepsilon.tensor.Tensor;
import varepsilon.tensor.TorchScript;
import varepsilon.train.RunDirectory;
import varepsilon.weights.Weights;

/** A model of whichever kind a file holds: a classifier, a VAE, a TorchScript program or an ONNX model. */
public final class ModelFile implements AutoCloseable {
    /** The formats, as results name them; weights have the name that {@link Weights#format} gives. */
    static final String ONNX = "ONNX";

    static final String TORCH_SCRIPT = "TorchScript";

    private final Path path;
    private final String format;
    private final List<ModelPart> parts = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private final Map<String, String> metadata = new LinkedHashMap<>();
    private final Deque<AutoCloseable> owned = new ArrayDeque<>();
    private String kind;
    private Long parameters;
    private Architecture classifier;
    private OnnxFile onnx;
    private TorchScript program;
    private InputException unrecorded;

    private ModelFile(Path path, String format) {
        this.path = path;
        this.format = format;
    }

    /**
     * Reads one.
     *
     * @param weights weights, an ONNX model, a TorchScript program, or a run directory, which stands for its best
     *     weights
     * @param stated what the file of a classifier's weights does not say; for other models nothing can be stated
     * @throws InputException where it is missing, damaged or of no known format
     * @throws IOException on an I/O error
     */
    public static ModelFile read(Path weights, ClassifierFile.Stated stated, Device device) throws IOException {
        Path path = RunDirectory.weightsOf(weights);
        if (OnnxFile.isOnnx(path)) {
            requireNothing(stated, path, "an ONNX model");
            return opened(new ModelFile(path, ONNX), model -> model.readOnnx(device));
        }
        if (TorchScript.isProgram(path)) {
            requireNothing(stated, path, "a TorchScript program");
            return opened(new ModelFile(path, TORCH_SCRIPT), model -> model.readProgram(device));
        }
        String format = Weights.format(path);
        if (VaeFile.isVae(path)) {
            requireNothing(stated, path, "a VAE");
            return opened(new ModelFile(path, format), model -> model.readVae(device));
        }
        return opened(new ModelFile(path, format), model -> model.readClassifier(stated, device));
    }

    private interface Reading {
        void read(ModelFile model) throws IOException;
    }

    private static ModelFile opened(ModelFile model, Reading reading) throws IOException {
        try {
            reading.read(model);
            return model;
        } catch (IOException | RuntimeException e) {
            model.close();
            throw e;
        }
    }

    private static void requireNothing(ClassifierFile.Stated stated, Path path, String what) {
        if (stated.architecture().isPresent() || stated.normalisation().isPresent()) {
            throw new InputException(
                    path + ": " + what + ", which is taken as it is; an architecture and a normalisation"
                            + " can be stated for a classifier's weights alone");
        }
    }

    private void readOnnx(Device device) throws IOException {
        kind = "network";
        onnx = own(OnnxFile.read(path, device));
        notes.addAll(onnx.notes().stream().map(note -> path + " " + note).toList());
        metadata.putAll(onnx.metadata());
        Graph graph = onnx.graph();
        parameters = graph.constants().values().stream()
                .filter(tensor -> tensor.dtype().isFloatingPoint())
                .mapToLong(Tensor::count)
                .sum();
        List<Long> sizes = graph.input().shape();
        long[] example = sizes.stream().skip(1).mapToLong(Long::longValue).toArray();
        boolean open = sizes.isEmpty() || sizes.stream().skip(1).anyMatch(size -> size < 0);
        parts.add(new ModelPart(
                ModelPart.WHOLE, graph, open ? new long[0] : example, this::throughOnnx, Map.of(), Optional.of(path)));
    }

    private Tensor throughOnnx(Tensor x) {
        onnx.requireSupported(path);
        long[] example = new long[x.dimensions() - 1];
        System.arraycopy(x.shape(), 1, example, 0, example.length);
        GraphNetwork network;
        try {
            network = GraphNetwork.of(onnx.graph(), example);
        } catch (InputException e) {
            throw new InputException(path + ": " + e.getMessage(), e);
        }
        try (network) {
            return network.forward(x);
        }
    }

    private void readProgram(Device device) throws IOException {
        kind = "program";
        program = own(TorchScript.load(path, device));
        parameters = program.parameterCount();
    }

    private void readVae(Device device) throws IOException {
        kind = "vae";
        VaeFile file = own(VaeFile.read(path, device));
        notes.addAll(file.notes());
        metadata.putAll(file.architecture().metadata());
        parameters = file.vae().parameterCount();
        try {
            VaeGraph encoder = own(VaeGraph.encoder(file));
            addPart("encoder", encoder);
            VaeGraph decoder = own(VaeGraph.decoder(file));
            addPart(ModelPart.DECODER, decoder);
        } catch (InputException e) {
            parts.clear();
            unrecorded = e;
        }
    }

    private void addPart(String name, VaeGraph graph) {
        parts.add(new ModelPart(
                name, graph.graph(), sizes(graph.graph()), graph::forward, graph.metadata(), Optional.empty()));
    }

    private static long[] sizes(Graph graph) {
        return graph.input().shape().stream().skip(1).mapToLong(Long::longValue).toArray();
    }

    private void readClassifier(ClassifierFile.Stated stated, Device device) throws IOException {
        kind = "classifier";
        ClassifierFile file = own(ClassifierFile.read(path, stated, device));
        notes.addAll(file.notes());
        classifier = file.architecture().orElseThrow();
        metadata.putAll(classifier.metadata());
        parameters = ((NetworkClassifier) file.classifier()).module().parameterCount();
        Map<String, String> said = new LinkedHashMap<>(classifier.metadata());
        said.put("input", "pixels from 0 to 1, not normalised: the normalisation is the first of the operations");
        said.put("output", "logits");
        try {
            ClassifierGraph graph = own(
                    ClassifierGraph.of(file.classifier(), classifier.channels(), classifier.side(), classifier.side()));
            Graph named = graph.graph().named("pixels", "logits");
            parts.add(new ModelPart(
                    ModelPart.WHOLE,
                    named,
                    sizes(named),
                    x -> file.classifier().evaluating(() -> file.classifier().logits(x)),
                    said,
                    Optional.empty()));
        } catch (InputException e) {
            unrecorded = e;
        }
    }

    private <T extends AutoCloseable> T own(T resource) {
        owned.addFirst(resource);
        return resource;
    }

    Path path() {
        return path;
    }

    String format() {
        return format;
    }

    /** The name of the architecture; null where there is none. */
    String architecture() {
        return metadata.get("architecture");
    }

    /** The program of a TorchScript file. */
    TorchScript program() {
        return program;
    }

    List<String> notes() {
        return notes;
    }

    /** Its functions; none for a TorchScript program, whose operations are not known. */
    List<ModelPart> parts() {
        return parts;
    }

    /** @throws InputException where its operations could not be recorded */
    void requireParts() {
        if (unrecorded != null) {
            throw new InputException(path + ": " + unrecorded.getMessage(), unrecorded);
        }
    }

    /** How often it has each operation, by name; null where that is not known. */
    Map<String, Integer> operators() {
        Map<String, Integer> counts = new TreeMap<>();
        parts.forEach(
                part -> part.graph().operations().forEach((name, count) -> counts.merge(name, count, Integer::sum)));
        return parts.isEmpty() ? null : counts;
    }

    /** What there is to know of it. */
    public ModelDescription description() {
        List<String> all = new ArrayList<>(notes);
        if (unrecorded != null) {
            all.add(path + ": its operations are not known: " + unrecorded.getMessage());
        }
        if (program != null) {
            all.add(path + " is a TorchScript program, whose inputs and operations are not described here; pixels in"
                    + " [0, 1] are what the other commands give it");
        }
        return new ModelDescription(
                path.toString(),
                format,
                kind,
                architecture(),
                parameters,
                onnx == null ? null : onnx.producer(),
                parts.isEmpty() ? null : parts.get(0).graph().opset(),
                image(),
                classifier == null ? null : classifier.classes(),
                classifier == null ? null : classifier.normalisation().mean(),
                classifier == null ? null : classifier.normalisation().std(),
                ModelDescription.inputs(parts),
                ModelDescription.outputs(parts),
                operators(),
                onnx == null ? null : onnx.unsupported(),
                metadata,
                all);
    }

    private String image() {
        String text = metadata.get("image");
        return text == null || ImageShape.parse(text).isEmpty() ? null : text;
    }

    /** Frees the model. */
    @Override
    public void close() {
        for (AutoCloseable resource : owned) {
            try {
                resource.close();
            } catch (RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new IllegalStateException(path + " cannot be closed", e);
            }
        }
    }
}
