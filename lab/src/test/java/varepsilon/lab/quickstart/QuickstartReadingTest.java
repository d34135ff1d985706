package varepsilon.lab.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import varepsilon.lab.evaluate.AttackOutcome;
import varepsilon.robust.evaluate.Check;

/** The reading says what the numbers show and no more. */
class QuickstartReadingTest {
    private static final int N = 1000;

    @Test
    void theTableHoldsAllNumbersWithTheirIntervals() {
        // Wilson by hand, z = 1.959964: 950 of 1000 → 0.934686 to 0.961870; 20 of 1000 → 0.012984 to 0.030690.
        assertThat(reading(attacked(980, 950, 20), attacked(975, 970, 800)))
                .contains("ε = 0.2\n")
                .containsPattern("clean +98\\.0 +96\\.9 to 98\\.7 +97\\.5")
                .containsPattern("uniform-noise +95\\.0 +93\\.5 to 96\\.2 +97\\.0")
                .containsPattern("pgd-20 +2\\.0 +1\\.3 to 3\\.1 +80\\.0");
    }

    @Test
    void aDefenceThatHoldsAndCostsIsSaidToDoBoth() {
        assertThat(reading(attacked(980, 950, 20), attacked(930, 920, 800)))
                .containsSubsequence(
                        " 95.0 %", " 2.0 %", "pgd-20", " 80.0 %", "clean accuracy is lower", " 93.0 %", " 98.0 %");
    }

    @Test
    void aCostWithinTheIntervalsIsNotClaimed() {
        assertThat(reading(attacked(980, 950, 20), attacked(975, 970, 800)))
                .containsSubsequence(" 80.0 %", "not clearly lower", " 97.5 %", " 98.0 %");
    }

    @Test
    void aDefenceThatDoesNothingIsNotPraised() {
        assertThat(reading(attacked(980, 950, 20), attacked(975, 970, 25)))
                .containsSubsequence("no clear difference", " 2.5 %")
                .doesNotContain("not clearly lower", "clean accuracy is lower");
        assertThat(reading(attacked(980, 950, 200), attacked(975, 970, 25))).containsSubsequence("worse", " 2.5 %");
    }

    @Test
    void theRobustAccuracyHasItsChecksBesideIt() {
        assertThat(reading(attacked(980, 950, 20), attacked(930, 920, 800)))
                .contains("each digit under its worst attack, is 80.0 %: 3 checks passed.");
        assertThat(reading(attacked(980, 950, 20), attacked(930, 700, 700)))
                .contains("is 70.0 %: 2 checks passed; tripped: still-improving.");
    }

    private static String reading(QuickstartResult.Attacked standard, QuickstartResult.Attacked defended) {
        return QuickstartReading.of(new QuickstartResult.Classifiers(0.2, standard, defended));
    }

    private static QuickstartResult.Attacked attacked(int clean, int noise, int pgd) {
        return new QuickstartResult.Attacked(
                null,
                List.of(outcome("uniform-noise", null, clean, noise), outcome("pgd", 20, clean, pgd)),
                Math.min(noise, pgd),
                List.of(
                        new Check("gradients", false, "", ""),
                        new Check("rounding", false, "", ""),
                        new Check("still-improving", noise == pgd, "", "")));
    }

    private static AttackOutcome outcome(String name, Integer steps, int clean, int robust) {
        return new AttackOutcome(
                name,
                "linf",
                0.2,
                steps,
                null,
                null,
                null,
                null,
                N,
                clean,
                robust,
                (double) clean / N,
                (double) robust / N,
                List.of(0.0, 1.0),
                null,
                null,
                0.2,
                0,
                0,
                0,
                null,
                null,
                null);
    }
}
