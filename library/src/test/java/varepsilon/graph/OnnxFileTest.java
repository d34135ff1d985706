package varepsilon.graph;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static varepsilon.graph.OnnxProtos.FLOAT;
import static varepsilon.graph.OnnxProtos.FLOAT16;
import static varepsilon.graph.OnnxProtos.STRING;
import static varepsilon.graph.OnnxProtos.external;
import static varepsilon.graph.OnnxProtos.floats;
import static varepsilon.graph.OnnxProtos.integer;
import static varepsilon.graph.OnnxProtos.integers;
import static varepsilon.graph.OnnxProtos.model;
import static varepsilon.graph.OnnxProtos.node;
import static varepsilon.graph.OnnxProtos.raw;
import static varepsilon.graph.OnnxProtos.value;
import static varepsilon.graph.OnnxProtos.with;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.SparseTensorProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.ScopedTest;
import varepsilon.base.InputException;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Tensor;

/** ONNX models that are damaged, hostile or of a form that is not supported; and forms that are unusual but right. */
class OnnxFileTest extends ScopedTest {
    private static final float[] FOUR = {1, 2, 3, 4};
    private static final byte[] SIXTEEN_BYTES = bytes(FOUR);

    @TempDir
    private Path folder;

    private static byte[] bytes(float... values) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : values) {
            bytes.putFloat(value);
        }
        return bytes.array();
    }

    private Path write(ModelProto.Builder model) throws IOException {
        return Files.write(folder.resolve("model.onnx"), model.build().toByteArray());
    }

    private OnnxFile read(ModelProto.Builder model) throws IOException {
        return closing(OnnxFile.read(write(model), Device.CPU));
    }

    private AbstractThrowableAssert<?, ?> refused(ModelProto.Builder model) throws IOException {
        Path file = write(model);
        return refused(file);
    }

    private static AbstractThrowableAssert<?, ?> refused(Path file) {
        return assertThatThrownBy(() -> OnnxFile.read(file, Device.CPU).close())
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith(file + ": ")
                .hasMessageNotContaining("\n");
    }

    private static Tensor four() {
        return Tensor.of(new float[] {10, 20, 30, 40}, 1, 4);
    }

    /** x + c for a constant c. */
    private static ModelProto.Builder adding(TensorProto constant) {
        ModelProto.Builder model = model(node("Add", "y", "x", constant.getName()));
        model.getGraphBuilder().addInitializer(constant);
        return model;
    }

    // ---- Graphs ---------------------------------------------------------------------------------------------------

    @Test
    void operationsThatNeedEachOther() throws IOException {
        refused(model(node("Add", "a", "x", "b"), node("Relu", "b", "a"), node("Relu", "y", "x")))
                .hasMessageContainingAll("go in a circle", "'the Add'");
        refused(model(node("Add", "y", "x", "y"))).hasMessageContaining("go in a circle");
    }

    @Test
    void aValueThatNothingGives() throws IOException {
        refused(model(node("Add", "y", "x", "weight")))
                .hasMessageContaining("Add 'the Add' takes 'weight', which nothing gives");
        refused(model(node("Relu", "z", "x"))).hasMessageContaining("nothing computes the output 'y'");
        refused(model()).hasMessageContaining("nothing computes the output 'y'");
    }

    @Test
    void aValueWithTwoOrigins() throws IOException {
        refused(model(node("Relu", "y", "x"), node("Neg", "y", "x")))
                .hasMessageContaining("gives 'y', which something else gives too");
        refused(model(node("Relu", "x", "x"), node("Neg", "y", "x"))).hasMessageContaining("'x', which something else");
        ModelProto.Builder overwritten = adding(floats("c", new long[] {4}, FOUR));
        overwritten.getGraphBuilder().addNode(node("Relu", "c", "x"));
        refused(overwritten).hasMessageContaining("'c', which something else");
        ModelProto.Builder twice = adding(floats("c", new long[] {4}, FOUR));
        twice.getGraphBuilder().addInitializer(floats("c", new long[] {4}, FOUR));
        refused(twice).hasMessageContaining("two tensors are called 'c'");
    }

    @Test
    void aNodeWithoutOutputs() throws IOException {
        refused(model(NodeProto.newBuilder().setOpType("Relu").addInput("x").build()))
                .hasMessageContaining("Relu 'node 0' has no output");
    }

    @Test
    void noOutputNoInputOrTwo() throws IOException {
        ModelProto.Builder none = model(node("Relu", "y", "x"));
        none.getGraphBuilder().clearOutput();
        refused(none).hasMessageEndingWith("it has no output");

        ModelProto.Builder without = model(node("Relu", "y", "x"));
        without.getGraphBuilder().clearInput();
        refused(without).hasMessageContaining("it takes 0 inputs; expected one, the images");

        ModelProto.Builder two = model(node("Add", "y", "x", "mask"));
        two.getGraphBuilder().addInput(value("mask", FLOAT, -1, 4));
        refused(two).hasMessageContaining("it takes 2 inputs 'x', 'mask'; expected one, the images");
    }

    @Test
    void anInitialiserThatIsListedAsAnInputIsNone() throws IOException {
        ModelProto.Builder old = adding(floats("c", new long[] {4}, FOUR));
        old.getGraphBuilder().addInput(value("c", FLOAT, 4));

        assertThat(read(old).graph().run(four()).toFloats()).containsExactly(11, 22, 33, 44);
    }

    @Test
    void inputsThatAreNoNumbers() throws IOException {
        ModelProto.Builder strings = model(node("Relu", "y", "x"));
        strings.getGraphBuilder().setInput(0, value("x", STRING, -1, 4));
        refused(strings).hasMessageContaining("'x' has elements of type 8, which is not supported");

        ModelProto.Builder sequence = model(node("Relu", "y", "x"));
        sequence.getGraphBuilder().getInputBuilder(0).getTypeBuilder().getSequenceTypeBuilder();
        refused(sequence).hasMessageContaining("'x' is no tensor");
    }

    @Test
    void ofSeveralOutputsTheLogitsAreTaken() throws IOException {
        ModelProto.Builder model = model(node("Relu", "y", "x"), node("Neg", "logits", "x"));
        model.getGraphBuilder().addOutput(value("logits", FLOAT, -1, 4));
        OnnxFile file = read(model);

        assertThat(file.graph().run(four()).toFloats()).containsExactly(-10, -20, -30, -40);
        assertThat(file.notes()).containsExactly("has 2 outputs, of which 'logits' is taken");
    }

    // ---- Operations -----------------------------------------------------------------------------------------------

    @ParameterizedTest
    @ValueSource(longs = {-1, 0, 6, 22, 99, Long.MAX_VALUE})
    void versionsOfTheOperatorsThatAreNotKnown(long opset) throws IOException {
        ModelProto.Builder model = model(node("Relu", "y", "x"));
        model.getOpsetImportBuilder(0).setVersion(opset);

        refused(model).hasMessageContainingAll("opset " + opset + " ", "expected 7 to 21");
    }

    @Test
    void noVersionOfTheOperators() throws IOException {
        refused(model(node("Relu", "y", "x")).clearOpsetImport())
                .hasMessageContainingAll("opset 0 ", "expected 7 to 21");
    }

    @ParameterizedTest
    @ValueSource(strings = {"If", "Loop", "Scan"})
    void controlFlowIsRefusedByName(String operation) throws IOException {
        NodeProto flow = with(
                node(operation, "y", "x"),
                AttributeProto.newBuilder()
                        .setName("body")
                        .setType(AttributeProto.AttributeType.GRAPH)
                        .setG(GraphProto.newBuilder().addNode(node("Relu", "b", "a")))
                        .build());
        OnnxFile file = read(model(flow));

        assertThatThrownBy(() -> file.requireSupported(Path.of("m.onnx")))
                .isInstanceOf(UnsupportedOperationsException.class)
                .hasMessageContainingAll("m.onnx: ", operation + " ('the " + operation + "'; control flow)");
        assertThatThrownBy(() -> file.graph().run(four()))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("this operation is not supported");
    }

    @Test
    void unknownOperationsAreNamedWithTheirDomainNodesAndCounts() throws IOException {
        NodeProto custom =
                node("Fancy", "a", "x").toBuilder().setDomain("com.example").build();
        OnnxFile file = read(model(
                custom,
                custom.toBuilder().setName("again").setOutput(0, "b").build(),
                node("Relu", "r", "a"),
                node("Einsum", "c", "b", "r"),
                node("Identity", "y", "c")));

        assertThat(file.unsupported())
                .containsExactlyInAnyOrder(
                        new OnnxFile.Unsupported("com.example:Fancy", "the Fancy", 2),
                        new OnnxFile.Unsupported("Einsum", "the Einsum", 1));
        assertThatThrownBy(() -> file.requireSupported(Path.of("m.onnx")))
                .hasMessageContaining("com.example:Fancy ('the Fancy' and 1 more), Einsum ('the Einsum')");
    }

    @Test
    void anOperationOfAnotherDomainIsNotTheOneOfItsName() throws IOException {
        NodeProto other =
                node("Relu", "y", "x").toBuilder().setDomain("com.example").build();

        assertThat(read(model(other)).unsupported()).hasSize(1);
        assertThat(read(model(other.toBuilder().setDomain("ai.onnx").build())).unsupported())
                .isEmpty();
    }

    @Test
    void namesCannotHoldTerminalControls() throws IOException {
        NodeProto evil = node("Bad\u001b[31m\nOp", "y", "x").toBuilder()
                .setName("n\u001b]0;title\u0007")
                .build();
        ModelProto.Builder model = model(evil).setProducerName("p\u001b[2J\n");
        model.addMetadataPropsBuilder().setKey("k\u001b").setValue("v\nw");
        OnnxFile file = read(model);

        assertThat(file.unsupported().toString() + file.producer() + file.metadata())
                .doesNotContainPattern("\\p{Cntrl}");
        assertThatThrownBy(() -> file.requireSupported(Path.of("m.onnx"))).hasMessageNotContaining("\u001b");
    }

    @Test
    void attributesOfAnotherType() throws IOException {
        OnnxFile text = read(model(with(
                node("LeakyRelu", "y", "x"),
                AttributeProto.newBuilder()
                        .setName("alpha")
                        .setType(AttributeProto.AttributeType.STRING)
                        .setS(ByteString.copyFromUtf8("0.1"))
                        .build())));
        assertThatThrownBy(() -> text.graph().run(four()))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("LeakyRelu 'the LeakyRelu': its attribute alpha is a String; expected a Double");

        OnnxFile whole = read(model(with(node("LeakyRelu", "y", "x"), integer("alpha", 1))));
        assertThatThrownBy(() -> whole.graph().run(four())).hasMessageContaining("is a Long; expected a Double");

        AttributeProto strings = AttributeProto.newBuilder()
                .setName("perm")
                .setType(AttributeProto.AttributeType.STRINGS)
                .addStrings(ByteString.copyFromUtf8("0"))
                .build();
        refused(model(with(node("Transpose", "y", "x"), strings)))
                .hasMessageContaining("its attribute perm is of type STRINGS; expected numbers");
        refused(model(with(
                        node("LeakyRelu", "y", "x"),
                        AttributeProto.newBuilder().setName("alpha").setF(0.5F).build())))
                .hasMessageContaining("its attribute alpha is of type UNDEFINED");
    }

    @Test
    void attributesOutOfRange() throws IOException {
        OnnxFile axis = read(model(with(node("Softmax", "y", "x"), integer("axis", 7))));
        assertThatThrownBy(() -> axis.graph().run(four()))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("axis 7 of 2 dimensions");
        OnnxFile type = read(model(with(node("Cast", "y", "x"), integer("to", 1L << 40))));
        assertThatThrownBy(() -> type.graph().run(four())).isInstanceOf(InputException.class);
        OnnxFile outputs = read(
                model(node("Relu", "y", "x").toBuilder().addOutput("second").build()));
        assertThatThrownBy(() -> outputs.graph().run(four())).hasMessageContaining("has 2 outputs; expected at most 1");
        OnnxFile missing = read(model(node("Add", "y", "x")));
        assertThatThrownBy(() -> missing.graph().run(four())).hasMessageContaining("has no input number 2");
    }

    @Test
    void anOperationOnWrongShapesSaysWhich() throws IOException {
        OnnxFile file = read(adding(floats("c", new long[] {3}, 1, 2, 3)));

        assertThatThrownBy(() -> file.graph().run(four()))
                .isInstanceOf(InputException.class)
                .hasMessageContainingAll("Add 'the Add' fails on", "[1, 4]", "[3]");
    }

    @Test
    void sizesThatAFilePromisesTakeNoMemory() throws IOException {
        ModelProto.Builder huge = model(node("ConstantOfShape", "h", "s"), node("Add", "y", "x", "h"));
        huge.getGraphBuilder().addInitializer(integers("s", 1 << 20, 1 << 20, 1 << 20));
        OnnxFile constant = read(huge);
        assertThatThrownBy(() -> GraphNetwork.of(constant.graph(), 4))
                .isInstanceOf(InputException.class)
                .hasMessageContainingAll("ConstantOfShape", "elements; expected at most");

        ModelProto.Builder wide = model(node("Relu", "y", "x"));
        wide.getGraphBuilder().setInput(0, value("x", FLOAT, 1L << 40, 4));
        OnnxFile batch = read(wide);
        assertThatThrownBy(() -> GraphNetwork.of(batch.graph(), 4))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("numbers for one example; expected at most");
    }

    // ---- Tensors --------------------------------------------------------------------------------------------------

    @Test
    void tensorsWhoseBytesAreNotWhatTheirSizesSay() throws IOException {
        refused(adding(raw("c", FLOAT, Arrays.copyOf(SIXTEEN_BYTES, 15), 4)))
                .hasMessageContainingAll("tensor 'c'", "15 bytes", "needs 16");
        refused(adding(raw("c", FLOAT, SIXTEEN_BYTES, 5))).hasMessageContainingAll("16 bytes", "needs 20");
        refused(adding(raw("c", FLOAT, SIXTEEN_BYTES, 1L << 60))).hasMessageContaining("tensor 'c'");
        refused(adding(raw("c", FLOAT, SIXTEEN_BYTES, 1L << 40, 1L << 40)))
                .hasMessageContainingAll("tensor 'c'", "beyond all memory");
        refused(adding(raw("c", FLOAT, SIXTEEN_BYTES, -4, -1))).hasMessageContainingAll("tensor 'c'", "negative size");
        refused(adding(floats("c", new long[] {1L << 60}, FOUR))).hasMessageContaining("tensor 'c'");
        refused(adding(floats("c", new long[] {3}, FOUR))).hasMessageContaining("tensor 'c'");
    }

    @Test
    void tensorsOfTypesThatAreNotNumbers() throws IOException {
        TensorProto strings = TensorProto.newBuilder()
                .setName("c")
                .setDataType(STRING)
                .addDims(1)
                .addStringData(ByteString.copyFromUtf8("a"))
                .build();
        refused(adding(strings)).hasMessageContainingAll("tensor 'c' has type 8, which is not supported");
        refused(adding(raw("c", 14, SIXTEEN_BYTES, 2))).hasMessageContaining("type 14"); // complex numbers
        refused(adding(raw("c", 77, SIXTEEN_BYTES, 2))).hasMessageContaining("type 77");
    }

    @Test
    void sparseTensors() throws IOException {
        ModelProto.Builder model = adding(floats("c", new long[] {4}, FOUR));
        model.getGraphBuilder()
                .addSparseInitializer(SparseTensorProto.newBuilder().setValues(floats("s", new long[] {1}, 1)));

        refused(model).hasMessageContaining("sparse tensors, which are not supported");
    }

    @Test
    void halfPrecisionIsComputedInSingle() throws IOException {
        byte[] halves = {0, 0x3c, 0, 0x40, 0, 0x42, 0, 0x44}; // 1, 2, 3, 4
        ModelProto.Builder model = adding(raw("c", FLOAT16, halves, 4));
        model.getGraphBuilder().setInput(0, value("x", FLOAT16, -1, 4)).setOutput(0, value("y", FLOAT16, -1, 4));
        OnnxFile file = read(model);

        assertThat(file.graph().input().dtype()).isEqualTo(DType.FLOAT32);
        assertThat(file.graph().run(four()).toFloats()).containsExactly(11, 22, 33, 44);
        assertThat(file.notes()).anyMatch(note -> note.contains("half precision"));
    }

    @Test
    void constantsAreNodesOrInitialisers() throws IOException {
        NodeProto tensor = with(
                node("Constant", "c"),
                AttributeProto.newBuilder()
                        .setName("value")
                        .setType(AttributeProto.AttributeType.TENSOR)
                        .setT(floats("", new long[] {4}, FOUR))
                        .build());
        NodeProto list = with(
                node("Constant", "c"),
                AttributeProto.newBuilder()
                        .setName("value_floats")
                        .setType(AttributeProto.AttributeType.FLOATS)
                        .addAllFloats(List.of(1F, 2F, 3F, 4F))
                        .build());
        for (NodeProto constant : new NodeProto[] {tensor, list}) {
            OnnxFile file = read(model(constant, node("Add", "y", "x", "c")));
            assertThat(file.graph().constants()).containsOnlyKeys("c");
            assertThat(file.graph().run(four()).toFloats()).containsExactly(11, 22, 33, 44);
        }
        refused(model(node("Constant", "c"), node("Add", "y", "x", "c")))
                .hasMessageContaining("a constant without a value");
    }

    // ---- External data --------------------------------------------------------------------------------------------

    @Test
    void dataBesideTheModel() throws IOException {
        byte[] file = new byte[24];
        System.arraycopy(SIXTEEN_BYTES, 0, file, 8, 16);
        Files.createDirectories(folder.resolve("sub"));
        Files.write(folder.resolve("sub/weights.bin"), file);

        for (TensorProto tensor : new TensorProto[] {
            external("c", "location", "sub/weights.bin", "offset", "8", "length", "16"),
            external("c", "location", "sub/weights.bin", "offset", "8"),
            external("c", "location", "sub/../sub/weights.bin", "offset", "8")
        }) {
            assertThat(read(adding(tensor)).graph().run(four()).toFloats()).containsExactly(11, 22, 33, 44);
        }
    }

    @Test
    void dataOutsideTheModelsFolder(@TempDir Path elsewhere) throws IOException {
        Path secret = Files.write(elsewhere.resolve("secret"), SIXTEEN_BYTES);
        Path relative = folder.relativize(secret);
        Files.createSymbolicLink(folder.resolve("link"), secret);
        Files.createSymbolicLink(folder.resolve("folder-link"), elsewhere);

        for (String location :
                new String[] {relative.toString(), secret.toString(), "link", "folder-link/secret", "..", "", "a\0b"}) {
            refused(adding(external("c", "location", location)))
                    .hasMessageContaining("tensor 'c'")
                    .satisfies(e ->
                            assertThat(e.getMessage()).containsAnyOf("refused, for safety", "no path", "not there"));
        }
        refused(adding(external("c", "location", "link"))).hasMessageContaining("outside the model's folder");
        refused(adding(external("c", "location", relative.toString())))
                .hasMessageContaining("outside the model's folder");
        refused(adding(external("c", "location", secret.toString())))
                .hasMessageContaining("outside the model's folder");
        refused(adding(external("c", "offset", "0"))).hasMessageContaining("outside the model's folder");
    }

    @Test
    void dataThatAreIncomplete() throws IOException {
        Files.write(folder.resolve("w"), Arrays.copyOf(SIXTEEN_BYTES, 12));

        refused(adding(external("c", "location", "w"))).hasMessageContainingAll("tensor 'c'", "12 bytes", "needs 16");
        refused(adding(external("c", "location", "w", "length", "16"))).hasMessageContaining("is it incomplete?");
        refused(adding(external("c", "location", "w", "offset", "13"))).hasMessageContaining("is it incomplete?");
        refused(adding(external("c", "location", "w", "length", Long.toString(Long.MAX_VALUE))))
                .hasMessageContaining("is it incomplete?");
        refused(adding(external("c", "location", "w", "offset", "-1"))).hasMessageContaining("'-1' for an offset");
        refused(adding(external("c", "location", "w", "length", "many"))).hasMessageContaining("'many' for an offset");
        refused(adding(external("c", "location", "absent"))).hasMessageContainingAll("absent", "which is not there");
    }

    // ---- Files ----------------------------------------------------------------------------------------------------

    @Test
    void filesThatAreCutOff() throws IOException {
        byte[] whole = Files.readAllBytes(write(adding(floats("c", new long[] {4}, FOUR))));

        for (int length = 1; length < whole.length; length++) {
            Path file = Files.write(folder.resolve("cut.onnx"), Arrays.copyOf(whole, length));
            try (OnnxFile read = OnnxFile.read(file, Device.CPU)) {
                // What is cut off is the graph's end alone where it is the version of the operators that is missing.
                assertThat(read.graph().nodes()).hasSize(1);
            } catch (InputException e) {
                assertThat(e).hasMessageStartingWith(file.toString());
            }
        }
        refused(Files.write(folder.resolve("cut.onnx"), Arrays.copyOf(whole, whole.length - 6)))
                .hasMessageContaining("not an ONNX model, or a damaged one");
    }

    @Test
    void anEmptyFileAndOneOfAnotherKind() throws IOException {
        Path empty = Files.write(folder.resolve("empty.onnx"), new byte[0]);
        refused(empty).hasMessageContaining("without a graph");
        refused(Files.write(folder.resolve("text.onnx"), "not a model at all".getBytes(UTF_8)))
                .hasMessageContaining("not an ONNX model");
        assertThat(OnnxFile.isOnnx(empty)).isFalse();
        assertThat(OnnxFile.isOnnx(folder)).isFalse();
    }

    @Test
    void aLargeFileOfZerosIsRefusedAtOnce() throws IOException {
        Path file = folder.resolve("zeros.onnx");
        try (RandomAccessFile zeros = new RandomAccessFile(file.toFile(), "rw")) {
            zeros.setLength(100L << 20);
        }

        Assertions.assertTimeout(Duration.ofSeconds(10), () -> refused(file).hasMessageContaining("not an ONNX model"));
    }

    @Test
    void aPromiseOfTwoGigabytesTakesNoMemory() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        CodedOutputStream out = CodedOutputStream.newInstance(bytes);
        out.writeInt64(1, 8);
        out.writeTag(7, 2); // the graph
        out.writeUInt32NoTag(Integer.MAX_VALUE - 100);
        out.writeTag(5, 2); // its first tensor
        out.writeUInt32NoTag(Integer.MAX_VALUE - 200);
        out.writeTag(9, 2); // the tensor's bytes
        out.writeUInt32NoTag(Integer.MAX_VALUE - 300);
        out.flush();

        refused(Files.write(folder.resolve("promise.onnx"), bytes.toByteArray()))
                .hasMessageContaining("not an ONNX model, or a damaged one");
    }

    @Test
    void graphsInGraphsWithoutEnd() throws IOException {
        // As bytes: a builder of so deep a message would itself overflow the stack.
        ByteString graph = GraphProto.newBuilder().setName("innermost").build().toByteString();
        for (int depth = 0; depth < 2000; depth++) {
            graph = field(1, field(5, field(6, graph))); // a node, with an attribute, with a graph
        }
        ByteString model = ByteString.copyFrom(new byte[] {8, 8}).concat(field(7, graph));
        Path file = Files.write(folder.resolve("deep.onnx"), model.toByteArray());

        refused(file).hasMessageContaining("too many levels of nesting");
    }

    private static ByteString field(int number, ByteString content) {
        ByteString.Output bytes = ByteString.newOutput();
        try {
            CodedOutputStream out = CodedOutputStream.newInstance(bytes);
            out.writeTag(number, 2);
            out.writeUInt32NoTag(content.size());
            out.flush();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        return bytes.toByteString().concat(content);
    }

    @Test
    void manyNodesAndTensorsTakeTimeInProportion() throws IOException {
        int count = 50_000;
        ModelProto.Builder model = model();
        GraphProto.Builder graph = model.getGraphBuilder();
        String from = "x";
        for (int i = 0; i < count; i++) {
            graph.addInitializer(floats("c" + i, new long[] {1}, i));
            String to = i == count - 1 ? "y" : "v" + i;
            graph.addNode(node("Add", to, from, "c" + i).toBuilder().setName("n" + i));
            from = to;
        }

        Assertions.assertTimeout(
                Duration.ofSeconds(60),
                () -> assertThat(read(model).graph().nodes()).hasSize(count));
    }

    // ---- Shapes and batches ---------------------------------------------------------------------------------------

    /** Reshape to [size of the batch, −1], as PyTorch writes a flatten. */
    private static ModelProto.Builder flattening(long batch) {
        ModelProto.Builder model = model(
                node("Shape", "shape", "x"),
                node("Gather", "n", "shape", "first"),
                node("Unsqueeze", "n1", "n", "front"),
                with(node("Concat", "to", "n1", "rest"), integer("axis", 0)),
                node("Reshape", "y", "x", "to"));
        model.getGraphBuilder()
                .setInput(0, value("x", FLOAT, batch, 2, 2))
                .addInitializer(TensorProto.newBuilder()
                        .setName("first")
                        .setDataType(OnnxProtos.INT64)
                        .addInt64Data(0))
                .addInitializer(integers("front", 0))
                .addInitializer(integers("rest", 4));
        return model;
    }

    @Test
    void arithmeticOnShapesIsFolded() throws IOException {
        GraphNetwork network = closing(GraphNetwork.of(read(flattening(-1)).graph(), 2, 2));

        assertThat(network.graph().operations()).isEqualTo(Map.of("Reshape", 1));
        assertThat(network.fixedBatch()).isEqualTo(-1);
        assertThat(network.forward(Tensor.ones(DType.FLOAT32, 5, 2, 2)).shape()).containsExactly(5, 4);
    }

    @Test
    void aFixedBatchIsFreedWhereRowsStayWhatTheyAre() throws IOException {
        ModelProto.Builder model = model(node("Reshape", "y", "x", "to"));
        model.getGraphBuilder().setInput(0, value("x", FLOAT, 1, 2, 2)).addInitializer(integers("to", 1, 4));
        GraphNetwork network = closing(GraphNetwork.of(read(model).graph(), 2, 2));

        assertThat(network.fixedBatch()).isEqualTo(-1);
        Tensor x = rng(1).normal(3, 2, 2);
        assertThat(network.forward(x).toFloats()).containsExactly(x.toFloats());
        assertThat(closing(GraphNetwork.of(read(flattening(2)).graph(), 2, 2)).fixedBatch())
                .isEqualTo(-1);
    }

    @Test
    void aFixedBatchThatCannotBeFreedIsRunSoManyAtATime() throws IOException {
        ModelProto.Builder model = model(with(node("Concat", "y", "token", "x"), integer("axis", 1)));
        model.getGraphBuilder()
                .setInput(0, value("x", FLOAT, 1, 4))
                .addInitializer(floats("token", new long[] {1, 1}, 7));
        GraphNetwork network = closing(GraphNetwork.of(read(model).graph(), 4));

        assertThat(network.fixedBatch()).isEqualTo(1);
        Tensor y = network.forward(Tensor.of(new float[] {1, 2, 3, 4, 5, 6, 7, 8}, 2, 4));
        assertThat(y.toFloats()).containsExactly(7, 1, 2, 3, 4, 7, 5, 6, 7, 8);
    }

    @Test
    void rowsThatDependOnEachOtherKeepTheirBatch() throws IOException {
        // The mean over the batch, which another batch would change.
        AttributeProto axes = AttributeProto.newBuilder()
                .setName("axes")
                .setType(AttributeProto.AttributeType.INTS)
                .addInts(0)
                .build();
        ModelProto.Builder model = model(with(node("ReduceMean", "m", "x"), axes), node("Sub", "y", "x", "m"));
        model.getGraphBuilder().setInput(0, value("x", FLOAT, 2, 4));

        assertThat(closing(GraphNetwork.of(read(model).graph(), 4)).fixedBatch())
                .isEqualTo(2);
    }
}
