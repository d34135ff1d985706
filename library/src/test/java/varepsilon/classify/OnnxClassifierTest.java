package varepsilon.classify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import varepsilon.ScopedTest;
import varepsilon.base.InputException;
import varepsilon.data.ImageSet;
import varepsilon.graph.Graph;
import varepsilon.graph.Node;
import varepsilon.graph.OnnxFile;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Tensor;

/** Images into ONNX models of unusual inputs, and outputs that are no logits. */
class OnnxClassifierTest extends ScopedTest {
    @TempDir
    private Path folder;

    /** A chain of operations without constants, from an input of that shape. */
    private ClassifierFile read(DType dtype, List<Long> input, String... operations) throws IOException {
        List<Node> nodes = new ArrayList<>();
        String from = "x";
        for (String operation : operations) {
            String to = operation + nodes.size();
            Map<String, Object> attributes = operation.equals("Cast") ? Map.of("to", 1L) : Map.of();
            nodes.add(new Node("the " + operation, operation, List.of(from), List.of(to), attributes));
            from = to;
        }
        Path file = folder.resolve("model.onnx");
        Graph graph = new Graph(
                new Graph.Port("x", dtype, input), new Graph.Port(from, DType.FLOAT32, List.of()), nodes, Map.of(), 13);
        OnnxFile.write(file, graph, Map.of());
        return closing(ClassifierFile.read(file, Device.CPU));
    }

    private Tensor images() {
        return rng(1).uniform(2, 3, 2, 4);
    }

    @Test
    void channelsFirstAreGivenAsTheyAre() throws IOException {
        ClassifierFile file = read(DType.FLOAT32, List.of(-1L, 3L, 2L, 4L), "Flatten");
        Tensor x = images();

        assertThat(file.classifier().logits(x).toFloats()).containsExactly(x.toFloats());
        assertThat(file.notes()).noneMatch(note -> note.contains("has the input"));
    }

    @Test
    void channelsLastArePermutedAndSaid() throws IOException {
        ClassifierFile file = read(DType.FLOAT32, List.of(-1L, 2L, 4L, 3L), "Flatten");
        Tensor x = images();

        assertThat(file.classifier().logits(x).toFloats())
                .containsExactly(x.permute(0, 2, 3, 1).flatten(1).toFloats());
        assertThat(file.notes()).anyMatch(note -> note.endsWith("N×H×W×C, channels last"));
    }

    @Test
    void anInputThatFitsEitherWayIsTakenForChannelsFirst() throws IOException {
        ClassifierFile file = read(DType.FLOAT32, List.of(-1L, -1L, -1L, -1L), "Flatten");
        Tensor x = images();

        assertThat(file.classifier().logits(x).toFloats()).containsExactly(x.toFloats());
        assertThat(file.notes()).anyMatch(note -> note.contains("assumed to be N×C×H×W, channels first"));
    }

    @Test
    void rowsOfValuesAreChannelsFirst() throws IOException {
        ClassifierFile file = read(DType.FLOAT32, List.of(-1L, 24L), "Identity");
        Tensor x = images();

        assertThat(file.classifier().logits(x).toFloats()).containsExactly(x.toFloats());
        assertThat(file.notes()).anyMatch(note -> note.endsWith("rows of the values of C×H×W"));
    }

    @Test
    void bytesAreMadeOfPixelsWithGradients() throws IOException {
        ClassifierFile file = read(DType.UINT8, List.of(-1L, 3L, 2L, 4L), "Cast", "Flatten");
        Tensor x = images().requiresGrad(true);
        Tensor logits = file.classifier().logits(x);

        float[] pixels = x.toFloats();
        float[] found = logits.toFloats();
        for (int i = 0; i < pixels.length; i++) {
            assertThat(found[i]).isCloseTo(255 * pixels[i], within(1e-3F));
        }
        assertThat(Gradients.of(logits.sum(), x).toFloats()).containsOnly(255);
        assertThat(file.notes()).anyMatch(note -> note.contains("takes bytes"));
    }

    @Test
    void aSoftmaxAtTheEndIsLeftOut() throws IOException {
        ClassifierFile file = read(DType.FLOAT32, List.of(-1L, 3L, 2L, 4L), "Flatten", "Softmax");
        Tensor x = images();

        assertThat(file.classifier().logits(x).toFloats()).containsExactly(x.toFloats());
        assertThat(file.notes()).anyMatch(note -> note.contains("ends in a softmax, which is left out"));
    }

    @Test
    void outputsThatAreNoRowsOfLogitsAreRefused() throws IOException {
        ClassifierFile file = read(DType.FLOAT32, List.of(-1L, 3L, 2L, 4L), "Relu");

        assertThatThrownBy(() -> Predictions.logits(file.classifier(), images()))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("2, 3, 2, 4");
    }

    @Test
    void imagesThatDoNotFitAreRefused() throws IOException {
        ClassifierFile file = read(DType.FLOAT32, List.of(-1L, 1L, 28L, 28L), "Flatten");

        assertThatThrownBy(() -> file.classifier().logits(images()))
                .isInstanceOf(InputException.class)
                .hasMessage("the model's input is 'x' FLOAT32 N×1×28×28; the images are 3×2×4");
        ImageSet images = ImageSet.unlabelled("toy", new byte[24], 3, 2, 4);
        assertThatThrownBy(() -> file.requireFits(images))
                .hasMessage(file.path() + ": the model's input is 'x' FLOAT32 N×1×28×28; the images are 3×2×4");
    }

    @Test
    void anUnsupportedOperationIsNamed() {
        assertThatThrownBy(() -> read(DType.FLOAT32, List.of(-1L, 3L, 2L, 4L), "Flatten", "Sinh"))
                .isInstanceOf(InputException.class)
                .hasMessageContainingAll("model.onnx: ", "Sinh ('the Sinh')", "as a black box");
    }
}
