package varepsilon.graph;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import varepsilon.base.AtomicFile;
import varepsilon.base.InputException;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * A model in the ONNX format, read whole.
 *
 * @param graph its operations; its constants are owned by this
 * @param producer the program that wrote it, with its version
 * @param metadata properties that the file keeps beside the graph
 * @param notes how it was interpreted, ends of sentences whose subject is the file
 */
public record OnnxFile(Graph graph, String producer, Map<String, String> metadata, List<String> notes)
        implements AutoCloseable {
    /** The versions of ONNX's operators that are understood. */
    public static final int OLDEST_OPSET = 7;

    /** The last of them. */
    public static final int NEWEST_OPSET = 21;

    private static final Set<String> CONTROL_FLOW = Set.of("If", "Loop", "Scan");
    private static final int DEEPEST_NESTING = 64;

    /** Copies the collections. */
    public OnnxFile {
        metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
        notes = List.copyOf(notes);
    }

    /** Whether a file is an ONNX model, by its first bytes: the format has no mark of its own. */
    public static boolean isOnnx(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            return false;
        }
        byte[] start = new byte[3];
        try (InputStream in = Files.newInputStream(file)) {
            // Field 1, a small version; then one more field, where the length of a safetensors header has a zero.
            return in.readNBytes(start, 0, 3) == 3 && start[0] == 8 && start[1] > 0 && start[1] < 32 && start[2] != 0;
        }
    }

    /**
     * Reads a model, with its weights on a device. Whether its operations are known is not checked: {@link #requireSupported} does that.
     *
     * @throws InputException where it is no ONNX model, damaged, of a version that is not known, or not a function of
     *     one tensor
     * @throws IOException on an I/O error
     */
    public static OnnxFile read(Path file, Device device) throws IOException {
        ModelProto model = parsed(file);
        List<Tensor> owned = new ArrayList<>();
        try (var scope = Scope.withoutGradients()) {
            return new Reader(file, device, owned).file(model);
        } catch (InputException e) {
            owned.forEach(Tensor::close);
            throw new InputException((file + ": " + e.getMessage()).replaceAll("[\\p{C}\\p{Zl}\\p{Zp}]+", " "), e);
        }
    }

    private static ModelProto parsed(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            CodedInputStream coded = CodedInputStream.newInstance(in);
            coded.setRecursionLimit(DEEPEST_NESTING);
            coded.setSizeLimit(Integer.MAX_VALUE);
            ModelProto model = ModelProto.parseFrom(coded);
            if (!model.hasGraph()) {
                throw new InputException(file + ": an ONNX file without a graph");
            }
            return model;
        } catch (InvalidProtocolBufferException e) {
            throw new InputException(file + ": not an ONNX model, or a damaged one: " + e.getMessage(), e);
        }
    }

    /**
     * An operation that is not supported.
     *
     * @param node the first that has it
     * @param count how many nodes have it
     */
    public record Unsupported(String operation, String node, int count) {
        @Override
        public String toString() {
            return operation + " ('" + node + "'" + (count > 1 ? " and " + (count - 1) + " more" : "")
                    + (CONTROL_FLOW.contains(operation) ? "; control flow" : "") + ")";
        }
    }

    /** The operations that are not supported. */
    public List<Unsupported> unsupported() {
        Map<String, List<Node>> byOperation = graph.nodes().stream()
                .filter(node -> Operators.find(node.operation()) == null)
                .collect(Collectors.groupingBy(Node::operation, LinkedHashMap::new, Collectors.toList()));
        return byOperation.entrySet().stream()
                .map(entry -> new Unsupported(
                        entry.getKey(),
                        entry.getValue().get(0).name(),
                        entry.getValue().size()))
                .toList();
    }

    /**
     * Checks that every operation is known.
     *
     * @param file as messages name it
     * @throws UnsupportedOperationsException naming those that are not
     */
    public void requireSupported(Path file) {
        List<Unsupported> missing = unsupported();
        if (!missing.isEmpty()) {
            String named = missing.stream().map(Unsupported::toString).collect(Collectors.joining(", "));
            throw new UnsupportedOperationsException((file + ": gradients cannot be computed of this model, since these"
                            + " of its operations are not supported: " + named
                            + "; ONNX Runtime may run it as a black box, for attacks on scores or labels")
                    .replaceAll("\\p{C}+", " "));
        }
    }

    /** Frees its constants. */
    @Override
    public void close() {
        graph.constants().values().forEach(Tensor::close);
    }

    /** Builds a graph of what the format says. */
    private static final class Reader {
        private final OnnxTensors tensors;
        private final Device device;
        private final List<Tensor> owned;
        private final List<String> notes = new ArrayList<>();
        private boolean half;

        Reader(Path file, Device device, List<Tensor> owned) {
            this.device = device;
            this.tensors = new OnnxTensors(file.toAbsolutePath().getParent());
            this.owned = owned;
        }

        OnnxFile file(ModelProto model) throws IOException {
            GraphProto proto = model.getGraph();
            int opset = opset(model);
            Map<String, Tensor> constants = new LinkedHashMap<>();
            for (TensorProto tensor : proto.getInitializerList()) {
                put(constants, tensor.getName(), owned(tensor));
            }
            if (proto.getSparseInitializerCount() > 0) {
                throw new InputException("it has sparse tensors, which are not supported");
            }
            List<Node> nodes = new ArrayList<>();
            for (NodeProto node : proto.getNodeList()) {
                Node read = node(node, nodes.size());
                if (read.operation().equals("Constant")) {
                    put(constants, read.output(), constant(read));
                } else {
                    nodes.add(read);
                }
            }
            Graph.Port input = input(proto, constants.keySet());
            Graph.Port output = output(proto);
            if (half) {
                notes.add("has numbers of half precision, with which computation is in FLOAT32");
            }
            String producer = (model.getProducerName() + " " + model.getProducerVersion()).strip();
            Graph graph = new Graph(input, output, nodes, constants, opset).pruned();
            Set<Object> used = new HashSet<>(graph.constants().values());
            graph.nodes().forEach(node -> used.addAll(node.attributes().values()));
            owned.stream().filter(tensor -> !used.contains(tensor)).forEach(Tensor::close);
            Map<String, String> metadata = new LinkedHashMap<>();
            model.getMetadataPropsList()
                    .forEach(entry -> metadata.put(printable(entry.getKey()), printable(entry.getValue())));
            return new OnnxFile(graph, printable(producer), metadata, notes);
        }

        /** Files may hold line breaks and terminal controls. */
        private static String printable(String text) {
            return text.replaceAll("[\\p{C}\\p{Zl}\\p{Zp}]+", " ");
        }

        private static void put(Map<String, Tensor> constants, String name, Tensor value) {
            if (constants.put(name, value) != null) {
                throw new InputException("two tensors are called '" + name + "'");
            }
        }

        private static int opset(ModelProto model) {
            long opset = 0;
            for (OperatorSetIdProto set : model.getOpsetImportList()) {
                if (set.getDomain().isEmpty() || set.getDomain().equals("ai.onnx")) {
                    opset = set.getVersion();
                }
            }
            if (opset < OLDEST_OPSET || opset > NEWEST_OPSET) {
                throw new InputException("opset " + opset + " of ONNX's operators; expected " + OLDEST_OPSET + " to "
                        + NEWEST_OPSET + "; export it with one of these");
            }
            return (int) opset;
        }

        private Tensor owned(TensorProto proto) throws IOException {
            half |= OnnxTypes.ofNumber(proto.getDataType())
                    .filter(type -> OnnxTypes.computed(type) != type)
                    .isPresent();
            Tensor tensor = tensors.read(proto);
            // Whole numbers are shapes and indices, which are read on the CPU.
            tensor = (tensor.dtype().isFloatingPoint() ? tensor.to(device) : tensor).own();
            owned.add(tensor);
            return tensor;
        }

        private Tensor constant(Node node) {
            Object value = node.attributes().get("value");
            Tensor tensor;
            if (value instanceof Tensor found) {
                return found;
            } else if (node.has("value_int") || node.has("value_ints")) {
                long[] values = node.integers(node.has("value_int") ? "value_int" : "value_ints");
                tensor = node.has("value_int") ? Tensor.of(values) : Tensor.of(values, values.length);
            } else if (node.has("value_float")) {
                tensor = Tensor.of(new float[] {(float) node.number("value_float", 0)});
            } else if (node.has("value_floats")) {
                double[] values = node.numbers("value_floats");
                tensor = Tensor.of(values, values.length).to(DType.FLOAT32);
            } else {
                throw new InputException(node + ": a constant without a value, or of strings or sparse numbers");
            }
            tensor.own();
            owned.add(tensor);
            return tensor;
        }

        private Node node(NodeProto proto, int index) throws IOException {
            Map<String, Object> attributes = new LinkedHashMap<>();
            String domain = proto.getDomain().equals("ai.onnx") ? "" : proto.getDomain();
            String operation = printable(domain.isEmpty() ? proto.getOpType() : domain + ":" + proto.getOpType());
            String name = proto.getName().isEmpty() ? "node " + index : printable(proto.getName());
            if (proto.getOutputCount() == 0) {
                throw new InputException(operation + " '" + name + "' has no output");
            }
            for (AttributeProto attribute : proto.getAttributeList()) {
                Object value = value(attribute);
                if (value != null) {
                    attributes.put(attribute.getName(), value);
                } else if (Operators.find(operation) != null) {
                    throw new InputException(operation + " '" + name + "': its attribute " + attribute.getName()
                            + " is of type " + attribute.getType() + "; expected numbers, a string or a tensor");
                }
            }
            return new Node(name, operation, proto.getInputList(), proto.getOutputList(), attributes);
        }

        /** Null for graphs and lists of strings or tensors, which no operation that is supported has. */
        private Object value(AttributeProto attribute) throws IOException {
            return switch (attribute.getType()) {
                case INT -> attribute.getI();
                case FLOAT -> (double) attribute.getF();
                case STRING -> attribute.getS().toString(StandardCharsets.UTF_8);
                case INTS -> List.copyOf(attribute.getIntsList());
                case FLOATS ->
                    attribute.getFloatsList().stream().map(Float::doubleValue).toList();
                case TENSOR -> owned(attribute.getT());
                default -> null;
            };
        }

        private Graph.Port input(GraphProto proto, Set<String> constants) {
            List<ValueInfoProto> inputs = proto.getInputList().stream()
                    .filter(input -> !constants.contains(input.getName()))
                    .toList();
            if (inputs.size() != 1) {
                throw new InputException("it takes "
                        + inputs.size() + " inputs"
                        + inputs.stream()
                                .map(input -> " '" + input.getName() + "'")
                                .collect(Collectors.joining(","))
                        + "; expected one, the images");
            }
            return port(inputs.get(0));
        }

        private Graph.Port output(GraphProto proto) {
            List<Graph.Port> outputs =
                    proto.getOutputList().stream().map(this::port).toList();
            Graph.Port chosen = Graph.Port.logitsOf(outputs).orElseThrow(() -> new InputException("it has no output"));
            if (outputs.size() > 1) {
                notes.add("has " + outputs.size() + " outputs, of which '" + chosen.name() + "' is taken");
            }
            return chosen;
        }

        private Graph.Port port(ValueInfoProto proto) {
            if (!proto.getType().hasTensorType()) {
                throw new InputException("'" + proto.getName() + "' is no tensor");
            }
            TypeProto.Tensor type = proto.getType().getTensorType();
            DType dtype = OnnxTypes.ofNumber(type.getElemType())
                    .orElseThrow(() -> new InputException("'" + proto.getName() + "' has elements of type "
                            + type.getElemType() + ", which is not supported"));
            half |= OnnxTypes.computed(dtype) != dtype;
            List<Long> shape = type.getShape().getDimList().stream()
                    .map(size -> size.hasDimValue() && size.getDimValue() > 0 ? size.getDimValue() : -1L)
                    .toList();
            return new Graph.Port(proto.getName(), OnnxTypes.computed(dtype), shape);
        }
    }

    /**
     * Writes a graph as an ONNX file. The same graph and metadata give the same bytes.
     *
     * @param metadata properties that the file keeps beside the graph
     * @throws IOException on an I/O error; a previous file is then untouched
     */
    public static void write(Path file, Graph graph, Map<String, String> metadata) throws IOException {
        GraphProto.Builder proto = GraphProto.newBuilder().setName("network");
        proto.addInput(port(graph.input())).addOutput(port(graph.output()));
        new TreeMap<>(graph.constants())
                .forEach((name, tensor) -> proto.addInitializer(OnnxTensors.write(name, tensor)));
        for (Node node : graph.nodes()) {
            NodeProto.Builder written = NodeProto.newBuilder()
                    .setName(node.name())
                    .setOpType(node.operation())
                    .addAllInput(node.inputs())
                    .addAllOutput(node.outputs());
            new TreeMap<>(node.attributes()).forEach((name, value) -> written.addAttribute(attribute(name, value)));
            proto.addNode(written);
        }
        ModelProto.Builder model = ModelProto.newBuilder()
                .setIrVersion(8)
                .setProducerName("varepsilon")
                .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(graph.opset()))
                .setGraph(proto);
        new TreeMap<>(metadata)
                .forEach((key, value) ->
                        model.addMetadataPropsBuilder().setKey(key).setValue(value));
        ModelProto built = model.build();
        AtomicFile.write(file, built::writeTo);
    }

    private static ValueInfoProto port(Graph.Port port) {
        TypeProto.Tensor.Builder type = TypeProto.Tensor.newBuilder().setElemType(OnnxTypes.number(port.dtype()));
        if (!port.shape().isEmpty()) {
            type.setShape(shape(port.shape()));
        }
        return ValueInfoProto.newBuilder()
                .setName(port.name())
                .setType(TypeProto.newBuilder().setTensorType(type))
                .build();
    }

    private static TensorShapeProto shape(List<Long> sizes) {
        TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
        for (int i = 0; i < sizes.size(); i++) {
            long size = sizes.get(i);
            if (size < 0) {
                shape.addDimBuilder().setDimParam(i == 0 ? "N" : "d" + i);
            } else {
                shape.addDimBuilder().setDimValue(size);
            }
        }
        return shape.build();
    }

    private static AttributeProto attribute(String name, Object value) {
        AttributeProto.Builder proto = AttributeProto.newBuilder().setName(name);
        if (value instanceof Long number) {
            return proto.setType(AttributeProto.AttributeType.INT).setI(number).build();
        }
        if (value instanceof Double number) {
            return proto.setType(AttributeProto.AttributeType.FLOAT)
                    .setF(number.floatValue())
                    .build();
        }
        if (value instanceof String text) {
            return proto.setType(AttributeProto.AttributeType.STRING)
                    .setS(ByteString.copyFromUtf8(text))
                    .build();
        }
        if (value instanceof Tensor tensor) {
            return proto.setType(AttributeProto.AttributeType.TENSOR)
                    .setT(OnnxTensors.write("", tensor))
                    .build();
        }
        List<?> list = (List<?>) value;
        boolean whole = list.stream().allMatch(Long.class::isInstance);
        proto.setType(whole ? AttributeProto.AttributeType.INTS : AttributeProto.AttributeType.FLOATS);
        for (Object element : list) {
            if (whole) {
                proto.addInts((Long) element);
            } else {
                proto.addFloats(((Double) element).floatValue());
            }
        }
        return proto.build();
    }
}
