package varepsilon.lab.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import varepsilon.base.InputException;
import varepsilon.data.ImageSet;
import varepsilon.robust.evaluate.UnsoundBoundException;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;
import varepsilon.weights.Safetensors;
import varepsilon.weights.Weights;

/** What a command does where an image is certified and broken. */
final class Contradiction {
    private Contradiction() {}

    /** Saves the image and its perturbation in the current folder, for a report of the defect, and says where. */
    static InputException saved(UnsoundBoundException e, ImageSet images) {
        return saved(e, images, Path.of(""));
    }

    static InputException saved(UnsoundBoundException e, ImageSet images, Path folder) {
        Path file = folder.resolve("unsound-" + e.index() + ".safetensors");
        long[] shape = {images.channels(), images.height(), images.width()};
        try (var scope = Scope.withoutGradients()) {
            Map<String, Tensor> both =
                    Map.of("image", Tensor.of(e.image(), shape), "adversarial", Tensor.of(e.adversarial(), shape));
            Safetensors.write(file, Weights.of(both, Map.of("message", e.getMessage())));
        } catch (IOException failure) {
            e.addSuppressed(failure);
            return new InputException(
                    e.getMessage() + "; the images could not be saved in " + file + ": " + failure.getMessage(), e);
        }
        return new InputException(e.getMessage() + "; both images are in " + file, e);
    }
}
