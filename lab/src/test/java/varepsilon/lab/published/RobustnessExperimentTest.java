package varepsilon.lab.published;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;
import varepsilon.base.InputException;
import varepsilon.lab.Json;
import varepsilon.lab.cli.SmallMnist;
import varepsilon.lab.experiment.ExperimentRun;
import varepsilon.lab.experiment.Experiments;
import varepsilon.lab.experiment.Workplaces;

/** A whole published table, as small as it can be; and what is said of it when other numbers are put in. */
@TestMethodOrder(OrderAnnotation.class)
class RobustnessExperimentTest {
    private static final int IMAGES = 10;
    private static final Experiments EXPERIMENTS = new Experiments(List.of(new RobustnessKind()));
    private static final String YAML = """
            kind: robustness
            settings:
              question: "2.1"
              data: mnist
              trainingImages: 60
              validation: 10
              testImages: 10
              architecture: small-cnn
              pretraining: {epochs: 1, batchSize: 25}
              further: {epochs: 1}
              scratch: {epochs: 1}
            """;

    @TempDir
    private static Path folder;

    private static ExperimentRun run;

    @BeforeAll
    static void runAll() throws IOException {
        SmallMnist.in(folder); // where the workplace looks for data
        Path file = Files.writeString(folder.resolve("table.yaml"), YAML);
        run = ExperimentRun.in(Workplaces.in(folder), EXPERIMENTS.read(file.toString(), null));
        assertThatThrownBy(() -> run.report(List.of("test")))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("'pre-training' is missing");
        run.run();
    }

    private static JsonNode report() throws IOException {
        run.report(List.of("test"));
        return Json.read(folder.resolve("experiment/results.json")).get("results");
    }

    @Test
    @Order(1)
    void everyRowOfTheTableIsMeasuredBothWays() throws IOException {
        JsonNode results = report();

        assertThat(results.get("rows")).hasSize(24);
        for (JsonNode row : results.get("rows")) {
            boolean attacked = row.get("attack").asText().equals("fgsm");
            assertThat(row.at("/as_run/n").asInt()).isEqualTo(IMAGES);
            assertThat(row.at("/as_meant/n").asInt()).isEqualTo(IMAGES);
            assertThat(row.has("clamp_alone")).isEqualTo(attacked);
            assertThat(row.at("/put_right_alone/logit-loss").isMissingNode()).isNotEqualTo(attacked);
            assertThat(row.get("verdict").asText()).isNotBlank();
        }
        // Each of 6 defended models against its undefended one, of 6 augmented against its unaugmented; clean,
        // attacked.
        assertThat(results.get("comparisons")).hasSize(24);
        List<String> csv = Files.readAllLines(folder.resolve("experiment/results.csv"));
        assertThat(csv.stream().filter(line -> line.contains(",published,"))).hasSize(24);
        assertThat(csv.stream().filter(line -> line.contains(",clamp-alone,"))).hasSize(12);
        assertThat(csv).contains("2.1,Set 2,true,fgsm,fgsm,true,published,,2500,0.5588,,");
    }

    @Test
    void theDefaultsAreThoseOfThePublishedExperiment() throws IOException {
        Path file =
                Files.writeString(folder.resolve("defaults.yaml"), "kind: robustness\nsettings: {question: \"2.3\"}");
        RobustnessSettings settings = EXPERIMENTS.read(file.toString(), null).settings(RobustnessSettings.class);

        // As it was published: ε and a step 200 times as long, in normalised units.
        assertThat(settings.asRun()).isEqualTo(new RobustnessSettings.Strength(0.01, 2));
        assertThat(settings.testImages()).isEqualTo(2500);
        assertThat(settings.attackAsRun().parameter("randomStart")).contains(false);
    }

    /** A 1 for each of the first so many images. */
    private static String bits(int right) {
        return "1".repeat(right) + "0".repeat(IMAGES - right);
    }

    /** Puts other answers in all evaluations. */
    private static void pretend(int clean, int clamp, int asRun, int withoutClamp, int asMeant) throws IOException {
        try (var files = Files.newDirectoryStream(folder.resolve("experiment/evaluations"))) {
            for (Path file : files) {
                ObjectNode kept = (ObjectNode) Json.read(file);
                ObjectNode right = (ObjectNode) kept.get("right");
                List<String> measurements = new ArrayList<>();
                right.fieldNames().forEachRemaining(measurements::add);
                for (String measurement : measurements) {
                    right.put(
                            measurement,
                            bits(
                                    switch (measurement) {
                                        case RobustnessExperiment.CLEAN -> clean;
                                        case RobustnessExperiment.CLAMP_ALONE -> clamp;
                                        case RobustnessExperiment.AS_MEANT -> asMeant;
                                        case "without clamp-normalised" -> withoutClamp;
                                        default -> asRun;
                                    }));
                }
                Files.writeString(file, kept.toString());
            }
        }
    }

    @Test
    @Order(2)
    void theReadingFollowsTheNumbers() throws IOException {
        pretend(10, 6, 2, 9, 5);
        JsonNode results = report();

        assertThat(results.get("reading").asText())
                .contains("as run, accuracy is 100.0 % without and 20.0 % under FGSM (published: 41.9 %)")
                .contains("after the clamp alone, with no attack at all, it is 60.0 %: 50 % of the loss.")
                .contains("As meant, at ε = 8/255 in pixels, it is 50.0 % under attack.");
        JsonNode attacked = results.get("rows").get(1);
        assertThat(attacked.at("/as_run/correct").asInt()).isEqualTo(2);
        assertThat(attacked.at("/clamp_alone/accuracy").asDouble()).isEqualTo(0.6);
        assertThat(attacked.get("explained_by").asText()).isEqualTo("clamp-normalised");
        assertThat(attacked.at("/put_right_alone/clamp-normalised/difference").asDouble())
                .isEqualTo(0.7);
        assertThat(attacked.get("verdict").asText()).contains("clamp-normalised: +70.0 points when corrected");
        assertThat(results.at("/comparisons/0/difference").asDouble()).isZero();

        pretend(10, 8, 2, 2, 2);
        assertThat(report().get("reading").asText())
                .contains("it is 80.0 %: 25 % of the loss.", "it is 20.0 % under attack.");
        assertThat(report().get("rows").get(1).get("explained_by").isNull()).isTrue();

        pretend(0, 0, 0, 0, 0); // nothing is correctly classified, and nothing can be shown
        assertThat(report().get("reading").asText()).contains("accuracy is 0.0 % without and 0.0 % under");

        pretend(5, 2, 5, 5, 5);
        assertThat(report().get("reading").asText()).contains("it is 20.0 %: more than all of the loss");
    }

    @Test
    @Order(3)
    void anEvaluationThatWasDamagedIsNotBelieved() throws IOException {
        try (var files = Files.newDirectoryStream(folder.resolve("experiment/evaluations"))) {
            Path file = files.iterator().next();
            Files.writeString(file, Files.readString(file).replaceFirst("\"clean\":\"[01]", "\"clean\":\""));
            assertThatThrownBy(RobustnessExperimentTest::report)
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining("has no measurement of 'clean' on 10 images; delete it to run it again");

            Files.writeString(file, "{");
            assertThatThrownBy(RobustnessExperimentTest::report)
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining(file + ": cannot be read");
        }
    }
}
