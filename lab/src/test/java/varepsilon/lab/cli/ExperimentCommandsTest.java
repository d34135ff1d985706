package varepsilon.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExperimentCommandsTest {
    private static Path data;
    private static Path grid;
    private static Path finished;

    @TempDir
    private Path folder;

    private Path out;

    @BeforeAll
    static void runOnce(@TempDir Path shared) throws IOException {
        data = SmallMnist.in(shared.resolve("data"));
        grid = SmallGrid.in(shared);
        finished = shared.resolve("finished");
        Ran.of(command(grid, finished, "--preset", "short")).succeeded();
    }

    @BeforeEach
    void nameFolder() {
        out = folder.resolve("out");
    }

    private static Object[] command(Path file, Path out, Object... more) {
        return SmallGrid.command(file, data, out, more).toArray();
    }

    private static Object[] report(Path out) {
        return new Object[] {"experiment", "report", out, "--runs", SmallGrid.runs(out), "--data-dir", data};
    }

    /** All files of the finished trainings, by when they were written. */
    private static Map<Path, FileTime> trainings() throws IOException {
        Map<Path, FileTime> times = new TreeMap<>();
        try (var files = Files.walk(SmallGrid.runs(finished))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                times.put(file, Files.getLastModifiedTime(file));
            }
        }
        return times;
    }

    private Path edited(String found, String instead) throws IOException {
        String yaml = Files.readString(grid);
        assertThat(yaml).contains(found);
        return Files.writeString(folder.resolve("edited.yaml"), yaml.replace(found, instead));
    }

    @Test
    void listNamesWhatComesWithTheProgram() throws IOException {
        JsonNode rows = Ran.of("experiment", "list", "--json").succeeded().json();

        assertThat(rows.findValuesAsText("name"))
                .containsExactly(
                        "vae-1.8",
                        "vae-1.9",
                        "vae-1.10",
                        "rate-distortion",
                        "mnist-bits",
                        "cifar10-bits",
                        "robustness-2.1",
                        "robustness-2.3");
        for (JsonNode row : rows) {
            assertThat(row.get("presets").toString()).isEqualTo("[\"smoke\",\"laptop\",\"full\"]");
            assertThat(row.get("title").asText()).isNotBlank();
        }
        assertThat(Ran.of("experiment", "list").succeeded().out()).contains("robustness-2.3", "smoke, laptop, full");
    }

    @Test
    void everythingIsWritten() throws IOException {
        for (String file : new String[] {"config.yaml", "results.csv", "results.json", "report.html", "report.md"}) {
            assertThat(finished.resolve(file)).isNotEmptyFile();
        }
        assertThat(Files.readString(finished.resolve("config.yaml")))
                .contains("epochs: 1\n", "learningRate: 0.05\n", "weightDecay: 5.0E-4\n", "labelSmoothing: 0.0\n")
                .contains("schedule: one-cycle\n", "attackMode: evaluation\n", "testLimit: 0\n", "cells: []\n")
                .doesNotContain("presets");
        assertThat(Files.readAllLines(finished.resolve("results.csv")))
                .hasSize(1 + 8 * SmallGrid.TRAININGS)
                .startsWith("fitting.momentum,seed,metric,value,low,high,n");
    }

    @Test
    void whatIsDoneIsNotDoneAgainAlsoFromItsOwnConfiguration() throws IOException {
        Map<Path, FileTime> before = trainings();
        String results = Files.readString(finished.resolve("results.json"));

        Ran again = Ran.of(command(finished.resolve("config.yaml"), finished, "--json"))
                .succeeded();

        assertThat(trainings()).isEqualTo(before);
        assertThat(finished.resolve("results.json")).hasContent(results);
        assertThat(again.json().get("results")).hasSize(SmallGrid.TRAININGS);
        assertThat(again.err()).doesNotContain("[1 of 4]");
    }

    @Test
    void trainingsOfAnotherExperimentAreFoundWhereTheyAreTheSame() throws IOException {
        Map<Path, FileTime> before = trainings();

        Ran.of(
                        "experiment",
                        "run",
                        edited("title: Momentum", "title: Other"),
                        "--preset",
                        "short",
                        "--out",
                        out,
                        "--runs",
                        SmallGrid.runs(finished),
                        "--data-dir",
                        data)
                .succeeded();

        assertThat(trainings()).isEqualTo(before);
        assertThat(out.resolve("results.csv")).hasSameBinaryContentAs(finished.resolve("results.csv"));
    }

    @Test
    void reportWritesResultsAndReportAgain() throws IOException {
        byte[] results = Files.readAllBytes(finished.resolve("results.csv"));
        Files.delete(finished.resolve("results.csv"));
        Files.delete(finished.resolve("report.html"));

        String text = Ran.of(report(finished)).succeeded().out();

        assertThat(finished.resolve("results.csv")).hasBinaryContent(results);
        assertThat(finished.resolve("report.html")).isNotEmptyFile();
        assertThat(text)
                .contains(
                        "fitting.momentum 0.5, seed 2",
                        finished.resolve("report.html").toString());
    }

    @Test
    void otherSettingsInTheSameFolderAreRefusedNamingTheLine() throws IOException {
        String config = Files.readString(finished.resolve("config.yaml"));
        int line = config.substring(0, config.indexOf("batchSize")).split("\n", -1).length;

        String failure = Ran.of(command(edited("batchSize: 25", "batchSize: 24"), finished, "--preset", "short"))
                .failure();

        assertThat(failure)
                .contains(finished.resolve("config.yaml") + ": this folder holds an experiment with other settings")
                .contains("(line " + line + ": 'batchSize: 25', requested: 'batchSize: 24')")
                .contains("choose another --out");
        assertThat(finished.resolve("config.yaml")).hasContent(config);
        assertThat(Ran.of(command(grid, finished)).failure()).contains("'epochs: 1', requested: 'epochs: 6'");
        assertThat(Ran.of(command(grid, finished, "--preset", "short", "--set", "seeds=[1, 2, 3]"))
                        .failure())
                .contains("requested: '- 3'");
    }

    @Test
    void anUnfinishedOneSaysWhatIsMissingAndHowToGoOn() throws IOException {
        // Without its data it begins, and cannot go on.
        Path nothing = Files.createDirectories(folder.resolve("nothing"));
        Ran.of(SmallGrid.command(grid, nothing, out).toArray()).failure();
        assertThat(out.resolve("config.yaml")).exists();

        assertThat(Ran.of(report(out)).failure())
                .contains(out + ": is not finished, 'fitting.momentum 0.5, seed 1' is missing")
                .contains("varepsilon experiment run " + out.resolve("config.yaml") + " --out " + out);
        assertThat(out.resolve("results.json")).doesNotExist();
    }

    @Test
    void foldersThatAreNoExperimentsAreLeftAlone() throws IOException {
        Path other = Files.createDirectories(out);
        Files.writeString(other.resolve("thesis.tex"), "precious");

        assertThat(Ran.of(command(grid, other)).failure()).contains("is not empty and not an experiment");
        assertThat(Ran.of(report(other)).failure()).contains("not an experiment (there is no config.yaml in it)");
        assertThat(Ran.of(command(grid, grid)).failure()).contains("is a file; expected a folder");
        assertThat(other.resolve("thesis.tex")).hasContent("precious");
    }

    @Test
    void misspeltKeysAreRefusedBeforeAnythingIsWritten() throws IOException {
        assertThat(Ran.of(command(edited("seeds:", "sedes:"), out)).failure())
                .contains("unknown key 'sedes'; did you mean 'seeds'?");
        assertThat(Ran.of(command(edited("epochs: 6", "epoch: 6"), out)).failure())
                .contains("unknown key 'fitting.epoch'; did you mean 'fitting.epochs'?");
        assertThat(Ran.of(command(edited("fitting.momentum", "fiting.momentum"), out))
                        .failure())
                .contains("unknown key 'fiting'; did you mean 'fitting'?");
        assertThat(Ran.of(command(edited("fitting.momentum", "fitting.momentun"), out))
                        .failure())
                .contains("unknown key 'fitting.momentun'; did you mean 'fitting.momentum'?");
        assertThat(Ran.of(command(edited("fitting: {epochs: 1}", "fiting: {epochs: 1}"), out, "--preset", "short"))
                        .failure())
                .contains("unknown key 'fiting'; did you mean 'fitting'?");
        assertThat(Ran.of(command(grid, out, "--set", "settings.fitting.epoch=3"))
                        .failure())
                .contains("unknown key 'settings.fitting.epoch'; did you mean 'settings.fitting.epochs'?");
        assertThat(Ran.of(command(grid, out, "--preset", "shrot")).failure()).contains("preset shrot: expected short");
        assertThat(out).doesNotExist();
    }

    @Test
    void wrongUsage() {
        assertThat(Ran.of(command(grid, out, "--jobs", 0)).refusal()).contains("--jobs 0: expected at least 1");
        assertThat(Ran.of("experiment", "run").refusal()).contains("NAME-OR-FILE");
        assertThat(Ran.of("experiment", "run", folder.resolve("no.yaml")).failure())
                .contains("no such experiment or file; there are: vae-1.8");
        assertThat(out).doesNotExist();
    }
}
