package varepsilon.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.AbstractThrowableAssert;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import varepsilon.base.InputException;
import varepsilon.tensor.ForkedJvm;

class RunDirectoryTest {
    @TempDir
    Path folder;

    private static AbstractThrowableAssert<?, ?> refused(ThrowingCallable work) {
        return assertThatThrownBy(work).isInstanceOf(InputException.class);
    }

    @Test
    void aRunIsMadeAndOpenedAgain() throws IOException {
        Path path = folder.resolve("new/run");
        try (RunDirectory run = RunDirectory.create(path, "seed: 1\nname: ε\n")) {
            assertThat(run.path()).isEqualTo(path);
            assertThat(run.file("results.json")).isEqualTo(path.resolve("results.json"));
        }
        try (RunDirectory run = RunDirectory.open(path)) {
            assertThat(run.config()).isEqualTo("seed: 1\nname: ε\n");
        }
        Path empty = Files.createDirectory(folder.resolve("empty"));
        RunDirectory.create(empty, "").close();
    }

    @Test
    void nothingThatIsThereIsOverwritten() throws IOException {
        Path path = folder.resolve("run");
        RunDirectory.create(path, "seed: 1").close();
        refused(() -> RunDirectory.create(path, "seed: 2"))
                .hasMessage(path + ": holds a run already; resume it, or choose another folder");
        assertThat(path.resolve("config.yaml")).hasContent("seed: 1");

        Path file = Files.writeString(folder.resolve("file"), "precious");
        refused(() -> RunDirectory.create(file, "")).hasMessage(file + ": is a file; expected a folder for the run");
        refused(() -> RunDirectory.create(file.resolve("below"), "")).hasMessageContaining("cannot be made");
        assertThat(file).hasContent("precious");

        Path full = Files.createDirectory(folder.resolve("full"));
        Files.createFile(full.resolve("thesis.tex"));
        refused(() -> RunDirectory.create(full, "")).hasMessageContaining("not empty and not a run");
        try (var files = Files.list(full)) {
            assertThat(files).containsExactly(full.resolve("thesis.tex"));
        }
    }

    @Test
    void whatIsNotARunIsNotOpened() throws IOException {
        Path file = Files.createFile(folder.resolve("file"));
        for (Path path : List.of(folder.resolve("absent"), file, folder)) {
            refused(() -> RunDirectory.open(path)).hasMessage(path + ": not a run (there is no config.yaml in it)");
        }
        try (var files = Files.list(folder)) {
            assertThat(files).as("looking leaves no trace").containsExactly(file);
        }
    }

    @Test
    void aRunIsHeldOnceAlsoWithinOneProcess() throws IOException {
        Path path = folder.resolve("run");
        RunDirectory first = RunDirectory.create(path, "");
        refused(() -> RunDirectory.open(path)).hasMessageContaining("training in this folder");
        first.close();
        RunDirectory.open(path).close();
    }

    /** Holds a run until its standard input ends. */
    static final class Holder {
        private Holder() {}

        public static void main(String[] arguments) throws IOException {
            try (RunDirectory run = RunDirectory.open(Path.of(arguments[0]))) {
                System.out.println("held " + run.path().getFileName());
                System.in.readAllBytes();
            }
        }
    }

    @Test
    void aRunThatAnotherProcessHoldsIsLockedUntilThatEndsHoweverItEnds() throws Exception {
        Path path = folder.resolve("run");
        RunDirectory.create(path, "").close();
        for (boolean killed : new boolean[] {false, true}) {
            Process holder = ForkedJvm.command(List.of(), Holder.class, path.toString())
                    .redirectErrorStream(true)
                    .start();
            try (BufferedReader output =
                    new BufferedReader(new InputStreamReader(holder.getInputStream(), StandardCharsets.UTF_8))) {
                assertThat(output.readLine()).isEqualTo("held run");
                refused(() -> RunDirectory.open(path)).hasMessageContaining("another process");
                refused(() -> RunDirectory.create(path, "")).hasMessageContaining("holds a run already");
                if (killed) {
                    holder.destroyForcibly();
                } else {
                    holder.getOutputStream().close();
                }
                assertThat(holder.waitFor(5, TimeUnit.MINUTES)).isTrue();
            } finally {
                holder.destroyForcibly();
            }
            RunDirectory.open(path).close();
        }
    }
}
