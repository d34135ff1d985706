package varepsilon.classify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import varepsilon.base.InputException;

class ArchitectureTest {
    @Test
    void theImagesThatANetworkIsKnownFor() {
        assertThat(new Architecture("small-cnn", 10, Normalisation.none(1)).side())
                .isEqualTo(28);
        assertThat(new Architecture("resnet20", 10, Normalisation.CIFAR10).side())
                .isEqualTo(32);
    }

    @ParameterizedTest
    @CsvSource({
        "resnet26, 10, 32, 3, resnet20",
        "resnet20, 1, 32, 3, 2 or more",
        "resnet18-none, 10, 32, 3, resnet50 (these also with",
        "wideresnet-29-10, 10, 32, 3, any depth and width",
        "wideresnet-28-0, 10, 32, 3, any depth and width",
        "wideresnet-04-1, 10, 32, 3, any depth and width",
        "resnet18, 10, 3, 3, 4 or more",
        "small-cnn, 10, 30, 1, multiple of 4",
        "small-cnn, 10, 0, 1, multiple of 4"
    })
    void whatCannotBeIsRefused(String name, int classes, int side, int channels, String message) {
        assertThatThrownBy(() -> new Architecture(name, classes, side, Normalisation.none(channels)))
                .isInstanceOf(InputException.class)
                .hasMessageContainingAll(name, message);
    }

    @Test
    void itsFilesSayWhatItIs() {
        assertThat(new Architecture("resnet20", 10, Normalisation.CIFAR10).metadata())
                .containsEntry("architecture", "resnet20")
                .containsEntry("num_classes", "10")
                .containsEntry("image", "3x32x32")
                .containsEntry("normalize_mean", "0.4914,0.4822,0.4465")
                .containsEntry("normalize_std", "0.247,0.243,0.261");
    }

    @Test
    void normalisationsAreListsOfAsManyNumbers() {
        assertThat(Normalisation.parse("0.4914, 0.4822,0.4465", "0.247,0.243,0.261"))
                .isEqualTo(Normalisation.CIFAR10);
        assertThat(Normalisation.none(2)).isEqualTo(new Normalisation(List.of(0.0, 0.0), List.of(1.0, 1.0)));
        assertThatThrownBy(() -> Normalisation.parse("", "")).isInstanceOf(InputException.class);
        assertThatThrownBy(() -> new Normalisation(List.of(0.0), List.of(1.0, 1.0)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("[1.0, 1.0]");
        assertThatThrownBy(() -> new Normalisation(List.of(), List.of())).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Normalisation(List.of(0.0), List.of(Double.POSITIVE_INFINITY)))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
