package varepsilon.lab.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Experiments whose processes die at any moment, and that come to the very bytes of one that nobody disturbed. */
class ExperimentInterruptionTest {
    private static final int MANY_EPOCHS = 30;

    private static Path data;
    private static Path grid;
    private static Path undisturbed;

    @TempDir
    private Path folder;

    @BeforeAll
    static void runUndisturbed(@TempDir Path shared) throws IOException {
        data = SmallMnist.in(shared.resolve("data"));
        grid = SmallGrid.in(shared);
        undisturbed = shared.resolve("undisturbed");
        Ran.of(command(undisturbed)).succeeded();
        assertThat(weights(undisturbed)).hasSize(SmallGrid.TRAININGS);
    }

    private static Object[] command(Path out, Object... more) {
        return SmallGrid.command(grid, data, out, more).toArray();
    }

    /** What tells one moment of the files in a folder from another. */
    private static Map<File, Long> moment(File folder) {
        Map<File, Long> files = new HashMap<>();
        File[] found = folder.listFiles(); // null where it is none, or gone meanwhile
        for (File file : found == null ? new File[0] : found) {
            files.put(file, 31 * file.lastModified() + file.length());
            files.putAll(moment(file));
        }
        return files;
    }

    /** Until so many changes of the files were seen: as many on a slow machine as on a fast one. */
    private static void awaitChanges(int count, Path watched, Process process) throws InterruptedException {
        Map<File, Long> last = moment(watched.toFile());
        int seen = 0;
        while (seen < count && process.isAlive()) {
            Thread.sleep(1);
            Map<File, Long> now = moment(watched.toFile());
            if (!now.equals(last)) {
                seen++;
                last = now;
            }
        }
    }

    /** The weights of all trainings by the names of their folders. */
    private static Map<String, ByteBuffer> weights(Path out) throws IOException {
        Map<String, ByteBuffer> weights = new HashMap<>();
        try (var runs = Files.newDirectoryStream(SmallGrid.runs(out))) {
            for (Path run : runs) {
                byte[] bytes = Files.readAllBytes(run.resolve("checkpoints/best.safetensors"));
                weights.put(run.getFileName().toString(), ByteBuffer.wrap(bytes));
            }
        }
        return weights;
    }

    private static void assertSameBytes(Path out, Path expected) throws IOException {
        for (String file : List.of("config.yaml", "results.csv", "results.json")) {
            assertThat(out.resolve(file)).hasSameBinaryContentAs(expected.resolve(file));
        }
        assertThat(weights(out)).isEqualTo(weights(expected));
    }

    private void killAtRandom(int times, Path work, Object... command) throws Exception {
        Random random = new Random(11);
        for (int kill = 0; kill < times; kill++) {
            Process process = ProgramProcess.start(folder, List.of(command));
            awaitChanges(1 + random.nextInt(8), work, process);
            assertThat(process.isAlive())
                    .as("killed while it works: %s", ProgramProcess.errors(folder))
                    .isTrue();
            process.destroyForcibly().waitFor();
        }
    }

    @Test
    void killedThreeTimes() throws Exception {
        Path work = Files.createDirectories(folder.resolve("work"));
        Path out = work.resolve("killed");
        killAtRandom(3, work, command(out));
        assertThat(out.resolve("results.json")).doesNotExist();

        Ran.of(command(out)).succeeded();

        assertSameBytes(out, undisturbed);
    }

    @Test
    @Tag("slow")
    void killedAtRandomMomentsManyTimes() throws Exception {
        Object[] longer = {"--set", "settings.fitting.epochs=" + MANY_EPOCHS};
        Path expected = folder.resolve("never-killed");
        Ran.of(command(expected, longer)).succeeded();
        Path work = Files.createDirectories(folder.resolve("work"));
        Path out = work.resolve("killed-often");
        killAtRandom(10, work, command(out, longer));
        assertThat(out.resolve("results.json")).doesNotExist();

        Process last = ProgramProcess.start(folder, List.of(command(out, longer)));
        assertThat(last.waitFor(5, TimeUnit.MINUTES)).isTrue();
        assertThat(last.exitValue()).as(ProgramProcess.errors(folder)).isZero();

        assertSameBytes(out, expected);
    }

    @Test
    @Tag("slow")
    void aPublishedTableKilledAtRandomMoments() throws Exception {
        Path table = Files.writeString(folder.resolve("table.yaml"), """
                kind: robustness
                settings:
                  question: "2.3"
                  data: mnist
                  validation: 20
                  testImages: 25
                  architecture: small-cnn
                  steps: 2
                  pretraining: {epochs: 1, batchSize: 25}
                  further: {epochs: 1}
                  scratch: {epochs: 1}
                """);
        Path expected = folder.resolve("never-killed");
        Ran.of(SmallGrid.command(table, data, expected).toArray()).succeeded();
        Path work = Files.createDirectories(folder.resolve("work"));
        Path out = work.resolve("killed-often");
        killAtRandom(5, work, SmallGrid.command(table, data, out).toArray());

        Ran.of(SmallGrid.command(table, data, out, "--jobs", 2).toArray()).succeeded();

        for (String file : List.of("config.yaml", "results.csv", "results.json")) {
            assertThat(out.resolve(file)).hasSameBinaryContentAs(expected.resolve(file));
        }
    }

    @Test
    void twoProcessesGiveTheSameBytesAsOne() throws IOException {
        Path out = folder.resolve("two");

        Ran.of(command(out, "--jobs", 2)).succeeded();

        assertSameBytes(out, undisturbed);
        assertThat(out.resolve("logs/worker-1.log")).exists();
        assertThat(out.resolve("logs/worker-2.log")).exists();
    }

    @Test
    void workersEndWithTheProcessThatStartedThem() throws Exception {
        Path out = folder.resolve("orphans");
        Process parent = ProgramProcess.start(folder, List.of(command(out, "--jobs", 2)));
        while (moment(SmallGrid.runs(out).toFile()).keySet().stream()
                        .noneMatch(file -> file.getName().equals("metrics.csv"))
                && parent.isAlive()) {
            Thread.sleep(1);
        }
        List<ProcessHandle> workers = parent.descendants().toList();
        assertThat(workers).as(ProgramProcess.errors(folder)).hasSize(2);
        parent.destroyForcibly().waitFor();

        for (ProcessHandle worker : workers) {
            worker.onExit().get(1, TimeUnit.MINUTES);
        }
        String said = Files.readString(out.resolve("logs/worker-1.log"), UTF_8)
                + Files.readString(out.resolve("logs/worker-2.log"), UTF_8);
        assertThat(said).contains("Stopped and saved").doesNotContain("varepsilon: ");
        assertThat(out.resolve("results.json")).doesNotExist();
        Ran.of(command(out)).succeeded();
        assertSameBytes(out, undisturbed);
    }

    @Test
    void afterAFullDiskItGoesOn() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/bin/bash")), "no /bin/bash, which can limit the size of files");
        Path out = folder.resolve("full");
        // No file may grow beyond 300 KiB: the weights do not fit, all that comes before them does.
        List<String> limited = List.of("/bin/bash", "-c", "ulimit -f 300; exec \"$0\" \"$@\"");
        Process process = ProgramProcess.start(folder, limited, List.of(command(out)));
        assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();

        assertThat(process.exitValue()).as(ProgramProcess.errors(folder)).isEqualTo(1);
        assertThat(ProgramProcess.errors(folder).lines().filter(line -> line.startsWith("varepsilon: ")))
                .singleElement()
                .asString()
                .contains("File too large")
                .doesNotContain("internal error");
        assertThat(ProgramProcess.errors(folder)).doesNotContain("\tat ");
        assertThat(out.resolve("results.json")).doesNotExist();
        Ran.of(command(out)).succeeded();
        assertSameBytes(out, undisturbed);
    }
}
