package varepsilon.lab.run;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import varepsilon.base.InputException;
import varepsilon.classify.Architecture;
import varepsilon.classify.ClassifierFile;
import varepsilon.classify.Normalisation;
import varepsilon.data.ImageSet;
import varepsilon.lab.spec.ClassifierSpec;
import varepsilon.tensor.Device;

/**
 * The network for a training, from the options, its weights and the images.
 *
 * @param network with its normalisation: that of the weights, else the usual one of CIFAR-10, else that of the images
 *     trained on
 * @param notes notes on how the weights were interpreted
 */
public record NetworkChoice(ClassifierSpec.Network network, List<String> notes) {
    private static final int COLOURS = 3;

    /**
     * Chooses.
     *
     * @param architecture null where it is not stated
     * @param weights to begin with, null for fresh ones
     * @param seed splits the images as in the training
     * @throws InputException where the weights cannot be used
     */
    public static NetworkChoice of(
            String architecture, Path weights, ClassifierSpec.Images images, long seed, Path dataDir)
            throws IOException {
        if (weights != null) {
            return ofWeights(architecture, weights);
        }
        ImageSet all = ClassifierTraining.images(images, seed, dataDir);
        String name = architecture != null ? architecture : usual(all.channels());
        Normalisation normalisation = images.data().equals("cifar10")
                ? Normalisation.CIFAR10
                : ofImages(ClassifierTraining.split(all, images.validation(), seed)[0]);
        return new NetworkChoice(new ClassifierSpec.Network(name, "", normalisation), List.of());
    }

    /** The default architecture, by the channels of the images. */
    public static String usual(int channels) {
        return channels == COLOURS ? "resnet18" : "small-cnn";
    }

    /** @throws InputException where there is no such architecture */
    public static Optional<String> requireKnown(String architecture) {
        if (architecture != null && !Architecture.isKnown(architecture)) {
            throw new InputException(
                    "architecture " + architecture + ": expected one of " + String.join(", ", Architecture.NAMES));
        }
        return Optional.ofNullable(architecture);
    }

    private static NetworkChoice ofWeights(String architecture, Path weights) throws IOException {
        ClassifierFile.Stated stated = new ClassifierFile.Stated(Optional.ofNullable(architecture), Optional.empty());
        try (ClassifierFile file = ClassifierFile.read(weights, stated, Device.CPU)) {
            Architecture found = file.architecture()
                    .orElseThrow(() -> new InputException(weights
                            + ": a model in which the network is a program or a graph can be attacked, not trained;"
                            + " expected weights"));
            return new NetworkChoice(
                    new ClassifierSpec.Network(found.name(), weights.toString(), found.normalisation()), file.notes());
        }
    }

    private static Normalisation ofImages(ImageSet images) {
        ImageSet.Statistics statistics = images.statistics();
        if (statistics.std().contains(0.0)) {
            throw new InputException(images.name() + ": a colour channel has one value in all pixels of all "
                    + images.size() + " images; nothing can be learned from it");
        }
        return new Normalisation(statistics.mean(), statistics.std());
    }
}
