package varepsilon.report;

/** Escapes text for HTML and SVG. */
public final class Markup {
    private Markup() {}

    /**
     * Escapes text so that it can neither open nor close a tag, an attribute or an entity; names of runs are untrusted
     * input. Characters that XML cannot hold (control characters, half a surrogate pair) are shown as U+FFFD.
     */
    public static String escape(String text) {
        StringBuilder escaped = new StringBuilder(text.length() + 16);
        text.codePoints().forEach(point -> {
            switch (point) {
                case '&' -> escaped.append("&amp;");
                case '<' -> escaped.append("&lt;");
                case '>' -> escaped.append("&gt;");
                case '"' -> escaped.append("&quot;");
                case '\'' -> escaped.append("&#39;");
                default -> escaped.appendCodePoint(isAllowed(point) ? point : 0xFFFD);
            }
        });
        return escaped.toString();
    }

    private static boolean isAllowed(int point) {
        return point == '\n'
                || point == '\t'
                || point >= 0x20 && !Character.isISOControl(point) && !isHalfAPair(point) && (point & 0xFFFE) != 0xFFFE;
    }

    private static boolean isHalfAPair(int point) {
        return point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE;
    }
}
