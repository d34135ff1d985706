package varepsilon.robust.defense;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.base.InputException;
import varepsilon.train.EpochResult;

class CatastrophicOverfittingTest {
    private static final CatastrophicOverfitting RULE = new CatastrophicOverfitting();

    /** Pairs of training's and validation's robust accuracy. */
    private static List<EpochResult> history(double... pairs) {
        List<EpochResult> history = new ArrayList<>();
        for (int i = 0; i < pairs.length; i += 2) {
            history.add(new EpochResult(
                    i / 2,
                    i,
                    i,
                    Map.of("adversarial_loss", 1.0, "robust_accuracy", pairs[i]),
                    Map.of("loss", 1.0, "robust_accuracy", pairs[i + 1])));
        }
        return history;
    }

    @Test
    void theClassicalCollapse() {
        List<EpochResult> history = history(0.25, 0.28, 0.36, 0.37, 0.41, 0.40, 0.87, 0.02);
        assertThat(RULE.reasonToStop(history))
                .contains(
                        "catastrophic overfitting: validation robust_accuracy fell from 0.400 to 0.020, while training's,"
                                + " under its own attack, is 0.870");
        for (int epochs = 1; epochs < 4; epochs++) {
            assertThat(RULE.reasonToStop(history.subList(0, epochs))).isEmpty();
        }
    }

    @Test
    void aCollapseOverManyEpochsShowsAgainstTheBestOfThem() {
        assertThat(RULE.reasonToStop(history(0.40, 0.40, 0.44, 0.33, 0.48, 0.27, 0.52, 0.21)))
                .isEmpty();
        assertThat(RULE.reasonToStop(history(0.40, 0.40, 0.44, 0.33, 0.48, 0.27, 0.52, 0.21, 0.56, 0.15)))
                .isPresent();
    }

    @ParameterizedTest
    @CsvSource({
        // training and validation after an epoch in which validation had 0.5
        "0.50, 0.25, true",
        "0.50, 0.26, false", // not far enough
        "0.49, 0.25, false", // training fell too: unstable, not overfitted
        "0.10, 0.10, false",
        "0.90, 0.60, false" // a new best
    })
    void validationMustHaveFallenAndTrainingNot(double trained, double validated, boolean stops) {
        CatastrophicOverfitting rule = new CatastrophicOverfitting(0.25, 0);
        Optional<String> reason = rule.reasonToStop(history(0.45, 0.5, trained, validated));
        assertThat(reason.isPresent()).isEqualTo(stops);
    }

    @Test
    void epochsOfAWarmUpDoNotCount() {
        // The first three under a weak attack: an unfitted classifier does well in validation, and the attack cannot
        // keep up.
        double[] pairs = {1.0, 0.7, 0.95, 0.5, 0.9, 0.3, 0.45, 0.35, 0.5, 0.25, 0.8, 0.1};
        assertThat(new CatastrophicOverfitting(0.2, 0)
                        .reasonToStop(history(pairs).subList(0, 3)))
                .isPresent();
        CatastrophicOverfitting rule = new CatastrophicOverfitting(0.2, 2.5);
        for (int epochs = 1; epochs < 6; epochs++) {
            assertThat(rule.reasonToStop(history(pairs).subList(0, epochs))).isEmpty();
        }
        assertThat(rule.reasonToStop(history(pairs)).orElseThrow()).contains("from 0.350 to 0.100");
    }

    @Test
    void aTrainingThatRecoversGoesOnWhereItIsAskedOnlyThen() {
        assertThat(RULE.reasonToStop(history(0.4, 0.4, 0.9, 0.0, 0.45, 0.39))).isEmpty();
    }

    @Test
    void withoutItsTwoMeasurementsItSaysWhichIsMissing() {
        EpochResult unattacked = new EpochResult(0, 1, 1, Map.of("loss", 1.0), Map.of("robust_accuracy", 0.5));
        assertThatThrownBy(() -> RULE.reasonToStop(List.of(unattacked)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no training metric 'robust_accuracy' among [loss]");
        EpochResult unchecked = new EpochResult(0, 1, 1, Map.of("robust_accuracy", 0.5), Map.of("loss", 1.0));
        assertThatThrownBy(() -> RULE.reasonToStop(List.of(unchecked)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no validation metric 'robust_accuracy' among [loss]");
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, -0.2, 1.1, Double.NaN})
    void theDropIsADifferenceOfAccuracies(double drop) {
        assertThatThrownBy(() -> new CatastrophicOverfitting(drop, 0))
                .isInstanceOf(InputException.class)
                .hasMessage("drop " + drop + " of robust accuracy: expected a number in (0, 1]");
    }

    @ParameterizedTest
    @ValueSource(doubles = {-1, Double.NaN})
    void refusesAWarmUpThatIsNone(double epochs) {
        assertThatThrownBy(() -> new CatastrophicOverfitting(0.2, epochs))
                .isInstanceOf(InputException.class)
                .hasMessage("epsilon warm-up of " + epochs + " epochs: expected a number of at least 0");
    }
}
