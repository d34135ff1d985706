package varepsilon.classify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.nn.Module;
import varepsilon.tensor.DType;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

class NetworkClassifierTest extends ClassifierTest {
    private static final Architecture RESIDUAL = new Architecture("resnet20", 4, Normalisation.CIFAR10);

    private static Architecture tiny(String name) {
        boolean small = name.equals("small-cnn");
        return new Architecture(name, 4, 8, small ? Normalisation.parse("0.3,0.4", "0.2,0.5") : Normalisation.CIFAR10);
    }

    private Tensor pixels(Architecture architecture, DType dtype, int count) {
        Rng rng = closing(Seed.of(3).stream());
        int side = architecture.side();
        return rng.uniform(dtype, count, architecture.channels(), side, side);
    }

    private static Map<String, float[]> buffers(Module module) {
        return module.state().entrySet().stream()
                .filter(named ->
                        named.getKey().contains("running_") || named.getKey().contains("num_batches"))
                .collect(Collectors.toMap(
                        Map.Entry::getKey, named -> named.getValue().toFloats()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"small-cnn", "resnet20", "resnet18", "preactresnet18"})
    void gradientsAreFiniteDifferences(String name) {
        Architecture architecture = tiny(name);
        NetworkClassifier classifier = create(architecture, DType.FLOAT64);
        Tensor pixels = pixels(architecture, DType.FLOAT64, 2);
        Tensor direction = closing(Seed.of(4).stream()).normal(DType.FLOAT64, pixels.shape());
        Tensor labels = Tensor.of(new long[] {1, 3}, 2);
        classifier.evaluating(() -> {
            Tensor x = pixels.copy().requiresGrad(true);
            Tensor loss = Ops.crossEntropy(classifier.logits(x), labels).sum();
            double slope = Gradients.of(loss, x).mul(direction).sum().item();
            // Small enough that no unit of the piecewise linear network changes its side.
            double h = 1e-6;
            double difference =
                    (loss(classifier, pixels, direction, h, labels) - loss(classifier, pixels, direction, -h, labels))
                            / (2 * h);
            assertThat(Math.abs(slope)).isGreaterThan(1e-3);
            assertThat(slope).isCloseTo(difference, within(1e-6 * Math.max(1, Math.abs(difference))));
        });
    }

    private static double loss(Classifier classifier, Tensor pixels, Tensor direction, double step, Tensor labels) {
        return Ops.crossEntropy(classifier.logits(pixels.add(direction.mul(step))), labels)
                .sum()
                .item();
    }

    @Test
    void evaluatingLeavesStatisticsAloneAndTrainingMovesThem() {
        NetworkClassifier classifier = create(RESIDUAL, DType.FLOAT32);
        Module module = classifier.module();
        Map<String, float[]> before = buffers(module);
        Tensor pixels = pixels(RESIDUAL, DType.FLOAT32, 4);
        classifier.evaluating(() -> {
            assertThat(module.isTraining()).isFalse();
            Tensor x = pixels.copy().requiresGrad(true);
            Gradients.of(classifier.logits(x).sum(), x);
        });
        assertThat(module.isTraining()).isTrue();
        assertThat(before).hasSize(3 * 19);
        buffers(module).forEach((name, values) -> assertThat(values).as(name).isEqualTo(before.get(name)));
        classifier.logits(pixels);
        buffers(module).forEach((name, values) -> assertThat(values).as(name).isNotEqualTo(before.get(name)));
    }

    @Test
    void examplesDoNotTouchEachOtherWhileEvaluating() {
        NetworkClassifier classifier = create(RESIDUAL, DType.FLOAT64);
        Tensor pixels = pixels(RESIDUAL, DType.FLOAT64, 3);
        classifier.evaluating(() -> {
            double[] together = classifier.logits(pixels).narrow(0, 1, 1).toDoubles();
            double[] alone = classifier.logits(pixels.narrow(0, 1, 1)).toDoubles();
            assertThat(together).containsExactly(alone, within(1e-12));
        });
    }

    @Test
    void modesComeBackWhenAnExceptionPasses() {
        NetworkClassifier classifier = create(RESIDUAL, DType.FLOAT32);
        assertThatThrownBy(() -> classifier.evaluating(() -> {
                    throw new IllegalStateException("in the middle");
                }))
                .hasMessage("in the middle");
        assertThat(classifier.module().isTraining()).isTrue();
        classifier.module().train(false);
        classifier.evaluating(() -> {});
        assertThat(classifier.module().isTraining()).isFalse();
    }

    @Test
    void theNormalisationIsPartOfTheModel() {
        Normalisation halves = Normalisation.parse("0.5,0.5", "0.25,0.25");
        NetworkClassifier plain = create(new Architecture("small-cnn", 3, 8, Normalisation.none(2)), DType.FLOAT64);
        NetworkClassifier shifted = create(new Architecture("small-cnn", 3, 8, halves), DType.FLOAT64);
        Tensor pixels = pixels(plain.architecture(), DType.FLOAT64, 2);
        assertThat(shifted.logits(pixels).toDoubles())
                .containsExactly(plain.logits(pixels.sub(0.5).mul(4)).toDoubles(), within(1e-12));
    }

    @Test
    void closingFreesEverything() {
        NetworkClassifier classifier = RESIDUAL.create(init(DType.FLOAT32, 1));
        Map<String, Tensor> state = classifier.module().state();
        classifier.close();
        assertThat(state.values()).allMatch(Tensor::isClosed);
        try (var scope = Scope.open()) {
            Tensor pixels = Tensor.zeros(DType.FLOAT32, 1, 3, 32, 32);
            assertThatThrownBy(() -> classifier.logits(pixels)).isInstanceOf(IllegalStateException.class);
        }
    }
}
