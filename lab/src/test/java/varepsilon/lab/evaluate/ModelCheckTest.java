package varepsilon.lab.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import varepsilon.base.InputException;
import varepsilon.classify.ClassifierFile;
import varepsilon.classify.OnnxRunner;
import varepsilon.graph.Graph;
import varepsilon.graph.Node;
import varepsilon.graph.OnnxFile;
import varepsilon.lab.ScopedTest;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Tensor;

/** A check finds what it is there to find: an engine that computes something else. */
class ModelCheckTest extends ScopedTest {
    @TempDir
    private Path folder;

    private Path file;

    @BeforeEach
    void prepare() throws IOException {
        file = folder.resolve("model.onnx");
        // Of pixels from 0 to 1 the sines, whose largest is nearly 0.84.
        Graph graph = new Graph(
                new Graph.Port("x", DType.FLOAT32, List.of(-1L, 3L, 8L, 8L)),
                new Graph.Port("y", DType.FLOAT32, List.of()),
                List.of(new Node("sine", "Sin", List.of("x"), List.of("y"), Map.of())),
                Map.of(),
                13);
        OnnxFile.write(file, graph, Map.of());
    }

    private ModelCheck.Part compared(UnaryOperator<Tensor> change) throws IOException {
        try (ModelFile model = ModelFile.read(file, ClassifierFile.Stated.NOTHING, Device.CPU)) {
            ModelPart whole = model.parts().get(0);
            ModelPart changed = new ModelPart(
                    whole.name(),
                    whole.graph(),
                    whole.example(),
                    x -> change.apply(whole.forward().apply(x)),
                    whole.metadata(),
                    whole.onnx());
            return ModelCheck.compare(
                    model,
                    changed,
                    file,
                    Optional.empty(),
                    Device.CPU,
                    1,
                    OnnxRunner.find().orElseThrow(),
                    1);
        }
    }

    @Test
    void theSameOutputsPass() throws IOException {
        ModelCheck.Part same = compared(y -> y);

        assertThat(same.passed()).isTrue();
        assertThat(same.maxDifference()).isLessThan(1e-6);
        assertThat(same.largest()).isCloseTo(Math.sin(1), within(0.01));
    }

    @Test
    void aDifferenceIsMeasuredAndFails() throws IOException {
        ModelCheck.Part other = compared(y -> y.add(0.001));

        assertThat(other.passed()).isFalse();
        assertThat(other.maxDifference()).isCloseTo(0.001, within(1e-6));
        assertThat(other.maxRelativeDifference()).isCloseTo(0.001 / other.largest(), within(1e-6));
        assertThat(compared(y -> y.add(1e-5)).passed()).isTrue();
    }

    @Test
    void outputsThatAreNotFiniteFail() throws IOException {
        ModelCheck.Part nan = compared(y -> y.sub(2).log());

        assertThat(nan.passed()).isFalse();
        assertThat(nan.finite()).isFalse();
        assertThat(nan.maxDifference()).isInfinite();
    }

    @Test
    void outputsOfAnotherShapeAreAnError() {
        assertThatThrownBy(() -> compared(y -> y.flatten(1)))
                .isInstanceOf(InputException.class)
                .hasMessageContainingAll(file.toString(), "the engine gives");
    }
}
