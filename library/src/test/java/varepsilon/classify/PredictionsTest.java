package varepsilon.classify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import varepsilon.base.InputException;
import varepsilon.base.StoppedException;
import varepsilon.base.Watch;
import varepsilon.data.ImageSet;
import varepsilon.stats.Accuracy;
import varepsilon.tensor.Device;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/** Of a classifier whose logits are the three values of an image, so that the brightest is the class. */
class PredictionsTest {
    private static final Classifier BRIGHTEST = pixels -> pixels.flatten(1);
    private static final int[] LABELS = {0, 2, 2, 1, 0};
    private static final ImageSet IMAGES = ImageSet.labelled(
            "five",
            new byte[] {9, 1, 2, 3, 8, 4, 0, 1, (byte) 200, 5, 9, 1, 3, 2, 1},
            3,
            1,
            1,
            LABELS,
            List.of("red", "green", "blue"));

    @Test
    void theLargestLogitOfEachImageInTheOrderOfTheSet() {
        List<Long> told = new ArrayList<>();
        Watch watch = (what, done, all) -> told.add(done);
        Predictions predictions = Predictions.of(BRIGHTEST, IMAGES, 2, Device.CPU, watch);

        assertThat(predictions.classes()).containsExactly(0, 1, 2, 1, 0);
        assertThat(predictions.n()).isEqualTo(5);
        assertThat(predictions.correct(LABELS)).containsExactly(true, false, true, true, true);
        assertThat(predictions.accuracy(LABELS)).isEqualTo(new Accuracy(4, 5));
        assertThat(told).containsExactly(0L, 2L, 4L, 5L);
    }

    @Test
    void areThoseOfEvaluationMode() {
        boolean[] evaluating = {false};
        Classifier classifier = new Classifier() {
            @Override
            public Tensor logits(Tensor pixels) {
                assertThat(evaluating[0]).isTrue();
                return BRIGHTEST.logits(pixels);
            }

            @Override
            public <T> T evaluating(Supplier<T> work) {
                evaluating[0] = true;
                T result = work.get();
                evaluating[0] = false;
                return result;
            }
        };

        assertThat(Predictions.of(classifier, IMAGES, 2, Device.CPU, Watch.NONE).classes())
                .containsExactly(0, 1, 2, 1, 0);
        assertThat(evaluating[0]).isFalse();
    }

    @Test
    void onTheDeviceAsInTheirOwnMemory() {
        try (var scope = Scope.open()) {
            Tensor logits = Tensor.of(new float[] {1, 3, 2, 5, 4, 6}, 2, 3);
            Tensor labels = Tensor.of(new long[] {1, 0}, 2);

            assertThat(Predictions.match(logits, labels).toBytes()).containsExactly(1, 0);
            assertThat(Predictions.of(logits).correct(labels)).containsExactly(true, false);
        }
    }

    @Test
    void refusesWhatDoesNotFit() {
        assertThatThrownBy(() -> new Predictions(new int[3]).correct(new int[2]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("2 labels for 3 predictions");
        assertThatThrownBy(() -> Predictions.of(pixels -> pixels.div(0), IMAGES, 2, Device.CPU, Watch.NONE))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("expected one row of at least 2 logits");
        assertThatThrownBy(() -> Predictions.of(BRIGHTEST, IMAGES, 2, Device.CPU, Watch.stopWhen(() -> true)))
                .isInstanceOf(StoppedException.class);
    }
}
