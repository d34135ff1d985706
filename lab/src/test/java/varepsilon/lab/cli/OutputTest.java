package varepsilon.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** Text comes in the terminal's characters, JSON in those of JSON. */
class OutputTest {
    private static byte[] result(Charset terminal, String... options) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PrintStream stream = new PrintStream(out, true, terminal);
        Output output = new Output(new Console(stream, stream, new Interruption()));
        new CommandLine(output).parseArgs(options);
        output.result("données", "données");
        return out.toByteArray();
    }

    @Test
    void textIsOfTheTerminalsCharacters() {
        assertThat(result(StandardCharsets.ISO_8859_1))
                .isEqualTo(("données" + System.lineSeparator()).getBytes(StandardCharsets.ISO_8859_1));
    }

    @Test
    void jsonIsUtf8Everywhere() {
        byte[] utf8 = ("\"données\"" + System.lineSeparator()).getBytes(StandardCharsets.UTF_8);
        assertThat(result(StandardCharsets.ISO_8859_1, "--json")).isEqualTo(utf8);
        assertThat(result(StandardCharsets.US_ASCII, "--json")).isEqualTo(utf8);
        assertThat(result(StandardCharsets.UTF_8, "--json")).isEqualTo(utf8);
    }
}
