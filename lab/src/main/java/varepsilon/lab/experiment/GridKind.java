package varepsilon.lab.experiment;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import varepsilon.classify.Normalisation;
import varepsilon.lab.spec.AttackSpec;
import varepsilon.lab.spec.ClassifierSpec;
import varepsilon.lab.spec.DefenseSpec;
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
    public static final GridKind VAE =
            new GridKind("vae", VaeSpec.of("mnist"), List.of("vae-1.8", "vae-1.9", "vae-1.10"));

    /** Classifiers. */
    public static final GridKind CLASSIFIER = new GridKind(
            "classifier",
            new ClassifierSpec(
                    ClassifierSpec.Images.of("cifar10"),
                    new ClassifierSpec.Network("resnet18", "", Normalisation.CIFAR10),
                    new ClassifierSpec.Fitting(),
                    DefenseSpec.standard(),
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
