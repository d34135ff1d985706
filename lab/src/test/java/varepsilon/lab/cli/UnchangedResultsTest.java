package varepsilon.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import varepsilon.report.Metrics;

/**
 * What a fixed seed gave at commit 7279a05, it still gives: a change that is not meant to change results must not touch
 * the numbers here. Losses are compared to about four digits, since processors differ in the last bits of a sum.
 */
class UnchangedResultsTest {
    private static final double RELATIVE = 1e-4;

    @TempDir
    private Path folder;

    private Path data;
    private Path run;

    @BeforeEach
    void drawImages() throws IOException {
        data = SmallMnist.in(folder.resolve("data"));
        run = folder.resolve("run");
    }

    private void train(List<Object> words) {
        Ran.of(words.toArray()).succeeded();
    }

    private void trainClassifier(int epochs, Object... more) {
        List<Object> words = SmallClassifier.training(data, run, epochs, "--seed", 3, "--check-attack", "none");
        words.addAll(List.of(more));
        train(words);
    }

    /** The last value of a column of the run's metrics. */
    private void assertLast(String column, double expected) throws IOException {
        double found = Metrics.read(run.resolve("metrics.csv")).last(column);
        assertThat(found).as(column).isCloseTo(expected, within(RELATIVE * expected));
    }

    @Test
    void aVae() throws IOException {
        train(Ran.smallTraining(data, run, 2, "--seed", 3));

        assertLast("train_bpd", 3.979265);
        assertLast("val_bpd", 3.970657);
        assertLast("train_reconstruction_nats", 2162.434);
        assertLast("train_kl_nats", 0.007303667);
    }

    @ParameterizedTest
    @CsvSource({
        "fgsm, 2.295693, 2.440491, 2.253905",
        "fgsm-rs, 2.295124, 2.441140, 2.253876",
        "pgd, 2.296246, 2.553376, 2.259640",
        "mi-fgsm, 2.297007, 2.508421, 2.258861",
        "uniform-noise, 2.291290, 2.292669, 2.248157",
        "sign-noise, 2.291517, 2.294538, 2.249473"
    })
    void anEpochAgainst(String attack, double loss, double adversarialLoss, double heldOutLoss) throws IOException {
        trainClassifier(1, "--defense", "adversarial-loss", "--alpha", 0.5, "--attack", attack, "--eps", 0.3);

        assertLast("train_loss", loss);
        assertLast("train_adversarial_loss", adversarialLoss);
        assertLast("val_loss", heldOutLoss);
    }

    @ParameterizedTest
    @CsvSource({
        "adversarial-loss, 2.383098, 2.251606",
        "adversarial-batch, 2.383098, 2.251606",
        "trades, 2.296499, 2.248396"
    })
    void anEpochOfADefence(String defence, double adversarialLoss, double heldOutLoss) throws IOException {
        trainClassifier(1, "--defense", defence, "--attack", "pgd", "--eps", 0.1, "--steps", 2);

        assertLast("train_adversarial_loss", adversarialLoss);
        assertLast("val_loss", heldOutLoss);
    }

    @Test
    void anEpochOfFreeTraining() throws IOException {
        trainClassifier(1, "--defense", "free", "--eps", 0.1);

        assertLast("train_adversarial_loss", 1.803858);
        assertLast("val_loss", 1.519194);
    }

    /** For each attack: images still correctly classified, passes forward and backward, largest perturbation. */
    @Test
    void attacks() throws IOException {
        trainClassifier(8);
        assertLast("train_loss", 0.1568690);

        assertThat(attacked("linf", "0.1")).containsExactly("""
                fgsm linf 0.1: 37 164 52 0.100
                fgsm-rs linf 0.1: 39 164 52 0.100
                pgd linf 0.1: 36 504 392 0.100
                mi-fgsm linf 0.1: 36 596 484 0.100
                uniform-noise linf 0.1: 52 112 0 0.100
                sign-noise linf 0.1: 52 112 0 0.100
                """.split("\n"));
        assertThat(attacked("l2", "2")).containsExactly("""
                fgsm l2 2.0: 24 164 52 2.000
                fgsm-rs l2 2.0: 30 164 52 2.000
                pgd l2 2.0: 15 361 249 2.000
                mi-fgsm l2 2.0: 27 562 450 1.894
                uniform-noise l2 2.0: 52 112 0 1.577
                sign-noise l2 2.0: 52 112 0 2.000
                """.split("\n"));
    }

    private List<String> attacked(String norm, String eps) throws IOException {
        List<Object> words =
                new ArrayList<>(List.of("attack", "--weights", run, "--data", "mnist", "--data-dir", data));
        words.addAll(List.of("--attack", "fgsm,fgsm-rs,pgd,mi-fgsm,uniform-noise,sign-noise", "--norm", norm));
        words.addAll(
                List.of("--eps", eps, "--split", "train", "--limit", 60, "--threads", 1, "--device", "cpu", "--json"));
        List<String> lines = new ArrayList<>();
        for (JsonNode one : Ran.of(words.toArray()).succeeded().json().get("attacks")) {
            lines.add(String.format(
                    Locale.ROOT,
                    "%s %s %s: %s %s %s %.3f",
                    one.get("name").asText(),
                    one.get("norm").asText(),
                    one.get("eps"),
                    one.get("robust_correct"),
                    one.get("forward_passes"),
                    one.get("backward_passes"),
                    one.get("max_perturbation").asDouble()));
        }
        return lines;
    }
}
