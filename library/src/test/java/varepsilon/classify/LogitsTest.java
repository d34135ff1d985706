package varepsilon.classify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import varepsilon.base.InputException;
import varepsilon.tensor.DType;
import varepsilon.tensor.Tensor;

class LogitsTest extends ClassifierTest {
    @Test
    void oneRowOfFiniteNumbersForEachImage() {
        assertThatCode(() -> Logits.check(Tensor.zeros(DType.FLOAT32, 3, 2), 3)).doesNotThrowAnyException();
        for (long[] shape : new long[][] {{2, 3}, {3}, {3, 1}, {3, 2, 1}}) {
            Tensor logits = Tensor.zeros(DType.FLOAT32, shape);
            assertThatThrownBy(() -> Logits.check(logits, 3))
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining("3 images");
        }
        for (long[] shape : new long[][] {{3}, {3, 1}}) {
            assertThatThrownBy(() -> Logits.check(Tensor.zeros(DType.FLOAT32, shape), 3))
                    .isInstanceOf(InputException.class)
                    .hasMessageEndingWith("for one number z that tells two classes apart, the logits 0 and z");
        }
        for (float value : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
            Tensor logits = Tensor.of(new float[] {0, value}, 1, 2);
            assertThatThrownBy(() -> Logits.check(logits, 1))
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining("not finite");
        }
    }

    @Test
    void probabilitiesAreTold() {
        Tensor logits = Tensor.of(new float[] {1, 2, 3, -1, 0, 1}, 2, 3);
        assertThat(Logits.areProbabilities(logits)).isFalse();
        assertThat(Logits.areProbabilities(logits.softmax(1))).isTrue();
        assertThat(Logits.areProbabilities(logits.sigmoid())).isFalse();
        // The first row alone could be probabilities.
        assertThat(Logits.areProbabilities(Tensor.of(new float[] {0.5f, 0.5f, 1.5f, -0.5f}, 2, 2)))
                .isFalse();
        assertThat(Logits.areProbabilities(Tensor.zeros(DType.FLOAT32, 2, 3))).isFalse();
    }
}
