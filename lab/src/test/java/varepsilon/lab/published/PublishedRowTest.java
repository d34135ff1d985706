package varepsilon.lab.published;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PublishedRowTest {
    @ParameterizedTest
    // Added up from the published tables: the rows without an attack, and those with one.
    @CsvSource({"2.1, fgsm, 9.80, 4.5964", "2.3, pgd, 9.58, 4.3360"})
    void eachTableHasItsRows(String question, String attack, double clean, double attacked) {
        List<PublishedRow> rows = PublishedRow.of(question);

        assertThat(rows).hasSize(24).doesNotHaveDuplicates();
        assertThat(rows).allSatisfy(row -> {
            assertThat(row.question()).isEqualTo(question);
            assertThat(row.attack()).isIn("none", attack);
            assertThat(row.defense()).isIn("none", attack);
        });
        assertThat(rows.stream().map(PublishedRow::model).distinct()).hasSize(12);
        assertThat(sum(rows, false)).isCloseTo(clean, within(1e-9));
        assertThat(sum(rows, true)).isCloseTo(attacked, within(1e-9));
    }

    private static double sum(List<PublishedRow> rows, boolean attacked) {
        return rows.stream()
                .filter(row -> row.attacked() == attacked)
                .mapToDouble(PublishedRow::accuracy)
                .sum();
    }

    @Test
    void aRowSaysWhatItIsAbout() {
        PublishedRow row = PublishedRow.of("2.1").get(19);

        assertThat(row.accuracy()).isEqualTo(0.556);
        assertThat(row.decimals()).isEqualTo(3);
        assertThat(row.model()).isEqualTo(new PublishedRow.Model(2, true, true, false));
        assertThat(row.label()).isEqualTo("set 2, pre-trained, defended, under FGSM");
        assertThat(PublishedRow.of("2.1").get(0).decimals()).isEqualTo(2);
        assertThat(PublishedRow.of("2.1").get(0).label()).isEqualTo("set 1, pre-trained, undefended, clean");
    }

    @Test
    void otherQuestionsHaveNoRows() {
        assertThat(PublishedRow.of("2.2")).isEmpty();
    }
}
