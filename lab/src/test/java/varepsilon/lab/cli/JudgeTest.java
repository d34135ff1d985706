package varepsilon.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** {@code attack --judge}: what an attack has saved gets the verdict that the attack had. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class JudgeTest {
    private Path folder;
    private Path data;
    private Path weights;
    private Path saved;
    private JsonNode attacked;

    @BeforeAll
    void attack(@TempDir Path folder) throws IOException {
        this.folder = folder;
        data = SmallMnist.in(folder.resolve("data"));
        weights = folder.resolve("run");
        Ran.of(SmallClassifier.training(data, weights, 8).toArray()).succeeded();
        Path files = folder.resolve("saved");
        attacked = ran("--attack", "fgsm", "--eps", 0.1, "--save", files, "--json")
                .succeeded()
                .json();
        saved = Path.of(attacked.at("/saved/0/folder").asText());
    }

    private Ran ran(Object... more) {
        List<Object> words =
                new ArrayList<>(List.of("attack", "--weights", weights, "--data", "mnist", "--data-dir", data));
        words.addAll(List.of("--threads", 1, "--device", "cpu"));
        words.addAll(List.of(more));
        return Ran.of(words.toArray());
    }

    @Test
    void ourOwnExamplesAreJudgedAsTheAttackCountedThem() throws IOException {
        JsonNode result = ran("--judge", saved.resolve("examples.safetensors"), "--eps", 0.1, "--json")
                .succeeded()
                .json();

        assertThat(result.fieldNames()).toIterable().containsExactly("weights", "images", "notes", "judged");
        JsonNode judged = result.get("judged");
        assertThat(judged.fieldNames())
                .toIterable()
                .containsExactly(
                        "file",
                        "format",
                        "norm",
                        "eps",
                        "n",
                        "clean_correct",
                        "robust_correct",
                        "clean_accuracy",
                        "clean_ci95",
                        "robust_accuracy",
                        "robust_ci95",
                        "too_large",
                        "too_large_and_wrong",
                        "max_perturbation",
                        "median_perturbation");
        for (String figure :
                List.of("n", "clean_correct", "robust_correct", "clean_accuracy", "robust_accuracy", "robust_ci95")) {
            assertThat(judged.get(figure)).as(figure).isEqualTo(attacked.get(figure));
        }
        assertThat(judged.get("robust_correct").asInt())
                .isLessThan(judged.get("clean_correct").asInt());
        assertThat(judged.get("too_large").asInt()).isZero();
        assertThat(judged.get("max_perturbation").asDouble())
                .isCloseTo(attacked.get("max_perturbation").asDouble(), within(1e-6));
    }

    @Test
    void pngPairsAreRoundedAndThatIsSaid() throws IOException {
        JsonNode judged = ran("--judge", saved.resolve("png"), "--eps", 0.1, "--json")
                .succeeded()
                .json()
                .get("judged");

        // 25.5 levels round to 26 in one direction, so that no image that was attacked, having been right, stays within
        // ε;
        // half a level more allows for it.
        assertThat(judged.get("too_large")).isEqualTo(judged.get("clean_correct"));
        assertThat(judged.get("robust_correct")).isEqualTo(judged.get("clean_correct"));
        JsonNode rounded = judged.get("rounded");
        assertThat(rounded.get("allowed").asDouble()).isCloseTo(0.1 + 0.5 / 255, within(1e-12));
        assertThat(rounded.get("too_large").asInt()).isZero();
        assertThat(rounded.get("robust_correct")).isEqualTo(attacked.at("/saved/0/bytes/robust_correct"));

        Ran text = ran("--judge", saved.resolve("png"), "--eps", 0.1).succeeded();
        assertThat(text.out())
                .contains("judged: linf ε=0.10000", "up to ε, as stored", "rounding allowed for", "PNG pairs")
                .doesNotContain("pgd");
    }

    @Test
    void besideAnAttackThatIsAskedFor() throws IOException {
        Path file = saved.resolve("examples.safetensors");
        JsonNode result = ran("--judge", file, "--attack", "fgsm", "--eps", 0.1, "--json")
                .succeeded()
                .json();

        assertThat(result.get("attacks")).hasSize(1);
        assertThat(result.get("robust_correct")).isEqualTo(attacked.get("robust_correct"));
        assertThat(result.at("/judged/robust_correct")).isEqualTo(attacked.get("robust_correct"));
        assertThat(ran("--judge", file, "--attack", "fgsm", "--eps", 0.1)
                        .succeeded()
                        .out())
                .contains("fgsm", "judged: linf");
    }

    @Test
    void tooLargePerturbationsAreNotedAndBreakNothing() throws IOException {
        Ran ran = ran("--judge", saved.resolve("examples.safetensors"), "--eps", 0.01, "--json")
                .succeeded();
        JsonNode judged = ran.json().get("judged");

        assertThat(judged.get("robust_correct")).isEqualTo(judged.get("clean_correct"));
        assertThat(judged.get("too_large")).isEqualTo(judged.get("clean_correct"));
        assertThat(judged.get("too_large_and_wrong").asInt())
                .isEqualTo(attacked.get("clean_correct").asInt()
                        - attacked.get("robust_correct").asInt());
        assertThat(ran.err()).contains("Note: half of the perturbations", "in this order");
    }

    @Test
    void filesThatDoNotFitFailWithAMessage() throws IOException {
        Path file = saved.resolve("examples.safetensors");
        assertThat(ran("--judge", file, "--limit", 20).failure())
                .contains(file + ": adversarial is 50×1×28×28", "20×1×28×28");
        assertThat(ran("--judge", folder.resolve("none.npz")).failure()).contains("none.npz: no such file");
        Path broken = Files.write(folder.resolve("broken.npz"), new byte[] {'P', 'K', 3, 4, 5});
        assertThat(ran("--judge", broken).failure()).contains("broken.npz: a damaged .npz archive");
    }

    @Test
    void optionsThatWouldDoNothingAreWrongUsage() {
        Path file = saved.resolve("examples.safetensors");
        assertThat(ran("--judge", file, "--steps", 20).refusal()).contains("--steps: has no effect on --judge");
        assertThat(ran("--judge", file, "--save", folder.resolve("x")).refusal())
                .contains("--save: has no effect");
        assertThat(ran("--judge", file, "--eps", "0.1,0.2").refusal()).contains("--judge: expected one --eps");
    }
}
