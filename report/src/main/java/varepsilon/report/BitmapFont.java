package varepsilon.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A pixel font, seven pixels tall with a descent of two, so that captions are the same on every machine, also without
 * installed fonts. The glyphs are drawn in {@code font.txt}: a line of characters, then nine rows of dots and hashes,
 * glyph beside glyph.
 */
final class BitmapFont {
    static final BitmapFont STANDARD = read("font.txt");

    /** Rows of a glyph, in font pixels: seven above the base line, two below. */
    static final int HEIGHT = 9;

    private static final int GAP = 1;
    private static final int SPACE = 3;

    private final Map<Integer, boolean[][]> glyphs;
    private final boolean[][] missing;

    private BitmapFont(Map<Integer, boolean[][]> glyphs) {
        this.glyphs = Map.copyOf(glyphs);
        this.missing =
                trimmed(List.of("#####", "#...#", "#...#", "#...#", "#...#", "#...#", "#####", ".....", "....."));
    }

    /** Paints one font pixel. */
    @FunctionalInterface
    interface Painter {
        void paint(int x, int y);
    }

    /** Width of a line of text in font pixels, without a gap after the last glyph. */
    int width(String line) {
        return Math.max(0, line.codePoints().map(c -> advance(c)).sum() - GAP);
    }

    /** Calls the painter for each inked font pixel of a line of text whose top left corner is (0, 0). */
    void draw(String line, Painter painter) {
        int left = 0;
        for (int character : line.codePoints().toArray()) {
            boolean[][] glyph = glyph(character);
            for (int y = 0; y < glyph.length; y++) {
                for (int x = 0; x < glyph[y].length; x++) {
                    if (glyph[y][x]) {
                        painter.paint(left + x, y);
                    }
                }
            }
            left += advance(character);
        }
    }

    /**
     * The text in lines no wider than {@code width} font pixels, broken at spaces, or within a word too long for one.
     */
    List<String> wrap(String text, int width) {
        List<String> lines = new ArrayList<>();
        for (String paragraph : text.split("\n", -1)) {
            String line = "";
            for (String word : paragraph.split(" ")) {
                String longer = line.isEmpty() ? word : line + " " + word;
                if (width(longer) <= width) {
                    line = longer;
                    continue;
                }
                if (!line.isEmpty()) {
                    lines.add(line);
                }
                line = word;
                while (width(line) > width && line.codePointCount(0, line.length()) > 1) {
                    String head = head(line, width);
                    lines.add(head);
                    line = line.substring(head.length());
                }
            }
            lines.add(line);
        }
        return lines;
    }

    /** The text, or as much of its beginning as fits into {@code width} font pixels with an ellipsis after it. */
    String fit(String text, int width) {
        if (width(text) <= width) {
            return text;
        }
        String shorter = text;
        while (!shorter.isEmpty() && width(shorter + "…") > width) {
            shorter = shorter.substring(0, shorter.offsetByCodePoints(shorter.length(), -1));
        }
        return shorter + "…";
    }

    private String head(String word, int width) {
        int end = word.offsetByCodePoints(0, 1);
        while (end < word.length() && width(word.substring(0, word.offsetByCodePoints(end, 1))) <= width) {
            end = word.offsetByCodePoints(end, 1);
        }
        return word.substring(0, end);
    }

    private int advance(int character) {
        return (Character.isWhitespace(character) ? SPACE : glyph(character)[0].length) + GAP;
    }

    private boolean[][] glyph(int character) {
        return Character.isWhitespace(character) ? new boolean[HEIGHT][0] : glyphs.getOrDefault(character, missing);
    }

    private static BitmapFont read(String resource) {
        List<String> lines;
        try (InputStream in = BitmapFont.class.getResourceAsStream(resource)) {
            lines = new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Map<Integer, boolean[][]> glyphs = new HashMap<>();
        for (int band = 0; band < lines.size(); band += HEIGHT + 1) {
            String[] characters = lines.get(band).trim().split(" +");
            List<String[]> rows = lines.subList(band + 1, band + 1 + HEIGHT).stream()
                    .map(row -> row.split(" "))
                    .toList();
            for (int i = 0; i < characters.length; i++) {
                int column = i;
                glyphs.put(
                        characters[i].codePointAt(0),
                        trimmed(rows.stream().map(row -> row[column]).toList()));
            }
        }
        return new BitmapFont(glyphs);
    }

    /** A glyph without the blank columns beside it, for proportional spacing. */
    private static boolean[][] trimmed(List<String> rows) {
        int first = rows.stream()
                .mapToInt(row -> row.indexOf('#'))
                .filter(i -> i >= 0)
                .min()
                .orElse(0);
        int last = rows.stream().mapToInt(row -> row.lastIndexOf('#')).max().orElse(0);
        boolean[][] ink = new boolean[rows.size()][last - first + 1];
        for (int y = 0; y < ink.length; y++) {
            for (int x = 0; x < ink[y].length; x++) {
                ink[y][x] = rows.get(y).charAt(first + x) == '#';
            }
        }
        return ink;
    }
}
