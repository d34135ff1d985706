package varepsilon.robust.attack;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import varepsilon.tensor.DType;
import varepsilon.tensor.Tensor;

/**
 * On affine models of several classes the smallest perturbation is known, inside the box too: every attack is to reach
 * it to 1 %, and the number of changed values exactly.
 */
class MinimumAffineTest extends AttackFixture {
    private static final int N = 2;
    private static final int D = 48;

    /**
     * A norm, and how far the decision boundaries are.
     *
     * @param margin of the label's logit to the next
     * @param corners whether two thirds of the values are at the ends of the box, so that the best perturbation
     *     reaches it; else none is near
     */
    private record Setting(Norm norm, double margin, boolean corners) {}

    private static final List<Setting> SETTINGS = List.of(
            new Setting(Norm.LINF, 6, false),
            new Setting(Norm.LINF, 15, true),
            new Setting(Norm.L2, 6, false),
            new Setting(Norm.L2, 12, true),
            new Setting(Norm.L1, 1, false),
            new Setting(Norm.L1, 8, true),
            new Setting(Norm.L0, 4, false),
            new Setting(Norm.L0, 8, true));

    /** Attacks that consider every class at each step. */
    private static final List<MinimumAttack> OF_ALL_CLASSES =
            List.of(new DeepFool(), FastAdaptiveBoundary.of(10, 1, 0), FastAdaptiveBoundary.of(10, 1, 9));

    /** Attacks that follow one gradient, and so go to the class that is highest on their way. */
    private static final List<MinimumAttack> OF_ONE_GRADIENT = List.of(
            new DecoupledDirectionNorm(),
            new FastMinimumNorm(),
            new CarliniWagner(100, 5, 0.05, 0.1),
            new SigmaZero(100, 1e-3, 1, 0.3, 0.01),
            new AugmentedLagrangian(100, 0.5, 0.1));

    private static List<Arguments> cases() {
        List<Arguments> cases = new ArrayList<>();
        for (Setting setting : SETTINGS) {
            cases.add(Arguments.of(DType.FLOAT64, 2, setting));
            cases.add(Arguments.of(DType.FLOAT32, 3, setting));
            cases.add(Arguments.of(DType.FLOAT64, 10, setting));
            cases.add(Arguments.of(DType.FLOAT32, 10, setting));
        }
        return cases;
    }

    /** All boundaries about as far: the nearest is not that of the highest logit. */
    @ParameterizedTest
    @MethodSource("cases")
    void theNearestOfManyBoundariesIsFound(DType dtype, int classes, Setting setting) {
        check(dtype, classes, setting, 0.02, OF_ALL_CLASSES);
    }

    /** One boundary clearly nearer than the others, of the class whose logit is the second highest throughout. */
    @ParameterizedTest
    @MethodSource("cases")
    void theNearestPointOfABoundaryIsFound(DType dtype, int classes, Setting setting) {
        check(dtype, classes, setting, 1, OF_ONE_GRADIENT);
    }

    private void check(DType dtype, int classes, Setting setting, double spread, List<MinimumAttack> attacks) {
        double[][] weights = new double[classes][];
        Tensor matrix = rng(5).normal(DType.FLOAT64, classes, D).to(dtype);
        double[] centre = new double[D];
        Arrays.setAll(centre, j -> setting.corners && j % 3 > 0 ? j % 3 - 1 : 0.5);
        double[] bias = new double[classes];
        for (int k = 0; k < classes; k++) {
            weights[k] = row(matrix, k);
            double offset = k == 0 ? 0 : -setting.margin * (1 + spread * (k - 1));
            bias[k] = (float) (offset - BallAndBox.dot(weights[k], centre));
        }
        double[] noise = rng(6).uniform(DType.FLOAT64, N, D).toDoubles();
        double[] values = new double[N * D];
        Arrays.setAll(values, i -> centre[i % D] == 0.5 ? 0.48 + 0.04 * noise[i] : centre[i % D]);
        Tensor images = Tensor.of(values, N, 3, 4, 4).to(dtype);
        Tensor labels = repeatedLabel(0, N);
        AttackRun run = AttackRun.untargeted(
                affine(matrix, Tensor.of(bias, classes).to(dtype)), ThreatModel.of(setting.norm, 0));
        for (MinimumAttack attack : attacks) {
            if (!attack.norms().contains(setting.norm)) {
                continue;
            }
            MinimumResult result = run.minimum(attack, images, labels, rng(7), new Cost());
            for (int i = 0; i < N; i++) {
                double least = MinimumDistance.of(setting.norm.label(), weights, bias, 0, row(images, i));
                assertThat(result.found()[i]).as("%s, image %d", attack, i).isTrue();
                assertThat(result.size()[i])
                        .as("%s, image %d", attack, i)
                        .isBetween(least * (1 - 1e-6), setting.norm.equals(Norm.L0) ? least : least * 1.01);
            }
        }
    }
}
