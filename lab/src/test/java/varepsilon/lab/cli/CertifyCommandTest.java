package varepsilon.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import varepsilon.classify.ClassifierFile;
import varepsilon.classify.ClassifierGraph;
import varepsilon.data.Glyphs;
import varepsilon.data.ImageSet;
import varepsilon.graph.OnnxFile;
import varepsilon.robust.evaluate.UnsoundBoundException;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;
import varepsilon.weights.Weights;

/** Certified bounds from the command line. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CertifyCommandTest {
    private Path folder;
    private Path data;
    private Path weights;

    @BeforeAll
    void train(@TempDir Path folder) throws IOException {
        this.folder = folder;
        data = SmallMnist.in(folder.resolve("data"));
        weights = folder.resolve("run");
        Ran.of(SmallClassifier.training(data, weights, 8).toArray()).succeeded();
    }

    private Ran ran(Object... more) {
        List<Object> words = new ArrayList<>(
                List.of("certify", "--weights", weights, "--data", "mnist", "--data-dir", data, "--threads", 1));
        words.addAll(List.of(more));
        return Ran.of(words.toArray());
    }

    @Test
    void bothSidesAreReportedAtEachEpsilon() throws IOException {
        Ran run = ran("--eps", "1/255,0", "--method", "crown", "--limit", 12, "--json")
                .succeeded();
        JsonNode curve = run.json().get("curve");
        assertThat(curve).hasSize(2);
        // What scripts read is at the top too, of the largest ε.
        for (String key : List.of(
                "n",
                "clean_correct",
                "certified",
                "broken",
                "open",
                "certified_accuracy",
                "certified_ci95",
                "robust_accuracy_upper",
                "seconds",
                "stages")) {
            assertThat(run.json().get(key))
                    .as(key)
                    .isNotNull()
                    .isEqualTo(curve.get(1).get(key));
        }
        JsonNode none = curve.get(0);
        assertThat(none.get("eps").asDouble()).isZero();
        assertThat(none.get("certified").asInt())
                .isEqualTo(none.get("clean_correct").asInt());
        for (JsonNode at : curve) {
            int certified = at.get("certified").asInt();
            int broken = at.get("broken").asInt();
            int open = at.get("open").asInt();
            assertThat(at.get("n").asInt()).isEqualTo(12);
            assertThat(certified + broken + open)
                    .isEqualTo(at.get("clean_correct").asInt());
            assertThat(at.get("certified_accuracy").asDouble()).isEqualTo(certified / 12.0);
            assertThat(at.get("robust_accuracy_upper").asDouble()).isEqualTo((certified + open) / 12.0);
            assertThat(at.get("certified_ci95")).hasSize(2);
            assertThat(at.get("images")).hasSize(12);
            assertThat(at.get("stages").findValuesAsText("name")).contains("pgd", "ibp");
            assertThat(at.get("seconds").asDouble()).isPositive();
        }
        Path page = folder.resolve("page");
        assertThat(ran("--eps", "1/255", "--limit", 6, "--pictures", page)
                        .succeeded()
                        .out())
                .contains("Robust accuracy at ε = 1/255 in linf lies between", "certified", "broken", "open", "ibp");
        assertThat(page.resolve("report.html"))
                .content()
                .contains("from both sides", "certified green", "--pictures", "data:image/png");
        assertThat(page.resolve("results.json")).content().contains("\"certified_accuracy\"");
        assertThat(ran("--eps", "1/255", "--limit", 6, "--pictures", page).failure())
                .contains("is there already");
    }

    @Test
    void anAttackIsFollowedByBoundsOfWhatItLeaves() throws IOException {
        List<Object> attack = List.of(
                "attack", "--weights", weights, "--data", "mnist", "--data-dir", data, "--threads", 1, "--limit", 12);
        Path page = folder.resolve("attacked");
        Ran run = Ran.of(with(
                        attack,
                        "--attack",
                        "pgd:steps=5",
                        "--eps",
                        "1/255,0.3",
                        "--certify",
                        "crown",
                        "--pictures",
                        page,
                        "--json"))
                .succeeded();
        JsonNode json = run.json();
        assertThat(json.get("certified")).hasSize(2);
        for (int i = 0; i < 2; i++) {
            JsonNode at = json.get("certified").get(i);
            int robust = json.get("attacks").get(i).get("robust_correct").asInt();
            int certified = at.get("certified").asInt();
            int open = at.get("open").asInt();
            assertThat(at.get("n").asInt()).isEqualTo(12);
            assertThat(at.get("clean_correct")).isEqualTo(json.get("clean_correct"));
            assertThat(certified + open + at.get("broken").asInt())
                    .isEqualTo(json.get("clean_correct").asInt());
            // The attack before the bounds may break more.
            assertThat(certified + open).isLessThanOrEqualTo(robust);
        }
        assertThat(json.get("certified").get(0).get("stages").findValuesAsText("name"))
                .contains("ibp");
        assertThat(json.get("certified").get(0).get("certified").asInt())
                .isGreaterThan(json.get("certified").get(1).get("certified").asInt());
        assertThat(page.resolve("report.html")).content().contains("From both sides", "Bounds of the images that no");
        assertThat(Ran.of(with(attack, "--eps", "1/255", "--certify"))
                        .succeeded()
                        .out())
                .contains("Robust accuracy at ε = 1/255 in linf lies between", "crown-ibp");
        assertThat(Ran.of(with(attack, "--eps", "1/255", "--target", 3, "--certify"))
                        .refusal())
                .contains("--certify: expected untargeted attacks");
        assertThat(Ran.of(with(attack, "--norm", "l0", "--eps", 3, "--certify", "ibp"))
                        .refusal())
                .contains("expected linf, l2 or l1, in which bounds are known");
        assertThat(Ran.of(with(attack, "--eps", "1/255", "--certify", "crow")).refusal())
                .contains("unknown method 'crow'; did you mean 'crown'?");
    }

    private static Object[] with(List<Object> words, Object... more) {
        List<Object> all = new ArrayList<>(words);
        all.addAll(List.of(more));
        return all.toArray();
    }

    @Test
    void anImageThatContradictsABoundIsSaved() throws IOException {
        ImageSet images = Glyphs.draw("images", 1, 1);
        float[] image = new float[28 * 28];
        float[] adversarial = new float[28 * 28];
        adversarial[5] = 0.25F;
        UnsoundBoundException e = new UnsoundBoundException("image 7 is certified", 7, image, adversarial);
        Path file = folder.resolve("unsound-7.safetensors");
        assertThat(Contradiction.saved(e, images, folder))
                .hasMessage("image 7 is certified; both images are in " + file)
                .hasCause(e);
        try (var scope = Scope.withoutGradients()) {
            Weights saved = Weights.read(file);
            assertThat(saved.tensors().get("adversarial").shape()).containsExactly(1, 28, 28);
            assertThat(saved.tensors().get("adversarial").toFloats()).containsExactly(adversarial);
            assertThat(saved.tensors().get("image").toFloats()).containsExactly(image);
        }
    }

    @Test
    void smoothingCertifiesTheClassifierUnderNoise() throws IOException {
        Ran run = ran(
                        "--method",
                        "smoothing",
                        "--sigma",
                        0.1,
                        "--draws",
                        50,
                        "--alpha",
                        0.01,
                        "--eps",
                        "0,0.05,0.5",
                        "--limit",
                        4,
                        "--json")
                .succeeded();
        JsonNode json = run.json();
        assertThat(json.get("n").asInt()).isEqualTo(4);
        assertThat(json.get("curve")).hasSize(3);
        assertThat(json.get("curve").get(2).get("certified").asInt()).isZero();
        assertThat(json.get("forward_passes").asInt()).isEqualTo(4 * 150);
        assertThat(run.err()).contains("no radius above", "not of the classifier itself");
    }

    @Test
    void aPropertyOfAnOnnxModelHoldsOrIsViolated() throws IOException {
        Path model = folder.resolve("model.onnx");
        float[] logits;
        try (var scope = Scope.withoutGradients();
                ClassifierFile file = ClassifierFile.read(weights, Device.CPU);
                ClassifierGraph graph = ClassifierGraph.of(file.classifier(), 1, 28, 28)) {
            OnnxFile.write(model, graph.graph(), Map.of());
            logits = file.classifier()
                    .logits(Tensor.full(0.5, DType.FLOAT32, 1, 1, 28, 28))
                    .toFloats();
        }
        int best = 0;
        for (int j = 1; j < 10; j++) {
            best = logits[j] > logits[best] ? j : best;
        }
        Path holds = property(folder.resolve("holds.vnnlib"), best);
        Path violated = property(folder.resolve("violated.vnnlib"), (best + 1) % 10);
        JsonNode proven = Ran.of("certify", "--weights", model, "--vnnlib", holds, "--method", "crown", "--json")
                .succeeded()
                .json();
        assertThat(proven.get("verdict").asText()).isEqualTo("holds");
        assertThat(proven.get("bound").asDouble()).isPositive();
        JsonNode broken = Ran.of("certify", "--weights", model, "--vnnlib", violated, "--json")
                .succeeded()
                .json();
        assertThat(broken.get("verdict").asText()).isEqualTo("violated");
        assertThat(broken.get("counterexample")).hasSize(784);
        assertThat(Ran.of("certify", "--weights", model, "--vnnlib", holds)
                        .succeeded()
                        .out())
                .contains("holds.vnnlib", "holds (");
    }

    /** Around grey, class {@code label} is predicted. */
    private static Path property(Path file, int label) throws IOException {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 784; i++) {
            text.append(String.format(Locale.ROOT, "(declare-const X_%d Real)%n", i));
        }
        for (int j = 0; j < 10; j++) {
            text.append(String.format(Locale.ROOT, "(declare-const Y_%d Real)%n", j));
        }
        for (int i = 0; i < 784; i++) {
            text.append(String.format(Locale.ROOT, "(assert (>= X_%d 0.4999))%n(assert (<= X_%d 0.5001))%n", i, i));
        }
        text.append("(assert (or");
        for (int j = 0; j < 10; j++) {
            if (j != label) {
                text.append(String.format(Locale.ROOT, " (and (>= Y_%d Y_%d))", j, label));
            }
        }
        return Files.writeString(file, text + "))\n");
    }

    @Test
    void wrongUseIsExplained() {
        assertThat(ran().refusal()).contains("--eps");
        assertThat(ran("--eps", "0.1", "--norm", "l0").refusal()).contains("l0", "linf, l2 or l1");
        assertThat(ran("--eps", "0.1", "--method", "crwn").refusal()).contains("crwn", "crown");
        assertThat(ran("--eps", "0.1", "--seconds-per-image", 5).refusal()).contains("branch-and-bound");
        assertThat(ran("--eps", "0.1", "--sigma", 0.5).refusal()).contains("--sigma: has no effect");
        assertThat(ran("--eps", "0.1", "--method", "smoothing", "--batch-size", 8)
                        .refusal())
                .contains("--batch-size: has no effect");
        assertThat(ran("--vnnlib", "a.vnnlib").refusal()).contains("--data: has no effect with --vnnlib");
        assertThat(Ran.of("certify", "--weights", folder.resolve("none.onnx"), "--vnnlib", "a.vnnlib")
                        .failure())
                .contains("none.onnx: no such file");
        assertThat(ran("--eps", "0.1", "--norm", "linf", "--method", "smoothing")
                        .refusal())
                .contains("l2");
        assertThat(ran("--eps", "-0.1").refusal()).contains("epsilon -0.1");
        assertThat(Ran.of("certify", "--weights", weights, "--vnnlib", folder.resolve("none.vnnlib"))
                        .failure())
                .contains("none.vnnlib");
        assertThat(ran("--list").succeeded().out()).contains("alpha-crown", "branch-and-bound", "ibp");
    }
}
