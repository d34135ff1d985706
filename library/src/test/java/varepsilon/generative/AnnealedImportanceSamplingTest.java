package varepsilon.generative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.base.InputException;
import varepsilon.tensor.DType;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/** Annealed importance sampling where log p(x) is known in closed form, with an encoder that is far off. */
class AnnealedImportanceSamplingTest extends GenerativeTest {
    private static final int D = 6;
    private static final LinearVae MODEL = new LinearVae(
            new double[][] {{0.8, 0.1}, {0.4, -0.2}, {0, 0.5}, {-0.3, 0}, {0.2, 0.1}, {0.1, -0.2}},
            new double[] {0.5, 0.2, -0.3, 0.1, 0, 0.7},
            0.3);
    private static final double[] IMAGE = {0.9, 0.1, 0.4, -0.2, 0.3, 1.1};
    private static final int REPEATS = 400;

    private Vae model() {
        return closing(MODEL.withEncoder(0.6, 1.6, init(DType.FLOAT64, 1)));
    }

    private static Tensor target() {
        return Tensor.of(IMAGE, 1, 1, 1, D).expand(REPEATS, 1, 1, D);
    }

    /** Exact samples of the posterior, one for each repeat. */
    private Tensor exact() {
        Tensor mean = Tensor.of(MODEL.posteriorMean(IMAGE), 1, 2);
        Tensor std = Tensor.of(MODEL.posteriorStd(), 1, 2);
        return rng(77).normal(DType.FLOAT64, REPEATS, 2).mul(std).add(mean);
    }

    private AnnealedImportanceSampling.Chains chains(int steps, int chains) {
        return new AnnealedImportanceSampling(steps, chains, 3).of(model(), target(), rng(5));
    }

    private static double[] weights(double[] logs, double sign) {
        double log = MODEL.logLikelihood(IMAGE);
        return Arrays.stream(logs).map(value -> Math.exp(sign * (value - log))).toArray();
    }

    /** E[w] = p(x) forwards, and E[1/w] = 1/p(x) backwards, for any number of steps. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 30})
    void weightsAreUnbiasedInBothDirections(int steps) {
        try (var scope = Scope.withoutGradients()) {
            AnnealedImportanceSampling.Chains chains = chains(steps, 2);
            double[] forwards = weights(chains.lowerBound(rng(1)).toDoubles(), 1);
            assertThat(Statistics.mean(forwards)).isCloseTo(1, within(4 * Statistics.standardError(forwards)));
            double[] backwards = weights(chains.upperBound(exact(), rng(2)).toDoubles(), -1);
            assertThat(Statistics.mean(backwards)).isCloseTo(1, within(4 * Statistics.standardError(backwards)));
        }
    }

    @Test
    void theBoundsCloseInOnTheLikelihood() {
        try (var scope = Scope.withoutGradients()) {
            double truth = MODEL.logLikelihood(IMAGE);
            double gap = Double.POSITIVE_INFINITY;
            for (int steps : new int[] {1, 10, 200}) {
                AnnealedImportanceSampling.Chains chains = chains(steps, 1);
                double[] lower = chains.lowerBound(rng(1)).toDoubles();
                double[] upper = chains.upperBound(exact(), rng(2)).toDoubles();
                assertThat(Statistics.mean(lower)).isLessThan(truth + 4 * Statistics.standardError(lower));
                assertThat(Statistics.mean(upper)).isGreaterThan(truth - 4 * Statistics.standardError(upper));
                double closer = Statistics.mean(upper) - Statistics.mean(lower);
                assertThat(closer).isLessThan(gap / 2);
                gap = closer;
            }
            assertThat(gap).isLessThan(0.1);
        }
    }

    /** One step is importance sampling with the posterior q: the bound of as many samples as chains. */
    @Test
    void oneStepIsImportanceSampling() {
        try (var scope = Scope.withoutGradients()) {
            double[] annealed = chains(1, 8).lowerBound(rng(1)).toDoubles();
            double[] weighted = ImportanceWeightedBound.logLikelihood(model(), target(), 8, 8, rng(3))
                    .toDoubles();
            assertThat(Statistics.mean(annealed))
                    .isCloseTo(
                            Statistics.mean(weighted),
                            within(4
                                    * Math.hypot(
                                            Statistics.standardError(annealed), Statistics.standardError(weighted))));
        }
    }

    /** Transitions at β = 1 from exact samples keep the posterior's moments. */
    @Test
    void transitionsLeaveTheirDistributionInvariant() {
        try (var scope = Scope.withoutGradients()) {
            Vae vae = model();
            Posterior q = vae.posterior(target());
            AnnealingPath path = AnnealingPath.fromPosterior(vae, vae.prior(), q, target());
            AnnealingPath.Point point = path.at(exact().unsqueeze(0));
            Tensor scale = Tensor.of(MODEL.posteriorStd(), 1, 1, 2);
            double accepted = 0;
            for (int i = 0; i < 10; i++) {
                HamiltonianMonteCarlo.Transition transition = new HamiltonianMonteCarlo(3)
                        .from(point, path, 1, scale, Tensor.full(0.9, DType.FLOAT64, 1), rng(10 + i));
                point = transition.point();
                accepted += transition.acceptance().mean().item() / 10;
            }
            assertThat(accepted).isBetween(0.3, 0.999);
            double[] z = point.z().toDoubles();
            for (int j = 0; j < 2; j++) {
                double mean = MODEL.posteriorMean(IMAGE)[j];
                double std = MODEL.posteriorStd()[j];
                double[] standardised = new double[REPEATS];
                for (int i = 0; i < REPEATS; i++) {
                    standardised[i] = (z[2 * i + j] - mean) / std;
                }
                assertThat(Statistics.mean(standardised)).isCloseTo(0, within(4 / Math.sqrt(REPEATS)));
                double squares =
                        Arrays.stream(standardised).map(v -> v * v).average().orElseThrow();
                assertThat(squares).isCloseTo(1, within(4 * Math.sqrt(2.0 / REPEATS)));
            }
        }
    }

    @Test
    void temperaturesRiseFromZeroToOne() {
        double[] betas = AnnealedImportanceSampling.betas(50);
        assertThat(betas).hasSize(51).isSorted();
        assertThat(betas[0]).isZero();
        assertThat(betas[25]).isCloseTo(0.5, within(1e-12));
        assertThat(betas[50]).isEqualTo(1);
        assertThat(betas[1]).isPositive().isLessThan(0.02);
        assertThatThrownBy(() -> new AnnealedImportanceSampling(0))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("expected at least 1");
    }
}
