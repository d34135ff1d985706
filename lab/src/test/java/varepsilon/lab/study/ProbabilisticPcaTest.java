package varepsilon.lab.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Seed;

/** The truths that the studies measure against hold against each other. */
class ProbabilisticPcaTest {
    private static final int LATENT_DIM = 3;

    private interface Check {
        void on(ProbabilisticPca model, double[] x, Rng rng);
    }

    private static void onSomeModels(Check check) {
        try (Rng rng = Seed.of(11).stream()) {
            for (int i = 0; i < 5; i++) {
                ProbabilisticPca model = ProbabilisticPca.drawn(7, LATENT_DIM, 0.4, 3, rng);
                check.on(model, model.sample(rng), rng);
            }
        }
    }

    private static MultivariateNormal someNormal(Rng rng) {
        double[] noise = MultivariateNormal.noise(rng, 9);
        double[][] lower = {
            {Math.exp(noise[0]), 0, 0}, {noise[1], Math.exp(noise[2]), 0}, {noise[3], noise[4], Math.exp(noise[5])}
        };
        return new MultivariateNormal(new double[] {noise[6], noise[7], noise[8]}, new Cholesky(lower));
    }

    @Test
    void bayesRuleHoldsAtEveryZ() {
        onSomeModels((model, x, rng) -> {
            double[] z = MultivariateNormal.noise(rng, LATENT_DIM);
            double joint = model.logLikelihood(x, z)
                    + MultivariateNormal.standard(LATENT_DIM).logDensity(z);
            assertThat(joint - model.posterior(x).logDensity(z))
                    .isCloseTo(model.evidence().logDensity(x), within(1e-10));
        });
    }

    @Test
    void theEvidenceIsTheBoundPlusTheDivergenceForEveryNormal() {
        onSomeModels((model, x, rng) -> {
            MultivariateNormal q = someNormal(rng);
            assertThat(model.elbo(x, q) + q.kullbackLeibler(model.posterior(x)))
                    .isCloseTo(model.evidence().logDensity(x), within(1e-9));
        });
    }

    @Test
    void theExpectedLikelihoodIsTheMeanOverDraws() {
        onSomeModels((model, x, rng) -> {
            MultivariateNormal q = someNormal(rng).widened(0.3);
            double[] values = new double[20_000];
            for (int i = 0; i < values.length; i++) {
                values[i] = model.logLikelihood(x, q.at(MultivariateNormal.noise(rng, LATENT_DIM)));
            }
            assertThat(model.expectedLogLikelihood(x, q))
                    .isCloseTo(Moments.mean(values), within(4.5 * Moments.standardError(values)));
        });
    }

    @Test
    void divergencesThatAreKnown() {
        MultivariateNormal standard = MultivariateNormal.standard(1);
        assertThat(MultivariateNormal.diagonal(new double[] {2}, new double[] {1})
                        .kullbackLeibler(standard))
                .isCloseTo(2, within(1e-15));
        assertThat(MultivariateNormal.diagonal(new double[] {0}, new double[] {Math.E})
                        .kullbackLeibler(standard))
                .isCloseTo(2.194528, within(1e-6));
        try (Rng rng = Seed.of(3).stream()) {
            MultivariateNormal q = someNormal(rng);
            assertThat(q.kullbackLeibler(MultivariateNormal.of(q.mean(), q.covariance())))
                    .isCloseTo(0, within(1e-12));
        }
    }

    @Test
    void aMatrixThatIsNoCovarianceIsRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Cholesky.of(new double[][] {{1, 2}, {2, 1}}))
                .withMessageContaining("pivot 1");
    }

    @Test
    void theFactorSolvesAndInverts() {
        double[][] matrix = {{4, 2, 0.6}, {2, 5, 1}, {0.6, 1, 3}};
        Cholesky factor = Cholesky.of(matrix);
        double[][] inverse = factor.inverse();
        for (int i = 0; i < 3; i++) {
            for (int j = 0; j < 3; j++) {
                double product = 0;
                for (int k = 0; k < 3; k++) {
                    product += matrix[i][k] * inverse[k][j];
                }
                assertThat(product).isCloseTo(i == j ? 1 : 0, within(1e-14));
            }
        }
        // By hand: 4·(15 − 1) − 2·(6 − 0.6) + 0.6·(2 − 3).
        assertThat(factor.logDeterminant()).isCloseTo(Math.log(44.6), within(1e-14));
    }
}
