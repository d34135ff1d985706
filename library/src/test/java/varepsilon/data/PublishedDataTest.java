package varepsilon.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import varepsilon.base.InputException;

/** Against the published files, where {@code VAREPSILON_DATA} says that there are any. */
class PublishedDataTest {
    private Path dataDir;

    @BeforeEach
    void findData() {
        String named = System.getenv(DataFolder.VARIABLE);
        assumeTrue(named != null && !named.isBlank(), "VAREPSILON_DATA is not set: no published data to test with");
        dataDir = Path.of(named);
    }

    @Test
    void mnistIsWhatItIsKnownToBe() throws IOException {
        ImageSet train = Datasets.load("mnist", Split.TRAIN, dataDir);
        assertThat(train.size()).isEqualTo(60_000);
        assertThat(new int[] {train.channels(), train.height(), train.width()}).containsExactly(1, 28, 28);
        assertThat(Arrays.copyOf(train.labels(), 5)).containsExactly(5, 0, 4, 1, 9);
        assertThat(train.classCounts()).containsExactly(5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949);
        // The values that everyone normalises MNIST by.
        assertThat(train.statistics().mean().get(0)).isCloseTo(0.1307, within(5e-5));
        assertThat(train.statistics().std().get(0)).isCloseTo(0.3081, within(5e-5));
        ImageSet test = Datasets.load("mnist", Split.TEST, dataDir);
        assertThat(test.size()).isEqualTo(10_000);
        assertThat(Arrays.copyOf(test.labels(), 5)).containsExactly(7, 2, 1, 0, 4);
    }

    @Test
    void theFilesArePublishersFiles() throws IOException {
        Datasets.verify("mnist", dataDir);
        Datasets.verify("fashion-mnist", dataDir);
        Datasets.verify("cifar10", dataDir);
        for (String name : List.of("mnist", "fashion-mnist", "cifar10")) {
            assertThat(Datasets.named(name).notes(dataDir)).isEmpty();
            // A data folder that is the folder of the set holds this set, and none whose files have the same names.
            Path own = Datasets.named(name).stored(dataDir).get(0).path().getParent();
            assertThat(Datasets.all().stream()
                            .filter(source -> !source.downloads().isEmpty() && isIn(source, own)))
                    .extracting(DataSource::name)
                    .containsExactly(name);
        }
    }

    private static boolean isIn(DataSource source, Path folder) {
        try {
            return !source.stored(folder).isEmpty();
        } catch (InputException e) {
            return false;
        }
    }

    @Test
    void fashionMnistIsBalanced() throws IOException {
        ImageSet test = Datasets.load("fashion-mnist", Split.TEST, dataDir);
        assertThat(test.size()).isEqualTo(10_000);
        assertThat(test.classCounts()).containsOnly(1_000);
        assertThat(test.classNames().get(test.label(0))).isEqualTo("Ankle boot");
    }

    @Test
    void cifar10IsWhatItIsKnownToBe() throws IOException {
        ImageSet train = Datasets.load("cifar10", Split.TRAIN, dataDir);
        assertThat(train.size()).isEqualTo(50_000);
        assertThat(new int[] {train.channels(), train.height(), train.width()}).containsExactly(3, 32, 32);
        assertThat(train.classCounts()).containsOnly(5_000);
        // The values that everyone normalises CIFAR-10 by.
        assertEach(train.statistics().mean(), 0.4914, 0.4822, 0.4465);
        assertEach(train.statistics().std(), 0.2470, 0.2435, 0.2616);
        ImageSet test = Datasets.load("cifar10", Split.TEST, dataDir);
        assertThat(test.size()).isEqualTo(10_000);
        assertThat(test.classCounts()).containsOnly(1_000);
        assertThat(Arrays.stream(test.limit(5).labels()).mapToObj(test.classNames()::get))
                .containsExactly("cat", "ship", "ship", "airplane", "frog");
    }

    private static void assertEach(List<Double> found, double... expected) {
        assertThat(found).hasSize(expected.length);
        for (int c = 0; c < expected.length; c++) {
            assertThat(found.get(c)).as("channel %d", c).isCloseTo(expected[c], within(1e-4));
        }
    }
}
