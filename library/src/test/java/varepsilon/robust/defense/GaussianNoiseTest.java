package varepsilon.robust.defense;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static varepsilon.robust.defense.ClassifierObjective.Settings.PLAIN;

import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.commons.statistics.distribution.NormalDistribution;
import org.junit.jupiter.api.Test;
import varepsilon.base.InputException;
import varepsilon.classify.NetworkClassifier;
import varepsilon.robust.attack.Cost;
import varepsilon.tensor.DType;
import varepsilon.tensor.Tensor;
import varepsilon.train.BatchResult;

class GaussianNoiseTest extends DefenseTest {
    private static final int DRAWS = 40_000;

    /** Of two affine logits, the label's is the larger with the probability Φ(margin / (σ·‖w₀ − w₁‖)). */
    @Test
    void accuracyUnderNoiseIsThatOfItsDistribution() {
        NetworkClassifier affine = closing(Toys.affine(new double[][] {{1, -2, 0.5, 0}, {0, 1, -0.5, 2}}, 0.1, 0));
        Tensor image = Tensor.of(new double[] {0.9, 0.2, 0.5, 0.1}, 1, 1, 2, 2);
        double margin = 1 * 0.9 - 3 * 0.2 + 1 * 0.5 - 2 * 0.1 + 0.1;
        double length = Math.sqrt(1 + 9 + 1 + 4);
        Tensor many = image.expand(DRAWS, 1, 2, 2);
        Tensor label = Tensor.zeros(DType.INT64, DRAWS);
        for (double sigma : new double[] {0.1, 0.25, 1}) {
            double expected = NormalDistribution.of(0, 1).cumulativeProbability(margin / (sigma * length));
            double error = 4 * Math.sqrt(expected * (1 - expected) / DRAWS);
            GaussianNoise noise = closing(new GaussianNoise(affine, PLAIN, sigma));
            BatchResult training = noise.evaluate(many, label, rng(), new Cost());
            assertThat(noisy(training.perExample())).isCloseTo(expected, within(error));
            Map<String, Tensor> validation = new LinkedHashMap<>();
            noise.validate(validation, many, label, affine.logits(many), rng());
            assertThat(noisy(validation)).isCloseTo(expected, within(error));
        }
    }

    private static double noisy(Map<String, Tensor> measured) {
        return measured.get("noisy_accuracy").to(DType.FLOAT64).mean().item();
    }

    @Test
    void withLittleNoiseItIsStandardTraining() {
        NetworkClassifier one = plain();
        BatchResult noise = closing(new GaussianNoise(one, PLAIN, 1e-6)).evaluate(pixels, labels, rng(), new Cost());
        BatchResult standard = closing(new StandardTraining(one, PLAIN)).evaluate(pixels, labels, rng(), new Cost());
        assertThat(Toys.gradient(one, noise)).containsExactly(Toys.gradient(one, standard), within(1e-4));
    }

    @Test
    void noiseHasASize() {
        assertThatThrownBy(() -> new GaussianNoise.Choice(0))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("sigma 0.0: expected a positive number");
    }
}
