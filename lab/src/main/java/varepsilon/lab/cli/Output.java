package varepsilon.lab.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.ToStringSerializer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import picocli.CommandLine.Option;
import varepsilon.base.AtomicFile;

/** The output of a command: results on standard output, as text or as one JSON object; all else on standard error. */
final class Output {
    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(SerializationFeature.INDENT_OUTPUT)
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .addModule(new SimpleModule().addSerializer(Path.class, new ToStringSerializer()))
            .build();

    private final Console console;

    @Option(names = "--json", description = "Print the result as one JSON object.")
    private boolean json;

    @Option(
            names = {"-q", "--quiet"},
            description = "Print nothing but the result and errors.")
    private boolean quiet;

    @Option(
            names = {"-v", "--verbose"},
            description = "Print details, and stack traces of errors.")
    @SuppressWarnings("UnusedVariable") // Main looks for the option, also where parsing has failed
    private boolean verbose;

    @Option(names = "--no-progress", description = "Do not show progress.")
    private boolean noProgress;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help.")
    @SuppressWarnings("UnusedVariable") // picocli acts on it
    private boolean help;

    Output(Console console) {
        this.console = console;
    }

    /** Prints a message, unless {@code --quiet} is given. */
    void say(String message) {
        if (!quiet) {
            console.err().println(message);
        }
    }

    /** Prints a note on the result. */
    void note(String note) {
        say("Note: " + note);
    }

    boolean isQuiet() {
        return quiet;
    }

    /** The result: {@code value} for programs, {@code text} for display. */
    void result(Object value, String text) {
        if (json) {
            // JSON is UTF-8 (RFC 8259), whatever the terminal's charset.
            console.out().writeBytes((toJson(value) + System.lineSeparator()).getBytes(StandardCharsets.UTF_8));
        } else {
            console.out().println(text.stripTrailing());
        }
        console.out().flush();
    }

    /** Writes a result as {@code --json} prints it. */
    static void write(Object value, Path file) throws IOException {
        AtomicFile.writeString(file, toJson(value) + "\n");
    }

    private static String toJson(Object value) {
        try {
            return JSON.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a " + value.getClass().getSimpleName() + " cannot be written as JSON", e);
        }
    }

    /** Starts a progress display. */
    Progress progress(String label, long total, String unit) {
        Progress.Display standard = Progress.Display.standardError(console.err(), !noProgress && !quiet);
        // A test's streams are not the process's.
        Progress.Mode mode = console.err() == System.err || standard.mode() == Progress.Mode.OFF
                ? standard.mode()
                : Progress.Mode.LINES;
        return Progress.start(
                label, total, unit, new Progress.Display(console.err(), Clock.systemUTC(), mode, standard.width()));
    }
}
