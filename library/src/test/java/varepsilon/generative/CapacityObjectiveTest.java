package varepsilon.generative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import varepsilon.nn.Layer;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Tensor;

class CapacityObjectiveTest extends GenerativeTest {
    /** Two images, one latent dimension: means 2 and 0 at deviation 1, so divergences 2 and 0, average 1. */
    private final Vae vae = new Vae(
            Layer.of(x -> Tensor.of(new double[] {2, 0, 0, 0}, 2, 2)),
            Layer.of(z -> z.reshape(-1, 1, 1, 1)),
            new StandardNormal(1),
            new Gaussian(1),
            Device.CPU);

    @ParameterizedTest
    @CsvSource({
        // capacity, gamma, rise, epoch, penalty
        "4, 3, 8, 0, 3", // C = 0: 3·|1 − 0|
        "4, 3, 8, 1, 1.5", // C = ½
        "4, 3, 8, 2, 0", // C = 1
        "4, 3, 8, 6.5, 6.75", // C = 3¼
        "4, 3, 8, 8, 9", // C = 4
        "4, 3, 8, 80, 9",
        "0.75, 2, 0, 0, 0.5", // from the start
        "9, 0, 5, 5, 0"
    })
    void theDivergenceIsHeldAtTheCapacity(double capacity, double gamma, double rise, double epoch, double penalty) {
        CapacityObjective objective = new CapacityObjective(vae, new CapacityObjective.Choice(capacity, gamma, rise));
        objective.at(3.7);
        objective.at(epoch);
        Tensor target = Tensor.of(new double[] {0.3, 0.9}, 2, 1, 1, 1);
        var result = objective.evaluate(vae, target, rng(1));
        assertThat(result.perExample().get("kl_nats").toDoubles()).containsExactly(2, 0);
        double reconstruction =
                Statistics.mean(result.perExample().get("reconstruction_nats").toDoubles());
        assertThat(result.loss().item()).isCloseTo(reconstruction + penalty, within(1e-12));
        assertThat(result.loss().dtype()).isEqualTo(DType.FLOAT64);
    }
}
