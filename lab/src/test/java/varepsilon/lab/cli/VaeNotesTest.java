package varepsilon.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.base.Family;
import varepsilon.generative.ActiveUnits;
import varepsilon.generative.VaeObjective;
import varepsilon.lab.Json;
import varepsilon.lab.spec.VaeSpec;

/** What is said of figures that would mislead: those of a density, and those of a model that ignores its code. */
class VaeNotesTest {
    @TempDir
    Path folder;

    private Ran train(Path run, int epochs, Object... more) throws IOException {
        return Ran.of(Ran.smallTraining(SmallMnist.in(folder.resolve("data")), run, epochs, more)
                        .toArray())
                .succeeded();
    }

    private Ran evaluate(Path run, Object... more) {
        List<Object> words = new ArrayList<>(List.of("vae", "evaluate", "--weights", run, "--data", "mnist"));
        words.addAll(List.of("--data-dir", folder.resolve("data"), "--threads", 1, "--importance-samples", 2));
        words.addAll(List.of(more));
        return Ran.of(words.toArray()).succeeded();
    }

    @ParameterizedTest
    @ValueSource(strings = {"gaussian", "gaussian-learned"})
    void bitsOfADensityAreCalledSoEverywhere(String likelihood) throws IOException {
        Path run = folder.resolve("run");
        Ran trained = train(run, 2, "--likelihood", likelihood);

        assertThat(trained.out()).containsPattern("Test: -?[0-9.]+ bits per dimension \\(density\\) \\(50 images\\)");
        assertThat(trained.err())
                .containsPattern("validation: -?[0-9.]+ bits/dim \\(density\\)")
                .contains("Note: the likelihood " + likelihood + " is a density", "not comparable");
        JsonNode results = Json.read(run.resolve("results.json"));
        assertThat(results.get("bpd_unit").asText()).isEqualTo("bits per dimension (density)");
        assertThat(results.at("/test/bpd_unit").asText()).isEqualTo("bits per dimension (density)");

        Ran table = evaluate(run);
        assertThat(table.out().lines().filter(line -> line.contains("bits per dimension")))
                .hasSize(2)
                .allMatch(line -> line.contains("bits per dimension (density)"));
        assertThat(table.err()).contains("Note: the likelihood " + likelihood + " is a density");
        assertThat(evaluate(run, "--json").json().get("bpd_unit").asText()).isEqualTo("bits per dimension (density)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"categorical", "bernoulli", "logistic-mixture"})
    void bitsOfLevelsHaveNoSuchNote(String likelihood) throws IOException {
        Ran trained = train(folder.resolve("run"), 1, "--likelihood", likelihood);
        assertThat(trained.out() + trained.err()).contains("bits per dimension").doesNotContain("density");
    }

    @Test
    void aCollapseIsNotedInTrainingAndAtTheEnd() throws IOException {
        Path run = folder.resolve("run");
        Ran trained = train(run, 20, "--beta", 1000, "--learning-rate", 0.01);

        assertThat(trained.out()).contains("0 of 2 latent dimensions active");
        List<String> notes = trained.err()
                .lines()
                .filter(line -> line.contains("posterior collapse"))
                .toList();
        assertThat(notes)
                .as(trained.err())
                .hasSize(2)
                .allMatch(line -> line.contains("Try a smaller --beta than 1000"));
        assertThat(notes.get(0)).contains("the divergence is 0.00");
        assertThat(trained.err().lines().toList().indexOf(notes.get(0)))
                .isLessThan(trained.err()
                        .lines()
                        .toList()
                        .indexOf(trained.err()
                                .lines()
                                .filter(line -> line.contains("epoch 20/20  validation"))
                                .findFirst()
                                .get()));
        assertThat(evaluate(run).err()).contains("Note: no latent dimension is active (posterior collapse)");
    }

    /** What is advised is an option that the training's objective has, and does not use yet. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "elbo | Try --warm-up 10 (epochs .*), --free-nats 0.1 (.*), more --epochs or another --learning-rate.",
                "elbo:beta=3 | Try a smaller --beta than 3.0; 1 is the ELBO. If the collapse remains, try --warm-up 10 .*",
                "elbo:warm-up=5 | Try --free-nats 0.1 .*",
                "elbo:warm-up=5:free-nats=0.2 | Try more --epochs or another --learning-rate.",
                "iwae | Try --objective elbo with --warm-up 10 .*, --free-nats 0.1 .*",
                "beta-tcvae:beta=4 | Try a smaller --beta than 4.0; .* try --objective elbo with --warm-up 10 .*",
            })
    void theAdviceSuitsTheObjective(String objective, String expected) {
        VaeSpec config =
                VaeSpec.of("mnist").withObjective(Family.of(VaeObjective.class).parse(objective));
        assertThat(VaeNotes.advice(config)).matches(expected.replace("(", "\\(").replace(")", "\\)"));
    }

    @Test
    void theDivergenceThatIsTooSmallForAnActiveDimension() {
        // One dimension whose mean varies by 0.01, with the prior's standard deviation: ½ · 0.01 nats.
        assertThat(ActiveUnits.LEAST_DIVERGENCE).isCloseTo(0.005, within(1e-15));
        assertThat(VaeNotes.isCollapsed(0.0049)).isTrue();
        assertThat(VaeNotes.isCollapsed(0.0051)).isFalse();
    }
}
