package varepsilon.robust.vae;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import varepsilon.ScopedTest;
import varepsilon.base.InputException;
import varepsilon.classify.Classifier;
import varepsilon.data.Batch;
import varepsilon.data.ImageShape;
import varepsilon.generative.Categorical;
import varepsilon.generative.DiagonalGaussian;
import varepsilon.generative.IndependentPixels;
import varepsilon.generative.KullbackLeibler;
import varepsilon.generative.MlpVae;
import varepsilon.generative.Picture;
import varepsilon.generative.StandardNormal;
import varepsilon.generative.Vae;
import varepsilon.generative.VaeArchitecture;
import varepsilon.robust.attack.Cost;
import varepsilon.robust.attack.Draws;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.Pgd;
import varepsilon.robust.attack.Problem;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.tensor.DType;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

class VaeAndAttacksTest extends ScopedTest {
    private static final int N = 3;

    private Vae vae;
    private Tensor pixels;

    @BeforeEach
    void model() {
        vae = closing(architecture(0).create(init(DType.FLOAT64, 3)));
        // Posteriors with a small deviation, so that what z is depends on the image.
        try (var scope = Scope.withoutGradients()) {
            vae.parameters().values().forEach(parameter -> parameter.mulInPlace(3));
        }
        pixels = rng(4).uniform(DType.FLOAT64, N, 1, 8, 8);
    }

    private static VaeArchitecture architecture(int classes) {
        return new VaeArchitecture(
                3,
                new MlpVae(16, 2),
                new ImageShape(1, 8, 8),
                new Categorical(16),
                new StandardNormal.Choice(),
                new DiagonalGaussian.Choice(),
                classes);
    }

    private static Tensor twoLogits(Tensor x) {
        Tensor sum = x.flatten(1).sum(1).unsqueeze(1);
        return Tensor.concat(1, List.of(sum, sum.neg()));
    }

    @Test
    void thePurifiedImageIsTheExpectedImageOfADrawnCode() {
        Purified purified = new Purified(vae, VaeAndAttacksTest::twoLogits, 7);
        Tensor first = purified.purified(pixels);
        assertThat(first.shape()).containsExactly(pixels.shape());
        assertThat(first.sub(purified.purified(pixels)).abs().amax(0, 1, 2, 3).item())
                .as("each pass draws anew")
                .isPositive();
        // The average over draws against the average of decoded codes drawn here.
        DiagonalGaussian q =
                (DiagonalGaussian) vae.posteriorOfInput(pixels.mul(2).sub(1));
        int draws = 4000;
        try (var scope = Scope.withoutGradients()) {
            double[] expected = vae.decode(q.sample(draws, rng(1)).flatten(0, 1))
                    .image(Picture.MEAN, rng(1))
                    .reshape(draws, N, 64)
                    .mean(0)
                    .toDoubles();
            double[] found = purified.purified(
                            pixels.unsqueeze(0).expand(draws, N, 1, 8, 8).reshape((long) draws * N, 1, 8, 8))
                    .reshape(draws, N, 64)
                    .mean(0)
                    .toDoubles();
            for (int i = 0; i < expected.length; i++) {
                assertThat(found[i]).isCloseTo(expected[i], within(0.03));
            }
        }
    }

    @Test
    void gradientsGoThroughBoth() {
        Purified purified = new Purified(vae, VaeAndAttacksTest::twoLogits, 7);
        Tensor x = pixels.copy().requiresGrad(true);
        Tensor gradient = Gradients.of(purified.logits(x).narrow(1, 0, 1).sum(), x);
        assertThat(gradient.abs().amax(0, 1, 2, 3).item()).isPositive();
        double step = 1e-5;
        Tensor direction = gradient.sign();
        // The same draws on both sides of the difference.
        double up = new Purified(vae, VaeAndAttacksTest::twoLogits, 7)
                .logits(pixels.add(direction.mul(step)))
                .narrow(1, 0, 1)
                .sum()
                .item();
        double down = new Purified(vae, VaeAndAttacksTest::twoLogits, 7)
                .logits(pixels.sub(direction.mul(step)))
                .narrow(1, 0, 1)
                .sum()
                .item();
        double expected = gradient.abs().sum().item();
        assertThat((up - down) / (2 * step)).isCloseTo(expected, within(1e-4 * expected));
    }

    @Test
    void aConditionalModelCannotPurify() {
        Vae conditional = closing(architecture(4).create(init(DType.FLOAT64, 3)));
        Classifier classifier = VaeAndAttacksTest::twoLogits;
        assertThatThrownBy(() -> new Purified(conditional, classifier, 1))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("cannot purify");
    }

    private double latentDistance(Tensor x, Tensor others) {
        Tensor a = vae.posteriorOfInput(x.mul(2).sub(1)).mean();
        Tensor b = vae.posteriorOfInput(others.mul(2).sub(1)).mean();
        return a.sub(b).square().sum().item();
    }

    private double logLikelihood(Tensor x, Tensor others) {
        Tensor q = vae.posteriorOfInput(x.mul(2).sub(1)).mean();
        return vae.decode(q)
                .logProbability(vae.target(Batch.rounded(others)))
                .sum()
                .item();
    }

    @ParameterizedTest
    @EnumSource(VaeAttack.Goal.class)
    void anAttackReachesItsGoalWithinItsBall(VaeAttack.Goal goal) {
        Tensor others = rng(9).uniform(DType.FLOAT64, N, 1, 8, 8);
        ThreatModel threat = ThreatModel.of(Norm.LINF, 0.15);
        Tensor found = new VaeAttack(goal, threat, 30).perturbed(vae, pixels, others, 1);
        assertThat(found.sub(pixels).abs().amax(0, 1, 2, 3).item()).isBetween(0.1, 0.15 + 1e-12);
        assertThat(found.clamp(0, 1).sub(found).abs().amax(0, 1, 2, 3).item()).isZero();
        Tensor noise = pixels.add(rng(2).uniform(DType.FLOAT64, N, 1, 8, 8)
                        .sub(0.5)
                        .sign()
                        .mul(0.15))
                .clamp(0, 1);
        switch (goal) {
            case LATENT -> assertThat(latentDistance(found, others)).isLessThan(0.7 * latentDistance(noise, others));
            case OUTPUT -> assertThat(logLikelihood(found, others)).isGreaterThan(logLikelihood(noise, others) + 1);
            case BITS -> assertThat(bits(found)).isGreaterThan(bits(noise) + 0.02);
        }
    }

    private double bits(Tensor x) {
        double sum = 0;
        for (int seed = 0; seed < 40; seed++) {
            for (double bits : VaeScores.of(vae, x, seed).bits()) {
                sum += bits / 40 / N;
            }
        }
        return sum;
    }

    @Test
    void scoresAreTheBoundAndTheDistanceOfTheReconstruction() {
        VaeScores scores = VaeScores.of(vae, pixels, 3);
        assertThat(scores.bits()).hasSize(N);
        Tensor images = pixels.mul(255).add(0.5).to(DType.UINT8);
        double[] shown = vae.reconstruct(images, Picture.MEAN, rng(1)).toDoubles();
        double[] values = pixels.toDoubles();
        for (int i = 0; i < N; i++) {
            double squares = 0;
            for (int j = 64 * i; j < 64 * (i + 1); j++) {
                squares += (shown[j] - values[j]) * (shown[j] - values[j]);
            }
            assertThat(scores.distances()[i]).isCloseTo(Math.sqrt(squares), within(1e-9));
        }
        assertThat(VaeScores.of(vae, pixels, 3).bits()).containsExactly(scores.bits());
    }

    /** Left half against right half: every image can be misclassified in many ways, some of them usual ones. */
    private static Tensor halves(Tensor x) {
        Tensor difference = x.narrow(3, 0, 4)
                .flatten(1)
                .sum(1)
                .sub(x.narrow(3, 4, 4).flatten(1).sum(1))
                .unsqueeze(1);
        return Tensor.concat(1, List.of(difference, difference.neg()));
    }

    @Test
    void anAttackThatKnowsTheDetectorMisleadsWithFewerBits() {
        ThreatModel threat = ThreatModel.of(Norm.LINF, 0.15);
        Tensor labels = halves(pixels).argmax(1);
        Problem problem = Problem.ofTraining(VaeAndAttacksTest::halves, pixels, labels, threat, new Cost());
        Tensor plain = Pgd.ofSteps(30).perturb(problem, Draws.shared(rng(1)));
        Tensor knowing = new SelectivePgd(vae, 30).perturb(problem, Draws.shared(rng(1)));
        assertThat(knowing.abs().amax(0, 1, 2, 3).item()).isLessThanOrEqualTo(0.15 + 1e-12);
        Tensor found = pixels.add(knowing);
        assertThat(found.clamp(0, 1).sub(found).abs().amax(0, 1, 2, 3).item()).isLessThan(1e-12);
        assertThat(halves(pixels.add(plain)).argmax(1).eq(labels).nonzero().count())
                .isZero();
        assertThat(halves(found).argmax(1).eq(labels).nonzero().count()).isZero();
        assertThat(bits(found)).isLessThan(bits(pixels.add(plain)) - 0.02);
    }

    /** The values are the bound at the mean of q(z|x) of the rounded image, whatever lies between levels. */
    @Test
    void theBitsOfTheSurrogateAreThoseOfTheRoundedImage() {
        double[] found = SurrogateBits.of(vae, pixels).values().toDoubles();
        Tensor target = vae.target(Batch.rounded(pixels));
        DiagonalGaussian q = (DiagonalGaussian) vae.posterior(target);
        double[] reconstruction = vae.decode(q.mean()).logProbability(target).toDoubles();
        double[] divergence =
                KullbackLeibler.closedForm(q, vae.prior()).orElseThrow().toDoubles();
        for (int i = 0; i < N; i++) {
            assertThat(found[i]).isCloseTo(divergence[i] - reconstruction[i], within(1e-4));
        }
    }

    /** With an encoder that ignores the image, a pixel's slope is the difference of its two nearest levels. */
    @Test
    void theSlopeOfTheSurrogateIsThatBetweenLevels() {
        try (var scope = Scope.withoutGradients()) {
            vae.parameters().forEach((name, parameter) -> {
                if (name.startsWith("encoder")) {
                    parameter.mulInPlace(0);
                }
            });
        }
        double[] gradient = SurrogateBits.of(vae, pixels).gradient().toDoubles();
        double[] x = pixels.toDoubles();
        Tensor output = ((IndependentPixels) vae.decode(Tensor.zeros(DType.FLOAT64, 1, 3))).output();
        double[] byLevel = output.logSoftmax(1).toDoubles();
        for (int i = 0; i < x.length; i++) {
            double position = (255 * x[i] - 7.5) / 16; // bytes 0 to 15 are level 0, and 7.5 is their middle
            int below = (int) Math.max(0, Math.min(14, position));
            int pixel = i % 64;
            double rise = byLevel[64 * (below + 1) + pixel] - byLevel[64 * below + pixel];
            assertThat(gradient[i]).isCloseTo(-rise * 255 / 16, within(1e-6));
        }
    }

    @Test
    void wrongSettingsAreRefused() {
        assertThatThrownBy(() -> VaeAttack.Goal.named("latents"))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("expected latent, output or bits");
        assertThatThrownBy(() -> new VaeAttack(VaeAttack.Goal.BITS, ThreatModel.of(Norm.LINF, 0.1), 0))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("steps 0");
    }
}
