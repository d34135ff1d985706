package varepsilon.robust.attack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.base.InputException;
import varepsilon.classify.Architecture;
import varepsilon.classify.Classifier;
import varepsilon.classify.NetworkClassifier;
import varepsilon.classify.Normalisation;
import varepsilon.nn.Init;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Tensor;

class AttackRunTest extends AttackFixture {
    private static final ThreatModel LINF = ThreatModel.of(Norm.LINF, 0.1);

    /** An attack that hands over whatever a test wants. */
    private record Scripted(String name, Function<Problem, Tensor> work) implements Attack {
        @Override
        public Tensor perturb(Problem problem, Draws draws) {
            return work.apply(problem);
        }
    }

    /** Grey images of one value; the brighter, the more class 1. The classes change places at 0.5. */
    private static final Classifier BRIGHTNESS = pixels -> {
        Tensor value = pixels.flatten(1).mean(1).sub(0.5).mul(10);
        return Tensor.stack(1, List.of(value.neg(), value));
    };

    private static Tensor grey(double... values) {
        Tensor each = Tensor.of(values, values.length, 1, 1, 1).to(DType.FLOAT32);
        return each.expand(values.length, 1, 2, 2).copy();
    }

    private AttackResult run(Classifier classifier, Attack attack, Tensor images, Tensor labels) {
        return AttackRun.untargeted(classifier, LINF).of(attack, images, labels, rng(1), new Cost());
    }

    private AttackResult perturbedBy(UnaryOperator<Tensor> delta) {
        Attack attack = new Scripted("scripted", problem -> delta.apply(problem.pixels()));
        return run(BRIGHTNESS, attack, grey(0.3, 0.05), labels(0, 0));
    }

    @Test
    void aLambdaIsAttackedAndTheResultSaysWhatHappened() {
        AttackResult result = run(BRIGHTNESS, new Fgsm(), grey(0.45, 0.3, 0.9, 0.2), labels(0, 0, 1, 1));
        assertThat(result.correct()).containsExactly(true, true, true, false);
        assertThat(result.met()).containsExactly(true, false, false, true);
        assertThat(result.cleanPrediction()).containsExactly(0, 0, 1, 0);
        assertThat(result.adversarialPrediction()).containsExactly(1, 0, 1, 0);
        assertThat(new boolean[] {result.isRobust(0), result.isRobust(1), result.isRobust(2), result.isRobust(3)})
                .containsExactly(false, true, true, false);
        assertThat(result.size()).containsExactly(new double[] {0.1, 0.1, 0.1, 0}, within(1e-7));
        assertThat(row(result.adversarial(), 0)).containsOnly((float) 0.55);
        assertThat(row(result.adversarial(), 3)).as("wrong already, left alone").containsOnly((float) 0.2);
        assertThat(result.withoutGradient()).isEmpty();
    }

    /** Rows seen by the classifier: all to begin with, then those still right, then all that were tried. */
    @Test
    void brokenExamplesLeaveTheBatch() {
        List<Long> rows = new ArrayList<>();
        Classifier counting = pixels -> {
            rows.add(pixels.size(0));
            return BRIGHTNESS.logits(pixels);
        };
        Cost cost = new Cost();
        Pgd pgd = new Pgd(4, StepSize.pixels(0.03), 1, false, 0, AttackLoss.CROSS_ENTROPY);
        // Broken by nothing, by one step, by three, by four only, never.
        AttackResult result = AttackRun.untargeted(counting, LINF)
                .of(pgd, grey(0.9, 0.48, 0.42, 0.405, 0.1), repeatedLabel(0, 5), rng(1), cost);
        assertThat(rows).containsExactly(5L, 4L, 4L, 3L, 3L, 4L);
        assertThat(cost.forwardPasses()).isEqualTo(23);
        assertThat(cost.backwardPasses()).isEqualTo(14);
        assertThat(result.met()).containsExactly(true, true, true, true, false);
        assertThat(result.size()).containsExactly(new double[] {0, 0.03, 0.09, 0.1, 0.1}, within(1e-6));
    }

    @Test
    void nothingIsAskedOfAnAttackWhereAllIsBroken() {
        Attack never = new Scripted("never", problem -> {
            throw new AssertionError("called");
        });
        AttackResult result = run(BRIGHTNESS, never, grey(0.9, 0.8), labels(0, 0));
        assertThat(result.met()).containsExactly(true, true);
        assertThat(result.adversarial().toFloats()).isEqualTo(grey(0.9, 0.8).toFloats());
    }

    /** A classifier that changes its mind cannot make a success that the returned image does not show. */
    @Test
    void successIsPredictedAnewFromWhatIsReturned() {
        Attack lazy = new Scripted("lazy", problem -> {
            Problem.Outcome outcome = problem.evaluate(problem.maximise(problem.pixels()), AttackLoss.CROSS_ENTROPY);
            assertThat(outcome.met().to(DType.UINT8).toBytes()).containsExactly(1);
            return problem.pixels().zerosLike();
        });
        AttackResult result = run(BRIGHTNESS, lazy, grey(0.45), labels(0));
        assertThat(result.met()).containsExactly(false);
        assertThat(result.isRobust(0)).isTrue();
    }

    @Test
    void aPerturbationOutsideTheBallIsRefused() {
        assertThatThrownBy(() -> perturbedBy(pixels -> pixels.zerosLike().add(0.102)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("attack scripted")
                .hasMessageContaining("linf size 0.10")
                .hasMessageContaining("allows 0.1");
    }

    @Test
    void aPerturbationOutsideTheBoxIsRefused() {
        assertThatThrownBy(() -> perturbedBy(pixels -> pixels.zerosLike().sub(0.09)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("attack scripted")
                .hasMessageContaining("pixels from -0.0")
                .hasMessageContaining("allows 0.0 to 1.0");
    }

    @ParameterizedTest
    @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY})
    void aPerturbationThatIsNoNumberIsRefused(double value) {
        assertThatThrownBy(() -> perturbedBy(pixels -> pixels.zerosLike().add(value)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("attack scripted");
    }

    @Test
    void aPerturbationOfAnotherShapeIsRefused() {
        assertThatThrownBy(() -> perturbedBy(pixels -> Tensor.zeros(DType.FLOAT32, 1, 1, 2, 2)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("attack scripted returned perturbations of shape [1, 1, 2, 2] for images of [2, 1, 2, 2]");
    }

    /** An attack that paints over the images it was given is measured against the true ones. */
    @Test
    void anAttackCannotMoveTheImagesUnderTheMeasure() {
        Attack painter = new Scripted("painter", problem -> {
            problem.pixels().addInPlace(problem.pixels().zerosLike().add(0.5));
            return problem.pixels().zerosLike();
        });
        Tensor images = grey(0.3);
        AttackResult result = run(BRIGHTNESS, painter, images, labels(0));
        assertThat(images.toFloats()).containsOnly(0.3f);
        assertThat(result.size()).containsExactly(0);
        assertThat(result.isRobust(0)).isTrue();
    }

    /** Single precision cannot add 3,072 small changes without rounding: the sum is brought back inside the ball. */
    @ParameterizedTest
    @ValueSource(strings = {"linf", "l2", "l1"})
    void roundingIsCorrected(String norm) {
        ThreatModel threat = ThreatModel.of(Norm.named(norm), norm.equals("l1") ? 12 : 0.5);
        Tensor images = rng(2).uniform(64, 3, 32, 32);
        Attack grazing = new Scripted("grazing", problem -> {
            Tensor noise = rng(3).normal(problem.pixels().shape());
            Tensor delta = problem.project(noise.mul(10));
            return delta.mul(1 + 2e-6);
        });
        Classifier any = pixels -> pixels.flatten(1).narrow(1, 0, 10);
        Criterion never = Criterion.margin(1e9);
        AttackResult result =
                new AttackRun(any, threat, never).of(grazing, images, repeatedLabel(0, 64), rng(1), new Cost());
        double largest = 0;
        for (double size : result.size()) {
            assertThat(size).isLessThanOrEqualTo(threat.epsilon() + AttackRun.TOLERANCE);
            largest = Math.max(largest, size);
        }
        assertThat(largest).isCloseTo(threat.epsilon(), within(1e-4));
        assertThat(largest(result.adversarial().sub(0.5))).isLessThanOrEqualTo(0.5);
    }

    @ParameterizedTest
    @ValueSource(doubles = {-0.01, 1.01, Double.NaN})
    void imagesOutsideTheBoxAreRefused(double pixel) {
        assertThatThrownBy(() -> run(BRIGHTNESS, new Fgsm(), grey(0.5, pixel), labels(0, 0)))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("the images have pixels from")
                .hasMessageContaining("expected values in [0.0, 1.0]");
    }

    @Test
    void bytesAreNoImages() {
        Tensor bytes = Tensor.of(new byte[4], 1, 1, 2, 2);
        assertThatThrownBy(() -> run(BRIGHTNESS, new Fgsm(), bytes, labels(0)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("floating-point");
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, 2})
    void labelsThatTheClassifierDoesNotKnowAreRefused(long label) {
        assertThatThrownBy(() -> run(BRIGHTNESS, new Fgsm(), grey(0.2, 0.3), labels(0, label)))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("label " + label)
                .hasMessageContaining("0 to 1");
        assertThatThrownBy(() -> new AttackRun(BRIGHTNESS, LINF, Criterion.targeted())
                        .of(new Fgsm(), grey(0.2), labels(0), labels(label), Draws.shared(rng(1)), new Cost()))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("target " + label);
    }

    @Test
    void labelsMustBeOneForEachImage() {
        assertThatThrownBy(() -> run(BRIGHTNESS, new Fgsm(), grey(0.2, 0.3), labels(0)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("one INT64 for each of 2 images");
    }

    @ParameterizedTest
    @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY})
    void logitsThatAreNoNumbersAreRefused(double value) {
        assertThatThrownBy(() -> run(x -> BRIGHTNESS.logits(x).add(value), new Fgsm(), grey(0.2), labels(0)))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("not finite");
    }

    @Test
    void logitsOfTheWrongShapeAreRefused() {
        assertThatThrownBy(() -> run(x -> x.flatten(1).mean(1), new Fgsm(), grey(0.2), labels(0)))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("returned [1] for 1 images");
        assertThatThrownBy(() -> run(x -> x.flatten(1).narrow(1, 0, 1), new Fgsm(), grey(0.2), labels(0)))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("returned [1, 1] for 1 images");
    }

    /** Where the logits are not finite an attack ends for that image alone, and the image as it is takes its place. */
    @ParameterizedTest
    @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY})
    void anImageThatGetsNoLogitsIsNamedAndLeftAsItIs(double value) {
        // From 0.38 to 0.42, below what class 1 begins with.
        Classifier hole = pixels -> {
            Tensor mean = pixels.flatten(1).mean(1).unsqueeze(1);
            Tensor inside = mean.sub(0.4).abs().gt(0.02).not();
            Tensor logits = BRIGHTNESS.logits(pixels);
            return logits.add(logits.zerosLike().add(value).where(inside, logits.zerosLike()));
        };
        Tensor images = grey(0.3, 0.45, 0.2);
        for (Attack attack : List.of(new Fgsm(), Pgd.ofSteps(4).withRandomStart(false))) {
            AttackResult result = run(hole, attack, images, labels(0, 0, 0));
            assertThat(result.withoutLogits()).as(attack.name()).containsExactly(0);
            assertThat(result.withoutGradient()).isEmpty();
            assertThat(result.met()).containsExactly(false, true, false);
            assertThat(result.isRobust(0)).isTrue();
            assertThat(row(result.adversarial(), 0)).containsOnly(0.3f);
            assertThat(result.size()[2]).isCloseTo(0.1, within(1e-6));
        }
        Attack asking = new Scripted("asking", problem -> {
            Tensor delta = problem.pixels().zerosLike().add(0.1);
            assertThat(problem.isMet(delta).to(DType.UINT8).toBytes()).containsExactly(0, 1, 0);
            assertThat(problem.logits(delta).isFinite()).isTrue();
            return delta.zerosLike();
        });
        assertThat(run(hole, asking, images, labels(0, 0, 0)).withoutLogits()).containsExactly(0);
        Problem training = Problem.ofTraining(hole, images, labels(0, 0, 0), LINF, new Cost());
        assertThatThrownBy(() -> training.logits(images.zerosLike().add(0.1)))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("not finite");
    }

    @Test
    void aSuccessThatIsNotReturnedIsLost() {
        Tensor images = grey(0.9, 0.45, 0.48, 0.3);
        Attack forgetful = new Scripted("forgetful", problem -> {
            Tensor delta = problem.pixels().zerosLike();
            problem.evaluate(delta.add(0.1), AttackLoss.MARGIN);
            problem.logits(delta.add(0.3)); // what is outside the threat model is no success
            return delta;
        });
        Attack remembering = new Scripted("remembering", problem -> {
            Tensor delta = problem.pixels().zerosLike().add(0.1);
            problem.isMet(delta);
            return delta;
        });
        // The first image meets the criterion before any attack.
        assertThat(run(BRIGHTNESS, forgetful, images, labels(0, 0, 0, 0)).lost())
                .containsExactly(1, 2);
        assertThat(run(BRIGHTNESS, remembering, images, labels(0, 0, 0, 0)).lost())
                .isEmpty();
    }

    /**
     * √ of a difference has no slope at zero. Such an image stands still, is named, and keeps no other from being
     * attacked.
     */
    @Test
    void anImageWithoutAFiniteGradientStandsStillAndIsNamed() {
        Classifier rooted = pixels -> {
            Tensor mean = pixels.flatten(1).mean(1);
            Tensor own = mean.sub(0.25).square().sqrt().mul(0.01);
            return Tensor.stack(1, List.of(own.sub(mean).add(0.4), mean.sub(0.4)));
        };
        Tensor images = grey(0.1, 0.25, 0.35, 0.25);
        for (Attack attack : List.of(new Fgsm(), Pgd.ofSteps(4).withRandomStart(false), MiFgsm.ofSteps(4))) {
            AttackResult result = run(rooted, attack, images, labels(0, 0, 0, 0));
            assertThat(result.withoutGradient()).as(attack.name()).containsExactly(1, 3);
            assertThat(result.met()).containsExactly(false, false, true, false);
            assertThat(result.size()[1]).isZero();
            assertThat(result.size()[0]).isPositive();
        }
    }

    @Test
    void inTrainingAGradientThatIsNoNumberIsRefused() {
        Classifier rooted = pixels -> {
            Tensor root = pixels.flatten(1).mean(1).sub(0.25).square().sqrt();
            return Tensor.stack(1, List.of(root.add(1), root.neg()));
        };
        Problem problem = Problem.ofTraining(rooted, grey(0.5, 0.25), labels(0, 0), LINF, new Cost());
        assertThatThrownBy(() -> new Fgsm().perturb(problem, Draws.shared(rng(1))))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("at 1 of 2 images, the first of them number 1 of the batch")
                .hasMessageContaining("gradient");
    }

    @Test
    void logitsWithoutAGradientAreRefusedByWhatNeedsOne() {
        Classifier hard = pixels -> BRIGHTNESS.logits(pixels.detach());
        assertThatThrownBy(() -> run(hard, Pgd.ofSteps(2), grey(0.25), labels(0)))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("not differentiable");
        assertThat(run(hard, new UniformNoise(), grey(0.25), labels(0)).isRobust(0))
                .isTrue();
    }

    private NetworkClassifier network() {
        Architecture resnet = new Architecture("resnet20", 10, Normalisation.CIFAR10);
        NetworkClassifier network = closing(resnet.create(new Init(rng(6), Device.CPU, DType.FLOAT32)));
        network.module().parameters().values().forEach(parameter -> parameter.requiresGrad(true));
        return network;
    }

    private static Map<String, byte[]> bits(NetworkClassifier network) {
        Map<String, byte[]> bits = new LinkedHashMap<>();
        network.module()
                .state()
                .forEach((name, tensor) -> bits.put(name, tensor.toRaw().array()));
        return bits;
    }

    /** Weights and statistics of batch normalisation: not a bit differs after attacks in evaluation mode. */
    @Test
    void anAttackLeavesTheNetworkAsItWas() {
        NetworkClassifier network = network();
        network.module().train(true);
        Map<String, byte[]> before = bits(network);
        Tensor images = rng(7).uniform(4, 3, 32, 32);
        Tensor labels = labels(1, 2, 3, 4);
        for (Attack attack : List.of(new Fgsm(), Pgd.ofSteps(2).withRestarts(2), new UniformNoise())) {
            new AttackRun(network, LINF, Criterion.margin(1e9)).of(attack, images, labels, rng(1), new Cost());
        }
        assertThat(network.module().isTraining()).isTrue();
        Map<String, byte[]> after = bits(network);
        assertThat(after.keySet()).isEqualTo(before.keySet());
        after.forEach((name, bytes) -> assertThat(bytes).as(name).isEqualTo(before.get(name)));
        // The same images in training mode would have moved them: the comparison can fail.
        network.logits(images);
        assertThat(bits(network).get("bn1.running_mean")).isNotEqualTo(before.get("bn1.running_mean"));
    }

    @Test
    void modesComeBackAfterAnException() {
        NetworkClassifier network = network();
        network.module().train(true);
        boolean[] seen = {true};
        Attack failing = new Scripted("failing", problem -> {
            seen[0] = network.module().isTraining();
            throw new IllegalStateException("in the middle");
        });
        assertThatThrownBy(() -> new AttackRun(network, LINF, Criterion.margin(1e9))
                        .of(failing, rng(7).uniform(1, 3, 32, 32), labels(1), rng(1), new Cost()))
                .hasMessage("in the middle");
        assertThat(seen[0]).isFalse();
        assertThat(network.module().isTraining()).isTrue();
    }

    /** Also where the caller records gradients and the images want one. */
    @Test
    void theResultCarriesNoGradientHistory() {
        Tensor images = grey(0.3).requiresGrad(true);
        AttackResult result = run(BRIGHTNESS, Pgd.ofSteps(2), images, labels(0));
        assertThat(result.adversarial().requiresGrad()).isFalse();
        Problem problem = Problem.ofTraining(BRIGHTNESS, images, labels(0), LINF, new Cost());
        assertThat(Pgd.ofSteps(2)
                        .withRestarts(2)
                        .perturb(problem, Draws.shared(rng(1)))
                        .requiresGrad())
                .isFalse();
        assertThat(new Fgsm().perturb(problem, Draws.shared(rng(1))).requiresGrad())
                .isFalse();
        assertThat(new UniformNoise().perturb(problem, Draws.shared(rng(1))).requiresGrad())
                .isFalse();
    }

    @Test
    void thresholdsOfSettingsAreRefused() {
        assertThatThrownBy(() -> ThreatModel.of(Norm.L2, -0.1))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("epsilon -0.1");
        assertThatThrownBy(() -> ThreatModel.of(Norm.L2, Double.NaN)).isInstanceOf(InputException.class);
        assertThatThrownBy(() -> Norm.named("l3"))
                .isInstanceOf(InputException.class)
                .hasMessage("norm 'l3': expected linf, l2, l1 or l0");
        assertThatThrownBy(() -> new Box(1, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Pgd.ofSteps(0))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("steps 0");
        assertThatThrownBy(() -> Pgd.ofSteps(1).withRestarts(0)).isInstanceOf(InputException.class);
        assertThatThrownBy(() -> Pgd.ofSteps(1).withRestarts(2).withRandomStart(false))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("restarts 2: expected 1 without a random start");
        assertThatThrownBy(() -> Pgd.ofSteps(1).withMomentum(-1)).isInstanceOf(InputException.class);
        assertThatThrownBy(() -> StepSize.pixels(0)).isInstanceOf(InputException.class);
        assertThatThrownBy(() -> StepSize.relative(Double.NaN)).isInstanceOf(InputException.class);
        assertThatThrownBy(() -> Criterion.margin(0)).isInstanceOf(InputException.class);
        assertThatThrownBy(() -> MiFgsm.ofSteps(0)).isInstanceOf(InputException.class);
    }
}
