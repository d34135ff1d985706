package varepsilon.lab.spec;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.exc.ValueInstantiationException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.type.LogicalType;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.lang.reflect.RecordComponent;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import varepsilon.base.InputException;
import varepsilon.base.Names;

/** Records as YAML. Reading is strict: every key must be there, be known, and have a value of its type. */
public final class Yaml {
    private static final YAMLMapper MAPPER = YAMLMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
            .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
            .enable(YAMLGenerator.Feature.ALWAYS_QUOTE_NUMBERS_AS_STRINGS)
            .withCoercionConfig(
                    LogicalType.Textual,
                    config -> config.setCoercion(CoercionInputShape.Integer, CoercionAction.Fail)
                            .setCoercion(CoercionInputShape.Float, CoercionAction.Fail)
                            .setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail))
            .build();

    private Yaml() {}

    /** A record or a tree as YAML. */
    public static String write(Object value) {
        try {
            return MAPPER.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a " + value.getClass().getSimpleName() + " cannot be written as YAML", e);
        }
    }

    /**
     * Reads a record of numbers, texts, truth values, lists of numbers and such records.
     *
     * @param file where the text comes from, for messages
     * @throws InputException naming the file, the key and what was expected of it
     */
    static <T extends Record> T read(String text, Class<T> type, Path file) {
        return read(text, type, file.toString());
    }

    /**
     * Reads the same out of a tree.
     *
     * @param source where the tree comes from, for messages
     */
    public static <T extends Record> T read(JsonNode tree, Class<T> type, String source) {
        return read(write(tree), type, source);
    }

    /**
     * A text as a tree of keys and values.
     *
     * @param source where the text comes from, for messages
     * @throws InputException where it is none
     */
    public static ObjectNode tree(String text, String source) {
        try {
            if (MAPPER.readTree(text) instanceof ObjectNode tree) {
                return tree;
            }
            throw new InputException(source + ": holds no keys; expected lines such as 'kind: vae'");
        } catch (JsonProcessingException e) {
            throw new InputException(source + ": cannot be read: " + firstLine(e) + place(e), e);
        }
    }

    /** A record as a tree. */
    public static ObjectNode tree(Record value) {
        return MAPPER.valueToTree(value);
    }

    private static <T extends Record> T read(String text, Class<T> type, String file) {
        try {
            requireKeys(MAPPER.readTree(text), type, "", file);
            return MAPPER.readValue(text, type);
        } catch (ValueInstantiationException e) {
            throw new InputException(file + ": " + firstLine(e.getCause()), e);
        } catch (JsonMappingException e) {
            throw new InputException(file + ": " + unusable(e, type) + place(e), e);
        } catch (JsonProcessingException e) {
            throw new InputException(file + ": cannot be read: " + firstLine(e) + place(e), e);
        }
    }

    /** @param section the path to these keys, with a dot at its end; empty at the top */
    private static void requireKeys(JsonNode found, Class<?> type, String section, String file) {
        if (!found.isObject()) {
            String where = section.isEmpty() ? "holds" : "key '" + section.substring(0, section.length() - 1) + "' has";
            throw new InputException(file + ": " + where + " no keys; expected " + String.join(", ", keys(type)));
        }
        List<String> keys = keys(type);
        found.fieldNames().forEachRemaining(key -> {
            requireKnown(key, keys, section, file);
        });
        for (RecordComponent component : type.getRecordComponents()) {
            String key = component.getName();
            if (found.path(key).isMissingNode() || found.get(key).isNull()) {
                throw new InputException(file + ": key '" + section + key + "' is missing or has no value");
            }
            if (component.getType().isRecord()) {
                requireKeys(found.get(key), component.getType(), section + key + ".", file);
            }
        }
    }

    /**
     * Refuses a key that nobody knows.
     *
     * @param section the path to it, with a dot at its end; empty at the top
     * @param source where it comes from, for messages
     * @throws InputException naming the nearest that is known
     */
    public static void requireKnown(String key, List<String> known, String section, String source) {
        if (!known.contains(key)) {
            String nearest = Names.nearest(key, known);
            throw new InputException(
                    source + ": unknown key '" + section + key + "'; did you mean '" + section + nearest + "'?");
        }
    }

    private static List<String> keys(Class<?> type) {
        return Arrays.stream(type.getRecordComponents())
                .map(RecordComponent::getName)
                .toList();
    }

    private static String unusable(JsonMappingException e, Class<?> type) {
        if (e.getPath().isEmpty()) {
            return firstLine(e);
        }
        Class<?> at = type;
        List<String> path = new ArrayList<>();
        for (JsonMappingException.Reference reference : e.getPath()) {
            if (at == List.class) {
                break;
            }
            path.add(reference.getFieldName());
            Optional<RecordComponent> component = component(at, reference.getFieldName());
            if (component.isEmpty()) {
                return firstLine(e);
            }
            at = component.get().getType();
        }
        return "key '" + String.join(".", path) + "': expected " + kind(at);
    }

    private static Optional<RecordComponent> component(Class<?> type, String name) {
        return type.isRecord()
                ? Arrays.stream(type.getRecordComponents())
                        .filter(component -> component.getName().equals(name))
                        .findFirst()
                : Optional.empty();
    }

    private static String kind(Class<?> type) {
        if (type == int.class || type == long.class) {
            return "a whole number of at most " + (type == int.class ? Integer.SIZE : Long.SIZE) + " bits";
        }
        if (type == boolean.class) {
            return "true or false";
        }
        if (type == List.class) {
            return "a list of numbers";
        }
        return type == double.class ? "a number" : "a text";
    }

    private static String place(JsonProcessingException e) {
        return e.getLocation() == null ? "" : " (line " + e.getLocation().getLineNr() + ")";
    }

    private static String firstLine(Throwable e) {
        String message = e instanceof JsonProcessingException json ? json.getOriginalMessage() : e.getMessage();
        return message.lines().findFirst().orElse("no reason is given");
    }
}
