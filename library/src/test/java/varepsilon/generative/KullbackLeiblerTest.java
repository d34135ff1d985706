package varepsilon.generative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import varepsilon.tensor.Tensor;

class KullbackLeiblerTest extends GenerativeTest {
    private static final int REPEATS = 20_000;

    /** {@code rows} times the same posterior of one dimension, so that each row estimates independently. */
    private static DiagonalGaussian posterior(int rows, double mean, double logStd) {
        double[] means = new double[rows];
        double[] logStds = new double[rows];
        Arrays.fill(means, mean);
        Arrays.fill(logStds, logStd);
        return new DiagonalGaussian(Tensor.of(means, rows, 1), Tensor.of(logStds, rows, 1));
    }

    private static double closedForm(double mean, double logStd) {
        return KullbackLeibler.closedForm(posterior(1, mean, logStd), new StandardNormal(1))
                .orElseThrow()
                .item();
    }

    /** ∫ q log(q/p) over ten standard deviations. */
    private static double quadrature(double mean, double std, DoubleUnaryOperator logPrior) {
        return Statistics.integral(
                z -> {
                    double logQ = Statistics.logNormal(z, mean, std);
                    return Math.exp(logQ) * (logQ - logPrior.applyAsDouble(z));
                },
                mean - 10 * std,
                mean + 10 * std);
    }

    @Test
    void knownValues() {
        assertThat(closedForm(2, 0)).isCloseTo(2, within(1e-12));
        assertThat(closedForm(0, 1)).isCloseTo((Math.E * Math.E - 1) / 2 - 1, within(1e-12));
        assertThat(closedForm(0, 1)).isCloseTo(2.194528, within(5e-7));
        assertThat(closedForm(0, 0)).isZero();
    }

    @Test
    void closedFormIsTheIntegral() {
        for (double mean : new double[] {-3, -0.2, 0, 1.7}) {
            for (double logStd : new double[] {-4, -1, 0, 0.9}) {
                double expected = quadrature(mean, Math.exp(logStd), z -> Statistics.logNormal(z, 0, 1));
                assertThat(closedForm(mean, logStd))
                        .as("mean %s, logStd %s", mean, logStd)
                        .isCloseTo(expected, within(1e-9));
            }
        }
    }

    @Test
    void dimensionsAddUp() {
        DiagonalGaussian q = new DiagonalGaussian(
                Tensor.of(new double[] {2, 0, 0, 0.5, -1, 3}, 2, 3),
                Tensor.of(new double[] {0, 1, 0, -1, 0.2, -2}, 2, 3));
        StandardNormal p = new StandardNormal(3);
        Tensor perDimension = KullbackLeibler.perDimension(q, p).orElseThrow();
        assertThat(perDimension.shape()).containsExactly(2, 3);
        double[] each = perDimension.toDoubles();
        double[] mean = q.mean().toDoubles();
        double[] logStd = q.logStd().toDoubles();
        for (int i = 0; i < each.length; i++) {
            assertThat(each[i]).isCloseTo(closedForm(mean[i], logStd[i]), within(1e-12));
        }
        assertThat(KullbackLeibler.closedForm(q, p).orElseThrow().toDoubles())
                .containsExactly(
                        new double[] {each[0] + each[1] + each[2], each[3] + each[4] + each[5]}, within(1e-12));
    }

    @Test
    void monteCarloErrorFallsWithTheRootOfTheDraws() {
        // log q − log p = 2z − 2 for q = N(2, 1): normal with standard deviation 2, so the error is 2/√L exactly.
        DiagonalGaussian q = posterior(REPEATS, 2, 0);
        double[] logDraws = new double[4];
        double[] logError = new double[4];
        for (int i = 0; i < 4; i++) {
            int draws = 1 << (2 * i);
            double[] estimates = KullbackLeibler.monteCarlo(q, new StandardNormal(1), draws, rng(100 + i))
                    .value()
                    .toDoubles();
            double rms = Math.sqrt(Arrays.stream(estimates)
                    .map(e -> (e - 2) * (e - 2))
                    .average()
                    .orElseThrow());
            // The relative error of a root mean square of n normal numbers is √(1/2n) = 0.5 %.
            assertThat(rms * Math.sqrt(draws)).as("L = %d", draws).isCloseTo(2, within(2 * 4 * 0.005));
            logDraws[i] = Math.log(draws);
            logError[i] = Math.log(rms);
        }
        assertThat(slope(logDraws, logError)).isCloseTo(-0.5, within(0.01));
    }

    private static double slope(double[] x, double[] y) {
        double meanX = Statistics.mean(x);
        double meanY = Statistics.mean(y);
        double products = 0;
        double squares = 0;
        for (int i = 0; i < x.length; i++) {
            products += (x[i] - meanX) * (y[i] - meanY);
            squares += (x[i] - meanX) * (x[i] - meanX);
        }
        return products / squares;
    }

    @Test
    void monteCarloIsUnbiased() {
        double[][] posteriors = {{2, 0}, {0, 1}, {-0.7, -1.5}};
        for (double[] parameters : posteriors) {
            for (int draws : new int[] {1, 3}) {
                double[] estimates = KullbackLeibler.monteCarlo(
                                posterior(REPEATS, parameters[0], parameters[1]), new StandardNormal(1), draws, rng(7))
                        .value()
                        .toDoubles();
                assertThat(Statistics.mean(estimates))
                        .as("mean %s, logStd %s, L = %d", parameters[0], parameters[1], draws)
                        .isCloseTo(
                                closedForm(parameters[0], parameters[1]),
                                within(4 * Statistics.standardError(estimates)));
            }
        }
    }

    /** P(|t| < 1) for Student's t with L − 1 degrees of freedom. */
    @ParameterizedTest
    @CsvSource({"2, 0.5", "64, 0.6789"})
    void itsStandardErrorCoversTheTruthAsOftenAsItShould(int draws, double expected) {
        KullbackLeibler.Estimate estimate =
                KullbackLeibler.monteCarlo(posterior(REPEATS, 2, 0), new StandardNormal(1), draws, rng(11));
        double[] values = estimate.value().toDoubles();
        double[] errors = estimate.standardError().toDoubles();
        long covered = 0;
        for (int i = 0; i < REPEATS; i++) {
            covered += Math.abs(values[i] - 2) < errors[i] ? 1 : 0;
        }
        assertThat(covered / (double) REPEATS)
                .isCloseTo(expected, within(4 * Math.sqrt(expected * (1 - expected) / REPEATS)));
    }

    @Test
    void oneDrawHasNoStandardError() {
        KullbackLeibler.Estimate estimate =
                KullbackLeibler.monteCarlo(posterior(3, 2, 0), new StandardNormal(1), 1, rng(5));
        assertThat(estimate.standardError().toDoubles()).containsOnly(Double.NaN);
        assertThat(estimate.value().isFinite()).isTrue();
        assertThatThrownBy(() -> KullbackLeibler.monteCarlo(posterior(1, 0, 0), new StandardNormal(1), 0, rng(5)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("draws 0");
    }

    @Test
    void aPairWithoutClosedFormIsEstimated() {
        Prior mixture = new MixturePrior();
        double[][] posteriors = {{0, 0}, {-2, -0.7}, {1.5, 0.6}};
        for (double[] parameters : posteriors) {
            DiagonalGaussian q = posterior(1, parameters[0], parameters[1]);
            assertThat(KullbackLeibler.closedForm(q, mixture)).isEmpty();
            assertThat(KullbackLeibler.perDimension(q, mixture)).isEmpty();
            KullbackLeibler.Estimate estimate = KullbackLeibler.monteCarlo(q, mixture, 200_000, rng(3));
            double expected = quadrature(parameters[0], Math.exp(parameters[1]), MixturePrior::logDensity);
            double error = estimate.standardError().item();
            assertThat(error).isBetween(1e-4, 0.01);
            assertThat(estimate.value().item())
                    .as("mean %s, logStd %s", parameters[0], parameters[1])
                    .isCloseTo(expected, within(4 * error));
        }
    }
}
