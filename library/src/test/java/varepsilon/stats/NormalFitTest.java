package varepsilon.stats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class NormalFitTest {
    @Test
    void meanAndUnbiasedCovarianceByHand() {
        NormalFit fit = NormalFit.of(new double[][] {{1, 10}, {2, 30}, {6, 20}});

        // Deviations −2, −1, 3 and −10, 10, 0: squares 14 and 200, product 20 − 10 = 10; divided by 2.
        assertThat(fit.mean()).containsExactly(new double[] {3, 20}, within(1e-12));
        assertThat(fit.covariance()[0]).containsExactly(new double[] {7, 5}, within(1e-12));
        assertThat(fit.covariance()[1]).containsExactly(new double[] {5, 100}, within(1e-12));
    }

    @Test
    void refusesWhatDoesNotFitTogether() {
        assertThatThrownBy(() -> NormalFit.of(new double[][] {{1, 2}}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("1 vectors");
        assertThatThrownBy(() -> NormalFit.of(new double[][] {{1, 2}, {1, 2, 3}}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("row 1 has 3 numbers");
        assertThatThrownBy(() -> new NormalFit(new double[2], new double[2][3]))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new NormalFit(new double[3], new double[2][3]))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
