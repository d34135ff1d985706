package varepsilon.lab.spec;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import com.fasterxml.jackson.databind.exc.ValueInstantiationException;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.fasterxml.jackson.databind.ser.std.StdSerializer;
import com.fasterxml.jackson.databind.type.LogicalType;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import varepsilon.base.Declared;
import varepsilon.base.Family;
import varepsilon.base.InputException;
import varepsilon.base.Named;
import varepsilon.base.Names;
import varepsilon.generative.DecoderChoice;
import varepsilon.generative.Likelihood;
import varepsilon.generative.PosteriorChoice;
import varepsilon.generative.PriorChoice;
import varepsilon.generative.VaeNetwork;
import varepsilon.generative.VaeObjective;
import varepsilon.nn.OptimizerChoice;
import varepsilon.nn.Schedule;
import varepsilon.robust.attack.Attack;
import varepsilon.robust.attack.StepSize;
import varepsilon.robust.defense.Defense;

/** Records as YAML. Reading is strict: every key must be there, be known, and have a value of its type; parameters of
 * attacks and other members of families may be left out, and then have their defaults. */
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
            .addModule(families())
            .build();

    private Yaml() {}

    /** Members of families as text: {@code pgd:steps=40}, or {@code none}. */
    private static SimpleModule families() {
        SimpleModule module = new SimpleModule();
        for (Class<?> kind : List.of(
                Attack.class,
                Defense.class,
                Likelihood.class,
                DecoderChoice.class,
                OptimizerChoice.class,
                PosteriorChoice.class,
                PriorChoice.class,
                Schedule.class,
                VaeNetwork.class,
                VaeObjective.class)) {
            add(kind, kind == Attack.class, module);
        }
        return module;
    }

    /** @param optional whether there may be none */
    private static <T> void add(Class<T> kind, boolean optional, SimpleModule module) {
        module.addSerializer(kind, new StdSerializer<>(kind) {
            @Override
            public void serialize(T value, JsonGenerator out, SerializerProvider unused) throws IOException {
                out.writeString(Family.of(kind).wholeText(value));
            }
        });
        module.addDeserializer(kind, new StdDeserializer<>(kind) {
            @Override
            public T deserialize(JsonParser in, DeserializationContext unused) throws IOException {
                String text = in.getText();
                return optional && text.equals(Family.NONE)
                        ? null
                        : Family.of(kind).parse(text);
            }
        });
    }

    /** A record or a tree as YAML. */
    public static String write(Object value) {
        try {
            return MAPPER.writeValueAsString(value instanceof Record record ? tree(record) : value);
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
        ObjectNode tree = MAPPER.createObjectNode();
        for (RecordComponent component : value.getClass().getRecordComponents()) {
            Object held = Declared.value(component, value);
            if (component.isAnnotationPresent(Flattened.class)) {
                flatten(key(component), component.getType(), held, tree);
            } else if (held instanceof Record record && !isMember(component.getType())) {
                tree.set(key(component), tree(record));
            } else {
                tree.set(key(component), MAPPER.valueToTree(held));
            }
        }
        return tree;
    }

    private static boolean isMember(Class<?> type) {
        return type.isInterface() && type.isAnnotationPresent(Named.class);
    }

    private static <T> void flatten(String key, Class<T> kind, Object member, ObjectNode into) {
        if (member == null) {
            into.put(key, Family.NONE);
            return;
        }
        T value = kind.cast(member);
        into.put(key, Family.nameOf(value));
        Family.of(kind)
                .memberOf(value)
                .ifPresent(known -> known.values(value).forEach((name, held) -> {
                    boolean plain = held instanceof Number || held instanceof Boolean;
                    into.set(name, MAPPER.valueToTree(plain ? held : held.toString()));
                }));
    }

    /** The key of a component. */
    private static String key(RecordComponent component) {
        Flattened flattened = component.getAnnotation(Flattened.class);
        return flattened == null || flattened.value().isEmpty() ? component.getName() : flattened.value();
    }

    /** The same tree with every flattened member in one text, and with defaults for keys that older files lack. */
    private static ObjectNode gathered(ObjectNode tree, Class<?> type, String section, String file) {
        ObjectNode gathered = tree.deepCopy();
        for (RecordComponent component : type.getRecordComponents()) {
            String key = key(component);
            Usual usual = component.getAnnotation(Usual.class);
            if (usual != null && !gathered.has(key)) {
                gathered.set(
                        key,
                        component.getType() == double.class
                                ? new DoubleNode(Double.parseDouble(usual.value()))
                                : new TextNode(usual.value()));
            }
            if (component.isAnnotationPresent(Flattened.class) && gathered.hasNonNull(key)) {
                if (!gathered.get(key).isTextual()) {
                    throw new InputException(file + ": key '" + section + key + "': expected a text");
                }
                gather(component.getType(), key, gathered, section, file);
            } else if (component.getType().isRecord() && gathered.get(key) instanceof ObjectNode inner) {
                gathered.set(key, gathered(inner, component.getType(), section + key + ".", file));
            }
        }
        return gathered;
    }

    /**
     * Puts a member's parameters behind its name. Parameters of other members are range-checked and then ignored,
     * because earlier versions wrote the same keys for all members.
     */
    private static <T> void gather(Class<T> kind, String key, ObjectNode tree, String section, String file) {
        Family<T> family = Family.of(kind);
        String text = tree.get(key).asText().strip();
        Map<String, Object> values = new LinkedHashMap<>();
        for (Declared parameter : parameters(family)) {
            JsonNode value = tree.remove(parameter.name());
            if (value != null && !isUsualStep(parameter, value)) {
                requireKind(parameter, value, section, file);
                try {
                    Object read = parameter.parse(value.asText());
                    parameter.check(read);
                    values.put(parameter.name(), read);
                } catch (InputException e) {
                    throw new InputException(file + ": " + e.getMessage(), e);
                }
            }
        }
        if (kind == Attack.class && text.equals(Family.NONE)) {
            return;
        }
        try {
            tree.put(key, family.wholeText(family.parse(text, values)));
        } catch (InputException e) {
            throw new InputException(file + ": " + e.getMessage(), e);
        }
    }

    private static void requireKind(Declared parameter, JsonNode value, String section, String file) {
        Class<?> type = parameter.type();
        boolean fits = type == boolean.class
                ? value.isBoolean()
                : type == int.class || type == long.class
                        ? value.isIntegralNumber()
                        : type == double.class ? value.isNumber() : value.isTextual() || value.isNumber();
        if (!fits) {
            throw new InputException(file + ": key '" + section + parameter.name() + "': expected " + kind(type));
        }
    }

    /** Earlier versions wrote a step size of 0 where the attack's own is meant. */
    private static boolean isUsualStep(Declared parameter, JsonNode value) {
        return parameter.type() == StepSize.class && value.isNumber() && value.asDouble() == 0;
    }

    /** Every parameter that a member of a family can have, each name once. */
    private static List<Declared> parameters(Family<?> family) {
        Map<String, Declared> parameters = new LinkedHashMap<>();
        family.members()
                .forEach(member ->
                        member.parameters().forEach(parameter -> parameters.putIfAbsent(parameter.name(), parameter)));
        return List.copyOf(parameters.values());
    }

    /**
     * The keys that a record can have at a place, those of every member of its families among them.
     *
     * @param path keys that lead there
     * @return empty where no record is there
     */
    public static List<String> keys(Class<?> type, List<String> path) {
        if (type == Record.class) {
            return List.of();
        }
        if (!path.isEmpty()) {
            return Arrays.stream(type.getRecordComponents())
                    .filter(component -> key(component).equals(path.get(0))
                            && component.getType().isRecord())
                    .findFirst()
                    .map(component -> keys(component.getType(), path.subList(1, path.size())))
                    .orElse(List.of());
        }
        return keys(type);
    }

    private static <T extends Record> T read(String text, Class<T> type, String file) {
        try {
            JsonNode tree = MAPPER.readTree(text);
            JsonNode whole = tree instanceof ObjectNode keys ? gathered(keys, type, "", file) : tree;
            requireKeys(whole, type, "", file);
            return MAPPER.treeToValue(whole, type);
        } catch (ValueInstantiationException e) {
            throw new InputException(file + ": " + firstLine(e.getCause()), e);
        } catch (JsonMappingException e) {
            String what = e.getCause() instanceof InputException refused ? refused.getMessage() : unusable(e, type);
            throw new InputException(file + ": " + what + place(text, e), e);
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
            String key = key(component);
            if (found.path(key).isMissingNode() || found.get(key).isNull()) {
                throw new InputException(file + ": key '" + section + key + "' is missing or has no value");
            }
            if (component.getType().isRecord() && !isMember(component.getType())) {
                requireKeys(found.get(key), component.getType(), section + key + ".", file);
            }
        }
    }

    /**
     * Rejects an unknown key.
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

    /**
     * Sets a value.
     *
     * @param prefix the path to the tree, with a dot at its end, for messages
     * @param key a path in it: {@code defense.attack.steps}
     * @param type the record that the tree will be read as: its keys are known, whether the tree has them or not
     * @param source where it comes from, for messages
     * @throws InputException where there is no such key
     */
    public static void put(
            ObjectNode root, String prefix, String key, JsonNode value, Class<? extends Record> type, String source) {
        List<String> path = List.of(key.split("\\."));
        ObjectNode at = root;
        for (int i = 0; i < path.size(); i++) {
            List<String> above = path.subList(0, i);
            List<String> known = new ArrayList<>(keys(type, above));
            at.fieldNames().forEachRemaining(known::add);
            String section = above.isEmpty() ? prefix : prefix + String.join(".", above) + ".";
            if (known.isEmpty()) {
                throw new InputException(source + ": '" + section.replaceFirst("\\.$", "") + "' has no keys");
            }
            requireKnown(path.get(i), known, section, source);
            if (i == path.size() - 1) {
                at.set(path.get(i), value);
            } else if (at.get(path.get(i)) instanceof ObjectNode next) {
                at = next;
            } else {
                throw new InputException(source + ": key '" + prefix + key + "': '" + path.get(i) + "' has no keys");
            }
        }
    }

    /** @throws IllegalStateException where a member's parameter is called like another key of the record */
    private static Stream<String> parameterKeys(RecordComponent component, Class<?> type) {
        Set<String> own = new HashSet<>();
        for (RecordComponent other : type.getRecordComponents()) {
            own.add(key(other));
            if (other.isAnnotationPresent(Flattened.class) && !key(other).equals(key(component))) {
                parameters(Family.of(other.getType())).forEach(parameter -> own.add(parameter.name()));
            }
        }
        return parameters(Family.of(component.getType())).stream().map(parameter -> {
            if (own.contains(parameter.name())) {
                throw new IllegalStateException(Family.of(component.getType()).word() + ": its parameter "
                        + parameter.name() + " is called like a key beside it; give it another name");
            }
            return parameter.name();
        });
    }

    private static List<String> keys(Class<?> type) {
        return Arrays.stream(type.getRecordComponents())
                .flatMap(component -> component.isAnnotationPresent(Flattened.class)
                        ? Stream.concat(Stream.of(key(component)), parameterKeys(component, type))
                        : Stream.of(key(component)))
                .distinct()
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
                        .filter(component -> key(component).equals(name))
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

    /** The line of the value that cannot be used. */
    private static String place(String text, JsonMappingException e) {
        String pointer = e.getPath().stream()
                .map(step -> "/" + (step.getFieldName() != null ? step.getFieldName() : step.getIndex()))
                .collect(Collectors.joining());
        try (JsonParser in = MAPPER.createParser(text)) {
            for (JsonToken token = in.nextToken(); token != null; token = in.nextToken()) {
                if (token != JsonToken.FIELD_NAME
                        && in.getParsingContext().pathAsPointer().toString().equals(pointer)) {
                    return " (line " + in.currentTokenLocation().getLineNr() + ")";
                }
            }
            return "";
        } catch (IOException unreadable) {
            return "";
        }
    }

    private static String place(JsonProcessingException e) {
        return e.getLocation() == null ? "" : " (line " + e.getLocation().getLineNr() + ")";
    }

    private static String firstLine(Throwable e) {
        String message = e instanceof JsonProcessingException json ? json.getOriginalMessage() : e.getMessage();
        return message.lines().findFirst().orElse("no reason is given");
    }
}
