package varepsilon.classify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import varepsilon.data.Batch;
import varepsilon.data.Batches;
import varepsilon.data.DataFolder;
import varepsilon.data.Datasets;
import varepsilon.data.ImageSet;
import varepsilon.data.Split;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Scope;

/** The public weights on CIFAR-10's test images, where {@code VAREPSILON_DATA} says that there are any. */
class PublicClassifiersTest {
    private static final int BATCH_SIZE = 250;

    @ParameterizedTest
    // The first as published; the second on fewer images, because it is three times as deep.
    @CsvSource({"resnet20, 2500, 2290", "resnet56, 200, 188"})
    void asManyImagesAreCorrectAsArePublished(String name, int limit, int expected) throws IOException {
        String named = System.getenv(DataFolder.VARIABLE);
        assumeTrue(named != null && !named.isBlank(), "VAREPSILON_DATA is not set: no published data to test with");
        Path folder = Path.of(named);
        ImageSet images = Datasets.load("cifar10", Split.TEST, folder).limit(limit);
        try (var scope = Scope.withoutGradients();
                ClassifierFile file = ClassifierFile.read(
                        folder.resolve("weights").resolve("cifar10-" + name + ".safetensors"), Device.CPU)) {
            file.requireFits(images);
            int right = 0;
            for (Batch batch : Batches.of(images, BATCH_SIZE)) {
                right += right(file.classifier(), batch);
            }
            assertThat(right).isEqualTo(expected);
        }
    }

    private static int right(Classifier classifier, Batch batch) {
        try (var scope = Scope.withoutGradients()) {
            var predicted = classifier.logits(batch.pixels(Device.CPU)).argmax(1);
            return (int) predicted.eq(batch.labels()).to(DType.INT64).sum().item();
        }
    }
}
