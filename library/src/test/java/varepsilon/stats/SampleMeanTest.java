package varepsilon.stats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class SampleMeanTest {
    @Test
    void meanSpreadAndStudentsInterval() {
        SampleMean runs = SampleMean.of(new double[] {1, 2, 3, 4});

        // Student's 97.5 % quantile of three degrees of freedom, from a table: 3.182446.
        assertThat(runs.mean()).isEqualTo(2.5);
        assertThat(runs.std()).isCloseTo(Math.sqrt(5.0 / 3), within(1e-12));
        assertThat(runs.interval().low()).isCloseTo(2.5 - 3.182446 * Math.sqrt(5.0 / 12), within(1e-6));
        assertThat(runs.interval().high()).isCloseTo(2.5 + 3.182446 * Math.sqrt(5.0 / 12), within(1e-6));
    }

    @Test
    void pairsAreComparedPairByPair() {
        SampleMean gain = SampleMean.ofDifferences(new double[] {10, 20, 30}, new double[] {9, 19, 29});

        assertThat(gain.mean()).isEqualTo(1);
        assertThat(gain.std()).isZero();
        assertThat(gain.interval().low()).isEqualTo(1);
    }

    @Test
    void oneValueHasNoSpread() {
        assertThatThrownBy(() -> SampleMean.of(new double[] {1}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("at least 2");
    }
}
