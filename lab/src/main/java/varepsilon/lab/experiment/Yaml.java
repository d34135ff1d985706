package varepsilon.lab.experiment;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.exc.ValueInstantiationException;
import com.fasterxml.jackson.databind.type.LogicalType;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Collectors;
import varepsilon.data.Datasets;
import varepsilon.tensor.InputException;

/** Records as YAML. Reading is strict: every key must be there, be known, and have a value of its type. */
final class Yaml {
    private static final YAMLMapper MAPPER = YAMLMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
            .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
            .withCoercionConfig(
                    LogicalType.Textual,
                    config -> config.setCoercion(CoercionInputShape.Integer, CoercionAction.Fail)
                            .setCoercion(CoercionInputShape.Float, CoercionAction.Fail)
                            .setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail))
            .build();

    private Yaml() {}

    static String write(Object value) {
        try {
            return MAPPER.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a " + value.getClass().getSimpleName() + " cannot be written as YAML", e);
        }
    }

    /**
     * Reads a record.
     *
     * @param file where the text comes from, for messages
     * @throws InputException naming the file, the key and what was expected of it
     */
    static <T> T read(String text, Class<T> type, Path file) {
        try {
            T value = MAPPER.readValue(text, type);
            if (value == null) {
                throw new InputException(file + ": is empty; expected the keys of a configuration");
            }
            return value;
        } catch (UnrecognizedPropertyException e) {
            throw new InputException(file + ": unknown key '" + e.getPropertyName() + "'" + place(e) + nearest(e), e);
        } catch (ValueInstantiationException e) {
            String why = e.getCause() instanceof InputException ? e.getCause().getMessage() : firstLine(e);
            throw new InputException(file + ": " + why, e);
        } catch (JsonMappingException e) {
            String path = e.getPath().stream()
                    .map(JsonMappingException.Reference::getFieldName)
                    .collect(Collectors.joining("."));
            String key = path.isEmpty() ? "" : "key '" + path + "': ";
            throw new InputException(file + ": " + key + firstLine(e) + place(e), e);
        } catch (JsonProcessingException e) {
            throw new InputException(file + ": not YAML: " + firstLine(e) + place(e), e);
        }
    }

    private static String nearest(UnrecognizedPropertyException e) {
        return e.getKnownPropertyIds().stream()
                .map(Object::toString)
                .min(Comparator.comparing(known -> Datasets.editDistance(e.getPropertyName(), known)))
                .map(known -> "; did you mean '" + known + "'?")
                .orElse("");
    }

    private static String place(JsonProcessingException e) {
        return e.getLocation() == null ? "" : " (line " + e.getLocation().getLineNr() + ")";
    }

    private static String firstLine(JsonProcessingException e) {
        return e.getOriginalMessage().lines().findFirst().orElse("cannot be read");
    }
}
