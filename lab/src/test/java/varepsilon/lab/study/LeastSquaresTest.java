package varepsilon.lab.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class LeastSquaresTest {
    @Test
    void aLineByHand() {
        // Sxx = 5, Sxy = 5.5, Syy = 8.75; what is left is 8.75 − 5.5²/5 = 2.7, on 2 degrees of freedom (t = 4.302653).
        LeastSquares line = LeastSquares.of(new double[] {0, 1, 2, 3}, new double[] {1, 3, 2, 5});
        assertThat(line.slope()).isCloseTo(1.1, within(1e-12));
        assertThat(line.intercept()).isCloseTo(1.1, within(1e-12));
        assertThat(line.slopeError()).isCloseTo(Math.sqrt(2.7 / 2 / 5), within(1e-12));
        assertThat(line.rSquared()).isCloseTo(1 - 2.7 / 8.75, within(1e-12));
        assertThat(line.slopeMargin()).isCloseTo(4.302653 * Math.sqrt(0.27), within(1e-5));
    }

    @Test
    void whatGivesNoLineIsRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LeastSquares.of(new double[] {1, 2}, new double[] {1, 2}));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LeastSquares.of(new double[] {1, 1, 1}, new double[] {1, 2, 3}));
    }
}
