package varepsilon.generative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
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
class ElboGradientTest extends GenerativeTest {
    private static final double STEP = 1e-5;

    private Vae convolutional(Likelihood likelihood) {
        Vae vae = closing(VaeArchitecture.conv(2, 1, 1, likelihood).create(init(DType.FLOAT64, 4)));
        try (var scope = Scope.withoutGradients()) {
            // Larger than fresh parameters: with those, the bound hardly depends on the encoder.
            vae.parameters().values().forEach(parameter -> parameter.mulInPlace(3));
        }
        return vae;
    }

    private Tensor images(Vae vae) {
        byte[] pixels =
                rng(5).uniform(2, 1, ConvVae.SIDE, ConvVae.SIDE).mul(256).toBytes();
        return vae.target(Tensor.of(pixels, 2, 1, ConvVae.SIDE, ConvVae.SIDE));
    }

    @Test
    void everyParameterOfTheConvolutionalVae() {
        Vae vae = convolutional(new Categorical(4));
        assertThat(vae.parameters()).hasSize(24);
        for (Tensor parameter : vae.parameters().values()) {
            check(vae, images(vae), List.of(parameter));
        }
    }

    static Stream<Likelihood> likelihoods() {
        return Stream.of(new Categorical(16), new Bernoulli(), new Gaussian(0.2));
    }

    @ParameterizedTest
    @MethodSource("likelihoods")
    void allParametersTogether(Likelihood likelihood) {
        Vae vae = convolutional(likelihood);
        check(vae, images(vae), List.copyOf(vae.parameters().values()));
    }

    @Test
    void theDivergenceWithoutClosedForm() {
        Vae vae = closing(new Vae(
                LinearVae.encoder(4, 1, init(DType.FLOAT64, 6)),
                LinearVae.decoder(4, 1, init(DType.FLOAT64, 7)),
                new MixturePrior(),
                new Gaussian(0.3),
                Device.CPU));
        Tensor target = rng(8).uniform(DType.FLOAT64, 3, 1, 1, 4);
        for (Tensor parameter : vae.parameters().values()) {
            check(vae, target, List.of(parameter));
        }
    }

    /** Along a random direction: a wrong entry anywhere would show. */
    private void check(Vae vae, Tensor target, List<Tensor> parameters) {
        List<Tensor> gradients = Gradients.of(vae.elbo(target, rng(9)).value().mean(), parameters);
        Rng rng = rng(10);
        List<Tensor> direction = parameters.stream()
                .map(p -> rng.normal(DType.FLOAT64, p.shape()))
                .toList();
        double found = 0;
        for (int i = 0; i < parameters.size(); i++) {
            found += gradients.get(i).mul(direction.get(i)).sum().item();
        }
        double expected;
        try (var scope = Scope.withoutGradients()) {
            move(parameters, direction, STEP);
            double above = bound(vae, target);
            move(parameters, direction, -2 * STEP);
            double below = bound(vae, target);
            move(parameters, direction, STEP);
            expected = (above - below) / (2 * STEP);
        }
        assertThat(Math.abs(found)).as("%s are used", parameters).isGreaterThan(1e-3);
        // The bound is some 1000 nats, rounded at 1e-12, so the quotient at 1e-7; the rest is the third derivative's.
        assertThat(found).as("%s", parameters).isCloseTo(expected, within(1e-6 * Math.abs(expected) + 1e-6));
    }

    private double bound(Vae vae, Tensor target) {
        return vae.elbo(target, rng(9)).value().mean().item();
    }

    private static void move(List<Tensor> parameters, List<Tensor> direction, double step) {
        for (int i = 0; i < parameters.size(); i++) {
            parameters.get(i).addInPlace(direction.get(i), step);
        }
    }
}
