package varepsilon.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import varepsilon.lab.Json;

/** An adversarial training that is killed at any moment goes on to the very bits of one that was not. */
class ClassifierInterruptionTest {
    private static final int EPOCHS = 8;

    private static Path data;
    private static Path undisturbed;

    @TempDir
    private Path folder;

    @BeforeAll
    static void trainUndisturbed(@TempDir Path shared) throws IOException {
        data = SmallMnist.in(shared.resolve("data"));
        undisturbed = shared.resolve("undisturbed");
        Ran.of(training(undisturbed).toArray()).succeeded();
    }

    private static List<Object> training(Path out) {
        return SmallClassifier.robustTraining(
                data, out, EPOCHS, "--augment", "crop-flip", "--ema", 0.9, "--eps-warmup", 2, "--no-progress");
    }

    private static void assertGoesOnToTheSameBits(Path run) throws IOException {
        Ran.of("classifier", "train", "--resume", run, "--data-dir", data).succeeded();

        for (String file : List.of("checkpoints/best.safetensors", "checkpoints/last.safetensors", "config.yaml")) {
            assertThat(run.resolve(file)).hasSameBinaryContentAs(undisturbed.resolve(file));
        }
        JsonNode results = Json.read(run.resolve("results.json"));
        JsonNode expected = Json.read(undisturbed.resolve("results.json"));
        for (String key : List.of("best_epoch", "forward_passes", "backward_passes", "validation_robust_accuracy")) {
            assertThat(results.get(key)).as(key).isEqualTo(expected.get(key));
        }
        assertThat(results.get("test").get("correct"))
                .isEqualTo(expected.get("test").get("correct"));
    }

    @Test
    void killedAndResumed() throws Exception {
        Path run = folder.resolve("killed");
        Process process = ProgramProcess.start(folder, training(run));
        ProgramProcess.await(run.resolve("checkpoints/training.safetensors"), process);
        process.destroyForcibly().waitFor();
        assertThat(run.resolve("results.json")).doesNotExist();

        assertGoesOnToTheSameBits(run);
    }

    @Test
    void askedToEndItSavesAndSaysHowToGoOn() throws Exception {
        Path run = folder.resolve("stopped");
        Process process = ProgramProcess.start(folder, training(run));
        ProgramProcess.await(run.resolve("provenance.json"), process);
        process.destroy(); // SIGTERM, as Ctrl-C's SIGINT
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
        assertThat(process.exitValue()).isEqualTo(128 + 15);
        assertThat(ProgramProcess.errors(folder))
                .contains("Stopped and saved. To go on: varepsilon classifier train --resume " + run);

        assertGoesOnToTheSameBits(run);
    }
}
