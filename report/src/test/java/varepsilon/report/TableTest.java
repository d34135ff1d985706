package varepsilon.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TableTest {
    private final Locale usual = Locale.getDefault();

    @AfterEach
    void restoreLocale() {
        Locale.setDefault(usual);
    }

    private static Table sample() {
        return new Table(
                        Table.text("model"),
                        Table.number("test", "bits/dim", 4),
                        Table.percent("accuracy", 1),
                        Table.count("n", ""))
                .row("vae-20", 0.51934f, null, 10_000)
                .row("β=4 | free bits", 12.0, 0.9162, 250L);
    }

    @Test
    void textIsAlignedUnderHeadersWithUnits() {
        assertThat(sample().toText()).isEqualTo("""
                model            test (bits/dim)  accuracy (%)       n
                ---------------  ---------------  ------------  ------
                vae-20                    0.5193             –  10,000
                β=4 | free bits          12.0000          91.6     250
                """);
    }

    @Test
    void markdownSaysTheAlignmentAndEscapesBars() {
        assertThat(sample().toMarkdown()).isEqualTo("""
                | model            | test (bits/dim) | accuracy (%) |      n |
                | ---------------- | --------------: | -----------: | -----: |
                | vae-20           |          0.5193 |            – | 10,000 |
                | β=4 \\| free bits |         12.0000 |         91.6 |    250 |
                """);
    }

    @Test
    void numbersAreTheSameInEveryCountry() {
        String here = sample().toText();
        Locale.setDefault(Locale.GERMANY);
        assertThat(sample().toText()).isEqualTo(here);
    }

    @Test
    void numbersThatAreNoneAreShownAsSuch() {
        Table table = new Table(Table.number("loss", "nats", 2)).row(Double.NaN).row(Double.NEGATIVE_INFINITY);
        assertThat(table.toText()).contains("NaN\n").contains("-Infinity\n");
    }

    @Test
    void saysWhatIsWrongWithItsInput() {
        assertThatIllegalArgumentException().isThrownBy(() -> sample().row("x")).withMessageContaining("1 cells for 4");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Table(Table.count("epoch", "")).row("ten"))
                .withMessageContaining("epoch")
                .withMessageContaining("ten");
        assertThatIllegalArgumentException().isThrownBy(Table::new).withMessageContaining("needs a column");
    }
}
