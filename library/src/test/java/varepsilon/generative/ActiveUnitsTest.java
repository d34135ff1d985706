package varepsilon.generative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import varepsilon.tensor.DType;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

class ActiveUnitsTest {
    @Test
    void variancesByHand() {
        try (var scope = Scope.open()) {
            ActiveUnits units = new ActiveUnits(3);
            // Dimension 0: 1, 2, 6: mean 3, variance (4 + 1 + 9) / 3. Dimension 1: constant. Dimension 2: ±0.1, 0.
            units.add(Tensor.of(new float[] {1, 5, 0.1f, 2, 5, -0.1f}, 2, 3));
            units.add(Tensor.of(new float[] {6, 5, 0}, 1, 3));

            assertThat(units.variances()[0]).isCloseTo(14 / 3.0, within(1e-12));
            assertThat(units.variances()[1]).isZero();
            assertThat(units.variances()[2]).isCloseTo(0.02 / 3, within(1e-9));
            assertThat(units.count()).isEqualTo(1);
        }
    }

    @Test
    void theThresholdIsABoundBetweenActiveAndNot() {
        try (var scope = Scope.open()) {
            ActiveUnits units = new ActiveUnits(2);
            // Variances of ±a are a²: just below and just above 0.01.
            units.add(Tensor.of(new double[] {0.0999, 0.1001, -0.0999, -0.1001}, 2, 2));

            assertThat(units.count()).isEqualTo(1);
        }
    }

    @Test
    void batchesOfAnySizeGiveTheVarianceOfAll() {
        try (var scope = Scope.open();
                Rng rng = Seed.of(1).stream()) {
            Tensor means = rng.normal(DType.FLOAT64, 1000, 4).add(1e4); // far from 0, where sums of squares cancel
            ActiveUnits units = new ActiveUnits(4);
            for (int start = 0; start < 1000; start += 300) {
                units.add(means.narrow(0, start, Math.min(300, 1000 - start)));
            }
            Tensor deviations = means.sub(means.mean(0));

            assertThat(units.variances())
                    .containsExactly(deviations.square().mean(0).toDoubles(), within(1e-9));
        }
    }

    @Test
    void nothingSeenAndWrongShapesAreErrors() {
        try (var scope = Scope.open()) {
            ActiveUnits units = new ActiveUnits(2);

            assertThatThrownBy(units::count).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> units.add(Tensor.zeros(DType.FLOAT32, 4, 3)))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> units.add(Tensor.zeros(DType.FLOAT32, 2)))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> units.add(Tensor.zeros(DType.FLOAT32, 0, 2)))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> new ActiveUnits(0)).isInstanceOf(IllegalArgumentException.class);
        }
    }
}
