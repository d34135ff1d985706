package varepsilon.robust.attack;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.tensor.DType;
import varepsilon.tensor.Tensor;

/** Projections onto balls of different sizes are those onto each, bit for bit. */
class RadiiTest extends AttackFixture {
    private static final int D = 20;

    @ParameterizedTest
    @ValueSource(strings = {"linf", "l2", "l1", "l0"})
    void eachExampleHasItsOwnRadius(String name) {
        Norm norm = Norm.named(name);
        double[] radii = name.equals("l0") ? new double[] {0, 1, 1.5, 7, 100} : new double[] {0, 1e-3, 0.3, 2, 100};
        Tensor pixels = rng(1).uniform(DType.FLOAT64, radii.length, 1, 4, 5);
        Tensor delta = rng(2).normal(DType.FLOAT64, radii.length, 1, 4, 5);
        Tensor low = Box.PIXELS.below(pixels);
        Tensor high = Box.PIXELS.above(pixels);
        Tensor together = norm.project(delta, Tensor.of(radii, radii.length), low, high);
        assertThat(together.shape()).containsExactly(radii.length, 1, 4, 5);
        for (int i = 0; i < radii.length; i++) {
            // Zeros may differ in their sign.
            double[] alone = norm.project(delta.narrow(0, i, 1), radii[i], low.narrow(0, i, 1), high.narrow(0, i, 1))
                    .toDoubles();
            assertThat(Tensor.of(alone, D).add(0.0).toDoubles())
                    .isEqualTo(Tensor.of(row(together, i), D).add(0.0).toDoubles());
        }
    }
}
