package varepsilon.lab.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Seed;

class ImportanceTest {
    @Test
    void theEffectiveShareIsThatOfEqualWeightsOrOfASingleOne() {
        assertThat(Importance.effectiveShare(new double[] {-900, -900, -900})).isCloseTo(1, within(1e-12));
        assertThat(Importance.effectiveShare(new double[] {-900, -2000, -2000, -2000}))
                .isCloseTo(0.25, within(1e-12));
        // (1 + 2 + 3)² / (3 · (1 + 4 + 9))
        assertThat(Importance.effectiveShare(new double[] {0, Math.log(2), Math.log(3)}))
                .isCloseTo(36.0 / 42, within(1e-12));
    }

    @Test
    void theRelativeErrorIsThatOfTheMean() {
        double[] weights = {Math.log(1), Math.log(2), Math.log(6)};
        assertThat(Importance.relativeError(weights, 0, 3, Math.log(4))).isCloseTo(0.25, within(1e-12));
        assertThat(Importance.relativeError(weights, 1, 3, Math.log(4))).isCloseTo(0, within(1e-12));
    }

    @Test
    void theSecondMomentIsTheIntegralOfTheSquaredPosteriorOverThePrior() {
        for (double[] meanAndStd : new double[][] {{0, 1}, {1.2, 0.5}, {-0.4, 0.9}}) {
            MultivariateNormal posterior =
                    MultivariateNormal.diagonal(new double[] {meanAndStd[0]}, new double[] {meanAndStd[1]});
            MultivariateNormal prior = MultivariateNormal.standard(1);
            double integral = 0;
            double step = 0.001;
            for (double z = -40; z <= 40; z += step) {
                double[] at = {z};
                integral += step * Math.exp(2 * posterior.logDensity(at) - prior.logDensity(at));
            }
            assertThat(Importance.logSecondMomentUnderPrior(posterior)).isCloseTo(Math.log(integral), within(1e-9));
        }
    }

    @Test
    void manySamplesHaveTheShareOfTheClosedForm() {
        try (Rng rng = Seed.of(8).stream()) {
            ProbabilisticPca model = ProbabilisticPca.drawn(10, 2, 0.5, 1, rng);
            double[] x = model.sample(rng);
            double[] weights = Importance.logWeights(model, x, MultivariateNormal.standard(2), 100_000, rng);
            double exact = Math.exp(-Importance.logSecondMomentUnderPrior(model.posterior(x)));
            assertThat(Importance.effectiveShare(weights)).isCloseTo(exact, within(0.03 * exact));
        }
    }

    @Test
    void everyWeightFromThePosteriorIsTheEvidence() {
        try (Rng rng = Seed.of(9).stream()) {
            ProbabilisticPca model = ProbabilisticPca.drawn(10, 3, 0.5, 4, rng);
            double[] x = model.sample(rng);
            for (double weight : Importance.logWeights(model, x, model.posterior(x), 20, rng)) {
                assertThat(weight).isCloseTo(model.evidence().logDensity(x), within(1e-10));
            }
        }
    }
}
