package varepsilon.generative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import varepsilon.tensor.DType;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

class FactorVaeTest extends GenerativeTest {
    private static final FactorVae.Choice SMALL = new FactorVae.Choice(3, 16, 2, 3e-3);

    private Vae model() {
        return closing(VaeArchitecture.conv(2, 2, 1, new Bernoulli()).create(init(DType.FLOAT64, 5)));
    }

    private FactorVae objective(Vae vae) {
        return closing(new FactorVae(vae, SMALL, init(DType.FLOAT64, 8)));
    }

    private Tensor target(Vae vae, int n) {
        return vae.target(Tensor.of(rng(3).uniform(n, 1, 28, 28).mul(256).toBytes(), n, 1, 28, 28));
    }

    /**
     * Normal vectors with correlation r: log q(z) − Σ log q(zⱼ) = −½ log(1 − r²) − (r²(z₁² + z₂²) − 2r·z₁z₂)/(2(1 −
     * r²)), whose mean is the total correlation −½ log(1 − r²).
     */
    @Test
    void theDiscriminatorLearnsTheDensityRatio() {
        double r = 0.8;
        FactorVae objective =
                closing(new FactorVae(model(), new FactorVae.Choice(3, 32, 2, 1e-2), init(DType.FLOAT64, 8)));
        Rng rng = rng(1);
        for (int step = 0; step < 400; step++) {
            try (var scope = Scope.open()) {
                objective.trainDiscriminator(correlated(512, r, rng), rng);
            }
        }
        try (var scope = Scope.withoutGradients()) {
            Tensor z = correlated(4000, r, rng);
            double[] found = objective.logOdds(z).toDoubles();
            double[] values = z.toDoubles();
            double squares = 0;
            for (int i = 0; i < found.length; i++) {
                double a = values[2 * i];
                double b = values[2 * i + 1];
                double exact =
                        -0.5 * Math.log(1 - r * r) - (r * r * (a * a + b * b) - 2 * r * a * b) / (2 * (1 - r * r));
                squares += (found[i] - exact) * (found[i] - exact) / found.length;
            }
            assertThat(Math.sqrt(squares)).isLessThan(0.25);
            assertThat(Statistics.mean(found)).isCloseTo(-0.5 * Math.log(1 - r * r), within(0.1));
        }
    }

    private static Tensor correlated(int n, double r, Rng rng) {
        Tensor noise = rng.normal(DType.FLOAT64, n, 2);
        Tensor first = noise.narrow(1, 0, 1);
        Tensor second = first.mul(r).add(noise.narrow(1, 1, 1).mul(Math.sqrt(1 - r * r)));
        return Tensor.concat(1, List.of(first, second));
    }

    @Test
    void theLossIsTheElboAndThePenalty() {
        Vae vae = model();
        FactorVae objective = objective(vae);
        double elbo = new ElboObjective(vae)
                .evaluate(vae, target(vae, 4), rng(6))
                .loss()
                .item();
        for (int step = 0; step < 3; step++) {
            var result = objective.evaluate(vae, target(vae, 4), rng(6));
            double correlation =
                    Statistics.mean(result.perExample().get("tc_nats").toDoubles());
            assertThat(result.loss().item()).isCloseTo(elbo + 3 * correlation, within(1e-9));
            Tensor z = vae.posterior(target(vae, 4)).draw(1, rng(6)).z().squeeze(0);
            assertThat(result.perExample().get("tc_nats").toDoubles())
                    .as("of the discriminator after its step")
                    .containsExactly(objective.logOdds(z).toDoubles(), within(1e-12));
        }
    }

    /** The penalty moves the encoder against the discriminator, and the discriminator is no parameter of the model. */
    @Test
    void theDiscriminatorIsNotTrainedByTheLoss() {
        Vae vae = model();
        FactorVae objective = objective(vae);
        Tensor loss = objective.evaluate(vae, target(vae, 4), rng(6)).loss();
        assertThat(vae.parameters().keySet()).noneMatch(name -> name.contains("discriminator"));
        Tensor z = vae.posterior(target(vae, 4)).draw(1, rng(6)).z().squeeze(0);
        Tensor elbo = vae.elbo(target(vae, 4), rng(6)).value().mean().neg();
        Tensor bias = vae.parameters().get("encoder.net.11.bias");
        double[] expected =
                Gradients.of(elbo.add(objective.logOdds(z).mean().mul(3)), bias).toDoubles();
        assertThat(Gradients.of(loss, bias).toDoubles()).containsExactly(expected, within(1e-10));
    }

    @Test
    void itsMemoryIsThereFromTheStartAndHoldsEverything() {
        Vae vae = model();
        FactorVae straight = objective(vae);
        assertThat(straight.memory())
                .containsKeys(
                        "discriminator.0.weight",
                        "discriminator.4.bias",
                        "optimizer.first_moment.0.weight",
                        "optimizer.second_moment.4.bias",
                        "steps")
                .hasSize(3 * 6 + 1);
        Rng noise = rng(1);
        for (int step = 0; step < 3; step++) {
            straight.trainDiscriminator(correlated(8, 0.5, noise), noise);
        }
        FactorVae resumed = closing(new FactorVae(vae, SMALL, init(DType.FLOAT64, 99)));
        try (var scope = Scope.withoutGradients()) {
            Map<String, Tensor> into = resumed.memory();
            straight.memory().forEach((name, tensor) -> into.get(name).copyInPlace(tensor));
        }
        assertThat(resumed.memory().get("steps").toLongs()).containsExactly(3);
        for (FactorVae one : List.of(straight, resumed)) {
            Rng same = rng(2);
            one.trainDiscriminator(correlated(8, 0.5, same), same);
            one.trainDiscriminator(correlated(8, 0.5, same), same);
        }
        straight.memory()
                .forEach((name, tensor) ->
                        assertThat(resumed.memory().get(name).toRaw()).as(name).isEqualTo(tensor.toRaw()));
    }
}
