package varepsilon.generative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.stats.NormalFit;
import varepsilon.tensor.DType;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;

class KlDecompositionTest extends GenerativeTest {
    private static final double STD = 0.6;

    private final Rng rng = rng(11);

    /** Posteriors N(μₙ, 0.6²I) whose means are N(0, C): q(z) is about N(0, C + 0.36·I). */
    private DiagonalGaussian posteriors(int n, double correlation) {
        Tensor noise = rng.normal(DType.FLOAT64, n, 2);
        Tensor a = noise.narrow(1, 0, 1);
        Tensor b = noise.narrow(1, 1, 1);
        Tensor second = a.mul(correlation).add(b.mul(Math.sqrt(1 - correlation * correlation)));
        return new DiagonalGaussian(
                Tensor.concat(1, List.of(a, second)),
                Tensor.full(Math.log(STD), DType.FLOAT64).expand(n, 2));
    }

    private static double[][] aggregateCovariance(double correlation) {
        double variance = 1 + STD * STD;
        return new double[][] {{variance, correlation}, {correlation, variance}};
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.9})
    void partsOfGaussiansAreTheirClosedForms(double correlation) {
        int n = 2_000;
        DiagonalGaussian q = posteriors(n, correlation);
        KlDecomposition found = KlDecomposition.of(q, q.sample(rng), new StandardNormal(2), n);
        double[][] covariance = aggregateCovariance(correlation);
        double determinant = covariance[0][0] * covariance[1][1] - correlation * correlation;
        double variance = covariance[0][0];

        expect(found.totalCorrelationNats(), TotalCorrelation.of(new NormalFit(new double[2], covariance)));
        expect(found.indexCodeNats(), 0.5 * Math.log(determinant) - 2 * Math.log(STD));
        // KL(N(0, Σ) ‖ N(0, I)) = ½ (tr Σ − d − log det Σ), and of each dimension alone.
        expect(found.aggregateKlNats(), 0.5 * (2 * variance - 2 - Math.log(determinant)));
        expect(found.dimensionWiseKlNats(), variance - 1 - Math.log(variance));
        assertThat(found.n()).isEqualTo(n);
    }

    /** Four standard errors of the draws of z, and a little for the means of the posteriors, which are drawn as well. */
    private static void expect(KlDecomposition.Part part, double expected) {
        assertThat(part.standardError()).isBetween(1e-4, 0.04);
        assertThat(part.value()).isCloseTo(expected, within(0.02 + 4 * part.standardError()));
    }

    @Test
    void partsAddUpToTheAverageDivergence() {
        DiagonalGaussian q = posteriors(500, 0.5);
        Tensor z = q.sample(rng);
        StandardNormal prior = new StandardNormal(2);
        for (int population : new int[] {500, 10_000}) {
            KlDecomposition found = KlDecomposition.of(q, z, prior, population);

            double kl = q.logProbability(z).sub(prior.logProbability(z)).mean().item();
            assertThat(found.klNats().value()).isCloseTo(kl, within(1e-12));
            assertThat(found.indexCodeNats().value() + found.aggregateKlNats().value())
                    .isCloseTo(kl, within(1e-12));
            assertThat(found.totalCorrelationNats().value()
                            + found.dimensionWiseKlNats().value())
                    .isCloseTo(found.aggregateKlNats().value(), within(1e-12));
        }
    }

    /** Against the definition, written out, for more images than are computed at once. */
    @ParameterizedTest
    @ValueSource(ints = {1_000, 50_000})
    void theAggregatePosteriorIsTheMeanOfTheImagesPosteriors(int dataSize) {
        int n = 1_000;
        DiagonalGaussian q = posteriors(n, 0.3);
        Tensor z = q.sample(rng);
        double[] means = q.mean().toDoubles();
        double[] draws = z.toDoubles();
        double[] information = new double[n];
        double[] correlation = new double[n];
        for (int i = 0; i < n; i++) {
            double joint = 0;
            double[] marginals = new double[2];
            for (int j = 0; j < n; j++) {
                double weight = (i == j ? 1 : (dataSize - 1.0) / (n - 1.0)) / dataSize;
                double first = Math.exp(Statistics.logNormal(draws[2 * i], means[2 * j], STD));
                double second = Math.exp(Statistics.logNormal(draws[2 * i + 1], means[2 * j + 1], STD));
                joint += weight * first * second;
                marginals[0] += weight * first;
                marginals[1] += weight * second;
            }
            information[i] = Statistics.logNormal(draws[2 * i], means[2 * i], STD)
                    + Statistics.logNormal(draws[2 * i + 1], means[2 * i + 1], STD)
                    - Math.log(joint);
            correlation[i] = Math.log(joint) - Math.log(marginals[0]) - Math.log(marginals[1]);
        }
        KlDecomposition found = KlDecomposition.of(q, z, new StandardNormal(2), dataSize);

        assertThat(found.indexCodeNats().value()).isCloseTo(Statistics.mean(information), within(1e-10));
        assertThat(found.indexCodeNats().standardError())
                .isCloseTo(Statistics.standardError(information), within(1e-10));
        assertThat(found.totalCorrelationNats().value()).isCloseTo(Statistics.mean(correlation), within(1e-10));
    }

    /** Two posteriors apart from each other, of a data set of ten: densities 1/10 of the own and 9/10 of the other. */
    @Test
    void aPartOfTheDataStandsForTheRest() {
        Tensor mean = Tensor.of(new double[] {-1, 2}, 2, 1);
        DiagonalGaussian q = new DiagonalGaussian(mean, Tensor.zeros(DType.FLOAT64, 2, 1));
        Tensor z = Tensor.of(new double[] {-0.5, 2.5}, 2, 1);
        KlDecomposition found = KlDecomposition.of(q, z, new StandardNormal(1), 10);

        double own = Math.exp(Statistics.logNormal(0.5, 0, 1));
        double first = Math.log(own) - Math.log(0.1 * own + 0.9 * Math.exp(Statistics.logNormal(-0.5, 2, 1)));
        double second = Math.log(own) - Math.log(0.1 * own + 0.9 * Math.exp(Statistics.logNormal(2.5, -1, 1)));
        assertThat(found.indexCodeNats().value()).isCloseTo((first + second) / 2, within(1e-12));
    }

    /** The estimate of q(z) from 300 of 1,500 images: close, and the information too large, as its logarithm is small. */
    @Test
    void aPartOfTheDataGivesAboutTheSame() {
        DiagonalGaussian all = posteriors(1_500, 0.5);
        Tensor z = all.sample(rng);
        KlDecomposition exact = KlDecomposition.of(all, z, new StandardNormal(2), 1_500);
        DiagonalGaussian some =
                new DiagonalGaussian(all.mean().narrow(0, 0, 300), all.logStd().narrow(0, 0, 300));
        KlDecomposition part = KlDecomposition.of(some, z.narrow(0, 0, 300), new StandardNormal(2), 1_500);

        assertThat(part.totalCorrelationNats().value())
                .isCloseTo(
                        exact.totalCorrelationNats().value(),
                        within(4 * part.totalCorrelationNats().standardError()));
        assertThat(part.indexCodeNats().value())
                .isCloseTo(
                        exact.indexCodeNats().value(),
                        within(4 * part.indexCodeNats().standardError()));
    }

    @Test
    void aCollapsedPosteriorSaysNothingOfTheImage() {
        DiagonalGaussian q = new DiagonalGaussian(
                Tensor.full(0.3, DType.FLOAT64).expand(200, 3), Tensor.zeros(DType.FLOAT64, 200, 3));
        KlDecomposition found = KlDecomposition.of(q, q.sample(rng), new StandardNormal(3), 200);

        assertThat(found.indexCodeNats().value()).isCloseTo(0, within(1e-12));
        assertThat(found.totalCorrelationNats().value()).isCloseTo(0, within(1e-12));
        assertThat(found.aggregateKlFloorNats()).isZero();
        // KL(N(0.3, 1) ‖ N(0, 1)) = 0.3²/2 in each of three dimensions.
        assertThat(found.dimensionWiseKlNats().value())
                .isCloseTo(0.135, within(4 * found.dimensionWiseKlNats().standardError()));
    }

    @Test
    void posteriorsFarFromEachOtherSayWhichImageItIs() {
        Tensor means = Tensor.arange(64).to(DType.FLOAT64).mul(100).reshape(64, 1);
        DiagonalGaussian q = new DiagonalGaussian(means, Tensor.zeros(DType.FLOAT64, 64, 1));

        KlDecomposition found = KlDecomposition.of(q, q.sample(rng), new StandardNormal(1), 64);
        assertThat(found.indexCodeNats().value()).isCloseTo(Math.log(64), within(1e-12));
        assertThat(found.aggregateKlNats().value()).isCloseTo(found.aggregateKlFloorNats(), within(1e-9));
    }

    @Test
    void thereIsNoDimensionWisePartForAPriorWhoseDimensionsDependOnEachOther() {
        DiagonalGaussian q = posteriors(100, 0.5);
        KlDecomposition found = KlDecomposition.of(q, q.sample(rng), new TwoNormals(), 100);

        assertThat(found.dimensionWiseKlNats()).isNull();
        assertThat(found.totalCorrelationNats().value()).isPositive();
    }

    /** Half N((1, −1), I) and half N((−1, 1), I). */
    private record TwoNormals() implements Prior {
        @Override
        public Tensor logProbability(Tensor z) {
            StandardNormal normal = new StandardNormal(2);
            Tensor mean = Tensor.of(new double[] {1, -1}, 2);
            return Tensor.stack(0, List.of(normal.logProbability(z.sub(mean)), normal.logProbability(z.add(mean))))
                    .logSumExp(0)
                    .sub(Math.log(2));
        }

        @Override
        public Tensor sample(int n, Rng rng) {
            throw new UnsupportedOperationException();
        }

        @Override
        public int latentDim() {
            return 2;
        }
    }

    @Test
    void refusesFewerImagesThanTwoAndASmallerDataSet() {
        DiagonalGaussian q = posteriors(5, 0);
        Tensor z = q.sample(rng);
        assertThatThrownBy(() -> KlDecomposition.of(q, z, new StandardNormal(2), 4))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("5 images of 4");
        DiagonalGaussian one = posteriors(1, 0);
        assertThatThrownBy(() -> KlDecomposition.of(one, one.sample(rng), new StandardNormal(2), 4))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
