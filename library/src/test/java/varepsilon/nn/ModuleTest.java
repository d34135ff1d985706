package varepsilon.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import varepsilon.ScopedTest;
import varepsilon.base.InputException;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;
import varepsilon.weights.Weights;

class ModuleTest extends ScopedTest {
    private final Rng rng = rng(1);
    private final Init init = Init.on(Device.CPU, rng);

    private Sequential network() {
        return new Sequential(
                new Conv2d(1, 4, 3, 1, 0, true, init),
                new BatchNorm2d(4, init),
                Layer.of(Tensor::relu),
                new Sequential(new ConvTranspose2d(4, 2, 3, 1, 0, 0, init), Layer.of(Ops::gelu)),
                Layer.of(x -> x.flatten(1)),
                new Linear(32, 3, init));
    }

    /** As `[(k, tuple(v.shape)) for k, v in model.state_dict().items()]` in PyTorch for the same layers. */
    @Test
    void namesOrderAndShapesArePyTorchs() {
        try (Sequential network = network()) {
            Map<String, String> shapes = new LinkedHashMap<>();
            network.state().forEach((name, tensor) -> shapes.put(name, tensor.toString()));
            assertThat(shapes.entrySet().stream().map(Map.Entry::toString))
                    .containsExactly(
                            "0.weight=Tensor(FLOAT32[4, 1, 3, 3])",
                            "0.bias=Tensor(FLOAT32[4])",
                            "1.weight=Tensor(FLOAT32[4])",
                            "1.bias=Tensor(FLOAT32[4])",
                            "1.running_mean=Tensor(FLOAT32[4])",
                            "1.running_var=Tensor(FLOAT32[4])",
                            "1.num_batches_tracked=Tensor(INT64[])",
                            "3.0.weight=Tensor(FLOAT32[4, 2, 3, 3])",
                            "3.0.bias=Tensor(FLOAT32[2])",
                            "5.weight=Tensor(FLOAT32[3, 32])",
                            "5.bias=Tensor(FLOAT32[3])");
            assertThat(network.parameters().keySet())
                    .containsExactly(
                            "0.weight", "0.bias", "1.weight", "1.bias", "3.0.weight", "3.0.bias", "5.weight", "5.bias");
            assertThat(network.parameterCount()).isEqualTo(36 + 4 + 4 + 4 + 72 + 2 + 96 + 3);
            assertThat(network.parameters().values()).allMatch(Tensor::requiresGrad);
            assertThat(network.state().get("1.running_mean").requiresGrad()).isFalse();
        }
    }

    @Test
    void layersRunOneAfterTheOther() {
        try (Sequential network = network()) {
            Tensor y = network.forward(rng.normal(2, 1, 4, 4));
            assertThat(y.shape()).containsExactly(2, 3);
            Tensor x = Tensor.of(new float[] {-1, 2}, 2);
            Sequential steps = new Sequential(Layer.of(v -> v.add(1)), Layer.of(v -> v.mul(10)));
            assertThat(steps.forward(x).toFloats()).containsExactly(0, 30);
        }
    }

    @Test
    void parametersOutliveScopesUntilTheModuleIsClosed() {
        Sequential network;
        try (var inner = Scope.open()) {
            network = network();
        }
        assertThat(network.state().values()).noneMatch(Tensor::isClosed);
        Map<String, Tensor> state = network.state();
        network.close();
        network.close();
        assertThat(state.values()).allMatch(Tensor::isClosed);
    }

    @Test
    void valuesAreLoadedByName() {
        try (Sequential from = network();
                Sequential into = network()) {
            assertThat(into.state().get("5.weight").toFloats())
                    .isNotEqualTo(from.state().get("5.weight").toFloats());
            into.load(Weights.of(from.state(), Map.of()));
            from.state()
                    .forEach((name, tensor) ->
                            assertThat(into.state().get(name).toRaw()).as(name).isEqualTo(tensor.toRaw()));
            assertThat(into.parameters().values()).allMatch(Tensor::requiresGrad);
            from.parameters().get("5.bias").detach().mulInPlace(0);
            assertThat(into.parameters().get("5.bias").toFloats()).as("a copy").isNotEqualTo(new float[3]);
        }
    }

    @Test
    void otherNamesOrShapesAreRefusedAndChangeNothing() {
        try (Linear linear = new Linear(2, 3, init)) {
            float[] before = linear.parameters().get("weight").toFloats();
            Tensor weight = Tensor.ones(DType.FLOAT32, 3, 2);
            Tensor bias = Tensor.ones(DType.FLOAT32, 3);
            Map<String, Map<String, Tensor>> wrong = Map.of(
                    "1 missing ('bias')", Map.of("weight", weight),
                    "1 surplus ('scale')", Map.of("weight", weight, "bias", bias, "scale", bias),
                    "1 of another shape ('weight [2, 3] not [3, 2]')",
                            Map.of("weight", weight.transpose(0, 1), "bias", bias),
                    // Copying would broadcast it.
                    "1 of another shape ('bias [1] not [3]')",
                            Map.of("weight", weight, "bias", Tensor.ones(DType.FLOAT32, 1)));
            wrong.forEach((what, tensors) -> assertThatThrownBy(() -> linear.load(Weights.of(tensors, Map.of())))
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining(what));
            assertThat(linear.parameters().get("weight").toFloats()).containsExactly(before);
        }
    }

    @Test
    void modesReachEveryPartAndComeBackAlsoWhenAnExceptionPasses() {
        BatchNorm2d frozen = new BatchNorm2d(1, init);
        BatchNorm2d free = new BatchNorm2d(1, init);
        try (Sequential network = new Sequential(frozen, new Sequential(free))) {
            assertThat(List.of(network.isTraining(), frozen.isTraining(), free.isTraining()))
                    .containsOnly(true);
            frozen.train(false);
            network.evaluating(() -> {
                assertThat(List.of(network.isTraining(), frozen.isTraining(), free.isTraining()))
                        .containsOnly(false);
                network.forward(Tensor.ones(DType.FLOAT32, 2, 1, 2, 2));
            });
            assertThat(free.state().get("running_mean").toFloats())
                    .as("not disturbed")
                    .containsExactly(0);
            assertThatThrownBy(() -> network.evaluating(() -> {
                        network.train(true);
                        throw new IllegalStateException("passes");
                    }))
                    .hasMessage("passes");
            assertThat(network.isTraining()).isTrue();
            assertThat(frozen.isTraining())
                    .as("its own mode, not the network's")
                    .isFalse();
            assertThat(free.isTraining()).isTrue();
            network.train(false);
            assertThat(List.of(network.isTraining(), frozen.isTraining(), free.isTraining()))
                    .containsOnly(false);
        }
    }

    @Test
    void aNameIsTakenOnce() {
        class Clumsy extends Module {
            Clumsy(String first, String second) {
                parameter(first, Tensor.ones(DType.FLOAT32, 1));
                buffer(second, Tensor.ones(DType.FLOAT32, 1));
            }
        }
        assertThatThrownBy(() -> new Clumsy("a", "a"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("name 'a' is taken in this module");
        assertThatThrownBy(() -> new Clumsy("a", "b.c")).hasMessageContaining("'b.c'");
        assertThatThrownBy(() -> new Clumsy("", "b")).isInstanceOf(IllegalArgumentException.class);
    }
}
