package varepsilon.lab.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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

    private Process start(List<Object> arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-Djava.awt.headless=true",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
        arguments.forEach(word -> command.add(word.toString()));
        return new ProcessBuilder(command)
                .redirectOutput(folder.resolve("out.txt").toFile())
                .redirectError(folder.resolve("err.txt").toFile())
                .start();
    }

    private String errors() throws IOException {
        return Files.readString(folder.resolve("err.txt"), UTF_8);
    }

    private int resumeToTheEnd(Path run) throws IOException, InterruptedException {
        Process process = start(List.of("vae", "train", "--resume", run, "--data-dir", data));
        assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
        return process.exitValue();
    }

    private static void await(Path file, Process process) throws InterruptedException {
        while (!Files.exists(file) && process.isAlive()) {
            Thread.sleep(1);
        }
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
        JsonNode all = new ObjectMapper().readTree(run.resolve("results.json").toFile());
        return Map.of("test", all.get("test"), "best", all.get("best_epoch"), "validation", all.get("validation_bpd"));
    }

    @Test
    void killedAndResumed() throws Exception {
        Path run = folder.resolve("killed");
        Process process = start(training(run, EPOCHS));
        await(run.resolve("checkpoints/training.safetensors"), process);
        process.destroyForcibly().waitFor();
        assertThat(run.resolve("results.json")).doesNotExist();

        assertThat(resumeToTheEnd(run)).as(errors()).isZero();

        assertSameBits(run, undisturbed);
    }

    @Test
    void askedToEndItSavesAndSaysHowToGoOn() throws Exception {
        Path run = folder.resolve("stopped here");
        Process process = start(training(run, EPOCHS));
        await(run.resolve("samples/epoch_000.png"), process);
        process.destroy(); // SIGTERM, as Ctrl-C's SIGINT
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
        assertThat(process.exitValue()).isEqualTo(128 + 15);
        assertThat(errors()).contains("Stopped and saved. To go on: varepsilon vae train --resume '" + run + "'");
        assertThat(run.resolve("checkpoints/training.safetensors")).exists();

        assertThat(resumeToTheEnd(run)).as(errors()).isZero();

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
        Process process = start(training(run, MANY_EPOCHS));
        await(run.resolve("config.yaml"), process);
        for (int kill = 0; kill < 12; kill++) {
            process.waitFor(random.nextInt(5000), TimeUnit.MILLISECONDS);
            process.destroyForcibly().waitFor();
            process = start(List.of("vae", "train", "--resume", run, "--data-dir", data));
        }
        assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
        assertThat(process.exitValue()).as(errors()).isZero();

        assertSameBits(run, expected);
    }
}
