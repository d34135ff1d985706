package varepsilon.lab.run;

import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Quotes command lines in messages for a POSIX shell: {@code --resume 'my run'}. */
public final class ShellWords {
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_./:@%+=,-]+");

    private ShellWords() {}

    /** One word, in single quotes where a shell would take it apart. */
    public static String quoted(Object word) {
        String text = word.toString();
        return PLAIN.matcher(text).matches() ? text : "'" + text.replace("'", "'\\''") + "'";
    }

    /** Several words, a space between. */
    public static String quoted(List<?> words) {
        return words.stream().map(ShellWords::quoted).collect(Collectors.joining(" "));
    }
}
