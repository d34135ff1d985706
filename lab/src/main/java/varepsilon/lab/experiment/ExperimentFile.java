package varepsilon.lab.experiment;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import varepsilon.base.InputException;
import varepsilon.lab.spec.Yaml;

/**
 * An experiment's configuration with every default filled in: the content of {@code config.yaml} in its folder.
 *
 * @param kind of experiment
 * @param document keys {@code kind}, {@code title} and {@code settings}, and those that the kind has of its own
 * @param source where it comes from, for messages
 */
public record ExperimentFile(ExperimentKind kind, ObjectNode document, String source) {
    private static final String SETTINGS = "settings.";
    private static final List<String> KEYS = List.of("kind", "title", "settings", "presets");

    /** Checks a file's keys, and fills in the preset and the defaults. */
    static ExperimentFile of(ExperimentKind kind, ObjectNode document, String preset, String source) {
        List<String> known = Stream.concat(KEYS.stream(), kind.keys().stream()).toList();
        document.fieldNames().forEachRemaining(key -> Yaml.requireKnown(key, known, "", source));
        ObjectNode chosen = withPreset(document, preset, known, source);
        return new ExperimentFile(kind, complete(kind, chosen, source), source);
    }

    /** The keys of a section. */
    static List<String> names(JsonNode section) {
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
    private static ObjectNode complete(ExperimentKind kind, ObjectNode document, String source) {
        JsonNode given = document.path("settings");
        ObjectNode settings = Yaml.tree(kind.defaults(given));
        if (given instanceof ObjectNode section) {
            merge(settings, section);
        } else if (!given.isMissingNode()) {
            throw new InputException(source + ": key 'settings' has no keys");
        }
        ObjectNode complete = document.objectNode();
        complete.put("kind", kind.name());
        complete.put("title", document.path("title").asText(kind.name()));
        complete.set("settings", whole(kind, settings, source));
        for (String key : kind.keys()) {
            complete.set(key, document.has(key) ? document.get(key) : kind.byDefault(key, settings));
        }
        return complete;
    }

    /**
     * The settings with every default of the members that they name; as they are where only a grid makes them complete.
     */
    private static ObjectNode whole(ExperimentKind kind, ObjectNode settings, String source) {
        try {
            return Yaml.tree(Yaml.read(settings, kind.defaults(settings).getClass(), source));
        } catch (InputException e) {
            return settings;
        }
    }

    /** Its title. */
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
        String source = "--set " + assignment;
        if (key.startsWith(SETTINGS) && changed.get("settings") instanceof ObjectNode settings) {
            Class<? extends Record> type = kind.defaults(settings).getClass();
            Yaml.put(settings, SETTINGS, key.substring(SETTINGS.length()), value, type, source);
            changed.set("settings", whole(kind, settings, source));
        } else {
            Yaml.put(changed, "", key, value, Record.class, source);
        }
        return new ExperimentFile(kind, changed, this.source);
    }

    /** Whether another document has the same meaning, also with the keys of earlier versions. */
    boolean isSameAs(ObjectNode other) {
        return other.path("settings") instanceof ObjectNode settings
                && Yaml.write(without(other)).equals(Yaml.write(without(document))) // numbers of any type
                && Yaml.write(whole(kind, settings, source)).equals(Yaml.write(whole(kind, settings(), source)));
    }

    private static ObjectNode without(ObjectNode document) {
        ObjectNode others = document.deepCopy();
        others.remove("settings");
        return others;
    }

    /** Its settings, read strictly. */
    public <T extends Record> T settings(Class<T> type) {
        return Yaml.read(settings(), type, source + ", settings");
    }

    /** Its settings. */
    ObjectNode settings() {
        return (ObjectNode) document.get("settings");
    }
}
