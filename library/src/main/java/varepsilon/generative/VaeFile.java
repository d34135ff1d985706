package varepsilon.generative;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import varepsilon.base.InputException;
import varepsilon.data.ImageSet;
import varepsilon.nn.Init;
import varepsilon.tensor.Device;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.train.RunDirectory;
import varepsilon.weights.ModelWeights;
import varepsilon.weights.Weights;

/**
 * A trained VAE read from a weight file, in evaluation mode.
 *
 * @param path the file
 * @param architecture the architecture in the file
 * @param vae the model, owned by this
 * @param notes notes on how its weights were found, a sentence each
 */
public record VaeFile(Path path, VaeArchitecture architecture, Vae vae, List<String> notes) implements AutoCloseable {
    /**
     * Reads a VAE.
     *
     * @param weights a weight file, or a run directory, which stands for its best weights
     * @throws InputException where there is no such file, or it does not hold a VAE
     */
    public static VaeFile read(Path weights, Device device) throws IOException {
        Path file = RunDirectory.weightsOf(weights);
        try (var scope = Scope.withoutGradients();
                Rng unused = Seed.of(0).stream()) {
            ModelWeights found = ModelWeights.read(file, List.of(VaeFile::isVae));
            Weights read = found.weights();
            VaeArchitecture architecture = VaeArchitecture.describedBy(read, file);
            Vae vae = architecture.create(Init.on(device, unused));
            try {
                vae.load(read);
                vae.train(false);
                return new VaeFile(file, architecture, vae, found.notes());
            } catch (RuntimeException e) {
                vae.close();
                throw e;
            }
        }
    }

    /**
     * Whether a weight file or a run directory holds a VAE, by the names of its tensors.
     *
     * @throws InputException where it is missing, damaged or no weight file
     * @throws IOException on an I/O error
     */
    public static boolean isVae(Path weights) throws IOException {
        try (var scope = Scope.withoutGradients()) {
            Weights found = ModelWeights.read(RunDirectory.weightsOf(weights), List.of(VaeFile::isVae))
                    .weights();
            return isVae(found.names());
        }
    }

    private static boolean isVae(Set<String> names) {
        return names.stream().anyMatch(name -> name.startsWith("encoder."))
                && names.stream().anyMatch(name -> name.startsWith("decoder."));
    }

    private static boolean isVae(Map<String, long[]> shapes) {
        return isVae(shapes.keySet());
    }

    /** @throws InputException where the model is for images of another shape, or lacks the labels that it is given */
    public void requireFits(ImageSet images) {
        if (!images.shape().equals(architecture.image())) {
            throw new InputException(path + ": a VAE of " + architecture.image() + " images; " + images.name() + " has "
                    + images.shape());
        }
        int classes = architecture.classes();
        if (classes > 0 && (!images.isLabelled() || images.classNames().size() != classes)) {
            throw new InputException(path + ": a conditional VAE of " + classes + " classes; " + images.name() + " has "
                    + (images.isLabelled() ? images.classNames().size() + " classes" : "no labels"));
        }
    }

    /** Frees the model. */
    @Override
    public void close() {
        vae.close();
    }
}
