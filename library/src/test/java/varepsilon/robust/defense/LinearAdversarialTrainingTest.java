package varepsilon.robust.defense;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.classify.NetworkClassifier;
import varepsilon.robust.attack.Attack;
import varepsilon.robust.attack.Cost;
import varepsilon.robust.attack.Fgsm;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.Pgd;
import varepsilon.robust.attack.StepSize;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.tensor.Tensor;
import varepsilon.train.BatchResult;

/**
 * Two logits w₀·x + b₀ and w₁·x + b₁ are logistic regression with w = w₁ − w₀ and b = b₁ − b₀. Against an attacker to
 * whom the box leaves room, its adversarial training minimises log(1 + exp(−(y·(w·x + b) − ε‖w‖))), where ‖w‖ is the
 * dual of the attacker's norm: that, and its gradient, is what must come out, in double precision.
 */
class LinearAdversarialTrainingTest extends DefenseTest {
    private static final double[][] W = {{0.7, -1.1, 0.2, 1.9}, {-0.8, 0.4, 1.6, 0.3}};
    private static final double[] B = {0.1, -0.3};
    // At least 0.25 from the box.
    private static final double[][] X = {
        {0.30, 0.70, 0.45, 0.50},
        {0.62, 0.31, 0.50, 0.28},
        {0.55, 0.44, 0.26, 0.74},
        {0.41, 0.52, 0.73, 0.36},
        {0.5, 0.5, 0.5, 0.5}
    };
    private static final int[] Y = {1, -1, 1, -1, 1};
    private static final double EPSILON = 0.2;

    private static double dual(String norm, double[] w) {
        return switch (norm) {
            case "linf" -> Arrays.stream(w).map(Math::abs).sum();
            case "l2" -> Math.sqrt(Arrays.stream(w).map(v -> v * v).sum());
            case "l1" -> Arrays.stream(w).map(Math::abs).max().getAsDouble();
            default -> throw new AssertionError(norm);
        };
    }

    /** One component of the dual norm's gradient at w. */
    private static double dualSlope(String norm, double[] w, int i) {
        return switch (norm) {
            case "linf" -> Math.signum(w[i]);
            case "l2" -> w[i] / dual("l2", w);
            case "l1" -> Math.abs(w[i]) == dual("l1", w) ? Math.signum(w[i]) : 0;
            default -> throw new AssertionError(norm);
        };
    }

    /** Parameters in the order of the network's: w₀, w₁, b₀, b₁. */
    private static double[] parameters() {
        return new double[] {W[0][0], W[0][1], W[0][2], W[0][3], W[1][0], W[1][1], W[1][2], W[1][3], B[0], B[1]};
    }

    private static double[] difference(double[] p) {
        double[] w = new double[4];
        Arrays.setAll(w, i -> p[4 + i] - p[i]);
        return w;
    }

    private static double margin(String norm, double[] p, double epsilon, int n) {
        double[] w = difference(p);
        double score = p[9] - p[8];
        for (int i = 0; i < 4; i++) {
            score += w[i] * X[n][i];
        }
        return Y[n] * score - epsilon * dual(norm, w);
    }

    private static double loss(String norm, double[] p, double epsilon) {
        double sum = 0;
        for (int n = 0; n < X.length; n++) {
            sum += Math.log1p(Math.exp(-margin(norm, p, epsilon, n)));
        }
        return sum / X.length;
    }

    private static double[] gradient(String norm, double[] p, double epsilon) {
        double[] gradient = new double[10];
        double[] w = difference(p);
        for (int n = 0; n < X.length; n++) {
            double share = -1 / (1 + Math.exp(margin(norm, p, epsilon, n))) / X.length;
            for (int i = 0; i < 4; i++) {
                double along = share * (Y[n] * X[n][i] - epsilon * dualSlope(norm, w, i));
                gradient[i] -= along;
                gradient[4 + i] += along;
            }
            gradient[8] -= share * Y[n];
            gradient[9] += share * Y[n];
        }
        return gradient;
    }

    private BatchResult result(NetworkClassifier classifier, Attack attack, String norm, double alpha) {
        Tensor[] rows = Arrays.stream(X).map(x -> Tensor.of(x, 1, 2, 2)).toArray(Tensor[]::new);
        Tensor images = Tensor.stack(0, Arrays.asList(rows));
        Tensor classes =
                Tensor.of(Arrays.stream(Y).mapToLong(y -> y > 0 ? 1 : 0).toArray(), Y.length);
        Adversary adversary = new Adversary(attack, ThreatModel.of(Norm.named(norm), EPSILON));
        return closing(new AdversarialLoss(classifier, ClassifierObjective.Settings.PLAIN, adversary, alpha))
                .evaluate(images, classes, rng(), new Cost());
    }

    private NetworkClassifier classifier() {
        return closing(Toys.affine(W, B));
    }

    @ParameterizedTest
    @ValueSource(strings = {"linf", "l2", "l1"})
    void fgsmTrainsAgainstTheDualNorm(String norm) {
        NetworkClassifier classifier = classifier();
        BatchResult result = result(classifier, new Fgsm(), norm, 0);
        double[] p = parameters();
        assertThat(result.loss().item()).isCloseTo(loss(norm, p, EPSILON), within(1e-12));
        double[] gradient = Toys.gradient(classifier, result);
        assertThat(gradient).containsExactly(gradient(norm, p, EPSILON), within(1e-12));
        // The closed form itself, by central differences: the attack follows the weights, as Danskin's theorem lets it.
        for (int i = 0; i < p.length; i++) {
            double h = 1e-5;
            double[] up = p.clone();
            double[] down = p.clone();
            up[i] += h;
            down[i] -= h;
            double slope = (loss(norm, up, EPSILON) - loss(norm, down, EPSILON)) / (2 * h);
            assertThat(gradient[i]).as("parameter %d", i).isCloseTo(slope, within(1e-9));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"linf", "l2", "l1"})
    void pgdFindsTheSame(String norm) {
        NetworkClassifier classifier = classifier();
        // Steps longer than the ball turn fast towards the gradient.
        Pgd pgd = Pgd.ofSteps(20).withStepSize(StepSize.relative(10));
        BatchResult result = result(classifier, pgd, norm, 0);
        double[] p = parameters();
        assertThat(result.loss().item()).isCloseTo(loss(norm, p, EPSILON), within(1e-12));
        assertThat(Toys.gradient(classifier, result)).containsExactly(gradient(norm, p, EPSILON), within(1e-12));
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.3, 0.5, 1})
    void alphaMixesLossAndGradient(double alpha) {
        NetworkClassifier classifier = classifier();
        BatchResult result = result(classifier, new Fgsm(), "l2", alpha);
        double[] p = parameters();
        assertThat(result.loss().item())
                .isCloseTo(alpha * loss("l2", p, 0) + (1 - alpha) * loss("l2", p, EPSILON), within(1e-12));
        double[] clean = gradient("l2", p, 0);
        double[] attacked = gradient("l2", p, EPSILON);
        double[] mixed = new double[10];
        Arrays.setAll(mixed, i -> alpha * clean[i] + (1 - alpha) * attacked[i]);
        assertThat(Toys.gradient(classifier, result)).containsExactly(mixed, within(1e-12));
    }

    @Test
    void theBoxTakesRoomFromTheAttacker() {
        // x = 1: only downwards is there room, so that the margin of y = −1, which falls with x, cannot be lowered.
        NetworkClassifier classifier = closing(Toys.affine(new double[][] {{0}, {2}}, 0, 0));
        Adversary adversary = new Adversary(new Fgsm(), ThreatModel.of(Norm.LINF, EPSILON));
        AdversarialLoss objective =
                closing(new AdversarialLoss(classifier, ClassifierObjective.Settings.PLAIN, adversary, 0));
        Tensor images = Tensor.of(new double[] {1, 1}, 2, 1, 1, 1);
        Tensor classes = Tensor.of(new long[] {0, 1}, 2);
        double loss =
                objective.evaluate(images, classes, rng(), new Cost()).loss().item();
        double stays = Math.log1p(Math.exp(2));
        double moves = Math.log1p(Math.exp(-2 * (1 - EPSILON)));
        assertThat(loss).isCloseTo((stays + moves) / 2, within(1e-12));
    }
}
