package varepsilon.generative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/** Gradients of the bound, the noise held fixed, against central differences in double precision. */
class ElboGradientTest extends ScopedTest {
    private static final double STEP = 1e-5;

    static Stream<Likelihood> likelihoods() {
        return Stream.of(new Categorical(4), new Bernoulli(), new Gaussian(0.2));
    }

    @ParameterizedTest
    @MethodSource("likelihoods")
    void everyParameterOfTheConvolutionalVae(Likelihood likelihood) {
        Vae vae = closing(new ConvVae(2, 1, 1, likelihood).create(init(DType.FLOAT64, 4)));
        byte[] pixels =
                rng(5).uniform(2, 1, ConvVae.SIDE, ConvVae.SIDE).mul(256).toBytes();
        Tensor target = vae.target(Tensor.of(pixels, 2, 1, ConvVae.SIDE, ConvVae.SIDE));
        check(vae, target, 24);
    }

    @Test
    void theDivergenceWithoutClosedForm() {
        Vae vae = closing(new Vae(
                LinearVae.encoder(4, 1, init(DType.FLOAT64, 6)),
                LinearVae.decoder(4, 1, init(DType.FLOAT64, 7)),
                new MixturePrior(),
                new Gaussian(0.3),
                Device.CPU));
        check(vae, rng(8).uniform(DType.FLOAT64, 3, 1, 1, 4), 4);
    }

    /** Along one random direction for each parameter tensor: a wrong entry anywhere would show. */
    private void check(Vae vae, Tensor target, int tensors) {
        List<Tensor> parameters = new ArrayList<>(vae.parameters().values());
        assertThat(parameters).hasSize(tensors);
        List<Tensor> gradients = Gradients.of(vae.elbo(target, rng(9)).value().mean(), parameters);
        DoubleSupplier bound = () -> {
            try (var scope = Scope.withoutGradients();
                    Rng sameNoise = Rng.seeded(9)) {
                return vae.elbo(target, sameNoise).value().mean().item();
            }
        };
        Rng directions = rng(10);
        for (int i = 0; i < parameters.size(); i++) {
            Tensor parameter = parameters.get(i);
            Tensor direction = directions.normal(DType.FLOAT64, parameter.shape());
            double expected = along(parameter, direction, bound);
            double found = gradients.get(i).mul(direction).sum().item();
            assertThat(Math.abs(found)).as("parameter %d is used", i).isGreaterThan(1e-7);
            // The bound is some 1000 nats, rounded at 1e-12, so the quotient at 1e-7; the rest is the third
            // derivative's.
            assertThat(found).as("parameter %d", i).isCloseTo(expected, within(1e-6 * Math.abs(expected) + 1e-6));
        }
    }

    private static double along(Tensor parameter, Tensor direction, DoubleSupplier bound) {
        try (var scope = Scope.withoutGradients()) {
            parameter.addInPlace(direction, STEP);
            double above = bound.getAsDouble();
            parameter.addInPlace(direction, -2 * STEP);
            double below = bound.getAsDouble();
            parameter.addInPlace(direction, STEP);
            return (above - below) / (2 * STEP);
        }
    }
}
