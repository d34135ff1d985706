package varepsilon.robust.attack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import varepsilon.base.Family;
import varepsilon.classify.Classifier;
import varepsilon.classify.Predictions;
import varepsilon.tensor.DType;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

/** What every registered attack must do, in each of its norms. */
class AttackContractTest extends AttackFixture {
    private static final int N = 5;
    private static final int D = 48;
    /** Parameters that make an attack cheap. */
    private static final Map<String, Object> CHEAP = Map.of("steps", 6, "queries", 120, "samples", 4, "searches", 2);

    private static List<Arguments> attacks() {
        List<Arguments> attacks = new ArrayList<>();
        for (Family.Member<Attack> member : Family.of(Attack.class).members()) {
            Map<String, Object> cheap = new HashMap<>(CHEAP);
            cheap.keySet().removeIf(name -> member.find(name).isEmpty());
            Attack attack = member.with(member.usual(), cheap);
            attack.norms().forEach(norm -> attacks.add(Arguments.of(attack, norm)));
        }
        return attacks;
    }

    private static ThreatModel threat(Norm norm) {
        double epsilon = norm == Norm.LINF ? 0.1 : norm == Norm.L2 ? 0.5 : norm == Norm.L1 ? 2 : 4;
        return ThreatModel.of(norm, epsilon);
    }

    private Tensor images(DType dtype) {
        return rng(5).uniform(DType.FLOAT64, N, 3, 4, 4).to(dtype);
    }

    /** The predicted classes, but for the last image, which is misclassified. */
    private static Tensor labels(Classifier classifier, Tensor images) {
        long[] labels = classifier.logits(images).argmax(1).toLongs();
        labels[N - 1] = (labels[N - 1] + 1) % 3;
        return labels(labels);
    }

    private static AttackResult run(
            Attack attack, Norm norm, Classifier classifier, Tensor images, Tensor labels, int... which) {
        return run(attack, threat(norm), classifier, images, labels, which);
    }

    private static AttackResult run(
            Attack attack, ThreatModel threat, Classifier classifier, Tensor images, Tensor labels, int... which) {
        try (Draws draws = Draws.perImage(Seed.of(3), which)) {
            return AttackRun.untargeted(classifier, threat).of(attack, images, labels, labels, draws, new Cost());
        }
    }

    private static int[] all() {
        return IntStream.range(0, N).toArray();
    }

    @ParameterizedTest
    @MethodSource("attacks")
    void ballAndBoxHoldAndSuccessIsWhatIsPredictedAgain(Attack attack, Norm norm) {
        for (DType dtype : List.of(DType.FLOAT32, DType.FLOAT64)) {
            Classifier classifier = curved(D, dtype);
            Tensor images = images(dtype);
            Tensor labels = labels(classifier, images);
            AttackResult result = run(attack, norm, classifier, images, labels, all());
            assertThat(result.adversarial().dtype()).isEqualTo(dtype);
            assertThat(result.adversarial().requiresGrad()).isFalse();
            double[] pixels = result.adversarial().toDoubles();
            assertThat(Arrays.stream(pixels).min().orElseThrow()).isGreaterThanOrEqualTo(0);
            assertThat(Arrays.stream(pixels).max().orElseThrow()).isLessThanOrEqualTo(1);
            Tensor difference = result.adversarial().to(DType.FLOAT64).sub(images.to(DType.FLOAT64));
            assertThat(norm.length(difference).toDoubles()).containsExactly(result.size());
            assertThat(Arrays.stream(result.size()).max().orElseThrow())
                    .isLessThanOrEqualTo(threat(norm).epsilon() + AttackRun.TOLERANCE);
            Predictions again = Predictions.of(classifier.logits(result.adversarial()));
            assertThat(again.classes()).isEqualTo(result.adversarialPrediction());
            boolean[] correct = again.correct(labels);
            for (int i = 0; i < N; i++) {
                assertThat(result.met()[i]).isEqualTo(!correct[i]);
            }
            assertThat(result.met()[N - 1]).isTrue();
            assertThat(row(difference, N - 1))
                    .as("misclassified, so not attacked")
                    .containsOnly(0);
        }
    }

    @ParameterizedTest
    @MethodSource("attacks")
    void anImageHasTheSameBitsAgainAndAloneAndInAnyOrder(Attack attack, Norm norm) {
        Classifier classifier = curved(D, DType.FLOAT32);
        Tensor images = images(DType.FLOAT32);
        Tensor labels = labels(classifier, images);
        float[] together = run(attack, norm, classifier, images, labels, all())
                .adversarial()
                .toFloats();
        assertThat(run(attack, norm, classifier, images, labels, all())
                        .adversarial()
                        .toFloats())
                .isEqualTo(together);
        int[] other = {3, 1};
        Tensor some = Tensor.of(new long[] {3, 1}, 2);
        float[] apart = run(attack, norm, classifier, images.indexSelect(0, some), labels.indexSelect(0, some), other)
                .adversarial()
                .toFloats();
        assertThat(Arrays.copyOfRange(apart, 0, D)).isEqualTo(Arrays.copyOfRange(together, 3 * D, 4 * D));
        float[] alone = run(attack, norm, classifier, images.narrow(0, 1, 1), labels.narrow(0, 1, 1), 1)
                .adversarial()
                .toFloats();
        assertThat(alone).isEqualTo(Arrays.copyOfRange(together, D, 2 * D));
    }

    @ParameterizedTest
    @MethodSource("attacks")
    void nothingMovesWhereEpsilonIsZero(Attack attack, Norm norm) {
        Classifier classifier = curved(D, DType.FLOAT32);
        Tensor images = images(DType.FLOAT32);
        AttackResult result =
                run(attack, ThreatModel.of(norm, 0), classifier, images, labels(classifier, images), all());
        assertThat(result.adversarial().toFloats()).isEqualTo(images.toFloats());
        assertThat(result.adversarialPrediction()).isEqualTo(result.cleanPrediction());
    }

    @ParameterizedTest
    @MethodSource("attacks")
    void anEmptyBatchIsRefused(Attack attack, Norm norm) {
        Tensor none = images(DType.FLOAT32).narrow(0, 0, 0);
        assertThatThrownBy(() -> run(attack, norm, curved(D, DType.FLOAT32), none, Tensor.of(new long[0], 0)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("N at least 1");
    }

    /** A gradient that is not a number at one image must not reach the others. */
    @ParameterizedTest
    @MethodSource("attacks")
    void anImageWithoutAGradientDoesNotChangeTheOthers(Attack attack, Norm norm) {
        Classifier classifier = curved(D, DType.FLOAT32);
        // The first image is almost white, farther from the others than any perturbation here.
        Tensor images = images(DType.FLOAT32).mul(0.3).add(0.3);
        images.narrow(0, 0, 1).copyInPlace(Tensor.full(0.97, DType.FLOAT32, 1, 3, 4, 4));
        Tensor labels = labels(classifier, images);
        float[] expected = run(attack, norm, classifier, images, labels, all())
                .adversarial()
                .toFloats();
        // √0 has an infinite derivative, and 0·∞ is NaN: so it is where the mean is above 0.9.
        Classifier broken = pixels -> {
            Tensor mean = pixels.flatten(1).mean(1).unsqueeze(1);
            Tensor root = mean.neg().add(0.9).relu().sqrt().mul(0);
            return classifier.logits(pixels).add(root);
        };
        float[] found =
                run(attack, norm, broken, images, labels, all()).adversarial().toFloats();
        assertThat(found).doesNotContain(Float.NaN);
        assertThat(Arrays.copyOfRange(found, D, N * D)).isEqualTo(Arrays.copyOfRange(expected, D, N * D));
    }

    /**
     * What an attack looks at beside its own iterates is no success that it lost. This model errs in thin layers
     * everywhere, so that what is looked at is often misclassified and an iterate seldom.
     */
    @ParameterizedTest
    @MethodSource("attacks")
    void noSuccessIsLost(Attack attack, Norm norm) {
        double[] w = new double[D];
        Arrays.setAll(w, i -> Math.cos(7 * i));
        Tensor weights = Tensor.of(w, 1, D);
        Classifier layered = pixels -> {
            Tensor along = pixels.flatten(1).mul(weights).cumulativeSum(1).narrow(1, D - 1, 1);
            // A triangle wave of period 0.02, from −1 to 1, by its distance to the nearest whole number.
            Tensor phase = along.mul(50);
            Tensor wave = phase.sub(phase.detach().to(DType.INT64).to(DType.FLOAT64))
                    .abs()
                    .mul(2)
                    .sub(1);
            return Tensor.concat(1, List.of(wave.mul(0).add(0.85), wave));
        };
        Tensor images = images(DType.FLOAT64);
        AttackResult result = run(attack, norm, layered, images, repeatedLabel(0, N), all());
        assertThat(result.lost()).isEmpty();
    }

    /** Every pass is made in evaluation mode, and the mode is restored. */
    @ParameterizedTest
    @MethodSource("attacks")
    void theClassifierIsInEvaluationModeMeanwhile(Attack attack, Norm norm) {
        Classifier classifier = curved(D, DType.FLOAT32);
        boolean[] evaluating = {false};
        Classifier strict = new Classifier() {
            @Override
            public Tensor logits(Tensor pixels) {
                assertThat(evaluating[0]).isTrue();
                return classifier.logits(pixels);
            }

            @Override
            public <T> T evaluating(Supplier<T> work) {
                boolean before = evaluating[0];
                evaluating[0] = true;
                try {
                    return work.get();
                } finally {
                    evaluating[0] = before;
                }
            }
        };
        Tensor images = images(DType.FLOAT32);
        run(attack, norm, strict, images, labels(classifier, images), all());
        assertThat(evaluating[0]).isFalse();
    }
}
