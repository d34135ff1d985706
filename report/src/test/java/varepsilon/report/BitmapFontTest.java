package varepsilon.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class BitmapFontTest {
    private final BitmapFont font = BitmapFont.STANDARD;

    @Test
    void drawsEachCharacterAsItIsDrawnInTheSheet() {
        assertThat(drawn("T")).isEqualTo("""
                #####
                ..#..
                ..#..
                ..#..
                ..#..
                ..#..
                ..#..
                """);
        assertThat(drawn("g")).isEqualTo("""
                .####
                #...#
                #...#
                #...#
                .####
                ....#
                .###.
                """);
    }

    @Test
    void everyPrintableAsciiCharacterAndTheSymbolsOfTheFieldHaveTheirOwnGlyph() {
        Set<String> shapes = new HashSet<>();
        String missing = shape("\uFFFF");
        String symbols = "αβδεθλμσφΔ∇±×·→…≤≥≈∞‖°²";
        for (int c = '!'; c <= '~'; c++) {
            assertThat(shapes.add(shape(Character.toString(c))))
                    .as(Character.toString(c))
                    .isTrue();
        }
        symbols.codePoints()
                .forEach(c -> assertThat(shapes.add(shape(Character.toString(c))))
                        .as(Character.toString(c))
                        .isTrue());
        assertThat(shapes).doesNotContain(missing);
        assertThat(shape("\uD83D\uDE00")).as("a character outside the sheet").isEqualTo(missing);
    }

    @Test
    void widthIsInkAndOnePixelGaps() {
        assertThat(font.width("")).isZero();
        assertThat(font.width("T")).isEqualTo(5);
        assertThat(font.width("TT")).isEqualTo(11);
        assertThat(font.width("i")).isEqualTo(1);
        assertThat(font.width("T T")).isEqualTo(5 + 1 + 3 + 1 + 5);
    }

    @Test
    void wrapsAtSpacesAndBreaksOnlyWordsThatAreTooLong() {
        assertThat(font.wrap("TT TT TT", font.width("TT TT"))).containsExactly("TT TT", "TT");
        assertThat(font.wrap("T TTTTT", font.width("TTT"))).containsExactly("T", "TTT", "TT");
        assertThat(font.wrap("one\ntwo", 1000)).containsExactly("one", "two");
        assertThat(font.wrap("TT", 1)).as("never less than a character").containsExactly("T", "T");
    }

    @Test
    void shortensWithAnEllipsis() {
        assertThat(font.fit("automobile", 1000)).isEqualTo("automobile");
        String shorter = font.fit("automobile", 30);
        assertThat(shorter).startsWith("auto").endsWith("…");
        assertThat(font.width(shorter)).isLessThanOrEqualTo(30);
    }

    private String shape(String text) {
        StringBuilder shape = new StringBuilder();
        font.draw(text, (x, y) -> shape.append(x).append(',').append(y).append(' '));
        return shape.toString();
    }

    private String drawn(String text) {
        boolean[][] ink = new boolean[BitmapFont.HEIGHT][font.width(text)];
        font.draw(text, (x, y) -> ink[y][x] = true);
        StringBuilder picture = new StringBuilder();
        for (boolean[] row : ink) {
            StringBuilder line = new StringBuilder();
            boolean any = false;
            for (boolean pixel : row) {
                line.append(pixel ? '#' : '.');
                any |= pixel;
            }
            if (any) {
                picture.append(line).append('\n');
            }
        }
        return picture.toString();
    }
}
