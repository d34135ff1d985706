package varepsilon.lab.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import varepsilon.base.InputException;
import varepsilon.lab.published.RobustnessKind;
import varepsilon.lab.spec.ClassifierSpec;
import varepsilon.lab.spec.VaeSpec;
import varepsilon.lab.spec.Yaml;
import varepsilon.nn.Schedule;
import varepsilon.nn.Sgd;

class ExperimentFileTest {
    private static final Experiments EXPERIMENTS =
            new Experiments(List.of(new VaeGrid(), new ClassifierGrid(), new RobustnessKind()));
    private static final String WITH_PRESETS = """
            kind: vae
            settings: {data: glyphs, epochs: 9}
            grid: {latentDim: [2, 3]}
            presets:
              few: {settings: {epochs: 2}, seeds: [5, 6]}
            """;

    @TempDir
    private Path folder;

    private ExperimentFile read(String yaml, String preset) throws IOException {
        return EXPERIMENTS.read(
                Files.writeString(folder.resolve("my.yaml"), yaml).toString(), preset);
    }

    private Experiment made(ExperimentFile file) {
        return file.kind().in(Workplaces.in(folder), file);
    }

    private void assertRefused(String yaml, String preset, String message) {
        assertThatThrownBy(() -> made(read(yaml, preset)))
                .isInstanceOf(InputException.class)
                .hasMessageContaining(message);
    }

    static Stream<List<String>> shipped() {
        return EXPERIMENTS.shipped().stream()
                .flatMap(name -> Stream.of("smoke", "laptop", "full").map(preset -> List.of(name, preset)));
    }

    @ParameterizedTest
    @MethodSource("shipped")
    void allThatIsShippedCanBeUsed(List<String> namedAndPreset) throws IOException {
        String name = namedAndPreset.get(0);
        String preset = namedAndPreset.get(1);
        assertThat(EXPERIMENTS.presets(name)).contains(preset);

        ExperimentFile file = EXPERIMENTS.read(name, preset);

        assertThat(file.title()).isEqualTo(EXPERIMENTS.title(name)).isNotBlank();
        made(file); // refuses settings that make no sense
    }

    @ParameterizedTest
    @CsvSource({"vae-1.8", "robustness-2.1", "robustness-2.3"})
    void withoutAPresetItIsTheLaptops(String name) throws IOException {
        assertThat(EXPERIMENTS.read(name, null)).isEqualTo(EXPERIMENTS.read(name, "laptop"));
    }

    @Test
    void everyDefaultIsWrittenOut() throws IOException {
        ObjectNode vae = Yaml.tree(read("kind: vae", null).toYaml(), "test");
        // Strict: every key of the record must be there.
        VaeSpec config = Yaml.read(vae.get("settings"), VaeSpec.class, "test");
        assertThat(config).isEqualTo(VaeSpec.of("mnist"));
        assertThat(vae.fieldNames())
                .toIterable()
                .containsExactly("kind", "title", "settings", "grid", "cells", "seeds");
        assertThat(vae.get("seeds").toString()).isEqualTo("[42]");

        ObjectNode classifier = Yaml.tree(read("kind: classifier", null).toYaml(), "test");
        ClassifierSpec.Fitting fitting = Yaml.read(classifier.get("settings"), ClassifierSpec.class, "test")
                .fitting();
        assertThat(fitting)
                .isEqualTo(new ClassifierSpec.Fitting(
                        30, 128, 0.1, new Sgd.Choice(), new Schedule.OneCycle(0.3), 0, 0, 0));
        assertThat(classifier.at("/settings/network/architecture").asText()).isEqualTo("resnet18");
    }

    @Test
    void parametersBehindANameAreWrittenOutToo() throws IOException {
        ExperimentFile vae = read("kind: vae\nsettings: {likelihood: \"categorical:levels=8\"}", null);
        assertThat(vae.toYaml()).contains("likelihood: categorical\n", "levels: 8\n");
        assertThat(vae.with("settings.likelihood=gaussian").toYaml())
                .contains("std: 0.1")
                .doesNotContain("levels");
        ExperimentFile classifier = read("""
                kind: classifier
                settings:
                  fitting: {schedule: step}
                  check: {attack: "pgd:steps=40", eps: 0.1}
                grid: {check.steps: [5, 20]}
                """, null);
        assertThat(classifier.toYaml())
                .contains("decayEvery: 7", "steps: 40", "restarts: 1")
                .doesNotContain("peak");
        GridSettings grid = GridSettings.of(classifier);
        assertThat(grid.assignments().stream()
                        .map(assignment -> Yaml.read(
                                        assignment.applied(grid.base(), ClassifierSpec.class),
                                        ClassifierSpec.class,
                                        "test")
                                .check()
                                .parameter("steps")
                                .orElseThrow()))
                .isEqualTo(List.of(5, 20));
    }

    @Test
    void whatIsWrittenOutIsReadAsTheSame() throws IOException {
        for (String name : EXPERIMENTS.shipped()) {
            ExperimentFile file = EXPERIMENTS.read(name, "smoke");

            assertThat(read(file.toYaml(), null).toYaml()).isEqualTo(file.toYaml());
        }
    }

    @Test
    void aPresetChangesWhatItSaysAndNothingElse() throws IOException {
        ExperimentFile all = read(WITH_PRESETS, null);
        ExperimentFile few = read(WITH_PRESETS, "few");

        assertThat(few.toYaml()).isNotEqualTo(all.toYaml());
        assertThat(few)
                .isEqualTo(new ExperimentFile(
                        all.kind(),
                        all.with("settings.epochs=2").with("seeds=[5, 6]").document(),
                        few.source()));
    }

    @Test
    void oneSettingIsChanged() throws IOException {
        ExperimentFile file = EXPERIMENTS.read("robustness-2.1", "smoke").with("settings.further.epochs=7");

        assertThat(file.document().at("/settings/further/epochs").asInt()).isEqualTo(7);
        assertThat(file.with("settings.further.epochs=1").toYaml())
                .isEqualTo(EXPERIMENTS.read("robustness-2.1", "smoke").toYaml());
    }

    @Test
    void misspeltKeysAreRefusedWithTheNearest() {
        assertRefused("kind: vae\nsedes: [1]", null, "my.yaml: unknown key 'sedes'; did you mean 'seeds'?");
        assertRefused("kind: vae\nsettings: {latentDims: 2}", null, "'latentDims'; did you mean 'latentDim'?");
        assertRefused(
                "kind: classifier\nsettings: {fitting: {epoch: 2}}",
                null,
                "unknown key 'fitting.epoch'; did you mean 'fitting.epochs'?");
        assertRefused("kind: vae\ngrid: {latentdim: [2]}", null, "'latentdim'; did you mean 'latentDim'?");
        assertRefused("kind: vae\ncells: [{betta: 2}]", null, "'betta'; did you mean 'beta'?");
        assertRefused(
                WITH_PRESETS.replace("seeds:", "seed:"),
                "few",
                "unknown key 'presets.few.seed'; did you mean 'presets.few.seeds'?");
        assertRefused(
                WITH_PRESETS.replace("epochs: 2", "epoch: 2"), "few", "unknown key 'epoch'; did you mean 'epochs'?");
        assertRefused(
                "kind: robustness\nsettings: {furthr: {epochs: 1}}",
                null,
                "unknown key 'furthr'; did you mean 'further'?");
        assertThatThrownBy(() -> read(WITH_PRESETS, null).with("settings.latent=2"))
                .isInstanceOf(InputException.class)
                .hasMessage(
                        "--set settings.latent=2: unknown key 'settings.latent'; did you mean 'settings.latentDim'?");
        assertThatThrownBy(() -> read(WITH_PRESETS, null).with("setings.levels=2"))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("unknown key 'setings'; did you mean 'settings'?");
    }

    @Test
    void valuesThatMakeNoSenseAreRefused() {
        assertRefused("kind: vea", null, "key 'kind': expected one of vae, classifier, robustness");
        assertRefused("settings: {}", null, "key 'kind': expected one of vae, classifier, robustness");
        assertRefused("- 1", null, "holds no keys");
        assertRefused("kind: [", null, "cannot be read");
        assertRefused("kind: vae\nkind: vae", null, "cannot be read");
        assertRefused("kind: vae\nsettings: 3", null, "key 'settings' has no keys");
        assertRefused("kind: vae\nsettings: {epochs: many}", null, "key 'epochs': expected a whole number");
        assertRefused("kind: vae\nsettings: {epochs: }", null, "key 'epochs' is missing or has no value");
        assertRefused("kind: vae\nsettings: {epochs: 0}", null, "epochs 0: expected at least 1");
        assertRefused("kind: vae\ngrid: {epochs: 3}", null, "key 'grid.epochs': expected a list such as [1, 2]");
        assertRefused("kind: vae\ngrid: [1]", null, "key 'grid': expected keys with values");
        assertRefused("kind: vae\ngrid: {epochs: [3, 0]}", null, "epochs 0: expected at least 1");
        assertRefused("kind: vae\nseeds: [a]", null, "key 'seeds': expected whole numbers");
        assertRefused("kind: vae\nseeds: []", null, "seeds: expected at least one");
        assertRefused("kind: robustness\nsettings: {question: \"2.2\"}", null, "question 2.2: expected 2.1 or 2.3");
        assertRefused(WITH_PRESETS, "lots", "preset lots: expected few");
        assertRefused("kind: vae", "few", "preset few: expected none; it has none");
        assertThatThrownBy(() -> EXPERIMENTS.read("vae-1.11", null))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("vae-1.11: no such experiment or file; there are: vae-1.8, vae-1.9, vae-1.10");
        for (String change : List.of("settings.epochs", "=3", "settings.epochs.more=3")) {
            assertThatThrownBy(() -> read(WITH_PRESETS, null).with(change))
                    .isInstanceOf(InputException.class)
                    .hasMessageStartingWith("--set " + change + ": ");
        }
    }
}
