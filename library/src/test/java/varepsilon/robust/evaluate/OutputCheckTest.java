package varepsilon.robust.evaluate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import varepsilon.ScopedTest;
import varepsilon.classify.Classifier;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

class OutputCheckTest extends ScopedTest {
    private static final int N = 20;

    private static Classifier linear() {
        try (Rng rng = Seed.of(1).stream()) {
            Tensor weights = rng.normal(12, 4);
            return pixels -> pixels.flatten(1).matmul(weights);
        }
    }

    private static List<String> on(UnaryOperator<Tensor> ofLogits) {
        Classifier honest = linear();
        return tripped(pixels -> ofLogits.apply(honest.logits(pixels)));
    }

    private static List<String> tripped(Classifier classifier) {
        return tripped(classifier, false);
    }

    private static List<String> tripped(Classifier classifier, boolean guessing) {
        try (Rng rng = Seed.of(2).stream()) {
            Tensor pixels = rng.uniform(N, 3, 2, 2);
            OutputCheck check = new OutputCheck();
            check.compare(classifier, pixels);
            for (int from : new int[] {0, N / 2}) {
                Tensor logits = classifier.logits(pixels.narrow(0, from, N / 2));
                // An honest classifier of these images: they are labelled by what it says, or by chance.
                Tensor labels = guessing ? Tensor.arange(N / 2).clamp(0, 3) : logits.argmax(1);
                check.add(logits, labels);
            }
            assertThat(check.checks()).extracting(Check::saw).doesNotContain("");
            return check.checks().stream()
                    .filter(Check::tripped)
                    .map(one -> one.name() + ": " + one.saw() + ". " + one.advice())
                    .toList();
        }
    }

    @Test
    void logitsPass() {
        assertThat(on(logits -> logits)).isEmpty();
        assertThat(on(logits -> logits.mul(1e4))).isEmpty();
        assertThat(new OutputCheck().checks()).as("nothing seen").isEmpty();
    }

    @Test
    void softmaxAndSigmoidAreNoticed() {
        assertThat(on(logits -> logits.softmax(1)))
                .singleElement()
                .asString()
                .startsWith("probabilities: ")
                .contains("last softmax");
        assertThat(on(Tensor::sigmoid)).singleElement().asString().contains("last sigmoid");
        assertThat(on(logits -> logits.mul(1e-3).sigmoid()))
                .singleElement()
                .asString()
                .contains("last sigmoid");
    }

    /** One value above 1 is enough to know that these are no probabilities. */
    @Test
    void whatIsOutsideZeroToOneIsNoProbability() {
        assertThat(on(logits -> logits.sigmoid().mul(1.6))).isEmpty();
        assertThat(on(logits -> logits.sigmoid().mul(3).sub(1))).isEmpty();
    }

    @Test
    void logitsOfTinyScaleAreNoticed() {
        assertThat(on(logits -> logits.mul(1e-3)))
                .singleElement()
                .asString()
                .startsWith("scaled-logits: the logits of an image differ by up to 0.00")
                .contains("margin or dlr loss");
    }

    /** A network that has learnt nothing yet has small logits and no business being sure. */
    @Test
    void anUntrainedClassifierIsNotCalledScaledDown() {
        Classifier honest = linear();
        assertThat(tripped(pixels -> honest.logits(pixels).mul(1e-3), true)).isEmpty();
    }

    /** A model that was saved in training mode: each column of logits is normalised by the batch. */
    @Test
    void normalisationByTheBatchIsNoticed() {
        Classifier honest = linear();
        Classifier training = pixels -> {
            Tensor logits = honest.logits(pixels);
            return logits.sub(logits.mean(0));
        };
        assertThat(tripped(training))
                .singleElement()
                .asString()
                .startsWith("batch-dependence: the logits of an image differ by up to ");
    }

    @Test
    void aRandomClassifierIsNoticed() {
        Classifier honest = linear();
        try (Rng rng = Seed.of(3).stream()) {
            Classifier random = pixels -> {
                Tensor logits = honest.logits(pixels);
                return logits.add(rng.normal(logits.shape()));
            };
            assertThat(tripped(random)).singleElement().asString().startsWith("random-model: ");
        }
    }
}
