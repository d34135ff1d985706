package varepsilon.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongPredicate;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.base.StoppedException;
import varepsilon.base.Watch;
import varepsilon.classify.ClassifierFile;
import varepsilon.data.Glyphs;
import varepsilon.data.ImageSet;
import varepsilon.lab.Json;
import varepsilon.lab.evaluate.AttackFiles;
import varepsilon.lab.evaluate.AttackPage;
import varepsilon.lab.evaluate.AttackReport;
import varepsilon.lab.evaluate.AttackSuite;
import varepsilon.lab.spec.AttackGoal;
import varepsilon.lab.spec.AttackSpec;
import varepsilon.robust.evaluate.Check;
import varepsilon.tensor.Device;
import varepsilon.tensor.Scope;
import varepsilon.weights.Weights;

/** Attacks with stages, and the search for the smallest perturbations, from the command line. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class StrongAttacksTest {
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
                List.of("attack", "--weights", weights, "--data", "mnist", "--data-dir", data, "--threads", 1));
        words.addAll(List.of(more));
        return Ran.of(words.toArray());
    }

    /** Requests a stop from the first progress on for which the condition holds. */
    private static Watch stoppingAt(LongPredicate condition) {
        boolean[] stopped = {false};
        return new Watch() {
            @Override
            public void progress(String what, long done, long all) {
                stopped[0] |= condition.test(done);
            }

            @Override
            public boolean stopRequested() {
                return stopped[0];
            }
        };
    }

    private static List<String> texts(JsonNode array, String field) {
        List<String> texts = new ArrayList<>();
        array.forEach(node -> texts.add(node.get(field).asText()));
        return texts;
    }

    @Test
    void autoattackTellsWhatEachStageDid() throws IOException {
        JsonNode report = ran("--attack", "autoattack,pgd", "--eps", 0.05, "--limit", 12, "--json")
                .succeeded()
                .json();
        JsonNode attack = report.at("/attacks/0");
        JsonNode stages = attack.get("stages");
        assertThat(stages.get(0).fieldNames())
                .toIterable()
                .containsExactly(
                        "name",
                        "left",
                        "tried",
                        "broken",
                        "robust_correct",
                        "forward_passes",
                        "backward_passes",
                        "seconds");
        assertThat(texts(stages, "name")).isSubsetOf("apgd-ce", "apgd-t", "fab-t", "square");
        int left = report.get("clean_correct").asInt();
        long forward = 0;
        for (JsonNode stage : stages) {
            assertThat(stage.get("left").asInt()).isEqualTo(left);
            assertThat(stage.get("tried").asInt()).isEqualTo(left);
            left -= stage.get("broken").asInt();
            assertThat(stage.get("robust_correct").asInt()).isEqualTo(left);
            forward += stage.get("forward_passes").asLong();
        }
        assertThat(attack.get("robust_correct").asInt()).isEqualTo(left);
        assertThat(attack.get("forward_passes").asLong()).isEqualTo(forward);
        assertThat(attack.get("robust_correct").asInt())
                .isLessThanOrEqualTo(report.at("/attacks/1/robust_correct").asInt());
        assertThat(report.at("/attacks/1").has("stages")).isFalse();
    }

    @Test
    void aBudgetEndsTheSearchAndWhatItLeftOutIsNamed() throws IOException {
        JsonNode report = ran(
                        "--attack",
                        "strongest",
                        "--max-passes",
                        300,
                        "--batch-size",
                        4,
                        "--eps",
                        0.02,
                        "--limit",
                        40,
                        "--json")
                .succeeded()
                .json();
        JsonNode attack = report.at("/attacks/0");
        JsonNode last = attack.get("stages").get(attack.get("stages").size() - 1);
        assertThat(last.get("tried").asInt()).isLessThan(last.get("left").asInt());
        assertThat(attack.get("untested")).isNotEmpty();
        // No batch is begun after the budget; the last one may exceed it by its own passes, 41 an image at most here.
        assertThat(attack.get("forward_passes").asLong()
                        + attack.get("backward_passes").asLong())
                .isBetween(300L, 300L + 4 * 43);
        Ran none = ran("--attack", "strongest", "--max-time", 1e-9, "--eps", 0.02, "--limit", 12, "--strict");
        assertThat(none.code()).isEqualTo(1);
        assertThat(none.out()).contains("unfinished: strongest", "its first stage ran on 0 of ", "Let it run longer");
        Ran text = ran("--attack", "strongest", "--max-passes", 300, "--batch-size", 4, "--eps", 0.02, "--limit", 40)
                .succeeded();
        assertThat(text.out()).contains("(ended after ", "Not run: ", "With twice the passes");
    }

    @Test
    void theFolderOfPicturesHasAPageAndTheResults() throws IOException {
        Path pictures = folder.resolve("page");
        Ran ran = ran(
                        "--attack",
                        "autoattack,pgd",
                        "--eps",
                        "0.03,0.05",
                        "--limit",
                        12,
                        "--pictures",
                        pictures,
                        "--compare",
                        weights.resolve("checkpoints/last.safetensors"),
                        "--json")
                .succeeded();
        assertThat(ran.err()).contains("All of it on one page: " + pictures.resolve("report.html"));
        assertThat(Json.read(pictures.resolve("results.json"))).isEqualTo(ran.json());
        assertThat(ran.json().get("complete").asBoolean()).isTrue();
        String page = Files.readString(pictures.resolve("report.html"));
        assertThat(page)
                .contains("Robust accuracy", "stage of autoattack linf 0.05", "pgd-10 linf 0.03", "worst case")
                .contains(
                        "Compared with", "McNemar", "data:image/png;base64", "varepsilon attack --weights " + weights);
        ran.json()
                .get("checks")
                .forEach(check ->
                        assertThat(page).contains("<td>" + check.get("name").asText() + "</td>"));
    }

    /** As on a full disk: what was measured is printed all the same, and the file is named. */
    @ParameterizedTest
    @ValueSource(strings = {"--pictures", "--save"})
    void filesThatCannotBeWrittenDoNotTakeTheResultWithThem(String option) throws IOException {
        Path inTheWay = folder.resolve("in-the-way" + option);
        Files.writeString(inTheWay, "a file, not a folder");
        Ran attacked = ran("--attack", "fgsm", "--eps", 0.05, "--limit", 12, option, inTheWay.resolve("new"), "--json");
        assertThat(attacked.code()).isEqualTo(1);
        assertThat(attacked.err()).contains("varepsilon: " + inTheWay);
        assertThat(attacked.json().get("attacks")).hasSize(1);
    }

    /** In the second batch, at its second attack. */
    @Test
    void aStopKeepsTheImagesDoneAndMarksTheReport() throws IOException {
        ImageSet images = Glyphs.draw("test", 12, 2);
        AttackSuite suite = new AttackSuite(
                List.of(AttackSpec.of("fgsm", "linf", 0.05), AttackSpec.of("pgd", "linf", 0.05)),
                new AttackGoal.Untargeted(),
                5,
                1,
                Device.CPU);
        Watch watch = stoppingAt(done -> done == 25);
        Path pictures = folder.resolve("stopped");
        try (ClassifierFile model = ClassifierFile.read(weights, Device.CPU)) {
            AttackSuite.Extras extras = new AttackSuite.Extras(model, List.of(), new AttackFiles(pictures, true));
            AttackReport report = suite.of(model, images, extras, watch);
            assertThat(report.complete()).isFalse();
            assertThat(report.n()).isEqualTo(5);
            assertThat(report.attacks())
                    .allSatisfy(attack -> assertThat(attack.n()).isEqualTo(5));
            assertThat(report.notes()).anyMatch(note -> note.startsWith("stopped, with 5 of 12 images attacked"));
            assertThat(report.comparison()).isNull();
            // FGSM was done with the second batch, which does not count: not in the files either.
            assertThat(report.saved()).hasSize(2);
            try (var scope = Scope.withoutGradients()) {
                assertThat(Weights.read(pictures.resolve("fgsm-linf-0.05/examples.safetensors"))
                                .get("labels")
                                .shape())
                        .containsExactly(5);
            }
            assertThat(Files.readString(AttackPage.write(report, suite.attacks(), pictures, "command")))
                    .contains("Stopped before it was done");
            AttackSuite.Extras none = new AttackSuite.Extras(null, List.of(), null);
            assertThatThrownBy(() -> suite.of(model, images, none, Watch.stopWhen(() -> true)))
                    .isInstanceOf(StoppedException.class);
        }
    }

    /** The stages of autoattack have not begun; the other model is not attacked at all. */
    @Test
    void aStopBeforeAnAttackWithStagesLeavesItUnfinished() throws IOException {
        ImageSet images = Glyphs.draw("test", 12, 2);
        AttackSuite suite = new AttackSuite(
                List.of(AttackSpec.of("fgsm", "linf", 0.05), AttackSpec.of("autoattack", "linf", 0.05)),
                new AttackGoal.Untargeted(),
                6,
                1,
                Device.CPU);
        Watch watch = stoppingAt(done -> done >= 12);
        try (ClassifierFile model = ClassifierFile.read(weights, Device.CPU)) {
            AttackReport report = suite.of(model, images, new AttackSuite.Extras(model, List.of(model), null), watch);
            assertThat(report.n()).isEqualTo(6);
            assertThat(report.complete()).isFalse();
            assertThat(report.comparison()).isNull();
            assertThat(report.transfer()).isNull();
            assertThat(report.attacks().get(1).untested()).containsExactly("apgd-ce", "apgd-t", "fab-t", "square");
            assertThat(report.checks())
                    .filteredOn(Check::tripped)
                    .anyMatch(check ->
                            check.name().equals("unfinished") && check.saw().contains("ran on 0 of "));
            assertThat(AttackText.of(report, suite.attacks()))
                    .contains("Not run of autoattack linf 0.05: apgd-ce, apgd-t, fab-t, square.");
        }
    }

    @Test
    void askedToEndItShowsTheResultsSoFar() throws Exception {
        List<Object> words = new ArrayList<>(List.of("attack", "--weights", weights, "--data", "mnist", "--data-dir"));
        words.addAll(List.of(data, "--attack", "autoattack:version=plus", "--eps", 1e-6, "--threads", 1));
        Process process = ProgramProcess.start(folder, words);
        ProgramProcess.awaitError(folder, "stage 1 ", process);
        process.destroy(); // SIGTERM, as Ctrl-C's SIGINT
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
        assertThat(process.exitValue()).isEqualTo(128 + 15);
        assertThat(ProgramProcess.errors(folder)).contains("Note: stopped, with 50 of 50 images attacked");
        assertThat(Files.readString(folder.resolve("out.txt")))
                .contains("clean accuracy", "stage of autoattack", "(ended after ", "Not run: ", "square");
    }

    @Test
    void theSmallestPerturbationsGiveRobustAccuracyAtEveryEpsilon() throws IOException {
        Path pictures = folder.resolve("pictures");
        JsonNode report = ran(
                        "--minimum",
                        "--norm",
                        "l2",
                        "--attack",
                        "ddn,deepfool",
                        "--eps",
                        "0,0.5,100",
                        "--limit",
                        12,
                        "--pictures",
                        pictures,
                        "--json")
                .succeeded()
                .json();
        JsonNode minimum = report.get("minimum");
        assertThat(minimum.fieldNames()).toIterable().containsExactly("norm", "median", "quantiles", "attacks");
        assertThat(texts(minimum.get("attacks"), "name")).containsExactly("ddn", "deepfool");
        assertThat(minimum.at("/attacks/0").fieldNames())
                .toIterable()
                .containsExactly(
                        "name", "median", "optimality", "not_found", "forward_passes", "backward_passes", "seconds");
        double median = minimum.get("median").asDouble();
        for (JsonNode attack : minimum.get("attacks")) {
            assertThat(attack.get("median").asDouble()).isGreaterThanOrEqualTo(median);
            assertThat(attack.get("optimality").asDouble()).isBetween(0.5, 1.0);
        }
        assertThat(minimum.at("/quantiles/2/size").asDouble()).isCloseTo(median, within(1e-12));
        int[] robust = {
            report.at("/accuracies/0/robust_correct").asInt(),
            report.at("/accuracies/1/robust_correct").asInt(),
            report.at("/accuracies/2/robust_correct").asInt()
        };
        assertThat(robust[0]).isEqualTo(report.get("clean_correct").asInt());
        assertThat(robust[1]).isBetween(robust[2], robust[0]);
        assertThat(robust[2]).isZero();
        assertThat(Files.size(pictures.resolve("minimum.png"))).isGreaterThan(10_000);
        assertThat(Json.read(pictures.resolve("results.json"))).isEqualTo(report);
        assertThat(Files.readString(pictures.resolve("report.html")))
                .contains("Robust accuracy at every ε", "<td>deepfool</td>", "the best for each image");
        // The same as an attack at that ε: what is found within it is counted.
        JsonNode within = ran("--norm", "l2", "--attack", "ddn,deepfool", "--eps", 0.5, "--limit", 12, "--json")
                .succeeded()
                .json();
        assertThat(within.get("robust_correct").asInt()).isEqualTo(robust[1]);
    }

    @Test
    void attacksAndOptionsThatDoNotSearchForTheSmallestAreRefused() {
        Ran pgd = ran("--minimum", "--attack", "pgd");
        assertThat(pgd.code()).isEqualTo(2);
        assertThat(pgd.err()).contains("pgd does not search for the smallest perturbation; in linf these do: ", "fmn");
        Ran target = ran("--minimum", "--target", "3");
        assertThat(target.code()).isEqualTo(2);
        assertThat(target.err()).contains("--target: has no effect on --minimum");
        Ran steps = ran("--minimum", "--steps", 50);
        assertThat(steps.code()).isEqualTo(2);
        assertThat(steps.err()).contains("--steps: name the --attack that it is for");
        Ran norm = ran("--minimum", "--attack", "ddn", "--norm", "linf");
        assertThat(norm.code()).isEqualTo(2);
        assertThat(norm.err()).contains("norm linf: ddn has only l2");
    }

    @ParameterizedTest
    @ValueSource(strings = {"--attack", "--check-attack"})
    void attacksWithStagesAreRefusedForTrainingBeforeAnythingIsWritten(String option) {
        Path run = folder.resolve("refused");
        List<Object> words = new ArrayList<>(SmallClassifier.training(data, run, 1));
        words.addAll(List.of("--defense", "adversarial-loss", option, "autoattack"));
        Ran refused = Ran.of(words.toArray());
        assertThat(refused.code()).isEqualTo(2);
        assertThat(refused.err())
                .contains(option + " autoattack: expected one attack, such as pgd or apgd; one with stages");
        assertThat(run).doesNotExist();
    }
}
