package varepsilon.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import varepsilon.lab.Json;
import varepsilon.tensor.Scope;
import varepsilon.weights.Weights;

/** Two small trainings, and everything that can be asked of them. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ClassifierCommandsTest {
    private Path folder;
    private Path data;
    private Path plain;
    private Path robust;
    private Ran trained;

    @BeforeAll
    void train(@TempDir Path folder) throws IOException {
        this.folder = folder;
        data = SmallMnist.in(folder.resolve("data"));
        plain = folder.resolve("plain");
        robust = folder.resolve("robust");
        Ran.of(SmallClassifier.training(data, plain, 8).toArray()).succeeded();
        trained = Ran.of(SmallClassifier.robustTraining(data, robust, 6, "--json")
                        .toArray())
                .succeeded();
    }

    private Ran ran(String command, Path weights, Object... more) {
        List<Object> words = new ArrayList<>(List.of(command.split(" ")));
        words.addAll(List.of("--weights", weights, "--data", "mnist", "--data-dir", data, "--threads", 1));
        words.addAll(List.of(more));
        return Ran.of(words.toArray());
    }

    private JsonNode attack(Path weights, Object... more) throws IOException {
        List<Object> words = new ArrayList<>(List.of("--json"));
        words.addAll(List.of(more));
        return ran("attack", weights, words.toArray()).succeeded().json();
    }

    private static List<String> keys(JsonNode node) {
        List<String> keys = new ArrayList<>();
        node.fieldNames().forEachRemaining(keys::add);
        return keys;
    }

    @Test
    void theRunDirectoryHoldsEverything() {
        for (String file : List.of(
                "config.yaml",
                "provenance.json",
                "metrics.csv",
                "results.json",
                "curves_accuracy.png",
                "curves_loss.png",
                "checkpoints/last.safetensors",
                "checkpoints/best.safetensors")) {
            assertThat(robust.resolve(file)).isNotEmptyFile();
        }
        assertThat(robust).isDirectoryContaining("glob:**events.out.tfevents.*");
    }

    @Test
    void metricsHaveTheColumnsThatScriptsReadOn() throws IOException {
        assertThat(Files.readAllLines(plain.resolve("metrics.csv")).get(0))
                .isEqualTo("epoch,step,seconds,train_loss,val_loss,train_accuracy,val_accuracy");
        assertThat(Files.readAllLines(robust.resolve("metrics.csv")).get(0))
                .startsWith("epoch,step,seconds,train_loss,val_loss,train_accuracy,val_accuracy,")
                .contains(",val_robust_accuracy");
    }

    @Test
    void resultsTellWhatTheTrainingCost() throws IOException {
        JsonNode results = trained.json();

        assertThat(results).isEqualTo(Json.read(robust.resolve("results.json")));
        assertThat(results.get("steps").asInt()).isEqualTo(6 * 4);
        // Of each of 100 images in 6 epochs: the attack's gradient, then the clean and the perturbed image's.
        assertThat(results.get("forward_passes").asInt()).isEqualTo(6 * 100 * 3);
        assertThat(results.get("backward_passes").asInt()).isEqualTo(6 * 100 * 3);
        assertThat(results.get("defense").asText()).isEqualTo("adversarial-loss");
        JsonNode test = results.get("test");
        assertThat(test.get("n").asInt()).isEqualTo(SmallMnist.TEST);
        assertThat(test.get("attack").get("name").asText()).isEqualTo("pgd");
        assertThat(test.get("attack").get("eps").asDouble()).isEqualTo(26 / 255.0);
        assertThat(test.get("attack").get("clean_correct")).isEqualTo(test.get("correct"));
    }

    @Test
    void evaluationAgreesWithTheTestAfterTraining() throws IOException {
        JsonNode test = trained.json().get("test");
        JsonNode evaluation =
                ran("classifier evaluate", robust, "--json").succeeded().json();
        JsonNode attacked = attack(robust, "--eps", "26/255", "--steps", 2, "--batch-size", 25);

        assertThat(keys(evaluation))
                .containsExactly(
                        "weights",
                        "n",
                        "correct",
                        "accuracy",
                        "ci95",
                        "loss",
                        "classes",
                        "confusion",
                        "notes",
                        "checks");
        for (String key : List.of("n", "correct", "accuracy", "ci95")) {
            assertThat(evaluation.get(key)).as(key).isEqualTo(test.get(key));
        }
        assertThat(attacked.get("robust_correct")).isEqualTo(test.get("attack").get("robust_correct"));
        int sum = 0;
        for (int label = 0; label < 10; label++) {
            JsonNode ofClass = evaluation.get("classes").get(label);
            assertThat(evaluation.get("confusion").get(label).get(label)).isEqualTo(ofClass.get("correct"));
            sum += ofClass.get("n").asInt();
        }
        assertThat(sum).isEqualTo(SmallMnist.TEST);
    }

    @Test
    void attackGivesTheKeysThatScriptsRelyOn() throws IOException {
        JsonNode report =
                attack(plain, "--limit", 40, "--attack", "fgsm,pgd", "--attack", "sign-noise", "--eps", "0.2");

        List<String> promised = List.of(
                "n",
                "clean_correct",
                "robust_correct",
                "clean_accuracy",
                "robust_accuracy",
                "robust_ci95",
                "max_perturbation",
                "forward_passes",
                "backward_passes",
                "seconds");
        assertThat(keys(report)).containsAll(promised).contains("attacks", "notes");
        assertThat(report.get("attacks")).hasSize(3);
        for (JsonNode one : report.get("attacks")) {
            assertThat(keys(one)).containsAll(promised).contains("name", "norm", "eps");
            assertThat(one.get("n").asInt()).isEqualTo(40);
            assertThat(report.get("robust_correct").asInt())
                    .isLessThanOrEqualTo(one.get("robust_correct").asInt());
            assertThat(one.get("max_perturbation").asDouble()).isCloseTo(0.2, within(1e-6));
        }
        JsonNode fgsm = report.get("attacks").get(0);
        assertThat(fgsm.get("robust_correct").asInt())
                .isLessThan(report.get("clean_correct").asInt());
        // Every image once as it is, those right once for the gradient and once as they became.
        assertThat(fgsm.get("backward_passes")).isEqualTo(report.get("clean_correct"));
        assertThat(fgsm.get("forward_passes").asInt())
                .isEqualTo(40 + 2 * report.get("clean_correct").asInt());
        assertThat(report.get("forward_passes").asInt())
                .isEqualTo(report.get("attacks").findValues("forward_passes").stream()
                        .mapToInt(JsonNode::asInt)
                        .sum());
    }

    @Test
    void epsilonZeroChangesNothingAndTheBoxIsNoted() throws IOException {
        JsonNode none = attack(plain, "--eps", 0);
        Ran anything =
                ran("attack", plain, "--eps", 1.5, "--attack", "pgd", "--json").succeeded();

        assertThat(none.get("robust_correct")).isEqualTo(none.get("clean_correct"));
        assertThat(none.get("max_perturbation").asDouble()).isZero();
        assertThat(anything.json().get("notes").toString()).contains("ε is as large as the box of pixel values");
        assertThat(anything.err()).contains("Note: ", "ε is as large as the box of pixel values");
    }

    @Test
    void epsilonInGreyLevelsIsAskedAboutBeforeTheAttackAndOnce() {
        Ran levels = ran("attack", plain, "--eps", 8, "--attack", "fgsm", "--limit", 20)
                .succeeded();

        assertThat(levels.err().lines().filter(line -> line.startsWith("Note: ")))
                .filteredOn(line -> line.contains("did you mean 8/255?"))
                .hasSize(1);
    }

    @Test
    void checksStandBesideTheNumberAndStrictFailsOnThem() throws IOException {
        Object[] healthy = {"--attack", "pgd:loss=margin:steps=20", "--eps", "0.1", "--strict"};
        // Steps that do not cross the ball.
        Object[] weak = {"--attack", "pgd:steps=3:step-size=0.001:random-start=false", "--eps", "0.1", "--strict"};
        Ran passed = ran("attack", plain, healthy).succeeded();
        Ran tripped = ran("attack", plain, weak);
        JsonNode checks = ran("attack --json", plain, weak).json().get("checks");

        assertThat(passed.out()).containsPattern("Checks\\R  1[0-9] passed: probabilities, ");
        assertThat(tripped.code()).isEqualTo(1);
        assertThat(tripped.out()).contains("robust", "Checks", "  still-improving: of ", " passed: probabilities, ");
        assertThat(tripped.err()).doesNotContain("left correctly classified");
        assertThat(ran("attack", plain, Arrays.copyOf(weak, 4)).code()).isZero();
        for (JsonNode check : checks) {
            assertThat(keys(check)).containsExactly("name", "tripped", "saw", "advice");
            assertThat(check.get("advice").asText().isEmpty())
                    .isEqualTo(!check.get("tripped").asBoolean());
        }
        assertThat(checks.findValuesAsText("name")).contains("single-step-stronger", "still-improving", "zero-epsilon");
    }

    @Test
    void aTargetThatAllImagesAreOfIsRefused() throws IOException {
        JsonNode classes = ran("classifier evaluate --json --limit 1", plain)
                .succeeded()
                .json()
                .get("classes");
        int label = IntStream.range(0, 10)
                .filter(i -> classes.get(i).get("n").asInt() == 1)
                .findFirst()
                .orElseThrow();

        Ran ran = ran("attack", plain, "--limit", 1, "--target", label);
        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).contains("target ", " are of that class already; expected another one");
    }

    @Test
    void equalSeedsGiveEqualResultsWhateverElseIsAttacked() throws IOException {
        JsonNode alone = attack(plain, "--attack", "pgd", "--steps", 3, "--eps", 0.1);
        JsonNode second = attack(plain, "--attack", "uniform-noise,pgd", "--steps", 3, "--eps", 0.1);

        for (String key : List.of("robust_correct", "max_perturbation", "forward_passes", "backward_passes")) {
            assertThat(second.get("attacks").get(1).get(key))
                    .isEqualTo(alone.get("attacks").get(0).get(key));
        }
    }

    @Test
    void severalEpsilonsGiveACurve() throws IOException {
        Path pictures = folder.resolve("curve");
        JsonNode report = attack(plain, "--eps", "0.02,0.3", "--steps", 3, "--pictures", pictures, "--compare", robust);

        assertThat(report.get("attacks").get(1).get("robust_correct").asInt())
                .isLessThan(report.get("attacks").get(0).get("robust_correct").asInt());
        for (String file : List.of("curve.png", "pgd-3-linf-0.02.png", "pgd-3-linf-0.3.png")) {
            BufferedImage picture = ImageIO.read(pictures.resolve(file).toFile());
            assertThat(picture.getWidth()).as(file).isGreaterThan(300);
        }
        JsonNode comparison = report.get("comparison");
        JsonNode clean = comparison.get("clean");
        assertThat(clean.get("both_right").asInt()
                        + clean.get("only_first").asInt()
                        + clean.get("only_second").asInt()
                        + clean.get("both_wrong").asInt())
                .isEqualTo(SmallMnist.TEST);
        assertThat(clean.get("p_value").asDouble()).isBetween(0.0, 1.0);
        assertThat(comparison.get("attacks")).hasSize(2);
    }

    @Test
    void savedExamplesArePredictedAgain() throws IOException {
        Path saved = folder.resolve("saved");
        JsonNode report = attack(plain, "--eps", "51/255", "--attack", "fgsm", "--save", saved, "--limit", 30);

        JsonNode one = report.get("saved").get(0);
        int broken = report.get("clean_correct").asInt()
                - report.get("robust_correct").asInt();
        assertThat(one.get("adversarial").asInt()).isEqualTo(broken).isPositive();
        assertThat(one.get("floats").get("still_adversarial").asInt()).isEqualTo(broken);
        assertThat(one.get("floats").get("differing").asInt()).isZero();
        assertThat(one.get("floats").get("robust_correct")).isEqualTo(report.get("robust_correct"));
        // 51/255 is a whole number of grey levels: rounding moves nothing.
        assertThat(one.get("bytes").get("still_adversarial").asInt()).isEqualTo(broken);
        assertThat(one.get("bytes").get("within_threat_model").asBoolean()).isTrue();
        Path ofAttack = saved.resolve("fgsm-linf-51-255");
        assertThat(ofAttack.resolve("examples.safetensors")).isNotEmptyFile();
        assertThat(ofAttack.resolve("png/00029-adversarial.png")).isNotEmptyFile();
        assertThat(saved.resolve("fgsm-linf-51-255.png")).isNotEmptyFile();

        assertThat(ran("attack", plain, "--save", saved).failure()).contains(saved + ": is not empty");
    }

    @Test
    void adversarialExamplesTravelBetweenModels() throws IOException {
        JsonNode report = attack(plain, "--attack", "mi-fgsm", "--steps", 3, "--eps", 0.2, "--transfer-to", robust);

        JsonNode transfer = report.get("transfer");
        assertThat(transfer.get("models")).hasSize(2);
        JsonNode cells = transfer.get("cells");
        assertThat(cells.get(0).get(0).get("both_right")).isEqualTo(report.get("clean_correct"));
        assertThat(cells.get(0).get(0).get("fooled").asInt())
                .isEqualTo(report.get("clean_correct").asInt()
                        - report.get("robust_correct").asInt());
        assertThat(cells.get(0).get(1).get("both_right"))
                .isEqualTo(cells.get(1).get(0).get("both_right"));
        assertThat(ran("attack", plain, "--transfer-to", plain).failure()).contains("named twice");
    }

    @Test
    void targetsAndMarginsAreCounted() throws IOException {
        JsonNode target = attack(plain, "--target", "next", "--eps", 0.3);
        JsonNode margin = attack(plain, "--margin", 1, "--eps", 0.3);
        JsonNode any = attack(plain, "--eps", 0.3);

        assertThat(target.get("goal").asText()).isEqualTo("target next");
        int met = target.get("attacks").get(0).get("goal_met").asInt();
        assertThat(met)
                .isPositive()
                .isLessThanOrEqualTo(target.get("clean_correct").asInt()
                        - target.get("robust_correct").asInt());
        assertThat(margin.get("attacks").get(0).get("goal_met").asInt())
                .isLessThanOrEqualTo(margin.get("clean_correct").asInt()
                        - margin.get("robust_correct").asInt());
        assertThat(keys(any.get("attacks").get(0))).doesNotContain("goal_met");
    }

    @Test
    void aPersonGetsTables() {
        String attacked = ran(
                        "attack",
                        plain,
                        "--attack",
                        "fgsm,pgd",
                        "--steps",
                        2,
                        "--eps",
                        0.1,
                        "--compare",
                        robust,
                        "--transfer-to",
                        robust)
                .refusal();
        assertThat(attacked).contains("--transfer-to: expected one --attack at one --eps, not 2");

        String both = ran("attack", plain, "--attack", "fgsm,pgd", "--steps", 2, "--eps", 0.1, "--compare", robust)
                .succeeded()
                .out();
        assertThat(both)
                .contains("on mnist/test, untargeted: clean accuracy ")
                .containsPattern("fgsm linf 0.1 +\\d+ +[0-9.]+ +[0-9.]+ +[0-9.]+ +0.1000")
                .contains("pgd-2 linf 0.1")
                .contains("worst case")
                .contains("McNemar's exact p = ");
        assertThat(ran("classifier evaluate", plain, "--compare", robust)
                        .succeeded()
                        .out())
                .contains("cross-entropy")
                .containsPattern("all +50 ")
                .contains("McNemar's exact p = ");
    }

    @Test
    void aRunCanBeginWithWeights() throws IOException {
        Path out = folder.resolve("tuned");
        Ran.of(SmallClassifier.training(data, out, 1, "--weights", plain, "--lr", "1e-9")
                        .toArray())
                .succeeded();

        JsonNode before =
                ran("classifier evaluate", plain, "--json").succeeded().json();
        JsonNode after = ran("classifier evaluate", out, "--json").succeeded().json();
        assertThat(after.get("loss").asDouble()).isCloseTo(before.get("loss").asDouble(), within(1e-4));
        assertThat(out.resolve("checkpoints/initial.safetensors")).isNotEmptyFile();
    }

    @Test
    void everyDefenseTrains() throws IOException {
        for (String defense : List.of("adversarial-batch", "trades", "free")) {
            Path out = folder.resolve(defense);
            List<Object> words = SmallClassifier.training(
                    data,
                    out,
                    1,
                    "--defense",
                    defense,
                    "--eps",
                    0.1,
                    "--check-steps",
                    1,
                    "--json",
                    "--ema",
                    0.9,
                    "--augment",
                    "crop-flip",
                    "--schedule",
                    "cosine",
                    "--label-smoothing",
                    0.1,
                    "--patience",
                    2);
            words.addAll(defense.equals("free") ? List.of("--replays", 2) : List.of("--steps", 1));
            JsonNode results = Ran.of(words.toArray()).succeeded().json();

            assertThat(results.get("steps").asInt()).isEqualTo(defense.equals("free") ? 8 : 4);
            assertThat(results.get("forward_passes").asInt()).isGreaterThanOrEqualTo(200);
        }
    }

    @Test
    void trainingOnChangesNothingOnceDone() throws IOException {
        byte[] weights = Files.readAllBytes(plain.resolve("checkpoints/best.safetensors"));

        Ran again = Ran.of("classifier", "train", "--resume", plain, "--data-dir", data)
                .succeeded();

        assertThat(again.out()).contains("on the test images", "clean");
        assertThat(plain.resolve("checkpoints/best.safetensors")).hasBinaryContent(weights);
    }

    @Test
    void quietMeansTheResultAlone() {
        assertThat(ran("attack", plain, "--quiet", "--attack", "fgsm")
                        .succeeded()
                        .err())
                .isEmpty();
    }

    @Test
    void aNetworkKnownForColourImagesTakesGreyOnes() throws IOException {
        Path out = folder.resolve("grey");
        Ran.of(SmallClassifier.training(data, out, 1, "--architecture", "wideresnet-10-1")
                        .toArray())
                .succeeded();

        Path best = out.resolve("checkpoints/best.safetensors");
        try (var scope = Scope.withoutGradients()) {
            Weights weights = Weights.read(best);
            assertThat(weights.metadata("image")).contains("1x28x28");
            assertThat(weights.get("conv1.weight").shape()).containsExactly(16, 1, 3, 3);
        }
        JsonNode clean = Ran.of(
                        "classifier", "evaluate", "--weights", out, "--data", "mnist", "--data-dir", data, "--json")
                .succeeded()
                .json();
        assertThat(clean.get("notes")).isEmpty();
        assertThat(clean.has("corruptions")).isFalse();
        JsonNode report = Ran.of(
                        "classifier",
                        "evaluate",
                        "--weights",
                        out,
                        "--data",
                        "mnist",
                        "--data-dir",
                        data,
                        "--limit",
                        4,
                        "--corruptions",
                        "--json")
                .succeeded()
                .json();
        JsonNode corruptions = report.get("corruptions");
        assertThat(corruptions.get("rows")).hasSize(15);
        assertThat(corruptions.get("rows").get(0).get("name").asText()).isEqualTo("gaussian-noise");
        assertThat(corruptions.get("rows").get(0).get("accuracies")).hasSize(5);
        double sum = 0;
        for (JsonNode row : corruptions.get("rows")) {
            for (JsonNode correct : row.get("correct")) {
                sum += correct.asDouble() / 4 / 75;
            }
        }
        assertThat(corruptions.get("mean_accuracy").asDouble()).isCloseTo(sum, within(1e-12));
    }

    @Test
    void rotationsUniversalPerturbationsAndPatchesAreMeasured() throws IOException {
        Path out = folder.resolve("threatened");
        Ran.of(SmallClassifier.training(data, out, 4).toArray()).succeeded();
        List<Object> words = new ArrayList<>(List.of("classifier", "evaluate", "--weights", out, "--data", "mnist"));
        words.addAll(List.of("--data-dir", data, "--limit", 20, "--threads", 1));
        List<Object> with = new ArrayList<>(words);
        with.addAll(List.of("--rotations", "--universal", "128/255", "--patch", 20));
        List<Object> json = new ArrayList<>(with);
        json.add("--json");
        JsonNode report = Ran.of(json.toArray()).succeeded().json();
        JsonNode threats = report.get("threats");
        assertThat(threats).hasSize(4);
        int clean = report.get("correct").asInt();
        threats.forEach(
                threat -> assertThat(threat.get("robust_correct").asInt()).isBetween(0, clean));
        assertThat(threats.get(0).get("name").asText()).isEqualTo("rotation and translation, worst of 10");
        assertThat(threats.get(1).get("robust_correct").asInt())
                .isLessThanOrEqualTo(threats.get(0).get("robust_correct").asInt());
        assertThat(threats.get(2).get("name").asText()).isEqualTo("universal perturbation, linf 128/255");
        assertThat(threats.get(2).get("learned_on").asInt()).isEqualTo(SmallMnist.TRAIN);
        assertThat(threats.get(3).get("name").asText()).isEqualTo("patch of 20×20 pixels");
        // Half of the range of all pixels, and half of all pixels.
        assertThat(threats.get(2).get("robust_correct").asInt()).isLessThan(clean);
        assertThat(threats.get(3).get("robust_correct").asInt()).isLessThan(clean);
        assertThat(Ran.of(with.toArray()).succeeded().out()).contains("under", "the grid", "patch of 20×20 pixels");
        words.addAll(List.of("--patch", 29));
        Ran large = Ran.of(words.toArray());
        assertThat(large.code()).isEqualTo(2);
        assertThat(large.err()).contains("--patch 29: expected at most 28, the smaller side of the images");
        words.addAll(List.of("--universal", "8"));
        Ran levels = Ran.of(words.toArray());
        assertThat(levels.code()).isEqualTo(2);
        assertThat(levels.err()).contains("--universal 8.0: expected 0 to 1");
    }
}
