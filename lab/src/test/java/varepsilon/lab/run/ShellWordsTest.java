package varepsilon.lab.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShellWordsTest {
    @Test
    void plainWordsStayAndOthersAreQuoted() {
        assertThat(ShellWords.quoted(Path.of("runs/digits-2"))).isEqualTo("runs/digits-2");
        assertThat(ShellWords.quoted(Path.of("my run"))).isEqualTo("'my run'");
        assertThat(ShellWords.quoted("it's")).isEqualTo("'it'\\''s'");
        assertThat(ShellWords.quoted("")).isEqualTo("''");
        assertThat(ShellWords.quoted(List.of("--out", "a b", "$HOME"))).isEqualTo("--out 'a b' '$HOME'");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"a b", "it's", "$(touch x)", "`x`", "a\\b", "a\"b", "*", "~", "a;b", "données", "", "#", "a\nb"})
    void aShellReadsThemAsTheyAre(String word) throws Exception {
        Process shell = new ProcessBuilder("/bin/sh", "-c", "printf %s " + ShellWords.quoted(word)).start();
        String read = new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(shell.waitFor()).isZero();
        assertThat(read).isEqualTo(word);
    }
}
