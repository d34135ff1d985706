package varepsilon.robust.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import varepsilon.base.Watch;
import varepsilon.classify.Classifier;
import varepsilon.data.ImageSet;
import varepsilon.robust.attack.Fgsm;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.stats.Interval;
import varepsilon.tensor.Device;

class TransferMatrixTest {
    /** Looks at the upper half of the image. */
    private static final float[] UPPER = {1, -1, 2, -2, 1, 1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};
    /** Looks at the lower half. */
    private static final float[] LOWER = {0, 0, 0, 0, 0, 0, 0, 0, 2, -2, 1, -1, 1, 1, -1, -1};

    private static RobustEvaluation fgsm(double epsilon) {
        Trial trial = Trial.untargeted(new Fgsm(), ThreatModel.of(Norm.LINF, epsilon));
        return new RobustEvaluation(List.of(trial), 16, 1, Device.CPU);
    }

    private static Map<String, Classifier> models() {
        Map<String, Classifier> models = new LinkedHashMap<>();
        models.put("upper", Toys.linear(UPPER, 0));
        models.put("lower", Toys.linear(LOWER, 0));
        models.put("twin", pixels -> Toys.linear(UPPER, 0).logits(pixels).mul(3));
        return models;
    }

    @Test
    void whatBreaksOneModelBreaksThoseThatLookAtTheSamePixels() {
        ImageSet images = Toys.labelledBy(Toys.random(60, 60, 195, 2, 3), UPPER, 0);
        RobustEvaluation evaluation = fgsm(0.05);
        List<Long> done = new ArrayList<>();
        TransferMatrix matrix = TransferMatrix.of(models(), evaluation, images, (what, now, total) -> {
                    done.add(now);
                    assertThat(total).isEqualTo(360);
                })
                .orElseThrow();

        assertThat(matrix.names()).containsExactly("upper", "lower", "twin");
        assertThat(done).isSorted().endsWith(360L);
        List<Classifier> models = List.copyOf(models().values());
        for (int i = 0; i < 3; i++) {
            RobustnessReport alone = evaluation.of(models.get(i), images);
            TransferMatrix.Cell own = matrix.cell(i, i);
            assertThat(own.bothCorrect()).isEqualTo(alone.clean().correct());
            assertThat(own.bothCorrect() - own.misclassified())
                    .isEqualTo(alone.trials().get(0).accuracy().correct());
        }
        assertThat(matrix.cell(0, 0).misclassified()).isBetween(5, 55);
        assertThat(matrix.cell(0, 2)).isEqualTo(matrix.cell(0, 0));
        assertThat(matrix.cell(2, 0)).isEqualTo(matrix.cell(0, 0));
        // The gradient of one half is zero on the other, which is left as it is.
        assertThat(matrix.cell(0, 1).misclassified()).isZero();
        assertThat(matrix.cell(1, 0).misclassified()).isZero();
        assertThat(matrix.cell(0, 1).bothCorrect()).isEqualTo(matrix.cell(1, 1).bothCorrect());
        assertThat(matrix.cell(0, 0).rate().orElseThrow())
                .isCloseTo(matrix.cell(0, 0).misclassified() / 60.0, within(1e-12));
        assertThat(matrix.cell(0, 0).interval())
                .contains(Interval.ofShare(matrix.cell(0, 0).misclassified(), 60));
    }

    @Test
    void whereNoImageIsCorrectForBothThereIsNoShare() {
        ImageSet images = Toys.labelledBy(Toys.random(20, 60, 195, 2, 3), UPPER, 0);
        Map<String, Classifier> models = new LinkedHashMap<>();
        models.put("right", Toys.linear(UPPER, 0));
        models.put("wrong", pixels -> Toys.linear(UPPER, 0).logits(pixels).mul(-1));
        TransferMatrix.Cell cell = TransferMatrix.of(models, fgsm(0.01), images, Watch.NONE)
                .orElseThrow()
                .cell(0, 1);

        assertThat(cell).isEqualTo(new TransferMatrix.Cell(0, 0));
        assertThat(cell.rate()).isEmpty();
        assertThat(cell.interval()).isEmpty();
    }

    @Test
    void aStopLeavesNothing() {
        ImageSet images = Toys.labelledBy(Toys.random(20, 60, 195, 2, 3), UPPER, 0);

        assertThat(TransferMatrix.of(models(), fgsm(0.01), images, Watch.stopWhen(() -> true)))
                .isEmpty();
    }

    @Test
    void refusesMoreThanOneAttack() {
        RobustEvaluation none = new RobustEvaluation(List.of(), 16, 1, Device.CPU);

        assertThatThrownBy(() -> TransferMatrix.of(models(), none, Toys.flat(2, 1), Watch.NONE))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("0 trials");
    }

    /** The masked model is the same function, without its gradient: its twin's examples break it, its own do not. */
    @Test
    void aModelThatOnlyTransferBreaksIsNoticed() {
        ImageSet images = Toys.labelledBy(Toys.random(60, 60, 195, 2, 3), UPPER, 0);
        Classifier plain = Toys.linear(UPPER, 0);
        Map<String, Classifier> models = new LinkedHashMap<>();
        models.put(
                "masked",
                pixels -> plain.logits(pixels.detach())
                        .add(pixels.flatten(1).sum(1).unsqueeze(1).mul(0)));
        models.put("plain", plain);
        TransferMatrix matrix =
                TransferMatrix.of(models, fgsm(0.05), images, Watch.NONE).orElseThrow();

        Check masked = matrix.checks(0).get(0);
        assertThat(masked.name()).isEqualTo("gradient-free-stronger");
        assertThat(masked.tripped()).isTrue();
        assertThat(masked.saw())
                .startsWith("adversarial examples of plain break "
                        + matrix.cell(1, 1).misclassified() + " of 60 images, its own 0 of 60");
        assertThat(matrix.checks(1))
                .singleElement()
                .satisfies(check -> assertThat(check.tripped()).isFalse());
    }
}
