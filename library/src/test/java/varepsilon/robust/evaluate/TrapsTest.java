package varepsilon.robust.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import varepsilon.base.InputException;
import varepsilon.base.Named;
import varepsilon.base.Watch;
import varepsilon.classify.Architecture;
import varepsilon.classify.Classifier;
import varepsilon.classify.NetworkClassifier;
import varepsilon.classify.Normalisation;
import varepsilon.data.Glyphs;
import varepsilon.data.ImageSet;
import varepsilon.nn.Adam;
import varepsilon.nn.Init;
import varepsilon.robust.attack.Attack;
import varepsilon.robust.attack.AttackLoss;
import varepsilon.robust.attack.Draws;
import varepsilon.robust.attack.Fgsm;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.Pgd;
import varepsilon.robust.attack.Problem;
import varepsilon.robust.attack.SignNoise;
import varepsilon.robust.attack.StepSize;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.robust.attack.UniformNoise;
import varepsilon.robust.defense.ClassifierObjective;
import varepsilon.robust.defense.StandardTraining;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;
import varepsilon.train.Fit;
import varepsilon.train.Monitor;
import varepsilon.train.TrainingPlan;

/**
 * A small network of drawn digits, spoiled in one way after the other: each is noticed by its check, and the network as
 * it is by none.
 */
class TrapsTest {
    private static final ImageSet IMAGES = Glyphs.draw("test", 120, 2);
    private static final Pgd PGD = Pgd.ofSteps(10).withLoss(AttackLoss.EXACT_CROSS_ENTROPY);
    private static final double EPSILON = 0.05;

    private static Scope scope;
    private static NetworkClassifier honest;

    @BeforeAll
    static void train() {
        scope = Scope.open();
        try (var init = Seed.of(42).split("init").stream()) {
            honest = new Architecture("small-cnn", 10, new Normalisation(List.of(0.2), List.of(0.3)))
                    .create(Init.on(Device.CPU, init));
        }
        try (ClassifierObjective plain = new StandardTraining(honest, StandardTraining.Settings.PLAIN);
                var adam = new Adam(plain.model().parameters(), 2e-3)) {
            Fit.of(plain, adam, TrainingPlan.of(2, 50, 42, Monitor.largest("accuracy")))
                    .run(Glyphs.draw("digits", 2_000, 1), Glyphs.draw("held out", 100, 3));
        }
    }

    @AfterAll
    static void free() {
        honest.close();
        scope.close();
    }

    private static Trial trial(Attack attack, Norm norm, double epsilon) {
        return Trial.untargeted(attack, ThreatModel.of(norm, epsilon));
    }

    private static List<Check> checks(Classifier classifier, ImageSet images, Trial... trials) {
        RobustEvaluation evaluation = new RobustEvaluation(List.of(trials), 40, 5, Device.CPU);
        return FailureChecks.of(evaluation, classifier, images, evaluation.of(classifier, images), Watch.NONE);
    }

    private static List<String> tripped(List<Check> checks) {
        return checks.stream().filter(Check::tripped).map(Check::name).toList();
    }

    private static List<String> tripped(Classifier classifier, Attack attack) {
        return tripped(checks(classifier, IMAGES, trial(attack, Norm.LINF, EPSILON)));
    }

    private static Check named(List<Check> checks, String name) {
        return checks.stream()
                .filter(check -> check.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void theHonestNetworkTripsNone() {
        List<Check> checks = checks(
                honest,
                IMAGES,
                trial(new SignNoise(), Norm.LINF, EPSILON),
                trial(new Fgsm(), Norm.LINF, EPSILON),
                trial(PGD, Norm.LINF, EPSILON),
                trial(PGD.withLoss(AttackLoss.DLR).withSteps(20), Norm.LINF, 0.1),
                trial(new UniformNoise(), Norm.L2, 0.8),
                trial(PGD.withSteps(20).withRestarts(2), Norm.L2, 0.8));

        assertThat(checks).filteredOn(Check::tripped).isEmpty();
        assertThat(checks)
                .extracting(Check::name)
                .doesNotHaveDuplicates()
                .containsExactlyInAnyOrder(
                        "probabilities",
                        "scaled-logits",
                        "random-model",
                        "batch-dependence",
                        "gradients",
                        "nan-logits",
                        "lost-success",
                        "rounding",
                        "single-step-stronger",
                        "not-monotone-in-epsilon",
                        "zero-epsilon",
                        "unbounded-attack",
                        "gradient-free-stronger",
                        "clipped-inputs",
                        "still-improving");
        assertThat(checks).allSatisfy(check -> {
            assertThat(check.saw()).matches("(?s).*\\d.*");
            assertThat(check.advice()).isEmpty();
        });
    }

    @Test
    void largeLogitsTripTheGradientsOfTheCrossEntropyAlone() {
        Classifier large = pixels -> honest.logits(pixels).mul(1e4);

        assertThat(tripped(large, PGD.withLoss(AttackLoss.CROSS_ENTROPY))).contains("gradients");
        assertThat(tripped(large, PGD.withLoss(AttackLoss.MARGIN))).isEmpty();
    }

    @Test
    void aQuantiserHasNoGradient() {
        Classifier quantised = pixels -> honest.logits(
                pixels.mul(16).to(DType.INT64).to(DType.FLOAT32).div(16).add(pixels.mul(0)));

        assertThat(tripped(quantised, PGD.withLoss(AttackLoss.MARGIN))).contains("gradients", "unbounded-attack");
        Trial wide = trial(PGD.withLoss(AttackLoss.MARGIN).withRandomStart(false), Norm.LINF, 0.4);
        assertThat(tripped(checks(quantised, IMAGES, wide))).contains("gradient-free-stronger");
    }

    /** The digit is seen, but not by the part of the network that has a gradient. */
    @Test
    void aDetachedGraphHasNoGradient() {
        Classifier detached = pixels -> honest.logits(pixels.detach())
                .add(pixels.flatten(1).sum(1).unsqueeze(1).mul(0));

        List<Check> checks = checks(detached, IMAGES, trial(PGD, Norm.LINF, EPSILON));
        assertThat(tripped(checks)).contains("gradients", "unbounded-attack");
        assertThat(named(checks, "gradients").saw()).contains("exactly zero at 6");
    }

    @Test
    void aRandomLayer() {
        try (Rng rng = Seed.of(3).stream()) {
            Classifier random = pixels ->
                    honest.logits(pixels.add(rng.normal(pixels.shape()).mul(0.2)));
            assertThat(tripped(random, PGD)).contains("random-model").doesNotContain("batch-dependence");
        }
    }

    @Test
    void softmax() {
        assertThat(tripped(pixels -> honest.logits(pixels).softmax(1), PGD)).contains("probabilities");
    }

    /** Normalised by the mean and standard deviation of the batch, as in training. */
    @Test
    void batchNormalisationInTrainingMode() {
        Classifier training = pixels -> {
            Tensor logits = honest.logits(pixels);
            Tensor centred = logits.sub(logits.mean(0));
            return centred.div(centred.square().mean(0).add(1e-5).sqrt());
        };
        assertThat(tripped(training, PGD)).contains("batch-dependence").doesNotContain("random-model");
    }

    /** Clamped to [0, 1] after the normalisation by mean 0.2 and standard deviation 0.3. */
    @Test
    void aClampInNormalisedUnits() {
        Classifier clamped = pixels -> honest.logits(pixels.clamp(0.2, 0.5));

        Check check = named(checks(clamped, IMAGES, trial(PGD, Norm.LINF, EPSILON)), "clipped-inputs");
        assertThat(check.tripped()).isTrue();
        assertThat(check.saw()).contains("which are from 0.2");
        assertThat(tripped(pixels -> honest.logits(pixels.clamp(0, 1)), PGD)).isEmpty();
    }

    /** Steps as long as the ball jump over the only shell in which the digit is not recognised. */
    @Test
    void aThinBandOfAdversarialImages() {
        ImageSet flat = Toys.flat(40, 130);
        Classifier band = Toys.byMean(mean -> {
            Tensor near = mean.clamp(0.5, 0.55).sub(0.5).mul(40);
            Tensor far = mean.clamp(0.65, 0.7).sub(0.65).mul(40);
            return near.sub(far).sub(1);
        });
        AttackLoss up = (logits, classes) -> logits.narrow(1, 1, 1).squeeze(1);
        Pgd coarse = new Pgd(2, StepSize.relative(1), 1, false, 0, up);

        List<Check> checks = checks(band, flat, trial(coarse, Norm.LINF, 0.2));
        assertThat(tripped(checks)).contains("not-monotone-in-epsilon", "still-improving");
        assertThat(named(checks, "not-monotone-in-epsilon").saw())
                .isEqualTo("of 10 images that pgd linf 0.2 left, it breaks 10 at ε 0.1:"
                        + " the attack misses adversarial examples that it finds at a smaller ε");
    }

    /** Where the mean pixel is above a value that attacks pass: the logits are NaN, or only their gradient. */
    @Test
    void aRegionOfNaN() {
        double edge = 0.26;
        Classifier without = pixels -> {
            Tensor mean = pixels.flatten(1).mean(1).unsqueeze(1);
            // The root of a negative number.
            return honest.logits(pixels).add(mean.neg().add(edge).sqrt().mul(0));
        };
        ImageSet dark = IMAGES.subset(IntStream.range(0, IMAGES.size())
                .filter(i -> mean(IMAGES.image(i)) < edge - 0.001)
                .toArray());
        List<Check> checks = checks(without, dark, trial(PGD, Norm.LINF, 0.2));
        assertThat(named(checks, "nan-logits").tripped()).isTrue();
        assertThat(named(checks, "nan-logits").saw()).contains(" of " + dark.size() + " images (");

        Classifier steep = pixels -> {
            Tensor mean = pixels.detach().flatten(1).mean(1).unsqueeze(1);
            // The root of zero, whose slope times zero is NaN.
            Tensor zero = pixels.flatten(1).sum(1).unsqueeze(1).mul(0);
            return honest.logits(pixels)
                    .add(zero.add(mean.neg().add(edge).clamp(0, 1)).sqrt().mul(0));
        };
        List<Check> ofGradients = checks(steep, dark, trial(PGD, Norm.LINF, 0.2));
        assertThat(named(ofGradients, "gradients").tripped()).isTrue();
        assertThat(named(ofGradients, "gradients").saw())
                .contains("a gradient with respect to the pixels that is NaN or infinite at ");
        assertThat(named(ofGradients, "nan-logits").tripped()).isFalse();
    }

    private static double mean(byte[] image) {
        double sum = 0;
        for (byte value : image) {
            sum += (value & 0xff) / 255.0;
        }
        return sum / image.length;
    }

    /** Comes to the end of FGSM, and returns nothing. */
    @Named(value = "forgetful", help = "a test's")
    private record Forgetful(boolean looks) implements Attack {
        @Override
        public Tensor perturb(Problem problem, Draws draws) {
            Tensor delta = new Fgsm().perturb(problem, draws);
            if (looks) {
                problem.isMet(delta);
                problem.isMet(delta.mul(50));
            }
            return delta.zerosLike();
        }
    }

    @Test
    void aSuccessThatIsLost() {
        RobustEvaluation evaluation = new RobustEvaluation(
                List.of(trial(new Forgetful(true), Norm.LINF, EPSILON), trial(new Fgsm(), Norm.LINF, EPSILON)),
                40,
                5,
                Device.CPU);
        RobustnessReport report = evaluation.of(honest, IMAGES);
        int broken =
                report.clean().correct() - report.trials().get(1).accuracy().correct();

        Check lost = named(report.checks(), "lost-success");
        assertThat(broken).isPositive();
        assertThat(lost.tripped()).isTrue();
        // What lies outside the threat model is no success.
        assertThat(lost.saw())
                .startsWith("forgetful linf 0.05: a perturbation that met the goal and was not returned at " + broken
                        + " of 120 images (");
        assertThat(tripped(honest, new Forgetful(false))).doesNotContain("lost-success");
    }

    /** Half a grey level up where the gradient says so: gone when rounded. */
    @Test
    void successThatIsLostInRounding() {
        float[] w = new float[16];
        Arrays.fill(w, 1);
        // 16 values of 100/255 score just below 0: a quarter of a level is enough.
        Classifier edge = Toys.linear(w, -16 * 100 / 255.0 - 0.001);
        List<Check> checks = checks(edge, Toys.flat(40, 100), trial(new Fgsm(), Norm.LINF, 0.25 / 255));

        assertThat(named(checks, "rounding").tripped()).isTrue();
        assertThat(named(checks, "rounding").saw()).contains(" 40 of 40 adversarial images");
        assertThat(tripped(checks(edge, Toys.flat(40, 100), trial(new Fgsm(), Norm.LINF, 1 / 255.0))))
                .doesNotContain("rounding");
    }

    @Test
    void noGradientAtAllIsRefusedWithWhatNeedsNone() {
        Classifier none = pixels -> honest.logits(pixels.detach()).detach();

        assertThatThrownBy(() -> checks(none, IMAGES, trial(new Fgsm(), Norm.LINF, EPSILON)))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("not differentiable in the pixels");
        assertThat(checks(none, IMAGES, trial(new SignNoise(), Norm.LINF, EPSILON)))
                .extracting(Check::name)
                .doesNotContain("gradients", "unbounded-attack", "still-improving");
    }
}
