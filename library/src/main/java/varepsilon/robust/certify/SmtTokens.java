package varepsilon.robust.certify;

import java.io.IOException;
import java.io.InputStream;
import varepsilon.base.InputException;

/** The tokens of a text in SMT-LIB: parentheses and words, without comments, read one by one. */
final class SmtTokens {
    static final String OPEN = "(";
    static final String CLOSE = ")";

    private static final long MAX_BYTES = 1L << 26;
    private static final int MAX_WORD = 100;
    private static final int END = -1;

    private final String name;
    private final InputStream in;
    private final byte[] buffer = new byte[1 << 16];
    private int position;
    private int filled;
    private long bytes;
    private int line = 1;

    /**
     * Begins at the start.
     *
     * @param name of the file, for messages
     */
    SmtTokens(String name, InputStream in) {
        this.name = name;
        this.in = in;
    }

    /**
     * The next token: {@link #OPEN}, {@link #CLOSE} or a word; null at the end.
     *
     * @throws InputException for a byte that is no printable ASCII, and where a word or the text is too long
     */
    String next() throws IOException {
        skipSpace();
        int first = peek();
        if (first == END) {
            return null;
        }
        if (first == '(' || first == ')') {
            position++;
            return first == '(' ? OPEN : CLOSE;
        }
        StringBuilder word = new StringBuilder();
        for (int c = first; !endsWord(c); c = peek()) {
            if (c < ' ' || c > '~') {
                throw refused(String.format("the byte 0x%02x; expected a text in ASCII", c));
            }
            if (word.length() == MAX_WORD) {
                throw refused("a word of more than " + MAX_WORD + " characters: " + word + "…");
            }
            word.append((char) c);
            position++;
        }
        return word.toString();
    }

    /** An error at the last token. */
    InputException refused(String what) {
        return new InputException(name + ", line " + line + ": " + what);
    }

    /** An error of the text as a whole. */
    InputException refusedWhole(String what) {
        return new InputException(name + ": " + what);
    }

    private void skipSpace() throws IOException {
        boolean comment = false;
        for (int c = peek(); c != END && (comment || isSpace(c) || c == ';'); c = peek()) {
            comment = c != '\n' && (comment || c == ';');
            line += c == '\n' ? 1 : 0;
            position++;
        }
    }

    private static boolean endsWord(int c) {
        return c == END || c == '(' || c == ')' || c == ';' || isSpace(c);
    }

    private static boolean isSpace(int c) {
        return c == ' ' || c == '\n' || c == '\r' || c == '\t';
    }

    /** The byte at the position, which stays. */
    private int peek() throws IOException {
        if (position == filled) {
            filled = Math.max(0, in.read(buffer));
            position = 0;
            bytes += filled;
            if (bytes > MAX_BYTES) {
                throw refused("more than " + MAX_BYTES + " bytes of text; expected a smaller property");
            }
        }
        return filled == 0 ? END : buffer[position] & 0xff;
    }
}
