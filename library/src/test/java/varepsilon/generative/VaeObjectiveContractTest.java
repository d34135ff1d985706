package varepsilon.generative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import varepsilon.base.Family;
import varepsilon.base.InputException;
import varepsilon.data.Batch;
import varepsilon.data.ImageShape;
import varepsilon.tensor.DType;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;
import varepsilon.train.BatchResult;

/** What every objective of VAEs keeps. */
class VaeObjectiveContractTest extends GenerativeTest {
    private static final Family<VaeObjective> OBJECTIVES = Family.of(VaeObjective.class);
    private static final int N = 5;

    /** Each, with the number of draws of z that it takes for an image, and what it measures besides the bound. */
    static List<Arguments> objectives() {
        return List.of(
                Arguments.of("elbo", 1, List.of()),
                Arguments.of("elbo:beta=2:free-nats=0.1:warm-up=3", 1, List.of()),
                Arguments.of("iwae:samples=3", 3, List.of("iw_nats")),
                Arguments.of("dreg:samples=3", 3, List.of("iw_nats")),
                Arguments.of("score-function:samples=3", 3, List.of()),
                Arguments.of("score-function:samples=1:baseline=none", 1, List.of()),
                Arguments.of("capacity:capacity=2:gamma=3", 1, List.of()),
                Arguments.of("beta-tcvae:beta=4", 1, List.of("tc_nats")),
                Arguments.of("factor-vae:gamma=5:discriminator-width=8:discriminator-layers=2", 1, List.of("tc_nats")));
    }

    /** Every objective with every kind of prior and posterior that it takes. */
    static Stream<Arguments> trainings() {
        List<String[]> models = List.of(
                new String[] {"standard-normal", "diagonal"},
                new String[] {"vamp:components=3", "diagonal"},
                new String[] {"mixture:components=2", "full"},
                new String[] {"flow:layers=2:width=4", "iaf:layers=2:width=6:features=3"},
                new String[] {"hierarchical:groups=2:width=4", "top-down:features=4:width=4"});
        return objectives().stream().flatMap(arguments -> {
            String objective = (String) arguments.get()[0];
            return models.stream()
                    .filter(model -> takes(objective, model[0], model[1]))
                    .map(model -> Arguments.of(objective, model[0], model[1]));
        });
    }

    private static boolean takes(String objective, String prior, String posterior) {
        try {
            OBJECTIVES
                    .parse(objective)
                    .requireUsable(
                            Family.of(PriorChoice.class).parse(prior),
                            Family.of(PosteriorChoice.class).parse(posterior));
            return true;
        } catch (InputException e) {
            assertThat(objective).startsWith("beta-tcvae");
            return false;
        }
    }

    private Vae model(String prior, String posterior, int classes) {
        VaeArchitecture architecture = new VaeArchitecture(
                3,
                new MlpVae(6, 2),
                new ImageShape(1, 8, 8),
                new Categorical(4),
                Family.of(PriorChoice.class).parse(prior),
                Family.of(PosteriorChoice.class).parse(posterior),
                classes);
        Vae vae = closing(architecture.create(init(DType.FLOAT64, 5)));
        try (var scope = Scope.withoutGradients()) {
            // Off their first values, so that no network is trivial.
            var noise = init(DType.FLOAT64, 77);
            vae.parameters().values().forEach(parameter -> parameter.addInPlace(noise.normal(0.1, parameter.shape())));
        }
        return vae;
    }

    private MeasuredObjective objective(String text, Vae vae) {
        return closing(OBJECTIVES.parse(text).objective(new VaeObjective.Training(vae, 100, init(DType.FLOAT64, 8))));
    }

    private Batch batch() {
        Tensor images = Tensor.of(rng(3).uniform(N, 1, 8, 8).mul(256).toBytes(), N, 1, 8, 8);
        return new Batch(images, Tensor.of(new long[] {2, 0, 1, 2, 1}, N), new int[N], N);
    }

    @Test
    void allAreTested() {
        assertThat(objectives().stream()
                        .map(arguments -> ((String) arguments.get()[0]).replaceFirst(":.*", ""))
                        .distinct())
                .containsExactlyInAnyOrderElementsOf(OBJECTIVES.names());
    }

    @ParameterizedTest
    @MethodSource("trainings")
    void itsGradientReachesEveryParameter(String text, String prior, String posterior) {
        Vae vae = model(prior, posterior, 0);
        MeasuredObjective objective = objective(text, vae);
        assertThat(objective.model()).isSameAs(vae);
        objective.at(1.5);
        BatchResult result = objective.evaluate(batch(), rng(6));
        assertThat(result.loss().isFinite()).isTrue();
        assertThat(result.perExample().values()).allMatch(Tensor::isFinite);
        List<Tensor> gradients =
                Gradients.of(result.loss(), List.copyOf(vae.parameters().values()));
        int i = 0;
        for (String name : vae.parameters().keySet()) {
            Tensor gradient = gradients.get(i++);
            assertThat(gradient.isFinite()).as(name).isTrue();
            assertThat(gradient.abs().sum().item()).as(name).isPositive();
        }
    }

    @ParameterizedTest
    @MethodSource("objectives")
    void itMeasuresTheBoundOfEachImage(String text, int draws, List<String> more) {
        Vae vae = model("standard-normal", "diagonal", 0);
        MeasuredObjective objective = objective(text, vae);
        objective.at(1.5);
        Map<String, Tensor> measured = objective.evaluate(batch(), rng(6)).perExample();
        List<String> names = new ArrayList<>(List.of("bpd", "reconstruction_nats", "kl_nats"));
        names.addAll(more);
        assertThat(measured).containsOnlyKeys(names);
        Tensor target = vae.target(batch().images());
        DiagonalGaussian q = (DiagonalGaussian) vae.posterior(target);
        double[] reconstruction = vae.logLikelihoods(q.draw(draws, rng(6)).z(), target)
                .mean(0)
                .neg()
                .toDoubles();
        double[] mean = q.mean().toDoubles();
        double[] logStd = q.logStd().toDoubles();
        for (int i = 0; i < N; i++) {
            double kl = 0;
            for (int j = 3 * i; j < 3 * i + 3; j++) {
                kl += (Math.exp(2 * logStd[j]) + mean[j] * mean[j] - 1 - 2 * logStd[j]) / 2;
            }
            assertThat(measured.get("reconstruction_nats").toDoubles()[i]).isCloseTo(reconstruction[i], within(1e-9));
            assertThat(measured.get("kl_nats").toDoubles()[i]).isCloseTo(kl, within(1e-9));
            assertThat(measured.get("bpd").toDoubles()[i])
                    .isCloseTo((reconstruction[i] + kl) / (64 * Math.log(2)), within(1e-11));
        }
        assertThat(measured.values()).noneMatch(Tensor::requiresGrad);
    }

    /** Without gradients, of the values that a training without noise in its targets has, and nothing is changed. */
    @ParameterizedTest
    @MethodSource("objectives")
    void itValidatesAsItTrains(String text, int draws, List<String> more) {
        Vae vae = model("standard-normal", "diagonal", 0);
        MeasuredObjective objective = objective(text, vae);
        Map<String, double[]> before = values(objective.memory());
        BatchResult validated;
        try (var scope = Scope.withoutGradients()) {
            BatchResult result = objective.validate(batch(), rng(6));
            Map<String, Tensor> kept = new LinkedHashMap<>();
            result.perExample().forEach((name, tensor) -> kept.put(name, scope.keep(tensor)));
            validated = new BatchResult(scope.keep(result.loss()), kept);
        }
        assertThat(validated.loss().requiresGrad()).isFalse();
        assertThat(values(objective.memory())).usingRecursiveComparison().isEqualTo(before);
        BatchResult trained = objective.evaluate(batch(), rng(6));
        for (String name : List.of("bpd", "reconstruction_nats", "kl_nats")) {
            assertThat(validated.perExample().get(name).toDoubles())
                    .containsExactly(trained.perExample().get(name).toDoubles(), within(1e-12));
        }
        assertThat(validated.perExample()).containsOnlyKeys(trained.perExample().keySet());
        if (objective.memory().isEmpty()) {
            assertThat(validated.loss().item()).isCloseTo(trained.loss().item(), within(1e-9));
        }
    }

    private static Map<String, double[]> values(Map<String, Tensor> tensors) {
        Map<String, double[]> values = new LinkedHashMap<>();
        tensors.forEach(
                (name, tensor) -> values.put(name, tensor.to(DType.FLOAT64).toDoubles()));
        return values;
    }

    @ParameterizedTest
    @MethodSource("objectives")
    void aConditionalModelIsGivenTheClasses(String text, int draws, List<String> more) {
        Vae vae = model("standard-normal", "diagonal", 3);
        Batch batch = batch();
        double[] bpd = objective(text, vae)
                .evaluate(batch, rng(6))
                .perExample()
                .get("reconstruction_nats")
                .toDoubles();
        Vae given = vae.given(batch.labels());
        Tensor target = vae.target(batch.images());
        assertThat(given.logLikelihoods(
                                given.posterior(target).draw(draws, rng(6)).z(), target)
                        .mean(0)
                        .neg()
                        .toDoubles())
                .containsExactly(bpd, within(1e-9));
    }

    @Test
    void thePosteriorOfBetaTcVaeIsDiagonal() {
        assertThatThrownBy(() -> OBJECTIVES
                        .parse("beta-tcvae")
                        .requireUsable(new StandardNormal.Choice(), new FullGaussian.Choice()))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("expected the posterior diagonal")
                .hasMessageContaining("not full");
    }

    @Test
    void aControlVariateOfTheOthersNeedsOthers() {
        assertThatThrownBy(() -> OBJECTIVES.parse("score-function:samples=1"))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("samples 1: expected at least 2 for the baseline leave-one-out");
    }
}
