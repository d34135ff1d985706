package varepsilon.robust.evaluate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import varepsilon.classify.Classifier;
import varepsilon.data.ImageSet;
import varepsilon.robust.attack.Attack;
import varepsilon.robust.attack.AttackLoss;
import varepsilon.robust.attack.Fgsm;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.Pgd;
import varepsilon.robust.attack.StepSize;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.robust.attack.UniformNoise;
import varepsilon.stats.Accuracy;
import varepsilon.tensor.Device;
import varepsilon.tensor.Tensor;

/** Each sign is shown by a classifier that was built for it, and by no healthy one. */
class FailureChecksTest {
    private static final float[] W = {1, -1, 2, 0.5f, -2, 1, -0.5f, 3, -1, 1, -3, 2, -1, 0.5f, -1, -1.5f};
    private static final Pgd PGD = Pgd.ofSteps(10).withRandomStart(false);

    private static Trial trial(Attack attack, double epsilon) {
        return Trial.untargeted(attack, ThreatModel.of(Norm.LINF, epsilon));
    }

    private static RobustnessReport report(Classifier classifier, ImageSet images, Trial... trials) {
        return new RobustEvaluation(List.of(trials), 16, 5, Device.CPU).of(classifier, images);
    }

    private static List<String> signs(RobustnessReport report) {
        return FailureChecks.comparisons(report, 2, 16).stream()
                .filter(Check::tripped)
                .map(check -> check.name() + ": " + check.saw())
                .toList();
    }

    /** The score of class 1 by the mean pixel m, where class 0 is right: straight lines between corners. */
    private static Classifier alongLines(double[] means, double[] scores) {
        return Toys.byMean(mean -> {
            Tensor score = mean.mul(0).add(scores[0]);
            for (int i = 1; i < means.length; i++) {
                double slope = (scores[i] - scores[i - 1]) / (means[i] - means[i - 1]);
                score = score.add(
                        mean.clamp(means[i - 1], means[i]).sub(means[i - 1]).mul(slope));
            }
            return score;
        });
    }

    /** What a linear classifier says, with a gradient of zero everywhere, as behind a quantiser. */
    private static Classifier masked() {
        Classifier linear = Toys.linear(W, 0.1);
        return pixels -> linear.logits(pixels.detach())
                .add(pixels.flatten(1).sum(1).unsqueeze(1).mul(0));
    }

    @Test
    void aLinearClassifierShowsNone() {
        ImageSet images = Toys.labelledBy(Toys.random(80, 60, 195, 2, 3), W, 0.1);
        Classifier linear = Toys.linear(W, 0.1);
        RobustnessReport report = report(
                linear,
                images,
                trial(new UniformNoise(), 0.05),
                trial(new Fgsm(), 0.05),
                trial(PGD, 0.01),
                trial(PGD, 0.05),
                trial(PGD, 0.1),
                trial(PGD, 1));

        assertThat(report.clean().correct() - report.trials().get(0).accuracy().correct())
                .as("broken by noise")
                .isPositive();
        assertThat(signs(report)).isEmpty();
        assertThat(gradients(linear, images, AttackLoss.CROSS_ENTROPY).tripped())
                .isFalse();
    }

    @Test
    void noiseThatDoesAsWellAsTheGradient() {
        ImageSet images = Toys.labelledBy(Toys.random(80, 60, 195, 2, 3), W, 0.1);
        RobustnessReport report = report(
                masked(), images, trial(PGD, 0.3), trial(new UniformNoise(), 0.3), trial(new UniformNoise(), 0.2));

        assertThat(signs(report))
                .singleElement()
                .asString()
                .startsWith("gradient-free-stronger: uniform-noise linf 0.3 breaks ")
                .contains(" of 80 images that pgd linf 0.3 left");
    }

    /** Noise may lead to another class than the target, which says nothing about the attack that leads there. */
    @Test
    void targetedAttacksAreNotComparedByWhatTheyMisclassify() {
        ImageSet images = Toys.labelledBy(Toys.random(80, 60, 195, 2, 3), W, 0.1);
        ThreatModel threat = ThreatModel.of(Norm.LINF, 0.3);
        IntUnaryOperator own = label -> label;
        RobustnessReport report = report(
                masked(),
                images,
                Trial.targeted(PGD, threat, own),
                Trial.targeted(new UniformNoise(), threat, own),
                trial(PGD, 0.3),
                trial(new UniformNoise(), 0.3));
        // The untargeted pair alone.
        assertThat(signs(report)).singleElement().asString().startsWith("gradient-free-stronger");
        IntUnaryOperator other = label -> 1 - label;
        assertThat(signs(report(
                        masked(),
                        images,
                        Trial.targeted(PGD, threat, other),
                        Trial.targeted(new UniformNoise(), threat, other))))
                .isEmpty();
    }

    @Test
    void gradientsOfZero() {
        ImageSet images = Toys.labelledBy(Toys.random(30, 60, 195, 2, 3), W, 0.1);
        Classifier linear = Toys.linear(W, 0.1);

        Check cross = gradients(masked(), images, AttackLoss.CROSS_ENTROPY);
        assertThat(cross.saw())
                .startsWith(
                        "of 30 correctly classified images the gradient of the loss cross-entropy is exactly zero at 30");
        assertThat(cross.advice()).contains("exact-cross-entropy, margin or dlr");
        Check margin = gradients(masked(), images, AttackLoss.MARGIN);
        assertThat(margin.saw())
                .startsWith("of 30 correctly classified images the gradient of the loss margin is exactly zero at 30");
        assertThat(margin.advice()).doesNotContain("margin");
        // Softmax in single precision is 1 when the other logit is 100 below: then cross-entropy is flat.
        ImageSet sure = surelyRight(images);
        Classifier steep = pixels -> linear.logits(pixels).mul(1e5);
        assertThat(gradients(steep, sure, AttackLoss.CROSS_ENTROPY).saw())
                .contains("is exactly zero at " + sure.size());
        assertThat(gradients(steep, sure, AttackLoss.MARGIN).tripped()).isFalse();
    }

    private static Check gradients(Classifier classifier, ImageSet images, AttackLoss loss) {
        return GradientChecks.of(classifier, images, loss, 16, Device.CPU).get(0);
    }

    /** Those whose score is far from 0. */
    private static ImageSet surelyRight(ImageSet images) {
        return images.subset(IntStream.range(0, images.size())
                .filter(i -> Math.abs(Toys.score(images, i, W, 0.1)) > 0.01)
                .toArray());
    }

    @Test
    void oneStepThatDoesBetterThanMany() {
        // Down the first slope lies a ditch that small steps never leave; a long step clears it.
        Classifier ditch =
                alongLines(new double[] {0, 0.5, 0.52, 0.56, 0.6, 1}, new double[] {-1, -1, -0.8, -1.2, 1, 1});
        RobustnessReport report = report(
                ditch,
                Toys.flat(12, 129),
                trial(new Fgsm(), 0.1),
                trial(PGD.withStepSize(StepSize.pixels(0.004)), 0.1));

        assertThat(report.trials())
                .extracting(trial -> trial.accuracy().correct())
                .containsExactly(0, 12);
        assertThat(signs(report))
                .singleElement()
                .asString()
                .startsWith("single-step-stronger: fgsm linf 0.1 leaves 0 of 12 images correctly classified, pgd 12");
    }

    @Test
    void anAttackThatLosesWhatItFoundAtASmallerEpsilon() {
        // The steps grow with ε, and jump over the only place where the classifier is wrong.
        Classifier island = alongLines(new double[] {0, 0.5, 0.55, 0.65, 0.7, 1}, new double[] {-1, -1, 1, 1, -1, -1});
        Pgd coarse = new Pgd(
                2,
                StepSize.relative(1),
                1,
                false,
                0,
                (logits, classes) -> logits.narrow(1, 1, 1).squeeze(1));
        RobustnessReport report = report(island, Toys.flat(12, 130), trial(coarse, 0.45), trial(coarse, 0.1));

        assertThat(report.trials())
                .extracting(trial -> trial.accuracy().correct())
                .containsExactly(12, 0);
        assertThat(signs(report))
                .singleElement()
                .asString()
                .startsWith(
                        "not-monotone-in-epsilon: pgd linf 0.45 leaves a robust accuracy of 100.0 %, and of 0.0 % at ε 0.1");
    }

    @Test
    void anAttackThatFailsThoughItMayDoAnything() {
        ImageSet images = Toys.labelledBy(Toys.random(40, 60, 195, 2, 3), W, 0.1);

        assertThat(signs(report(masked(), images, trial(PGD, 1))))
                .singleElement()
                .asString()
                .startsWith(
                        "unbounded-attack: pgd linf 1.0 leaves 40 of 40 images correctly classified, though it may turn any image")
                .contains("50.0 %");
        assertThat(signs(report(masked(), images, trial(new Fgsm(), 1)))).isEmpty();
    }

    @Test
    void otherGoalsAreNotCompared() {
        ImageSet images = Toys.labelledBy(Toys.random(80, 60, 195, 2, 3), W, 0.1);
        ThreatModel threat = ThreatModel.of(Norm.LINF, 0.3);
        Trial noise = Trial.untargeted(new UniformNoise(), threat);

        assertThat(signs(report(masked(), images, noise, Trial.margin(PGD, threat, 1))))
                .isEmpty();
        assertThat(signs(report(masked(), images, noise, Trial.targeted(PGD, threat, label -> 1 - label))))
                .isEmpty();
        assertThat(signs(report(masked(), images, noise, Trial.untargeted(PGD, threat))))
                .hasSize(1);
    }

    @Test
    void curvesGroupWhatDiffersInEpsilonAlone() {
        ImageSet images = Toys.labelledBy(Toys.random(60, 60, 195, 2, 3), W, 0.1);
        Trial fgsm = trial(new Fgsm(), 0);
        Trial l2 = Trial.untargeted(new Fgsm(), ThreatModel.of(Norm.L2, 0.1));
        List<Trial> trials = new ArrayList<>(EpsilonCurve.trials(fgsm, List.of(0.2, 0.01, 0.05)));
        trials.add(l2);
        RobustnessReport report = report(Toys.linear(W, 0.1), images, trials.toArray(Trial[]::new));
        List<EpsilonCurve> curves = EpsilonCurve.of(report);

        assertThat(curves).hasSize(1);
        assertThat(curves.get(0).clean()).isEqualTo(new Accuracy(60, 60));
        assertThat(curves.get(0).trials())
                .extracting(trial -> trial.trial().threat().epsilon())
                .containsExactly(0.01, 0.05, 0.2);
        double norm = 0;
        for (float w : W) {
            norm += Math.abs(w);
        }
        for (TrialReport point : curves.get(0).trials()) {
            double reach = point.trial().threat().epsilon() * norm;
            long expected = IntStream.range(0, 60)
                    .filter(i -> Math.abs(Toys.score(images, i, W, 0.1)) > reach)
                    .count();
            assertThat((long) point.accuracy().correct()).isEqualTo(expected);
        }
    }
}
