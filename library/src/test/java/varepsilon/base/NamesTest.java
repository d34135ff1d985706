package varepsilon.base;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NamesTest {
    @ParameterizedTest
    @CsvSource({"kitten,sitting,3", "'',abc,3", "abc,'',3", "same,same,0", "flaw,lawn,2"})
    void editDistanceIsLevenshteins(String from, String to, int distance) {
        assertThat(Names.distance(from, to)).isEqualTo(distance);
        assertThat(Names.distance(to, from)).isEqualTo(distance);
    }

    @Test
    void theNearestNameIsFound() {
        assertThat(Names.nearest("fsgm", List.of("pgd", "fgsm", "mi-fgsm"))).isEqualTo("fgsm");
        assertThat(Names.nearestOrLonger("fashion", List.of("mnist", "cifar10", "fashion-mnist")))
                .isEqualTo("fashion-mnist");
    }
}
