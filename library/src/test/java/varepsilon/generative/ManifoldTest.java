package varepsilon.generative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.base.InputException;
import varepsilon.tensor.Tensor;

class ManifoldTest extends GenerativeTest {
    @Test
    void firstCoordinateGrowsToTheRightSecondUpwards() {
        float q = 0.9674216f; // the quantile at 5/6
        Tensor grid = Manifold.grid(3);
        assertThat(grid.shape()).containsExactly(9, 2);
        assertThat(grid.toFloats())
                .containsExactly(
                        new float[] {-q, q, 0, q, q, q, -q, 0, 0, 0, q, 0, -q, -q, 0, -q, q, -q}, within(1e-6f));
    }

    @Test
    void coordinatesAreQuantilesAtTheMiddlesOfEqualShares() {
        float[] grid = Manifold.grid(20).toFloats();
        assertThat(grid[0]).isCloseTo(-1.959964f, within(1e-6f)); // at 0.025
        assertThat(grid[2 * 10]).isCloseTo(0.06270678f, within(1e-7f)); // at 0.525
        for (int column = 0; column < 20; column++) {
            double z = grid[2 * column];
            double share = Statistics.integral(x -> Math.exp(Statistics.logNormal(x, 0, 1)), -9, z);
            assertThat(share).isCloseTo((column + 0.5) / 20, within(1e-7));
        }
        assertThat(Manifold.grid(1).toFloats()).containsExactly(new float[] {0, 0}, within(1e-7f));
    }

    @Test
    void linesRunFromOneToTheOther() {
        Tensor from = Tensor.of(new float[] {0, 1, 10, 20}, 2, 2);
        Tensor to = Tensor.of(new float[] {4, -1, 10, 24}, 2, 2);
        Tensor lines = Manifold.lines(from, to, 5);
        assertThat(lines.shape()).containsExactly(10, 2);
        assertThat(lines.toFloats())
                .containsExactly(
                        new float[] {0, 1, 1, 0.5f, 2, 0, 3, -0.5f, 4, -1, 10, 20, 10, 21, 10, 22, 10, 23, 10, 24},
                        within(1e-6f));
        assertThat(Manifold.lines(from, to, 2).toFloats()).containsExactly(0, 1, 4, -1, 10, 20, 10, 24);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 1001, 46_341, Integer.MAX_VALUE})
    void gridsOfOtherSizesAreRefused(int n) {
        assertThatThrownBy(() -> Manifold.grid(n))
                .isInstanceOf(InputException.class)
                .hasMessageContaining(n + " by " + n);
    }

    @Test
    void aLineNeedsTwoPoints() {
        Tensor point = Tensor.of(new float[] {0}, 1, 1);
        assertThatThrownBy(() -> Manifold.lines(point, point, 1))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("1 steps");
    }
}
