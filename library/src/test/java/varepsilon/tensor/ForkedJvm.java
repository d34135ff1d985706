package varepsilon.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Another JVM with this one's class path, for what must be seen from outside: memory, crashes, locks, first starts. */
public final class ForkedJvm {
    private ForkedJvm() {}

    /** The command that runs {@code main} with these JVM options. */
    public static ProcessBuilder command(List<String> options, Class<?> main, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command);
    }

    /** Runs to the end, which must be a good one, and gives the lines that it printed. */
    public static List<String> run(List<String> options, Class<?> main, String... arguments)
            throws IOException, InterruptedException {
        return run(options, Map.of(), main, arguments);
    }

    /** The same, with these environment variables too. */
    public static List<String> run(
            List<String> options, Map<String, String> environment, Class<?> main, String... arguments)
            throws IOException, InterruptedException {
        File output = File.createTempFile("forked", ".log");
        try {
            ProcessBuilder command = command(options, main, arguments);
            command.environment().putAll(environment);
            Process process =
                    command.redirectErrorStream(true).redirectOutput(output).start();
            try {
                assertThat(process.waitFor(10, TimeUnit.MINUTES))
                        .as("ends in time")
                        .isTrue();
            } finally {
                process.destroyForcibly();
            }
            List<String> lines = Files.readAllLines(output.toPath());
            assertThat(process.exitValue()).as(String.join("\n", lines)).isZero();
            return lines;
        } finally {
            Files.delete(output.toPath());
        }
    }
}
