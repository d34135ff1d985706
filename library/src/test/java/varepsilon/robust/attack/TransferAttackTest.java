package varepsilon.robust.attack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import varepsilon.base.Family;
import varepsilon.base.InputException;
import varepsilon.classify.Classifier;
import varepsilon.tensor.DType;
import varepsilon.tensor.Tensor;

/** Attacks that take the gradient elsewhere than at the perturbed image, or several times. */
class TransferAttackTest extends AttackFixture {
    private static Problem problem(Classifier classifier, Tensor images, Norm norm, double epsilon, Cost cost) {
        return Problem.ofTraining(
                classifier, images, repeatedLabel(0, (int) images.size(0)), ThreatModel.of(norm, epsilon), cost);
    }

    /** What a classifier was given, in order. */
    private static Classifier recording(Classifier classifier, List<double[]> seen) {
        return pixels -> {
            seen.add(pixels.toDoubles());
            return classifier.logits(pixels);
        };
    }

    /** logits = (0, Σ wᵢxᵢ). */
    private static Classifier linear(double... weights) {
        Tensor w = Tensor.of(weights, 1, weights.length);
        return affine(Tensor.concat(0, List.of(w.zerosLike(), w)), Tensor.zeros(DType.FLOAT64, 2));
    }

    /** With gradients (3, −1) of mean size 2, the sums are (1.5, −0.5), then twice as much. */
    @Test
    void nesterovLooksAheadAlongItsMomentum() {
        List<double[]> seen = new ArrayList<>();
        Tensor grey = Tensor.full(0.5, DType.FLOAT64, 1, 2);
        Problem problem = problem(recording(linear(3, -1), seen), grey, Norm.LINF, 0.3, new Cost());
        double[] delta = new NiFgsm(3, 0.5, AttackLoss.MARGIN)
                .perturb(problem, Draws.shared(rng(1)))
                .toDoubles();
        assertThat(seen.get(0)).containsExactly(0.5, 0.5);
        // A step of 0.1 and then ahead by 0.1 · 0.5 · (1.5, −0.5).
        assertThat(seen.get(1)).containsExactly(new double[] {0.6 + 0.075, 0.4 - 0.025}, within(1e-12));
        // The sum is 0.5 · (1.5, −0.5) + (1.5, −0.5) = (2.25, −0.75).
        assertThat(seen.get(2)).containsExactly(new double[] {0.7 + 0.1125, 0.3 - 0.0375}, within(1e-12));
        assertThat(delta).containsExactly(new double[] {0.3, -0.3}, within(1e-12));
    }

    /** White images before black: what is white is a rectangle of one of the sizes, of bits as they were. */
    @Test
    void diverseInputsAreShrunkAndMoved() {
        List<double[]> seen = new ArrayList<>();
        double[] weights = new double[100];
        Arrays.fill(weights, -1);
        Tensor white = Tensor.ones(DType.FLOAT64, 50, 1, 10, 10);
        Problem problem = problem(recording(linear(weights), seen), white, Norm.LINF, 0, new Cost());
        new DiFgsm(1, 1, 0.5, 0.6, AttackLoss.MARGIN).perturb(problem, Draws.shared(rng(1)));
        int whole = 0;
        for (int image = 0; image < 50; image++) {
            double[] x = Arrays.copyOfRange(seen.get(0), image * 100, image * 100 + 100);
            assertThat(Arrays.stream(x).filter(v -> !(Math.abs(v) < 1e-9 || Math.abs(v - 1) < 1e-9)))
                    .isEmpty();
            int rows = (int) IntStream.range(0, 10)
                    .filter(i -> IntStream.range(0, 10).anyMatch(j -> x[10 * i + j] > 0.5))
                    .count();
            int columns = (int) IntStream.range(0, 10)
                    .filter(j -> IntStream.range(0, 10).anyMatch(i -> x[10 * i + j] > 0.5))
                    .count();
            assertThat(rows).isBetween(6, 10).isEqualTo(columns);
            assertThat(Arrays.stream(x).sum()).isCloseTo(rows * columns, within(1e-6));
            whole += rows == 10 ? 1 : 0;
        }
        // Half of them, and of the others one in eight, whose size is rounded up to 10.
        assertThat(whole).isBetween(20, 38);
    }

    /** The gradient is 1 in the middle, and what is followed is a Gaussian around it. */
    @Test
    void translationInvariantGradientsAreSmoothed() {
        double[] weights = new double[25];
        weights[12] = 1;
        Tensor grey = Tensor.full(0.5, DType.FLOAT64, 1, 1, 5, 5);
        double[] delta = new TiFgsm(1, 1, 3, 0.8, AttackLoss.MARGIN)
                .perturb(problem(linear(weights), grey, Norm.L2, 0.1, new Cost()), Draws.shared(rng(1)))
                .toDoubles();
        double side = Math.exp(-1 / (2 * 0.64));
        double middle = 0.1 / Math.sqrt(1 + 4 * side * side + 4 * Math.pow(side, 4));
        for (int i = 0; i < 25; i++) {
            int distance = Math.abs(i / 5 - 2) + Math.abs(i % 5 - 2);
            boolean near = Math.abs(i / 5 - 2) < 2 && Math.abs(i % 5 - 2) < 2;
            assertThat(delta[i]).isCloseTo(near ? middle * Math.pow(side, distance) : 0, within(1e-12));
        }
        assertThatThrownBy(() -> new TiFgsm(10, 1, 4, 3, AttackLoss.MARGIN))
                .isInstanceOf(InputException.class)
                .hasMessage("kernel 4: expected an odd number");
    }

    /** A classifier that has the weights (1, 0) and (0, 1) in turn. */
    @Test
    void gradientsAndPredictionsAreAveraged() {
        int[] calls = {0};
        Classifier first = linear(2, 0);
        Classifier second = linear(0, 1);
        Classifier turns = pixels -> (calls[0]++ % 2 == 0 ? first : second).logits(pixels);
        Tensor grey = Tensor.full(0.5, DType.FLOAT64, 3, 2);
        Cost cost = new Cost();
        Problem problem = problem(turns, grey, Norm.L2, 0.1, cost).averaging(4);
        Problem.Slope slope = problem.slope(grey.zerosLike(), AttackLoss.MARGIN);
        assertThat(cost.forwardPasses()).isEqualTo(12);
        assertThat(cost.backwardPasses()).isEqualTo(12);
        assertThat(row(slope.gradient(), 1)).containsExactly(1, 0.5);
        assertThat(slope.loss().toDoubles()).containsExactly(0.75, 0.75, 0.75);
        assertThat(row(problem.logits(grey.zerosLike()), 2)).containsExactly(0, 0.75);

        double[] delta = Eot.of(new Fgsm(AttackLoss.MARGIN), 2)
                .perturb(problem(turns, grey, Norm.L2, 0.1, cost), Draws.shared(rng(1)))
                .toDoubles();
        double length = Math.sqrt(1.25);
        assertThat(delta[0]).isCloseTo(0.1 / length, within(1e-12));
        assertThat(delta[1]).isCloseTo(0.05 / length, within(1e-12));
    }

    @Test
    void theAveragedAttackIsReadAndWritten() {
        Family<Attack> attacks = Family.of(Attack.class);
        Eot eot = Eot.of(new Pgd().withSteps(40).withRestarts(2), 5);
        assertThat(attacks.text(eot)).isEqualTo("eot:samples=5:inner=pgd+steps=40+restarts=2");
        assertThat(attacks.parse(attacks.text(eot))).isEqualTo(eot);
        assertThat(attacks.parse("eot")).isEqualTo(new Eot());
        assertThat(Eot.of(new Square(), 2).knowledge()).isEqualTo(Knowledge.SCORES);
        assertThat(Eot.of(new Square(), 2).norms()).isEqualTo(new Square().norms());
        assertThatThrownBy(() -> attacks.parse("eot:inner=eot"))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("expected an attack other than eot");
        assertThatThrownBy(() -> attacks.parse("eot:inner=pdg"))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("did you mean 'pgd'");
    }
}
