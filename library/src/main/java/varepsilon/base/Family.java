package varepsilon.base;

import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.stream.Collectors;

/**
 * Everything of one kind that can be chosen by name: all attacks, all priors. A member is one public record in a file
 * of its own: {@link Named} says what it is called, its components with {@link Parameter} are what can be set, and its
 * constructor without arguments gives the defaults. One line in {@code META-INF/services/}, in a file that is named
 * like the kind's interface, registers it, in this library or in any other jar on the class path.
 *
 * <pre>{@code
 * Attack strong = Family.of(Attack.class).parse("pgd:steps=40:restarts=3");
 * }</pre>
 *
 * @param <T> the kind: an interface with {@link Named}
 */
public final class Family<T> {
    /** The name that means no member. */
    public static final String NONE = "none";

    private static final ClassValue<Family<?>> ALL = new ClassValue<>() {
        @Override
        protected Family<?> computeValue(Class<?> kind) {
            return new Family<>(kind);
        }
    };

    private final Class<T> kind;
    private final List<Member<T>> members;

    private Family(Class<T> kind) {
        this.kind = kind;
        this.members = ServiceLoader.load(kind, kind.getClassLoader()).stream()
                .map(ServiceLoader.Provider::get)
                .map(usual -> new Member<>(kind, usual))
                .sorted(Comparator.comparing(
                        member -> !isFromTheSameJar(member.usual()))) // whatever the order of the class path
                .toList();
        requireDifferentNames();
        requireOneTypeForAName();
    }

    /** Options and reports take a parameter's name for all members that have it. */
    private void requireOneTypeForAName() {
        Map<String, Class<?>> types = new LinkedHashMap<>();
        for (Member<T> member : members) {
            for (Declared parameter : member.parameters()) {
                Class<?> type = types.computeIfAbsent(parameter.name(), name -> parameter.type());
                if (type != parameter.type()) {
                    throw new IllegalStateException(member.name() + ": its parameter " + parameter.name() + " is "
                            + parameter.type() + ", and another member's is " + type + "; give it another name");
                }
            }
        }
    }

    private boolean isFromTheSameJar(Object member) {
        return Objects.equals(
                member.getClass().getProtectionDomain().getCodeSource(),
                kind.getProtectionDomain().getCodeSource());
    }

    private void requireDifferentNames() {
        members.stream().collect(Collectors.groupingBy(Member::name)).forEach((name, same) -> {
            if (name.equals(NONE)) {
                throw new IllegalStateException("a member is called none, which means no member");
            }
            if (same.size() > 1) {
                throw new IllegalStateException("several of the registered members are called " + name + ": "
                        + same.stream()
                                .map(member -> member.usual().getClass().getName())
                                .toList());
            }
        });
    }

    /** All of a kind. */
    @SuppressWarnings("unchecked") // what is computed for a class is the family of that class
    public static <T> Family<T> of(Class<T> kind) {
        return (Family<T>) ALL.get(kind);
    }

    /** The name of a record with {@link Named}, else of its class. */
    public static String nameOf(Object member) {
        Class<?> type = member.getClass();
        Named named = type.getAnnotation(Named.class);
        if (named == null && (type.isSynthetic() || type.isHidden() || type.isAnonymousClass())) {
            throw new IllegalArgumentException(
                    "a lambda or an anonymous class has no name that stays the same; give it a class with a name");
        }
        return named == null ? type.getSimpleName() : named.value();
    }

    /** The name of the kind: {@code attack}. */
    public String word() {
        return kind.getAnnotation(Named.class).value();
    }

    /** All members in the order in which they are registered, those of other jars last. */
    public List<Member<T>> members() {
        return members;
    }

    /** The names of all members. */
    public List<String> names() {
        return members.stream().map(Member::name).toList();
    }

    /**
     * A member by name.
     *
     * @throws InputException with the nearest name where there is none
     */
    public Member<T> member(String name) {
        return members.stream()
                .filter(member -> member.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new InputException("unknown " + word() + " '" + name + "'; did you mean '"
                        + Names.nearest(name, names()) + "'? There are: " + String.join(", ", names())));
    }

    /** The member of which this is an instance; empty for one that is not registered. */
    public Optional<Member<T>> memberOf(T value) {
        return members.stream()
                .filter(member -> member.usual().getClass() == value.getClass())
                .findFirst();
    }

    /**
     * Parses a member with its parameters: its name, then parameters that differ from their defaults,
     * {@code pgd:steps=40:step-size=2/255}.
     *
     * @throws InputException where a name is unknown or a value is out of range
     */
    public T parse(String text) {
        return parse(text, Map.of());
    }

    /**
     * The same with other defaults.
     *
     * @param defaults by the parameter's name; of these, a member takes those that it has
     */
    public T parse(String text, Map<String, Object> defaults) {
        String[] parts = text.split(":", -1);
        Member<T> member = member(parts[0].strip());
        Map<String, Object> values = new LinkedHashMap<>(defaults);
        values.keySet().removeIf(name -> member.find(name).isEmpty());
        List<String> given = new ArrayList<>();
        for (String part : List.of(parts).subList(1, parts.length)) {
            int equals = part.indexOf('=');
            if (equals < 1) {
                throw new InputException(
                        text + ": '" + part + "' is no parameter; expected NAME=VALUE, as in " + member.example());
            }
            Declared parameter = member.parameter(part.substring(0, equals).strip());
            if (given.contains(parameter.name())) {
                throw new InputException(text + ": " + parameter.option() + " is given twice");
            }
            given.add(parameter.name());
            values.put(
                    parameter.name(), parameter.parse(part.substring(equals + 1).strip()));
        }
        try {
            return member.with(member.usual(), values);
        } catch (InputException e) {
            throw given.isEmpty() ? e : new InputException(text + ": " + e.getMessage(), e);
        }
    }

    /** What {@link #parse} reads, with every parameter. */
    public String wholeText(T value) {
        return memberOf(value)
                .map(member -> member.name()
                        + member.values(value).entrySet().stream()
                                .map(entry ->
                                        ":" + member.parameter(entry.getKey()).option() + "="
                                                + Declared.text(entry.getValue()))
                                .collect(Collectors.joining()))
                .orElseGet(() -> nameOf(value));
    }

    /** What {@link #parse} reads: the name, and the parameters that differ from their defaults. */
    public String text(T value) {
        return memberOf(value)
                .map(member -> member.name()
                        + member.departures(value).entrySet().stream()
                                .map(entry -> ":" + entry.getKey().option() + "=" + Declared.text(entry.getValue()))
                                .collect(Collectors.joining()))
                .orElseGet(() -> nameOf(value));
    }

    /**
     * One of the family.
     *
     * @param kind of the family
     * @param usual with every default; a record
     */
    public record Member<T>(Class<T> kind, T usual) {
        /** Rejects records without {@link Named}. */
        public Member {
            if (!(usual instanceof Record) || !usual.getClass().isAnnotationPresent(Named.class)) {
                throw new IllegalStateException(
                        usual.getClass().getName() + ": expected a record with @Named, to be one of " + kind.getName());
            }
        }

        /** Its name. */
        public String name() {
            return nameOf(usual);
        }

        /** Its description, in one line. */
        public String help() {
            return usual.getClass().getAnnotation(Named.class).help();
        }

        /** Its parameters. */
        public List<Declared> parameters() {
            return Declared.of((Record) usual);
        }

        /**
         * A parameter by its name, {@code stepSize} or {@code step-size}.
         *
         * @throws InputException with the nearest name where there is none
         */
        public Declared parameter(String name) {
            return find(name).orElseThrow(() -> {
                List<String> known = parameters().stream().map(Declared::option).toList();
                return new InputException(name() + " has no parameter '" + name + "'"
                        + (known.isEmpty()
                                ? ", nor any other"
                                : "; did you mean '" + Names.nearest(name, known) + "'? It has: "
                                        + String.join(", ", known)));
            });
        }

        /** A parameter by its name, {@code stepSize} or {@code step-size}; empty where there is none. */
        public Optional<Declared> find(String name) {
            return parameters().stream()
                    .filter(parameter ->
                            parameter.name().equals(name) || parameter.option().equals(name))
                    .findFirst();
        }

        /** The values of all parameters of an instance, by name, in order. */
        public Map<String, Object> values(T value) {
            Map<String, Object> values = new LinkedHashMap<>();
            for (RecordComponent component : value.getClass().getRecordComponents()) {
                if (component.isAnnotationPresent(Parameter.class)) {
                    values.put(component.getName(), Declared.value(component, (Record) value));
                }
            }
            return values;
        }

        /** Those that differ from their defaults. */
        public Map<Declared, Object> departures(T value) {
            Map<String, Object> values = values(value);
            Map<Declared, Object> departures = new LinkedHashMap<>();
            for (Declared parameter : parameters()) {
                if (!parameter.usual().equals(values.get(parameter.name()))) {
                    departures.put(parameter, values.get(parameter.name()));
                }
            }
            return departures;
        }

        /**
         * An instance with some values changed.
         *
         * @param changed values by parameter name
         * @throws InputException where a value is out of range
         */
        public T with(T value, Map<String, Object> changed) {
            return kind.cast(Declared.with((Record) value, changed));
        }

        private String example() {
            return parameters().stream()
                    .findFirst()
                    .map(first -> name() + ":" + first.option() + "=" + Declared.text(first.usual()))
                    .orElse(name() + ", which has no parameters");
        }

        /** The member and its parameters, as lists of them show it: a line for each. */
        public List<String> lines() {
            List<String> lines = new ArrayList<>();
            lines.add(name() + ": " + help());
            for (Declared parameter : parameters()) {
                lines.add("    " + parameter.option() + "=" + Declared.text(parameter.usual()) + "  " + parameter.help()
                        + parameter.expected().map(range -> " (" + range + ")").orElse(""));
            }
            return lines;
        }
    }
}
