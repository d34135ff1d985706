package varepsilon.robust.defense;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static varepsilon.robust.defense.ClassifierObjective.Settings.PLAIN;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.base.InputException;
import varepsilon.classify.NetworkClassifier;
import varepsilon.robust.attack.Attack;
import varepsilon.robust.attack.Cost;
import varepsilon.robust.attack.Fgsm;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.Pgd;
import varepsilon.robust.attack.StepSize;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.tensor.DType;
import varepsilon.tensor.Tensor;
import varepsilon.train.BatchResult;

/** TRADES on an affine model of three classes and two pixels, followed by hand in double precision. */
class TradesTest extends DefenseTest {
    private static final double EPSILON = 0.1;
    private static final double STEP = 0.06;
    private static final double BETA = 6;
    private static final Pgd PGD = Pgd.ofSteps(2).withStepSize(StepSize.pixels(STEP));
    private static final ThreatModel THREAT = ThreatModel.of(Norm.LINF, EPSILON);

    /** w₀₀ w₀₁ w₁₀ w₁₁ w₂₀ w₂₁ b₀ b₁ b₂, as the network has its parameters. */
    private static final double[] PARAMETERS = {1.5, -0.7, -0.4, 2.1, 0.9, 0.3, 0.2, -0.1, 0.05};

    // The second image lies near two edges of the box.
    private static final double[][] X = {{0.4, 0.6}, {0.02, 0.95}, {0.7, 0.5}};
    private static final int[] LABELS = {0, 1, 0};

    private static double[] softmax(double[] p, double[] x) {
        double[] exp = new double[3];
        Arrays.setAll(exp, k -> Math.exp(p[2 * k] * x[0] + p[2 * k + 1] * x[1] + p[6 + k]));
        double sum = Arrays.stream(exp).sum();
        return Arrays.stream(exp).map(e -> e / sum).toArray();
    }

    /** KL(p ‖ q). */
    private static double divergence(double[] p, double[] q) {
        double sum = 0;
        for (int k = 0; k < 3; k++) {
            sum += p[k] * Math.log(p[k] / q[k]);
        }
        return sum;
    }

    private static double clip(double value, double low, double high) {
        return Math.max(low, Math.min(high, value));
    }

    /** Two steps up the divergence, whose gradient with respect to the perturbed logits is q − p. */
    private static double[] attacked(double[] x, double[] start) {
        double[] reference = softmax(PARAMETERS, x);
        double[] at = new double[2];
        Arrays.setAll(at, i -> clip(x[i] + start[i], 0, 1));
        for (int step = 0; step < 2; step++) {
            double[] q = softmax(PARAMETERS, at);
            for (int i = 0; i < 2; i++) {
                double slope = 0;
                for (int k = 0; k < 3; k++) {
                    slope += (q[k] - reference[k]) * PARAMETERS[2 * k + i];
                }
                at[i] = clip(clip(at[i] + STEP * Math.signum(slope), x[i] - EPSILON, x[i] + EPSILON), 0, 1);
            }
        }
        return at;
    }

    private static double loss(double[] p, double[][] attacked) {
        double sum = 0;
        for (int n = 0; n < X.length; n++) {
            double[] clean = softmax(p, X[n]);
            sum += -Math.log(clean[LABELS[n]]) + BETA * divergence(clean, softmax(p, attacked[n]));
        }
        return sum / X.length;
    }

    @Test
    void lossAndGradientAreThoseComputedByHand() {
        double[] start = rng().uniform(DType.FLOAT64, 3, 1, 1, 2)
                .mul(2 * EPSILON)
                .sub(EPSILON)
                .toDoubles();
        double[][] attacked = new double[X.length][];
        Arrays.setAll(attacked, n -> attacked(X[n], Arrays.copyOfRange(start, 2 * n, 2 * n + 2)));

        NetworkClassifier classifier =
                closing(Toys.affine(new double[][] {{1.5, -0.7}, {-0.4, 2.1}, {0.9, 0.3}}, 0.2, -0.1, 0.05));
        Tensor images =
                Tensor.of(Arrays.stream(X).flatMapToDouble(Arrays::stream).toArray(), 3, 1, 1, 2);
        Tensor classes = Tensor.of(Arrays.stream(LABELS).asLongStream().toArray(), 3);
        Trades objective = closing(new Trades(classifier, PLAIN, new Adversary(PGD, THREAT), BETA));
        BatchResult result = objective.evaluate(images, classes, rng(), new Cost());

        assertThat(result.loss().item()).isCloseTo(loss(PARAMETERS, attacked), within(1e-12));
        double[] adversarial = result.perExample().get("adversarial_loss").toDoubles();
        double[] gradient = Toys.gradient(classifier, result);
        for (int n = 0; n < X.length; n++) {
            double byHand = -Math.log(softmax(PARAMETERS, attacked[n])[LABELS[n]]);
            assertThat(adversarial[n]).isCloseTo(byHand, within(1e-12));
        }
        // Through both distributions: the clean one is no constant in what is minimised.
        for (int i = 0; i < PARAMETERS.length; i++) {
            double[] up = PARAMETERS.clone();
            double[] down = PARAMETERS.clone();
            up[i] += 1e-5;
            down[i] -= 1e-5;
            double slope = (loss(up, attacked) - loss(down, attacked)) / 2e-5;
            assertThat(gradient[i]).as("parameter %d", i).isCloseTo(slope, within(1e-9));
        }
    }

    @Test
    void atBetaZeroItIsStandardTraining() {
        NetworkClassifier one = plain();
        NetworkClassifier other = plain();
        BatchResult trades = closing(new Trades(one, PLAIN, new Adversary(PGD, THREAT), 0))
                .evaluate(pixels, labels, rng(), new Cost());
        BatchResult standard = closing(new StandardTraining(other, PLAIN)).evaluate(pixels, labels, rng(), new Cost());
        assertThat(trades.loss().item()).isEqualTo(standard.loss().item());
        assertThat(Toys.gradient(one, trades)).containsExactly(Toys.gradient(other, standard));
    }

    @Test
    void theAttackLooksAtTheClassifierAsItIsUsedUnlessToldOtherwise() {
        NetworkClassifier classifier = normalised();
        closing(new Trades(classifier, PLAIN, new Adversary(PGD, THREAT), BETA))
                .evaluate(pixels, labels, rng(), new Cost());
        assertThat(batches(classifier))
                .as("the two passes of the training alone")
                .isEqualTo(2);
        NetworkClassifier other = normalised();
        Adversary training = new Adversary(PGD, THREAT).withMode(Adversary.Mode.TRAINING);
        closing(new Trades(other, PLAIN, training, BETA)).evaluate(pixels, labels, rng(), new Cost());
        assertThat(batches(other)).as("and the reference and two steps").isEqualTo(5);
    }

    private static double batches(NetworkClassifier classifier) {
        return classifier.module().state().get("1.num_batches_tracked").item();
    }

    @Test
    void refusesAttacksThatBeginAtTheImageItself() {
        NetworkClassifier classifier = plain();
        for (Attack attack : List.of(new Fgsm(), PGD.withRandomStart(false))) {
            Adversary adversary = new Adversary(attack, THREAT);
            assertThatThrownBy(() -> new Trades(classifier, PLAIN, adversary, BETA))
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining("attack " + attack.name() + ": expected pgd with a random start in TRADES");
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {-1, Double.NaN, Double.POSITIVE_INFINITY})
    void refusesABetaThatIsNone(double beta) {
        NetworkClassifier classifier = plain();
        assertThatThrownBy(() -> new Trades(classifier, PLAIN, new Adversary(PGD, THREAT), beta))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("beta " + beta + ": expected a number of at least 0");
    }
}
