package varepsilon.lab.experiment;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import varepsilon.base.InputException;
import varepsilon.classify.Normalisation;
import varepsilon.lab.spec.AttackSpec;
import varepsilon.lab.spec.ClassifierSpec;
import varepsilon.lab.spec.VaeSpec;
import varepsilon.lab.spec.Yaml;

/**
 * An experiment as a file says it, every default filled in: what {@code config.yaml} in an experiment's folder holds.
 *
 * @param document keys {@code kind}, {@code title} and {@code settings}; of grids also {@code grid}, {@code cells} and
 *     {@code seeds}
 * @param source where it comes from, for messages
 */
public record ExperimentFile(ObjectNode document, String source) {
    /** The experiments that come with the program. */
    public static final List<String> SHIPPED =
            List.of("vae-1.8", "vae-1.9", "vae-1.10", "robustness-2.1", "robustness-2.3");

    private static final List<String> KINDS = List.of("robustness", "vae", "classifier");
    private static final List<String> ROBUSTNESS_KEYS = List.of("kind", "title", "settings", "presets");
    private static final List<String> GRID_KEYS =
            List.of("kind", "title", "settings", "grid", "cells", "seeds", "presets");
    private static final int PUBLISHED_EPOCHS = 30;
    private static final int LARGEST = 1 << 20;

    /**
     * Reads an experiment.
     *
     * @param nameOrFile one of {@link #SHIPPED}, or a YAML file
     * @param preset which of its presets, or null: then {@code laptop} where it has one, else none
     * @throws InputException where there is none, or something in it cannot be used
     */
    public static ExperimentFile read(String nameOrFile, String preset) throws IOException {
        String text = text(nameOrFile);
        ObjectNode document = Yaml.tree(text, nameOrFile);
        JsonNode kind = document.path("kind");
        if (!kind.isTextual() || !KINDS.contains(kind.asText())) {
            throw new InputException(nameOrFile + ": key 'kind': expected one of " + String.join(", ", KINDS));
        }
        List<String> known = kind.asText().equals("robustness") ? ROBUSTNESS_KEYS : GRID_KEYS;
        document.fieldNames().forEachRemaining(key -> Yaml.requireKnown(key, known, "", nameOrFile));
        ObjectNode chosen = withPreset(document, preset, known, nameOrFile);
        return new ExperimentFile(complete(chosen, nameOrFile), nameOrFile);
    }

    private static String text(String nameOrFile) throws IOException {
        if (SHIPPED.contains(nameOrFile)) {
            try (InputStream in = ExperimentFile.class.getResourceAsStream(nameOrFile + ".yaml")) {
                if (in == null) {
                    throw new IllegalStateException(nameOrFile + ".yaml is missing from the jar");
                }
                return new String(in.readAllBytes(), StandardCharsets.UTF_8);
            }
        }
        Path file = Path.of(nameOrFile);
        if (!Files.isRegularFile(file)) {
            throw new InputException(
                    nameOrFile + ": no such experiment or file; there are: " + String.join(", ", SHIPPED));
        }
        if (Files.size(file) > LARGEST) {
            throw new InputException(file + ": has " + Files.size(file) + " bytes; expected at most " + LARGEST);
        }
        return Files.readString(file);
    }

    /** What {@code experiment list} says of a shipped one. */
    public static String title(String shipped) throws IOException {
        return Yaml.tree(text(shipped), shipped).path("title").asText();
    }

    /** The presets of a shipped one. */
    public static List<String> presets(String shipped) throws IOException {
        return names(Yaml.tree(text(shipped), shipped).path("presets"));
    }

    private static List<String> names(JsonNode section) {
        List<String> names = new ArrayList<>();
        section.fieldNames().forEachRemaining(names::add);
        return names;
    }

    private static ObjectNode withPreset(ObjectNode document, String preset, List<String> known, String source) {
        List<String> presets = names(document.path("presets"));
        String chosen = preset == null && presets.contains("laptop") ? "laptop" : preset;
        if (chosen == null) {
            return document;
        }
        if (!presets.contains(chosen)) {
            throw new InputException(source + ": preset " + chosen + ": expected "
                    + (presets.isEmpty() ? "none; it has none" : String.join(", ", presets)));
        }
        ObjectNode all = document.deepCopy();
        all.remove("presets");
        if (document.path("presets").get(chosen) instanceof ObjectNode changes) {
            changes.fieldNames()
                    .forEachRemaining(key -> Yaml.requireKnown(key, known, "presets." + chosen + ".", source));
            merge(all, changes);
        }
        return all;
    }

    /** Puts everything of {@code changes} over {@code into}, section by section. */
    private static void merge(ObjectNode into, ObjectNode changes) {
        changes.properties().forEach(change -> {
            if (into.get(change.getKey()) instanceof ObjectNode section
                    && change.getValue() instanceof ObjectNode changed) {
                merge(section, changed);
            } else {
                into.set(change.getKey(), change.getValue());
            }
        });
    }

    /** The same with every default written out. */
    private static ObjectNode complete(ObjectNode document, String source) {
        String kind = document.get("kind").asText();
        JsonNode given = document.path("settings");
        ObjectNode settings = Yaml.tree(defaults(kind, given));
        if (given instanceof ObjectNode section) {
            merge(settings, section);
        } else if (!given.isMissingNode()) {
            throw new InputException(source + ": key 'settings' has no keys");
        }
        ObjectNode complete = document.objectNode();
        complete.put("kind", kind);
        complete.put("title", document.path("title").asText(kind));
        complete.set("settings", settings);
        if (!kind.equals("robustness")) {
            complete.set("grid", document.has("grid") ? document.get("grid") : document.objectNode());
            complete.set("cells", document.has("cells") ? document.get("cells") : document.arrayNode());
            complete.set(
                    "seeds",
                    document.has("seeds")
                            ? document.get("seeds")
                            : document.arrayNode().add(settings.get("seed")));
        }
        return complete;
    }

    private static Record defaults(String kind, JsonNode given) {
        return switch (kind) {
            case "vae" ->
                new VaeSpec("mnist", 0, 0.1, 20, 32, "categorical", 16, 1, 0, 80, 128, 1e-3, 10, 42, 1, "cpu");
            case "classifier" ->
                new ClassifierSpec(
                        new ClassifierSpec.Images("cifar10", 0, 1000, "none", 0),
                        new ClassifierSpec.Network("resnet20", "", Normalisation.CIFAR10),
                        published().toFitting(),
                        ClassifierSpec.Defense.standard(),
                        AttackSpec.none(),
                        42,
                        1,
                        "cpu");
            default -> robustness(given.path("question").asText("2.1"));
        };
    }

    private static RobustnessSettings.Training published() {
        return new RobustnessSettings.Training(PUBLISHED_EPOCHS, 64, 5e-4, 0.9, 0, "step", 7, 0.1);
    }

    /** As published, and pre-trained here, since the published weights are not to be had. */
    private static RobustnessSettings robustness(String question) {
        boolean fgsm = question.equals("2.1");
        return new RobustnessSettings(
                question,
                "cifar10",
                0,
                1000,
                PublishedRow.IMAGES,
                "resnet18",
                "",
                new RobustnessSettings.Training(PUBLISHED_EPOCHS, 128, 0.1, 0.9, 5e-4, "one-cycle", 1, 1),
                published(),
                published(),
                0.5,
                fgsm ? new RobustnessSettings.Strength(0.1, 0) : new RobustnessSettings.Strength(0.01, 2),
                new RobustnessSettings.Strength(8 / 255.0, fgsm ? 0 : 2 / 255.0),
                10,
                42,
                1,
                "cpu");
    }

    /** What it is about. */
    public String title() {
        return document.get("title").asText();
    }

    /** The text of {@code config.yaml}. */
    public String toYaml() {
        return Yaml.write(document);
    }

    /**
     * The same with one setting changed.
     *
     * @param assignment such as {@code settings.further.epochs=3}
     */
    public ExperimentFile with(String assignment) throws IOException {
        int equals = assignment.indexOf('=');
        if (equals < 1) {
            throw new InputException("--set " + assignment + ": expected KEY=VALUE, such as settings.seed=7");
        }
        String key = assignment.substring(0, equals);
        JsonNode value = Yaml.tree("value: " + assignment.substring(equals + 1), "--set " + assignment)
                .get("value");
        ObjectNode changed = document.deepCopy();
        ObjectNode at = changed;
        String[] path = key.split("\\.");
        for (int i = 0; i < path.length; i++) {
            String section = String.join(".", List.of(path).subList(0, i));
            Yaml.requireKnown(path[i], names(at), section.isEmpty() ? "" : section + ".", "--set " + assignment);
            if (i == path.length - 1) {
                at.set(path[i], value);
            } else if (at.get(path[i]) instanceof ObjectNode next) {
                at = next;
            } else {
                throw new InputException("--set " + assignment + ": '" + path[i] + "' has no keys");
            }
        }
        return new ExperimentFile(changed, source);
    }

    /** The experiment, to be done at a place. */
    Experiment at(Workplace workplace) {
        ObjectNode settings = (ObjectNode) document.get("settings");
        return switch (document.get("kind").asText()) {
            case "robustness" ->
                new RobustnessExperiment(
                        Yaml.read(settings, RobustnessSettings.class, source + ", settings"), workplace);
            case "vae" -> new GridExperiment(GridExperiment.Kind.VAE, grid(settings), workplace);
            default -> new GridExperiment(GridExperiment.Kind.CLASSIFIER, grid(settings), workplace);
        };
    }

    private GridSettings grid(ObjectNode settings) {
        Map<String, List<JsonNode>> grid = new LinkedHashMap<>();
        section("grid", document.get("grid")).properties().forEach(axis -> {
            grid.put(axis.getKey(), list("grid." + axis.getKey(), axis.getValue()));
        });
        List<Map<String, JsonNode>> cells = new ArrayList<>();
        for (JsonNode cell : list("cells", document.get("cells"))) {
            Map<String, JsonNode> values = new LinkedHashMap<>();
            section("cells", cell).properties().forEach(entry -> values.put(entry.getKey(), entry.getValue()));
            cells.add(values);
        }
        List<Long> seeds = new ArrayList<>();
        for (JsonNode seed : list("seeds", document.get("seeds"))) {
            if (!seed.isIntegralNumber()) {
                throw new InputException(source + ": key 'seeds': expected whole numbers, not " + seed);
            }
            seeds.add(seed.asLong());
        }
        return new GridSettings(settings, grid, cells, seeds);
    }

    private ObjectNode section(String key, JsonNode value) {
        if (value instanceof ObjectNode section) {
            return section;
        }
        throw new InputException(source + ": key '" + key + "': expected keys with values, not " + value);
    }

    private List<JsonNode> list(String key, JsonNode value) {
        if (!(value instanceof ArrayNode array)) {
            throw new InputException(source + ": key '" + key + "': expected a list such as [1, 2], not " + value);
        }
        List<JsonNode> values = new ArrayList<>();
        array.forEach(values::add);
        return values;
    }
}
