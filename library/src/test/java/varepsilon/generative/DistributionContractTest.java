package varepsilon.generative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.base.Family;
import varepsilon.base.InputException;
import varepsilon.data.ImageShape;
import varepsilon.nn.Init;
import varepsilon.nn.Module;
import varepsilon.tensor.DType;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;
import varepsilon.weights.Weights;

/** What every prior and every posterior keeps. */
class DistributionContractTest extends GenerativeTest {
    private static final ImageShape IMAGE = new ImageShape(1, 8, 8);
    private static final Family<PriorChoice> PRIORS = Family.of(PriorChoice.class);
    private static final Family<PosteriorChoice> POSTERIORS = Family.of(PosteriorChoice.class);

    static List<String> priors() {
        return List.of(
                "standard-normal",
                "mixture:components=1",
                "mixture:components=5",
                "vamp:components=3",
                "flow:layers=3:width=8",
                "hierarchical:groups=2:width=8",
                "hierarchical:groups=3:width=8:top=mixture",
                "hierarchical:groups=2:width=8:top=flow");
    }

    /** Prior and posterior. */
    static List<String[]> models() {
        return List.of(
                new String[] {"standard-normal", "diagonal"},
                new String[] {"standard-normal", "full"},
                new String[] {"mixture:components=5", "full"},
                new String[] {"vamp:components=3", "diagonal"},
                new String[] {"flow:layers=2:width=8", "iaf:layers=3:width=10:features=5"},
                new String[] {"hierarchical:groups=1:width=8", "top-down:features=6:width=8"},
                new String[] {"hierarchical:groups=3:width=8", "top-down:features=6:width=8"},
                new String[] {"hierarchical:groups=2:width=8", "diagonal"},
                new String[] {"hierarchical:groups=2:width=8:top=flow", "top-down:features=6:width=8"});
    }

    private static VaeArchitecture architecture(int latentDim, String prior, String posterior) {
        return new VaeArchitecture(
                latentDim,
                new MlpVae(8, 2),
                IMAGE,
                new Bernoulli(),
                PRIORS.parse(prior),
                POSTERIORS.parse(posterior),
                0);
    }

    private Vae model(int latentDim, String prior, String posterior) {
        return closing(architecture(latentDim, prior, posterior).create(init(DType.FLOAT64, 5)));
    }

    /** Moves every parameter off its first value, so that no network is trivial. */
    private void disturb(Module module, double std) {
        Init noise = init(DType.FLOAT64, 77);
        try (var scope = Scope.withoutGradients()) {
            module.parameters()
                    .values()
                    .forEach(parameter -> parameter.addInPlace(noise.normal(std, parameter.shape())));
        }
    }

    private Tensor target(Vae vae, int n) {
        return vae.target(Tensor.of(rng(3).uniform(n, 1, 8, 8).mul(256).toBytes(), n, 1, 8, 8));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "mixture:components=1",
                "flow:layers=4:width=8",
                "hierarchical:groups=1:width=8",
                "hierarchical:groups=3:width=8",
                "hierarchical:groups=2:width=8:top=flow"
            })
    void theseBeginAsTheStandardNormal(String prior) {
        Vae vae = model(5, prior, "diagonal");
        Tensor z = rng(1).normal(DType.FLOAT64, 4, 7, 5).mul(2);
        double[] expected = new StandardNormal(5).logProbability(z).toDoubles();
        assertThat(vae.prior().logProbability(z).toDoubles()).containsExactly(expected, within(1e-12));
        Vae plain = model(5, "standard-normal", "diagonal");
        double[] bound = vae.elbo(target(vae, 400), rng(9)).value().toDoubles();
        double[] ofPlain = plain.elbo(target(vae, 400), rng(9)).value().toDoubles();
        double[] difference = new double[bound.length];
        for (int i = 0; i < bound.length; i++) {
            difference[i] = bound[i] - ofPlain[i];
        }
        assertThat(Statistics.mean(difference)).isCloseTo(0, within(4 * Statistics.standardError(difference)));
    }

    @Test
    void vampOfOnePseudoInputIsItsPosterior() {
        Vae vae = model(3, "vamp:components=1", "diagonal");
        disturb(vae, 0.3);
        VampPrior vamp = (VampPrior) vae.prior();
        Tensor z = rng(1).normal(DType.FLOAT64, 6, 3);
        // The likelihood's encoder input is 2·target − 1.
        Tensor target = vamp.pseudoInputs().add(1).div(2);
        assertThat(vamp.pseudoInputs().abs().amax(0, 1, 2, 3).item()).isLessThan(1);
        assertThat(vamp.logProbability(z).toDoubles())
                .containsExactly(vae.posterior(target).logProbability(z).toDoubles(), within(1e-12));
    }

    /** ∫ p(z) dz = 1, as E_q[p(z)/q(z)] with a wide q. */
    @ParameterizedTest
    @MethodSource("priors")
    void densitiesIntegrateToOne(String prior) {
        Vae vae = model(prior.startsWith("hierarchical") ? 4 : 2, prior, "diagonal");
        disturb(vae, prior.endsWith("flow") ? 0.02 : 0.15);
        int d = vae.prior().latentDim();
        Tensor z = rng(2).normal(DType.FLOAT64, 100_000, d).mul(3);
        Tensor logQ = new StandardNormal(d).logProbability(z.div(3)).sub(d * Math.log(3));
        try (var scope = Scope.withoutGradients()) {
            double[] ratios = vae.prior().logProbability(z).sub(logQ).exp().toDoubles();
            assertThat(Statistics.standardError(ratios)).isLessThan(0.05);
            assertThat(Statistics.mean(ratios)).isCloseTo(1, within(4 * Statistics.standardError(ratios)));
        }
    }

    /** Samples have the density that logProbability says: E_p[q(z)/p(z)] = 1 for a narrow q, by E over samples of p. */
    @ParameterizedTest
    @MethodSource("priors")
    void samplesHaveTheirDensity(String prior) {
        Vae vae = model(3, prior, "diagonal");
        disturb(vae, prior.endsWith("flow") ? 0.02 : 0.15); // the flow at the top is wide
        try (var scope = Scope.withoutGradients()) {
            Tensor z = vae.prior().sample(50_000, rng(4)).to(DType.FLOAT64);
            for (double centre : new double[] {0, 0.7}) {
                Tensor logQ = new StandardNormal(3)
                        .logProbability(z.sub(centre).div(0.5))
                        .sub(3 * Math.log(0.5));
                double[] ratios = logQ.sub(vae.prior().logProbability(z)).exp().toDoubles();
                assertThat(Statistics.standardError(ratios)).isLessThan(0.05);
                assertThat(Statistics.mean(ratios)).isCloseTo(1, within(4 * Statistics.standardError(ratios)));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("priors")
    void frozenPriorsAreTheSame(String prior) {
        Vae vae = model(3, prior, "diagonal");
        disturb(vae, 0.3);
        Tensor z = rng(1).normal(DType.FLOAT64, 2, 6, 3);
        assertThat(vae.prior().frozen().logProbability(z).toDoubles())
                .containsExactly(vae.prior().logProbability(z).toDoubles(), within(1e-12));
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 6})
    void theFlowInvertsAndItsDeterminantIsTheJacobians(int d) {
        FlowPrior flow = closing(new FlowPrior(5, 8, d, init(DType.FLOAT64, 1)));
        disturb(flow, 0.25);
        Tensor z = rng(2).normal(DType.FLOAT64, 50, d);
        FlowPrior.Mapped mapped = flow.forward(z);
        assertThat(flow.inverse(mapped.u()).sub(z).abs().amax(0, 1).item()).isLessThan(1e-10);
        for (int row = 0; row < 3; row++) {
            assertThat(mapped.logDeterminant().toDoubles()[row])
                    .isCloseTo(
                            logAbsoluteDeterminant(jacobian(
                                    z.narrow(0, row, 1).toDoubles(),
                                    x -> flow.forward(Tensor.of(x, 1, d)).u().toDoubles())),
                            within(1e-6));
        }
    }

    /** The draws' own density is that of the change of variables from the noise, by the numerical Jacobian. */
    @Test
    void theAutoregressiveFlowsDensityIsTheJacobians() {
        int d = 4;
        AutoregressiveFlow.Choice choice = new AutoregressiveFlow.Choice(3, 11, 2);
        Inference flow = choice.create(new StandardNormal(d), init(DType.FLOAT64, 1));
        disturb((Module) closing((AutoCloseable) flow), 0.4);
        double[] context = {0.3, -1.1};
        double[] z = {0.2, -0.8, 1.3, 0.1};
        // Standard normal base: mean 0, logStd 0. With base mean x, the posterior's mean is the flow at x.
        double logDeterminant = logAbsoluteDeterminant(
                jacobian(z, x -> flow.posterior(output(x, context)).mean().toDoubles()));
        Tensor moved = flow.posterior(output(z, context)).mean();
        double atNoise =
                new StandardNormal(d).logProbability(Tensor.of(z, 1, d)).item();
        assertThat(flow.posterior(output(new double[d], context))
                        .logProbability(moved)
                        .item())
                .isCloseTo(atNoise - logDeterminant, within(1e-6));
    }

    private static Tensor output(double[] mean, double[] context) {
        double[] all = new double[2 * mean.length + context.length];
        System.arraycopy(mean, 0, all, 0, mean.length);
        System.arraycopy(context, 0, all, 2 * mean.length, context.length);
        return Tensor.of(all, 1, all.length);
    }

    private interface Mapping {
        double[] of(double[] x);
    }

    private static double[][] jacobian(double[] x, Mapping mapping) {
        double step = 1e-5;
        double[][] columns = new double[x.length][];
        for (int i = 0; i < x.length; i++) {
            double[] up = x.clone();
            double[] down = x.clone();
            up[i] += step;
            down[i] -= step;
            double[] high = mapping.of(up);
            double[] low = mapping.of(down);
            columns[i] = new double[x.length];
            for (int j = 0; j < x.length; j++) {
                columns[i][j] = (high[j] - low[j]) / (2 * step);
            }
        }
        return columns;
    }

    /** By Gaussian elimination with row exchanges. */
    private static double logAbsoluteDeterminant(double[][] a) {
        double log = 0;
        int n = a.length;
        for (int k = 0; k < n; k++) {
            int pivot = k;
            for (int i = k + 1; i < n; i++) {
                pivot = Math.abs(a[i][k]) > Math.abs(a[pivot][k]) ? i : pivot;
            }
            double[] row = a[pivot];
            a[pivot] = a[k];
            a[k] = row;
            log += Math.log(Math.abs(row[k]));
            for (int i = k + 1; i < n; i++) {
                double factor = a[i][k] / row[k];
                for (int j = k; j < n; j++) {
                    a[i][j] -= factor * row[j];
                }
            }
        }
        return log;
    }

    @ParameterizedTest
    @MethodSource("models")
    void drawsKnowTheirDensity(String prior, String posterior) {
        Vae vae = model(5, prior, posterior);
        disturb(vae, 0.1);
        Posterior q = vae.posterior(target(vae, 3));
        Posterior.Draws draws = q.draw(4, rng(8));
        assertThat(draws.z().shape()).containsExactly(4, 3, 5);
        assertThat(draws.logProbability().shape()).containsExactly(4, 3);
        assertThat(q.mean().shape()).containsExactly(3, 5);
        assertThat(q.logProbability(draws.z()).toDoubles())
                .containsExactly(draws.logProbability().toDoubles(), within(1e-8));
        assertThat(q.logProbability(draws.z().narrow(0, 0, 1).squeeze(0)).shape())
                .containsExactly(3);
    }

    /** The divergence that the bound uses is on average log q(z|x) − log p(z), whatever closed forms are used. */
    @ParameterizedTest
    @MethodSource("models")
    void theDivergenceIsTheAverageOfItsDefinition(String prior, String posterior) {
        Vae vae = model(4, prior, posterior);
        disturb(vae, 0.1);
        try (var scope = Scope.withoutGradients()) {
            Tensor one = target(vae, 1);
            Posterior q = vae.posterior(one.expand(20_000, 1, 8, 8));
            double[] used =
                    KullbackLeibler.between(q, vae.prior(), q.draw(1, rng(8))).toDoubles();
            Posterior.Draws others = q.draw(1, rng(9));
            double[] defined = others.logProbability()
                    .sub(vae.prior().logProbability(others.z()))
                    .toDoubles();
            assertThat(Statistics.mean(used))
                    .isCloseTo(
                            Statistics.mean(defined),
                            within(1e-9
                                    + 4
                                            * Math.hypot(
                                                    Statistics.standardError(used),
                                                    Statistics.standardError(defined))));
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void theBoundsGradientReachesEveryParameter(String prior, String posterior) {
        Vae vae = model(4, prior, posterior);
        disturb(vae, 0.1);
        Tensor loss = vae.elbo(target(vae, 5), rng(6)).value().sum();
        List<Tensor> gradients = Gradients.of(loss, List.copyOf(vae.parameters().values()));
        int i = 0;
        for (Map.Entry<String, Tensor> parameter : vae.parameters().entrySet()) {
            assertThat(gradients.get(i++).abs().sum().item())
                    .as(parameter.getKey())
                    .isPositive();
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void theirModelsComeBackFromTheirMetadata(String prior, String posterior) {
        VaeArchitecture written = architecture(4, prior, posterior);
        Vae vae = closing(written.create(init(DType.FLOAT32, 1)));
        Weights weights = Weights.of(vae.state(), written.metadata());
        assertThat(VaeArchitecture.describedBy(weights, Path.of("some"))).isEqualTo(written);
        Vae read = closing(written.create(init(DType.FLOAT32, 2)));
        read.load(weights);
    }

    @ParameterizedTest
    @CsvSource({
        "1, flow, diagonal, at least 2",
        "2, hierarchical:groups=3, top-down, at least as many dimensions",
        "2, standard-normal, top-down, expected that prior",
        "200, standard-normal, full, at most 128"
    })
    void combinationsThatCannotBeAreRefused(int latentDim, String prior, String posterior, String why) {
        assertThatThrownBy(() -> model(latentDim, prior, posterior))
                .isInstanceOf(InputException.class)
                .hasMessageContaining(why);
    }

    @Test
    void vampNeedsTheDiagonalPosterior() {
        Vae vae = model(3, "vamp:components=2", "full");
        assertThatThrownBy(() -> vae.prior().sample(1, rng(1)))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("expected the posterior diagonal");
    }

    @Test
    void theFullCovarianceIsThatOfTheDraws() {
        Vae vae = model(3, "standard-normal", "full");
        disturb(vae, 0.5);
        try (var scope = Scope.withoutGradients()) {
            FullGaussian q = (FullGaussian) vae.posterior(target(vae, 1));
            Tensor lower = q.lower().squeeze(0);
            double[] expected = lower.matmul(lower.transpose(0, 1)).toDoubles();
            Tensor offset = q.draw(200_000, rng(5)).z().squeeze(1).sub(q.mean());
            double[] found = offset.transpose(0, 1).matmul(offset).div(200_000).toDoubles();
            for (int i = 0; i < 3; i++) {
                for (int j = 0; j < 3; j++) {
                    double scale = Math.sqrt(expected[4 * i] * expected[4 * j] * 2 / 200_000);
                    assertThat(found[3 * i + j]).isCloseTo(expected[3 * i + j], within(5 * scale));
                }
            }
        }
    }

    /** A conditional model: the class decides the bound, and a view's classes repeat over several draws. */
    @Test
    void aConditionalModelIsGivenTheClass() {
        VaeArchitecture written = new VaeArchitecture(
                3,
                new ConvVae(2),
                IMAGE,
                new Bernoulli(),
                new StandardNormal.Choice(),
                new DiagonalGaussian.Choice(),
                4);
        Vae vae = closing(written.create(init(DType.FLOAT64, 5)));
        assertThat(VaeArchitecture.describedBy(Weights.of(vae.state(), written.metadata()), Path.of("some")))
                .isEqualTo(written);
        disturb(vae, 0.2);
        Tensor target = target(vae, 2);
        Vae given = vae.given(Tensor.of(new long[] {3, 1}, 2));
        double[] right = given.elbo(target, rng(1)).value().toDoubles();
        double[] second = vae.given(Tensor.of(new long[] {0, 1}, 2))
                .elbo(target, rng(1))
                .value()
                .toDoubles();
        assertThat(second[0]).isNotCloseTo(right[0], within(1e-6));
        assertThat(second[1]).isCloseTo(right[1], within(1e-12));
        Tensor z = rng(2).normal(DType.FLOAT64, 5, 2, 3);
        double[] together = given.logLikelihoods(z, target).toDoubles();
        for (int k = 0; k < 5; k++) {
            double[] alone = given.logLikelihoods(z.narrow(0, k, 1), target).toDoubles();
            assertThat(together[2 * k]).isCloseTo(alone[0], within(1e-12));
            assertThat(together[2 * k + 1]).isCloseTo(alone[1], within(1e-12));
        }
        assertThatThrownBy(() -> vae.elbo(target, rng(1)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("given(labels)");
        assertThatThrownBy(() -> given.decode(Tensor.zeros(DType.FLOAT64, 3, 3)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("3 images for 2 classes");
    }
}
