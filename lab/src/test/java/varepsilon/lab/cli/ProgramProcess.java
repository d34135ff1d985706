package varepsilon.lab.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The program in a process of its own, which may be killed; what it prints goes to files in a folder. */
final class ProgramProcess {
    private ProgramProcess() {}

    /** Starts it with these arguments. */
    static Process start(Path folder, List<?> arguments) throws IOException {
        return start(folder, List.of(), arguments);
    }

    /** The same, behind the words of a shell that runs what follows them. */
    static Process start(Path folder, List<String> shell, List<?> arguments) throws IOException {
        List<String> command = new ArrayList<>(shell);
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-XX:-UsePerfData",
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

    /** What the one started last wrote to standard error. */
    static String errors(Path folder) throws IOException {
        return Files.readString(folder.resolve("err.txt"), UTF_8);
    }

    /** Until the one started last has written this to standard error, or the process has ended. */
    static void awaitError(Path folder, String text, Process process) throws IOException, InterruptedException {
        while (!errors(folder).contains(text) && process.isAlive()) {
            Thread.sleep(1);
        }
    }

    /** Until there is the file, or the process has ended. */
    static void await(Path file, Process process) throws InterruptedException {
        while (!Files.exists(file) && process.isAlive()) {
            Thread.sleep(1);
        }
    }
}
