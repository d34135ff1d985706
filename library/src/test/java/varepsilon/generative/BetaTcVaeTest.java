package varepsilon.generative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.tensor.DType;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

class BetaTcVaeTest extends GenerativeTest {
    /** All batches of 3 of 5 images that begin with image 0, drawn equally often: their mean is q(z) of the 5. */
    @Test
    void theEstimateOfTheAggregatePosteriorIsUnbiased() {
        int images = 5;
        Tensor mean = rng(1).normal(DType.FLOAT64, images, 2);
        Tensor logStd = rng(2).normal(DType.FLOAT64, images, 2).mul(0.3);
        Tensor z = rng(3).normal(DType.FLOAT64, 3, 2);
        double joint = 0;
        double[] marginals = new double[2];
        int batches = 0;
        for (int a = 1; a < images; a++) {
            for (int b = a + 1; b < images; b++) {
                Tensor rows = Tensor.of(new long[] {0, a, b}, 3);
                DiagonalGaussian q = new DiagonalGaussian(mean.indexSelect(0, rows), logStd.indexSelect(0, rows));
                BetaTcVae.Aggregate estimate = BetaTcVae.Aggregate.at(z, q, images);
                joint += Math.exp(estimate.joint().toDoubles()[0]);
                marginals[0] += Math.exp(estimate.marginals().toDoubles()[0]);
                marginals[1] += Math.exp(estimate.marginals().toDoubles()[1]);
                batches++;
            }
        }
        double[] at = z.toDoubles();
        double[] m = mean.toDoubles();
        double[] s = logStd.toDoubles();
        double exactJoint = 0;
        double[] exact = new double[2];
        for (int i = 0; i < images; i++) {
            double first = Math.exp(Statistics.logNormal(at[0], m[2 * i], Math.exp(s[2 * i])));
            double second = Math.exp(Statistics.logNormal(at[1], m[2 * i + 1], Math.exp(s[2 * i + 1])));
            exact[0] += first / images;
            exact[1] += second / images;
            exactJoint += first * second / images;
        }
        assertThat(joint / batches).isCloseTo(exactJoint, within(1e-12));
        assertThat(marginals[0] / batches).isCloseTo(exact[0], within(1e-12));
        assertThat(marginals[1] / batches).isCloseTo(exact[1], within(1e-12));
    }

    /** Posteriors whose means are normal with a correlation: q(z) is N(0, Σ) with the correlation 0.64. */
    @Test
    void theTotalCorrelationOfGaussiansIsKnown() {
        int n = 2000;
        double correlation = 0.8;
        double std = 0.5;
        Tensor noise = rng(1).normal(DType.FLOAT64, n, 2);
        Tensor first = noise.narrow(1, 0, 1);
        Tensor second = first.mul(correlation).add(noise.narrow(1, 1, 1).mul(Math.sqrt(1 - correlation * correlation)));
        Tensor mean = Tensor.concat(1, List.of(first, second));
        DiagonalGaussian q = new DiagonalGaussian(mean, mean.zerosLike().add(Math.log(std)));
        try (var scope = Scope.withoutGradients()) {
            Tensor z = q.sample(rng(2));
            double[] found = BetaTcVae.Aggregate.at(z, q, n).totalCorrelation().toDoubles();
            double r = correlation / (1 + std * std);
            double expected = -0.5 * Math.log(1 - r * r);
            assertThat(Statistics.mean(found)).isCloseTo(expected, within(4 * Statistics.standardError(found)));
            assertThat(Statistics.standardError(found)).isLessThan(0.02);
        }
    }

    @Test
    void itIsThatOfTheDecompositionOfTheDivergence() {
        Tensor mean = rng(1).normal(DType.FLOAT64, 7, 3);
        DiagonalGaussian q =
                new DiagonalGaussian(mean, rng(2).normal(DType.FLOAT64, 7, 3).mul(0.3));
        Tensor z = q.sample(rng(3));
        for (int images : new int[] {7, 30, 60_000}) {
            double[] found =
                    BetaTcVae.Aggregate.at(z, q, images).totalCorrelation().toDoubles();
            double measured = KlDecomposition.of(q, z, new StandardNormal(3), images)
                    .totalCorrelationNats()
                    .value();
            assertThat(Statistics.mean(found)).isCloseTo(measured, within(1e-10));
        }
    }

    private Vae model() {
        Vae vae = closing(VaeArchitecture.conv(3, 2, 1, new Bernoulli()).create(init(DType.FLOAT64, 5)));
        try (var scope = Scope.withoutGradients()) {
            // Larger than fresh parameters: with those, all posteriors are nearly the same.
            vae.parameters().values().forEach(parameter -> parameter.mulInPlace(3));
        }
        return vae;
    }

    private Tensor target(Vae vae, int n) {
        return vae.target(Tensor.of(rng(3).uniform(n, 1, 28, 28).mul(256).toBytes(), n, 1, 28, 28));
    }

    @Test
    void theWeightOneIsTheElbo() {
        Vae vae = model();
        double expected = new ElboObjective(vae)
                .evaluate(vae, target(vae, 4), rng(6))
                .loss()
                .item();
        var result = new BetaTcVae(vae, 1, 50).evaluate(vae, target(vae, 4), rng(6));
        assertThat(result.loss().item()).isCloseTo(expected, within(1e-10));
        double correlation = Statistics.mean(result.perExample().get("tc_nats").toDoubles());
        assertThat(new BetaTcVae(vae, 3.5, 50)
                        .evaluate(vae, target(vae, 4), rng(6))
                        .loss()
                        .item())
                .isCloseTo(expected + 2.5 * correlation, within(1e-10));
        assertThat(Math.abs(correlation)).isGreaterThan(1e-3);
    }

    /** The last batch of an epoch may have a single image, which says nothing of dependence between dimensions. */
    @ParameterizedTest
    @ValueSource(ints = {1, 50})
    void aSingleImageHasNoTotalCorrelation(int images) {
        Vae vae = model();
        var result = new BetaTcVae(vae, 4, images).evaluate(vae, target(vae, 1), rng(6));
        assertThat(result.perExample().get("tc_nats").item()).isCloseTo(0, within(1e-12));
        assertThat(result.loss().isFinite()).isTrue();
        // More images than there are to train on: those held out.
        double[] more = new BetaTcVae(vae, 4, images)
                .evaluate(vae, target(vae, 3), rng(6))
                .perExample()
                .get("tc_nats")
                .toDoubles();
        assertThat(IntStream.range(0, 3).allMatch(i -> Double.isFinite(more[i])))
                .isTrue();
    }
}
