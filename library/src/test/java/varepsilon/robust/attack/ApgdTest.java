package varepsilon.robust.attack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import varepsilon.classify.Classifier;
import varepsilon.tensor.DType;
import varepsilon.tensor.Tensor;

class ApgdTest extends AttackFixture {
    private static final int D = 48;

    private Tensor images() {
        return rng(5).uniform(DType.FLOAT64, 3, 3, 4, 4);
    }

    /** In L1 a third of the steps each in the balls of 3 ε and 2 ε, all of them inside. */
    @Test
    void inL1TheSearchShrinksFromWiderBalls() {
        Classifier curved = curved(D, DType.FLOAT64);
        Tensor images = images();
        List<double[]> sizes = new ArrayList<>();
        Classifier recording = pixels -> {
            sizes.add(Norm.L1.length(pixels.detach().sub(images)).toDoubles());
            return curved.logits(pixels);
        };
        double epsilon = 0.8;
        Tensor labels = curved.logits(images).argmax(1);
        new Apgd()
                .withSteps(10)
                .perturb(
                        Problem.ofTraining(recording, images, labels, ThreatModel.of(Norm.L1, epsilon), new Cost()),
                        Draws.shared(rng(4)));
        // Of 10 steps 3, 3 and 4, with a look at each start.
        assertThat(sizes).hasSize(4 + 4 + 5);
        for (int i = 0; i < sizes.size(); i++) {
            double radius = (i < 4 ? 3 : i < 8 ? 2 : 1) * epsilon;
            assertThat(Arrays.stream(sizes.get(i)).max().orElseThrow()).isLessThanOrEqualTo(radius * (1 + 1e-9));
        }
        assertThat(Arrays.stream(sizes.get(3)).max().orElseThrow()).isGreaterThan(2 * epsilon);
    }

    /** The step is halved at a check where the loss did not rise, and the search goes on from the best point. */
    @Test
    void stepsAreHalvedWhereTheLossDoesNotRise() {
        // A loss of one value that is highest at 0.53, from 0.5: steps of 0.2 jump across it.
        Classifier peak = pixels -> {
            Tensor height = pixels.flatten(1).sub(0.53).square().mul(-50);
            return Tensor.concat(1, List.of(height.neg(), height));
        };
        Tensor image = Tensor.full(0.5, DType.FLOAT64, 1, 1);
        Tensor delta = new Apgd()
                .withLoss(AttackLoss.MARGIN)
                .perturb(
                        Problem.ofTraining(peak, image, labels(0), ThreatModel.of(Norm.LINF, 0.1), new Cost()),
                        Draws.shared(rng(4)));
        assertThat(delta.item()).isCloseTo(0.03, within(1e-3));
    }

    /** Each aim is the class of that rank at the image, and a rank beyond the classes is none. */
    @Test
    void targetsAreTheMostProbableOtherClasses() {
        Tensor logits = Tensor.of(new double[] {5, 1, 3, 2}, 1, 4);
        List<Long> aims = new ArrayList<>();
        Classifier fixed =
                pixels -> logits.add(pixels.flatten(1).sum(1).unsqueeze(1).mul(0));
        Problem problem = Problem.ofTraining(
                fixed, Tensor.full(0.5, DType.FLOAT64, 1, 2), labels(0), ThreatModel.of(Norm.LINF, 0.1), new Cost());
        AttackLoss spy = new AttackLoss() {
            @Override
            public Tensor of(Tensor values, Tensor classes) {
                aims.add(classes.toLongs()[0]);
                return AttackLoss.CROSS_ENTROPY.of(values, classes);
            }
        };
        new Apgd().withSteps(1).withLoss(spy).withTargets(9).perturb(problem, Draws.shared(rng(4)));
        assertThat(aims).containsExactly(2L, 2L, 3L, 3L, 1L, 1L);
        aims.clear();
        new Apgd().withSteps(1).withLoss(spy).withTarget(2).perturb(problem, Draws.shared(rng(4)));
        assertThat(aims).containsExactly(3L, 3L);
        aims.clear();
        Tensor none = new Apgd().withSteps(1).withLoss(spy).withTarget(4).perturb(problem, Draws.shared(rng(4)));
        assertThat(aims).isEmpty();
        assertThat(none.toDoubles()).containsOnly(0);
    }

    /** Difference of logits ratio, by hand; of three classes the lowest is the third; of two, the margin. */
    @Test
    void theDifferenceOfLogitsRatioIsAsDefined() {
        Tensor four = Tensor.of(new double[] {2, 7, 4, 1}, 1, 4);
        assertThat(AttackLoss.DLR.of(four, labels(1)).item()).isCloseTo(-(7 - 4) / (7.0 - 2), within(1e-9));
        assertThat(AttackLoss.DLR.of(four, labels(2)).item()).isCloseTo((7 - 4) / (7.0 - 2), within(1e-9));
        assertThat(NamedLoss.towards(AttackLoss.DLR, four, labels(1), labels(0)).item())
                .isCloseTo(-(7 - 2) / (7 - (2 + 1) / 2.0), within(1e-9));
        Tensor three = Tensor.of(new double[] {2, 7, 4}, 1, 3);
        assertThat(NamedLoss.towards(AttackLoss.DLR, three, labels(1), labels(0))
                        .item())
                .isCloseTo(-(7 - 2) / (7.0 - 2), within(1e-9));
        Tensor two = Tensor.of(new double[] {2, 7}, 1, 2);
        assertThat(AttackLoss.DLR.of(two, labels(1)).item()).isEqualTo(-5);
        assertThat(NamedLoss.towards(AttackLoss.DLR, two, labels(1), labels(0)).item())
                .isEqualTo(-5);
    }
}
