package varepsilon.lab.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import varepsilon.lab.Json;

/**
 * What a command line did within this process.
 *
 * @param code its exit code
 * @param out standard output
 * @param err standard error
 */
record Ran(int code, String out, String err) {
    static Ran of(Object... arguments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        String[] words = new String[arguments.length];
        for (int i = 0; i < words.length; i++) {
            words[i] = arguments[i].toString();
        }
        int code = Main.run(new PrintStream(out, true, UTF_8), new PrintStream(err, true, UTF_8), words);
        return new Ran(code, out.toString(UTF_8), err.toString(UTF_8));
    }

    /** The smallest training worth the name: two latent dimensions, two filters, epochs of four steps. */
    static List<Object> smallTraining(Path dataDir, Path out, int epochs, Object... more) {
        List<Object> words = new ArrayList<>(List.of("vae", "train", "--data", "mnist", "--data-dir", dataDir));
        words.addAll(List.of("--out", out, "--filters", 2, "--latent-dim", 2, "--batch-size", 32, "--epochs", epochs));
        words.addAll(List.of("--threads", 1, "--device", "cpu"));
        words.addAll(List.of(more));
        return words;
    }

    /** Asserts that it did what was asked. */
    Ran succeeded() {
        assertThat(code).as(err).isZero();
        return this;
    }

    /** Asserts that it failed with a single line about what is wrong, and no result. */
    String failure() {
        assertThat(code).as(err).isEqualTo(1);
        assertThat(out).isEmpty();
        assertThat(err.lines().filter(line -> line.startsWith("varepsilon: "))).hasSize(1);
        assertThat(err).doesNotContain("\tat ").doesNotContain("internal error");
        return err.lines()
                .filter(line -> line.startsWith("varepsilon: "))
                .findFirst()
                .orElseThrow();
    }

    /** Asserts that it was refused as wrong usage, and gives the line that says why. */
    String refusal() {
        assertThat(code).as(err).isEqualTo(2);
        assertThat(out).isEmpty();
        List<String> lines = err.lines().toList();
        assertThat(lines).hasSize(2);
        assertThat(lines.get(1)).contains("--help");
        return lines.get(0);
    }

    JsonNode json() throws JsonProcessingException {
        return Json.parse(out);
    }
}
