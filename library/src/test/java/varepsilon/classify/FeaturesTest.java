package varepsilon.classify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import varepsilon.base.InputException;
import varepsilon.base.Watch;
import varepsilon.data.Glyphs;
import varepsilon.data.ImageSet;
import varepsilon.nn.Layer;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Tensor;

class FeaturesTest extends ClassifierTest {
    /** The logits are the last layer's, of the features: its weight and bias are the last two parameters. */
    @ParameterizedTest
    @CsvSource({
        "small-cnn, 100",
        "resnet20, 64",
        "resnet18, 512",
        "resnet50, 2048",
        "preactresnet18, 512",
        "preactresnet18-no-norm, 512",
        "preactresnet18-swish, 512",
        "wideresnet-16-2-swish, 128",
        "wideresnet-10-2, 128"
    })
    void theLastLayerMakesTheLogitsOfThem(String name, int count) {
        Architecture architecture = new Architecture(
                name, 3, 16, name.equals("small-cnn") ? Normalisation.parse("0.4", "0.3") : Normalisation.CIFAR10);
        NetworkClassifier classifier = create(architecture, DType.FLOAT64);
        Tensor pixels = rng(2).uniform(DType.FLOAT64, 2, architecture.channels(), 16, 16);
        classifier.evaluating(() -> {
            Tensor features = classifier.features(pixels);
            List<Tensor> parameters =
                    new ArrayList<>(classifier.module().parameters().values());
            Tensor weight = parameters.get(parameters.size() - 2);
            Tensor bias = parameters.get(parameters.size() - 1);

            assertThat(features.shape()).containsExactly(2, count);
            assertThat(weight.shape()).containsExactly(3, count);
            assertThat(Ops.linear(features, weight, bias).toDoubles())
                    .containsExactly(classifier.logits(pixels).toDoubles(), within(1e-12));
        });
    }

    @Test
    void ofASetAreThoseOfItsImagesInOrderWhateverTheBatches() {
        ImageSet images = Glyphs.draw("glyphs", 25, 1);
        NetworkClassifier classifier = create(new Architecture("small-cnn", 10, Normalisation.none(1)), DType.FLOAT32);
        double[][] features = Features.of(classifier, images, 10, Device.CPU, Watch.NONE);

        assertThat(features).hasDimensions(25, 100);
        for (int i : new int[] {0, 9, 10, 24}) {
            double[] alone = Features.of(classifier, images.subset(new int[] {i}), 1, Device.CPU, Watch.NONE)[0];
            assertThat(features[i]).containsExactly(alone, within(1e-5));
        }
        assertThat(features[0]).isNotEqualTo(features[1]);
    }

    @Test
    void areInEvaluationMode() {
        NetworkClassifier classifier = create(new Architecture("resnet20", 10, Normalisation.CIFAR10), DType.FLOAT32);
        byte[] pixels = new byte[2 * 3 * 32 * 32];
        Arrays.fill(pixels, 0, pixels.length / 2, (byte) 200);
        ImageSet images = ImageSet.unlabelled("two", pixels, 3, 32, 32);
        double[] together = Features.of(classifier, images, 2, Device.CPU, Watch.NONE)[0];

        assertThat(Features.of(classifier, images, 1, Device.CPU, Watch.NONE)[0])
                .containsExactly(together, within(1e-5));
        assertThat(classifier.module().isTraining()).isTrue();
    }

    @Test
    void aFunctionHasNone() {
        ImageSet images = Glyphs.draw("glyphs", 2, 1);
        Classifier labels = Classifier.ofLabels(10, rows -> new int[rows.length]);
        assertThatThrownBy(() -> Features.of(labels, images, 2, Device.CPU, Watch.NONE))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("features of this classifier are not known");
        NetworkClassifier layer = closing(
                new NetworkClassifier(Layer.of(x -> x.flatten(1)), Normalisation.none(1), init(DType.FLOAT32, 1)));
        assertThatThrownBy(() -> layer.features(Tensor.zeros(DType.FLOAT32, 1, 1, 2, 2)))
                .isInstanceOf(InputException.class);
    }
}
