package varepsilon.lab.published;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import varepsilon.stats.Accuracy;
import varepsilon.stats.PairedComparison;

/** What a row says of made-up numbers. */
class RobustnessRowTest {
    private static final PairedComparison NO_CHANGE = new PairedComparison(900, 30, 30, 1540);

    private static RobustnessRow row(
            double published, int decimals, int asRun, int asMeant, Map<String, PairedComparison> corrected) {
        return new RobustnessRow(
                new PublishedRow("2.1", "Set 1", true, "fgsm", "none", false, published, decimals),
                new Accuracy(asRun, 2500),
                new Accuracy(1300, 2500),
                new TreeMap<>(corrected),
                new Accuracy(asMeant, 2500));
    }

    @ParameterizedTest
    // Two figures of 0.42 on 2,500 images each differ by 0.027 by chance: 1.96·√(2·0.42·0.58/2500).
    @CsvSource({"1050, true", "1116, true", "984, true", "1121, false", "979, false", "0, false", "2500, false"})
    void itAgreesWithinWhatChanceMakes(int asRun, boolean agrees) {
        RobustnessRow row = row(0.42, 4, asRun, 1050, Map.of());

        assertThat(row.agrees()).isEqualTo(agrees);
        assertThat(row.meantAgrees()).isTrue();
        assertThat(row.verdict(true))
                .startsWith(agrees ? "agrees; " : "differs by ")
                .endsWith("; no defect has a significant effect");
    }

    /**
     * Of 0.42 the third digit is not known: what is 0.415 to 0.425 agrees with anything that agrees with one of them.
     */
    @Test
    void theDigitsThatWereGivenWidenIt() {
        assertThat(row(0.42, 4, 1121, 0, Map.of()).agrees()).isFalse();
        assertThat(row(0.42, 2, 1121, 0, Map.of()).agrees()).isTrue();
        assertThat(row(0.42, 2, 1131, 0, Map.of()).agrees()).isTrue();
        assertThat(row(0.42, 2, 1140, 0, Map.of()).agrees()).isFalse();
    }

    @Test
    void asMeantIsComparedToo() {
        RobustnessRow row = row(0.42, 4, 1050, 500, Map.of());

        assertThat(row.agrees()).isTrue();
        assertThat(row.meantAgrees()).isFalse();
    }

    @Test
    void theDifferenceIsThatOfTheAsRunFigure() {
        RobustnessRow row = row(0.42, 4, 1250, 500, Map.of());

        // 0.50 − 0.42, as far to both sides as the normal approximation says, up to Wilson's small correction.
        double half = 1.96 * Math.sqrt((0.5 * 0.5 + 0.42 * 0.58) / 2500);
        assertThat(row.difference().low()).isCloseTo(0.08 - half, within(1e-3));
        assertThat(row.difference().high()).isCloseTo(0.08 + half, within(1e-3));
        assertThat(row.verdict(true)).isEqualTo("differs by +8.0 points; no defect has a significant effect");
    }

    @Test
    void theDefectThatChangesMostExplainsIt() {
        PairedComparison more = new PairedComparison(1000, 200, 50, 1250);
        PairedComparison fewer = new PairedComparison(700, 40, 350, 1410);
        RobustnessRow row =
                row(0.42, 4, 1050, 500, Map.of("logit-loss", more, "clamp-normalised", fewer, "units", NO_CHANGE));

        assertThat(row.explanation()).hasValue("clamp-normalised");
        assertThat(row.verdict(true)).isEqualTo("agrees; clamp-normalised: -12.4 points when corrected");
        assertThat(row.verdict(false)).isEqualTo("clamp-normalised: -12.4 points when corrected");
    }

    @Test
    void whatMayBeChanceExplainsNothing() {
        // Six against none: p = 2/64 = 0.031; five against none: 2/32 = 0.0625.
        assertThat(row(0.42, 4, 1050, 0, Map.of("units", new PairedComparison(1000, 6, 0, 1494)))
                        .explanation())
                .contains("units");
        assertThat(row(0.42, 4, 1050, 0, Map.of("units", new PairedComparison(1000, 5, 0, 1495)))
                        .explanation())
                .isEmpty();
        assertThat(row(0.42, 4, 1050, 0, Map.of("units", NO_CHANGE)).explanation())
                .isEmpty();
    }
}
