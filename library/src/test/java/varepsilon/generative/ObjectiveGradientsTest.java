package varepsilon.generative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import varepsilon.base.Family;
import varepsilon.data.ImageShape;
import varepsilon.tensor.DType;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * Estimators of gradients against each other, against central differences and against the closed form of probabilistic
 * PCA. A batch repeats one image, so that each of its rows is a draw of the estimator.
 */
class ObjectiveGradientsTest extends GenerativeTest {
    private static final int REPEATS = 400;
    private static final int BATCHES = 30;
    private static final double STD = 0.4;
    private static final double[] IMAGE = {0.3, -0.2, 0.8, 0.1};

    private static LinearVae pca() {
        return new LinearVae(
                new double[][] {{0.9, 0}, {0, 0.7}, {0.5, 0}, {0, -0.6}}, new double[] {0.1, 0.2, 0, -0.1}, STD);
    }

    private Vae linear(double shift, double stretch) {
        return closing(pca().withEncoder(shift, stretch, init(DType.FLOAT64, 1)));
    }

    private static Tensor repeated(int n) {
        return Tensor.of(IMAGE, 1, 1, 1, 4).expand(n, 1, 1, 4);
    }

    private Vae network(String prior, String posterior) {
        Vae vae = closing(new VaeArchitecture(
                        3,
                        new MlpVae(4, 1),
                        new ImageShape(1, 8, 8),
                        new Bernoulli(),
                        Family.of(PriorChoice.class).parse(prior),
                        Family.of(PosteriorChoice.class).parse(posterior),
                        0)
                .create(init(DType.FLOAT64, 5)));
        try (var scope = Scope.withoutGradients()) {
            var noise = init(DType.FLOAT64, 77);
            vae.parameters().values().forEach(parameter -> parameter.addInPlace(noise.normal(0.3, parameter.shape())));
        }
        return vae;
    }

    private Tensor picture(Vae vae, int n) {
        return vae.target(Tensor.of(rng(3).uniform(1, 1, 8, 8).mul(256).toBytes(), 1, 1, 8, 8))
                .expand(n, 1, 8, 8);
    }

    /**
     * Gradients of the loss, each the mean over a batch of draws.
     *
     * @param repeats draws of a batch
     * @param parts the gradients of the parameters of each part of the model, one array a batch
     */
    private record Gradient(int repeats, Map<String, List<double[]>> parts) {
        double[] mean(String part) {
            return average(parts.get(part));
        }

        double norm(String part) {
            return Math.sqrt(
                    Arrays.stream(mean(part)).map(value -> value * value).sum());
        }

        /** The variance of one draw, summed over the components. */
        double variance(String part) {
            return repeats * BATCHES * sumOfSquares(errors(parts.get(part)));
        }

        /** The size of the mean in standard deviations of one draw. */
        double signalToNoise(String part) {
            return norm(part) / Math.sqrt(variance(part));
        }

        /** The distance of two means over what is expected where both estimate the same, from the same noise. */
        double distance(Gradient other, String part) {
            List<double[]> differences = new ArrayList<>();
            for (int b = 0; b < BATCHES; b++) {
                double[] mine = parts.get(part).get(b);
                double[] others = other.parts.get(part).get(b);
                differences.add(IntStream.range(0, mine.length)
                        .mapToDouble(i -> mine[i] - others[i])
                        .toArray());
            }
            return Math.sqrt(sumOfSquares(average(differences)) / (1e-20 + sumOfSquares(errors(differences))));
        }
    }

    private static double sumOfSquares(double[] values) {
        return Arrays.stream(values).map(value -> value * value).sum();
    }

    private static double[] average(List<double[]> rows) {
        return IntStream.range(0, rows.get(0).length)
                .mapToDouble(
                        i -> rows.stream().mapToDouble(row -> row[i]).average().orElseThrow())
                .toArray();
    }

    /** Standard errors of the average, component by component. */
    private static double[] errors(List<double[]> rows) {
        return IntStream.range(0, rows.get(0).length)
                .mapToDouble(i -> Statistics.standardError(
                        rows.stream().mapToDouble(row -> row[i]).toArray()))
                .toArray();
    }

    private Gradient gradient(Vae vae, MeasuredObjective objective, Tensor target) {
        Map<String, Tensor> parameters = vae.parameters();
        Map<String, List<double[]>> parts = new LinkedHashMap<>();
        Rng rng = rng(12);
        for (int b = 0; b < BATCHES; b++) {
            try (var scope = Scope.open()) {
                List<Tensor> gradients =
                        Gradients.of(objective.evaluate(vae, target, rng).loss(), List.copyOf(parameters.values()));
                Map<String, List<Tensor>> ofBatch = new LinkedHashMap<>();
                int i = 0;
                for (String name : parameters.keySet()) {
                    ofBatch.computeIfAbsent(name.replaceFirst("\\..*", ""), unused -> new ArrayList<>())
                            .add(gradients.get(i++));
                }
                ofBatch.forEach((part, tensors) ->
                        parts.computeIfAbsent(part, unused -> new ArrayList<>()).add(flat(tensors)));
            }
        }
        return new Gradient((int) target.size(0), parts);
    }

    private static List<Tensor> parameters(Vae vae, String prefix) {
        return vae.parameters().entrySet().stream()
                .filter(entry -> entry.getKey().startsWith(prefix))
                .map(Map.Entry::getValue)
                .toList();
    }

    private static double[] flat(List<Tensor> tensors) {
        return tensors.stream()
                .flatMapToDouble(tensor -> Arrays.stream(tensor.toDoubles()))
                .toArray();
    }

    /**
     * The gradient of the negative ELBO of probabilistic PCA, whose terms are known: E_q log p(x|z) = log N(x; W·m + μ,
     * σ²) − ½ Σⱼ sⱼ² |wⱼ|²/σ².
     */
    private double[] exactElboGradient(Vae vae, String prefix) {
        Tensor target = repeated(1);
        DiagonalGaussian q = (DiagonalGaussian) vae.posterior(target);
        Tensor atMean = vae.decode(q.mean()).logProbability(target);
        Tensor columns = vae.parameters().get("decoder.0.weight").square().sum(0);
        Tensor spread = q.logStd().mul(2).exp().mul(columns).sum(-1).mul(-0.5 / (STD * STD));
        Tensor kl = KullbackLeibler.closedForm(q, vae.prior()).orElseThrow();
        Tensor loss = atMean.add(spread).sub(kl).mean().neg();
        return flat(Gradients.of(loss, parameters(vae, prefix)));
    }

    @ParameterizedTest
    @CsvSource({
        "iwae:samples=1",
        "dreg:samples=1",
        "score-function:samples=1:baseline=none",
        "score-function:samples=4:baseline=none",
        "score-function:samples=4",
        "elbo"
    })
    void theirMeanIsTheGradientOfTheBound(String text) {
        Vae vae = linear(0.4, 1.5);
        MeasuredObjective objective = Family.of(VaeObjective.class)
                .parse(text)
                .objective(new VaeObjective.Training(vae, 10, init(DType.FLOAT64, 8)));
        Gradient found = gradient(vae, objective, repeated(REPEATS));
        for (String part : List.of("encoder", "decoder")) {
            double[] exact = exactElboGradient(vae, part);
            double[] mean = found.mean(part);
            double[] error = errors(found.parts.get(part));
            assertThat(mean).hasSameSizeAs(exact);
            for (int i = 0; i < exact.length; i++) {
                assertThat(mean[i])
                        .as("%s of the %s, component %d", text, part, i)
                        .isCloseTo(exact[i], within(1e-9 + 5 * error[i]));
            }
        }
    }

    @Test
    void controlVariatesLowerTheVarianceOfTheScoreFunction() {
        Vae vae = linear(0.4, 1.5);
        Tensor target = repeated(REPEATS);
        Gradient none = gradient(vae, new ScoreFunction(vae, new ScoreFunction.Choice(4, "none")), target);
        Gradient others = gradient(vae, new ScoreFunction(vae, new ScoreFunction.Choice(4, "leave-one-out")), target);
        double reparameterised =
                gradient(vae, new ImportanceWeighted(vae, 1), target).variance("encoder") / 4;
        assertThat(others.variance("encoder")).isLessThan(none.variance("encoder") / 2);
        assertThat(reparameterised).isLessThan(others.variance("encoder") / 2);
    }

    @Test
    void dregIsUnbiasedAndItsSignalRisesWithTheDraws() {
        Vae vae = linear(0.4, 1.5);
        Tensor target = repeated(REPEATS);
        List<Gradient> iwae = new ArrayList<>();
        List<Gradient> dreg = new ArrayList<>();
        for (int samples : new int[] {2, 10, 50}) {
            iwae.add(gradient(vae, new ImportanceWeighted(vae, samples), target));
            dreg.add(gradient(vae, new DoublyReparameterised(vae, samples), target));
        }
        for (int i = 0; i < 3; i++) {
            assertThat(iwae.get(i).distance(dreg.get(i), "encoder")).isLessThan(3);
            assertThat(iwae.get(i).distance(dreg.get(i), "decoder")).isLessThan(1e-3);
            assertThat(dreg.get(i).variance("encoder")).isLessThan(iwae.get(i).variance("encoder") / 2);
        }
        assertThat(iwae.get(2).signalToNoise("encoder")).isLessThan(iwae.get(0).signalToNoise("encoder") / 2);
        assertThat(dreg.get(2).signalToNoise("encoder"))
                .isGreaterThan(dreg.get(0).signalToNoise("encoder") * 2);
    }

    /**
     * Parameters that both log p and z depend on: the encoder's, in the VampPrior, and the prior's, in the posterior
     * that is relative to it.
     */
    @ParameterizedTest
    @CsvSource({
        "vamp:components=3, diagonal",
        "hierarchical:groups=2:width=4:top=mixture, top-down:features=4:width=4",
        "flow:layers=2:width=4, iaf:layers=2:width=4:features=3",
        "mixture:components=3, full",
    })
    void dregIsUnbiasedForEveryPriorAndPosterior(String prior, String posterior) {
        Vae vae = network(prior, posterior);
        Tensor target = picture(vae, REPEATS / 2);
        Gradient iwae = gradient(vae, new ImportanceWeighted(vae, 4), target);
        Gradient dreg = gradient(vae, new DoublyReparameterised(vae, 4), target);
        for (String part : iwae.parts.keySet()) {
            assertThat(iwae.distance(dreg, part)).as(part).isLessThan(3);
        }
    }

    /** log w is then the constant log p(x), whatever z. */
    @Test
    void atTheExactPosteriorDregIsZeroForEveryDraw() {
        Vae vae = linear(0, 1);
        Tensor target = repeated(3);
        List<Tensor> encoder = parameters(vae, "encoder");
        double[] dreg = flat(Gradients.of(
                new DoublyReparameterised(vae, 5).evaluate(vae, target, rng(2)).loss(), encoder));
        assertThat(dreg).containsOnly(new double[1], within(1e-12));
        double[] iwae = flat(Gradients.of(
                new ImportanceWeighted(vae, 5).evaluate(vae, target, rng(2)).loss(), encoder));
        assertThat(IntStream.range(0, iwae.length)
                        .mapToDouble(i -> Math.abs(iwae[i]))
                        .max()
                        .orElseThrow())
                .isGreaterThan(0.01);
    }

    @Test
    void theGradientOfTheImportanceWeightedBoundIsItsDerivative() {
        Vae vae = network("vamp:components=3", "diagonal");
        Tensor target = picture(vae, 2);
        ImportanceWeighted objective = new ImportanceWeighted(vae, 4);
        List<Tensor> parameters = parameters(vae, "");
        DoubleSupplier loss =
                () -> objective.evaluate(vae, target, rng(9)).loss().item();
        List<Tensor> gradients =
                Gradients.of(objective.evaluate(vae, target, rng(9)).loss(), parameters);
        Rng rng = rng(10);
        List<Tensor> direction = parameters.stream()
                .map(parameter -> rng.normal(DType.FLOAT64, parameter.shape()))
                .toList();
        double found = 0;
        for (int i = 0; i < parameters.size(); i++) {
            found += gradients.get(i).mul(direction.get(i)).sum().item();
        }
        try (var scope = Scope.withoutGradients()) {
            double step = 1e-5;
            move(parameters, direction, step);
            double above = loss.getAsDouble();
            move(parameters, direction, -2 * step);
            double below = loss.getAsDouble();
            assertThat(found).isCloseTo((above - below) / (2 * step), within(1e-5 * Math.abs(found)));
        }
        assertThat(Math.abs(found)).isGreaterThan(1e-2);
    }

    private static void move(List<Tensor> parameters, List<Tensor> direction, double step) {
        for (int i = 0; i < parameters.size(); i++) {
            parameters.get(i).addInPlace(direction.get(i), step);
        }
    }

    @Test
    void theLossOfBothIsTheBound() {
        Vae vae = linear(0.4, 1.5);
        Tensor target = Tensor.of(rng(1).normal(DType.FLOAT64, 6, 4).toDoubles(), 6, 1, 1, 4);
        double[] bound =
                ImportanceWeightedBound.logLikelihood(vae, target, 7, 7, rng(2)).toDoubles();
        for (MeasuredObjective objective : List.of(new ImportanceWeighted(vae, 7), new DoublyReparameterised(vae, 7))) {
            var result = objective.evaluate(vae, target, rng(2));
            assertThat(result.loss().item()).isCloseTo(-Statistics.mean(bound), within(1e-10));
            double[] measured = result.perExample().get("iw_nats").neg().toDoubles();
            assertThat(measured).containsExactly(bound, within(1e-10));
        }
    }

    /** With the exact posterior, every bound of any number of draws is log p(x). */
    @Test
    void atTheExactPosteriorTheBoundsAreTheLikelihood() {
        Vae vae = linear(0, 1);
        double expected = -pca().logLikelihood(IMAGE);
        for (int samples : new int[] {1, 5}) {
            assertThat(new ImportanceWeighted(vae, samples)
                            .evaluate(vae, repeated(2), rng(2))
                            .loss()
                            .item())
                    .isCloseTo(expected, within(1e-10));
        }
        assertThat(new ScoreFunction(vae, new ScoreFunction.Choice())
                        .evaluate(vae, repeated(2), rng(2))
                        .loss()
                        .item())
                .isCloseTo(expected, within(1e-10));
    }

    /** One draw: the ELBO itself where its divergence is that of the draw, else the ELBO on average. */
    @Test
    void oneDrawIsTheElbo() {
        Vae vae = linear(0.4, 1.5);
        Vae mixture = closing(new Vae(
                LinearVae.encoder(4, 1, init(DType.FLOAT64, 6)),
                LinearVae.decoder(4, 1, init(DType.FLOAT64, 7)),
                new MixturePrior(),
                new Gaussian(0.3),
                vae.device()));
        for (int i = 0; i < 3; i++) {
            double elbo = mixture.elbo(repeated(3), rng(i)).value().mean().item();
            assertThat(new ImportanceWeighted(mixture, 1)
                            .evaluate(mixture, repeated(3), rng(i))
                            .loss()
                            .item())
                    .isCloseTo(-elbo, within(1e-10));
            assertThat(new DoublyReparameterised(mixture, 1)
                            .evaluate(mixture, repeated(3), rng(i))
                            .loss()
                            .item())
                    .isCloseTo(-elbo, within(1e-10));
        }
        double[] weighted = new ImportanceWeighted(vae, 1)
                .evaluate(vae, repeated(20_000), rng(1))
                .perExample()
                .get("iw_nats")
                .toDoubles();
        double[] elbo = vae.elbo(repeated(20_000), rng(2)).value().neg().toDoubles();
        double error = Math.hypot(Statistics.standardError(weighted), Statistics.standardError(elbo));
        assertThat(Statistics.mean(weighted)).isCloseTo(Statistics.mean(elbo), within(4 * error));
    }
}
