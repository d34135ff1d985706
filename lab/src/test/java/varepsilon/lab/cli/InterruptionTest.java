package varepsilon.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import varepsilon.lab.Json;

/** Processes that are killed at any moment, and go on to the very bits of one that was not. */
class InterruptionTest {
    private static final int EPOCHS = 6;
    private static final int MANY_EPOCHS = 60;

    private static Path data;
    private static Path undisturbed;

    @TempDir
    private Path folder;

    @BeforeAll
    static void trainUndisturbed(@TempDir Path shared) throws IOException {
        data = SmallMnist.in(shared.resolve("data"));
        undisturbed = shared.resolve("undisturbed");
        Ran.of(training(undisturbed, EPOCHS).toArray()).succeeded();
    }

    private static List<Object> training(Path out, int epochs) {
        return Ran.smallTraining(data, out, epochs, "--samples-every", 2, "--no-progress");
    }

    private int resumeToTheEnd(Path run) throws IOException, InterruptedException {
        Process process = ProgramProcess.start(folder, List.of("vae", "train", "--resume", run, "--data-dir", data));
        assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
        return process.exitValue();
    }

    private static void assertSameBits(Path run, Path expected) throws IOException {
        for (String file : List.of("checkpoints/best.safetensors", "checkpoints/last.safetensors", "config.yaml")) {
            assertThat(run.resolve(file)).hasSameBinaryContentAs(expected.resolve(file));
        }
        assertThat(metrics(run)).isEqualTo(metrics(expected));
        assertThat(result(run)).isEqualTo(result(expected));
        assertThat(run.resolve("samples/epoch_006.png"))
                .hasSameBinaryContentAs(expected.resolve("samples/epoch_006.png"));
    }

    /** But for the third column, the seconds. */
    private static List<String> metrics(Path run) throws IOException {
        return Files.readAllLines(run.resolve("metrics.csv")).stream()
                .map(row -> row.replaceFirst("^([^,]*,[^,]*),[^,]*", "$1"))
                .toList();
    }

    private static Map<String, JsonNode> result(Path run) throws IOException {
        JsonNode all = Json.read(run.resolve("results.json"));
        return Map.of("test", all.get("test"), "best", all.get("best_epoch"), "validation", all.get("validation_bpd"));
    }

    @Test
    void killedAndResumed() throws Exception {
        Path run = folder.resolve("killed");
        Process process = ProgramProcess.start(folder, training(run, EPOCHS));
        ProgramProcess.await(run.resolve("checkpoints/training.safetensors"), process);
        process.destroyForcibly().waitFor();
        assertThat(run.resolve("results.json")).doesNotExist();

        assertThat(resumeToTheEnd(run)).as(ProgramProcess.errors(folder)).isZero();

        assertSameBits(run, undisturbed);
    }

    @Test
    void askedToEndItSavesAndSaysHowToGoOn() throws Exception {
        Path run = folder.resolve("stopped here");
        Process process = ProgramProcess.start(folder, training(run, EPOCHS));
        ProgramProcess.await(run.resolve("samples/epoch_000.png"), process);
        process.destroy(); // SIGTERM, as Ctrl-C's SIGINT
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
        assertThat(process.exitValue()).isEqualTo(128 + 15);
        assertThat(ProgramProcess.errors(folder))
                .contains("Stopped and saved. To go on: varepsilon vae train --resume '" + run + "'");
        assertThat(run.resolve("checkpoints/training.safetensors")).exists();

        assertThat(resumeToTheEnd(run)).as(ProgramProcess.errors(folder)).isZero();

        assertSameBits(run, undisturbed);
    }

    @Test
    void moreEpochsGiveWhatALongerRunWouldHave() throws IOException {
        Path run = folder.resolve("longer");
        Ran.of(Ran.smallTraining(data, run, 2, "--samples-every", 2).toArray()).succeeded();

        Ran.of("vae", "train", "--resume", run, "--data-dir", data, "--epochs", EPOCHS)
                .succeeded();

        assertSameBits(run, undisturbed);
    }

    @Test
    @Tag("slow")
    void killedAtRandomMomentsManyTimes() throws Exception {
        Path expected = folder.resolve("never-killed");
        Ran.of(training(expected, MANY_EPOCHS).toArray()).succeeded();
        Path run = folder.resolve("killed-often");
        Random random = new Random(7);
        Process process = ProgramProcess.start(folder, training(run, MANY_EPOCHS));
        ProgramProcess.await(run.resolve("config.yaml"), process);
        for (int kill = 0; kill < 12; kill++) {
            process.waitFor(random.nextInt(5000), TimeUnit.MILLISECONDS);
            process.destroyForcibly().waitFor();
            process = ProgramProcess.start(folder, List.of("vae", "train", "--resume", run, "--data-dir", data));
        }
        assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
        assertThat(process.exitValue()).as(ProgramProcess.errors(folder)).isZero();

        assertSameBits(run, expected);
    }
}
