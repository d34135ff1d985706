package varepsilon.lab.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Seed;

class GradientEstimatorTest {
    private static GradientEstimator.Point problem(int latentDim) {
        try (Rng rng = Seed.of(21).stream()) {
            ProbabilisticPca model = ProbabilisticPca.drawn(9, latentDim, 0.5, 3, rng);
            double[] mean = MultivariateNormal.noise(rng, latentDim);
            double[] std = new double[latentDim];
            for (int i = 0; i < latentDim; i++) {
                std[i] = 0.4 + 0.2 * i;
            }
            return new GradientEstimator.Point(model, model.sample(rng), mean, std);
        }
    }

    @Test
    void theClosedFormIsTheSlopeOfTheExpectation() {
        GradientEstimator.Point at = problem(3);
        double[] gradient = at.gradient();
        double h = 1e-5;
        for (int i = 0; i < 6; i++) {
            double difference =
                    (moved(at, i, h).expectation() - moved(at, i, -h).expectation()) / (2 * h);
            assertThat(gradient[i]).isCloseTo(difference, within(1e-6));
        }
    }

    private static GradientEstimator.Point moved(GradientEstimator.Point at, int coordinate, double by) {
        double[] mean = at.mean().clone();
        double[] std = at.std().clone();
        if (coordinate < mean.length) {
            mean[coordinate] += by;
        } else {
            std[coordinate - mean.length] *= Math.exp(by);
        }
        return new GradientEstimator.Point(at.model(), at.x(), mean, std);
    }

    @ParameterizedTest
    @EnumSource(GradientEstimator.class)
    void allAreRightOnAverage(GradientEstimator estimator) {
        GradientEstimator.Point at = problem(3);
        try (Rng rng = Seed.of(5).stream()) {
            GradientEstimator.Statistics found = estimator.estimates(at, 50_000, rng);
            assertThat(found.worstBias(at.gradient())).isLessThan(4.5);
        }
    }

    @Test
    void theReparameterisedVarianceIsKnownInOneDimension() {
        // f is a parabola of curvature −g: the slope at mean + std·ε is linear in ε, with the variance (g·std)².
        GradientEstimator.Point at = problem(1);
        double g = at.model().gram()[0][0] / (at.model().std() * at.model().std());
        try (Rng rng = Seed.of(6).stream()) {
            GradientEstimator.Statistics found = GradientEstimator.REPARAMETERISED.estimates(at, 50_000, rng);
            double expected = g * g * at.std()[0] * at.std()[0];
            assertThat(found.variance()[0]).isCloseTo(expected, within(0.04 * expected));
        }
    }
}
