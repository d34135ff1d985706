package varepsilon.lab.experiment;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import varepsilon.classify.Normalisation;
import varepsilon.lab.spec.AttackSpec;
import varepsilon.lab.spec.ClassifierSpec;
import varepsilon.lab.spec.VaeSpec;

/**
 * Grids of trainings.
 *
 * @param name what is trained
 * @param usual a training by its defaults
 * @param shipped grids that come with the program
 */
public record GridKind(String name, Record usual, List<String> shipped) implements ExperimentKind {
    /** VAEs; by default, that of the source. */
    public static final GridKind VAE = new GridKind(
            "vae",
            new VaeSpec("mnist", 0, 0.1, 20, 32, "categorical", 16, 1, 0, 80, 128, 1e-3, 10, 42, 1, "cpu"),
            List.of("vae-1.8", "vae-1.9", "vae-1.10"));

    /** Classifiers. */
    public static final GridKind CLASSIFIER = new GridKind(
            "classifier",
            new ClassifierSpec(
                    new ClassifierSpec.Images("cifar10", 0, 1000, "none", 0),
                    new ClassifierSpec.Network("resnet20", "", Normalisation.CIFAR10),
                    new ClassifierSpec.Fitting(30, 64, 5e-4, 0.9, 0, "step", 7, 0.1, 0.3, 0, 0, 0),
                    ClassifierSpec.Defense.standard(),
                    AttackSpec.none(),
                    42,
                    1,
                    "cpu"),
            List.of());

    @Override
    public Record defaults(JsonNode given) {
        return usual;
    }

    @Override
    public List<String> keys() {
        return GridSettings.KEYS;
    }

    @Override
    public JsonNode byDefault(String key, ObjectNode settings) {
        return switch (key) {
            case "grid" -> settings.objectNode();
            case "cells" -> settings.arrayNode();
            default -> settings.arrayNode().add(settings.get("seed"));
        };
    }

    @Override
    public Experiment in(Workplace workplace, ExperimentFile file) {
        return new GridExperiment(usual.getClass(), GridSettings.of(file), workplace);
    }
}
