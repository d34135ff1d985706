package varepsilon.robust.attack;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import org.apache.commons.statistics.distribution.BinomialDistribution;
import org.apache.commons.statistics.distribution.NormalDistribution;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import varepsilon.classify.Classifier;
import varepsilon.tensor.DType;
import varepsilon.tensor.Tensor;

/**
 * Two classes y = ±1 of points x = y·μ + σ·n, and the linear classifier sign⟨w, x⟩. The worst perturbation takes
 * ε·‖w‖* off the margin, ‖·‖* the dual norm, so that its robust accuracy is Φ((⟨w, μ⟩ − ε‖w‖*) / (σ‖w‖₂)).
 */
class GaussianMixtureTest extends AttackFixture {
    private static final int N = 4_000;
    private static final int D = 20;
    private static final double SIGMA = 0.8;

    @ParameterizedTest
    @CsvSource({"linf,0", "linf,0.05", "linf,0.2", "l2,0.1", "l2,0.5", "l1,0.3", "l1,1.5"})
    void robustAccuracyIsThatOfTheClosedForm(String norm, double epsilon) {
        double[] mu = new double[D];
        Arrays.setAll(mu, i -> 0.5 * Math.cos(i));
        double[] w = new double[D];
        Arrays.setAll(w, i -> Math.cos(i) + 0.4 * Math.sin(2 * i));
        double[] noise = rng(31).normal(DType.FLOAT64, N, D).toDoubles();
        double[] points = new double[N * D];
        long[] labels = new long[N];
        for (int i = 0; i < N; i++) {
            labels[i] = i % 2;
            for (int j = 0; j < D; j++) {
                points[i * D + j] = (labels[i] == 1 ? mu[j] : -mu[j]) + SIGMA * noise[i * D + j];
            }
        }
        Tensor weights = Tensor.of(w, 1, D);
        Classifier classifier = affine(Tensor.concat(0, List.of(weights.neg(), weights)), Tensor.of(new double[2], 2));
        ThreatModel threat = new ThreatModel(Norm.named(norm), epsilon, new Box(-1e3, 1e3));
        double dual = switch (norm) {
            case "linf" -> Arrays.stream(w).map(Math::abs).sum();
            case "l2" -> Math.sqrt(BallAndBox.dot(w, w));
            default -> Arrays.stream(w).map(Math::abs).max().orElseThrow();
        };
        double margin = BallAndBox.dot(w, mu) - epsilon * dual;
        double expected =
                NormalDistribution.of(0, 1).cumulativeProbability(margin / (SIGMA * Math.sqrt(BallAndBox.dot(w, w))));
        BinomialDistribution robustCount = BinomialDistribution.of(N, expected);

        // From a random point, steps of ε turn towards the best direction soonest.
        Pgd fromRandomPoints = Pgd.ofSteps(20).withStepSize(StepSize.relative(1));
        for (Attack attack :
                List.of(new Fgsm(), fromRandomPoints, Pgd.ofSteps(10).withRandomStart(false))) {
            AttackResult result = AttackRun.untargeted(classifier, threat)
                    .of(attack, Tensor.of(points, N, D), labels(labels), rng(32), new Cost());
            int robust = 0;
            int exact = 0;
            for (int i = 0; i < N; i++) {
                double score = 0;
                for (int j = 0; j < D; j++) {
                    score += w[j] * points[i * D + j];
                }
                robust += result.isRobust(i) ? 1 : 0;
                exact += (labels[i] == 1 ? score : -score) > epsilon * dual ? 1 : 0;
            }
            // What one in 10,000 samples would exceed on either side.
            assertThat(robust)
                    .as("robust of %d, expected %.1f %%, %s", N, 100 * expected, attack)
                    .isBetween(
                            robustCount.inverseCumulativeProbability(1e-4),
                            robustCount.inverseSurvivalProbability(1e-4));
            // And on these very points, as each point's margin says: but for those on the very edge.
            assertThat(robust).isBetween(exact, exact + 2);
        }
    }
}
