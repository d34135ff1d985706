package varepsilon.stats;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** In a country that writes a comma where others write a point. */
class PercentTest {
    private final Locale own = Locale.getDefault();

    @BeforeEach
    void writeCommas() {
        Locale.setDefault(Locale.GERMANY);
    }

    @AfterEach
    void restore() {
        Locale.setDefault(own);
    }

    @Test
    void shares() {
        Interval share = new Interval(0.41234, 0.38149, 0.4426);

        assertThat(Percent.of(0.41234)).isEqualTo("41.2 %");
        assertThat(Percent.of(0.41234, 2)).isEqualTo("41.23 %");
        assertThat(Percent.of(share)).isEqualTo("41.2 % (38.1 to 44.3)");
        assertThat(Percent.number(0.41234, 0)).isEqualTo("41");
        assertThat(Percent.range(share, 2)).isEqualTo("38.15 to 44.26");
        assertThat(Percent.dashed(share)).isEqualTo("38.1–44.3");
    }

    @Test
    void differencesShowTheirSign() {
        Interval difference = new Interval(0.031, -0.004, 0.066);

        assertThat(Percent.points(difference)).isEqualTo("+3.1 points (-0.4 to +6.6)");
        assertThat(Percent.points(difference.negated())).isEqualTo("-3.1 points (-6.6 to +0.4)");
        assertThat(Percent.points(0.0312)).isEqualTo("+3.1 points");
        assertThat(Percent.signed(-0.03125, 3)).isEqualTo("-3.125");
    }
}
