package varepsilon.lab.cli;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import varepsilon.base.Declared;
import varepsilon.base.Family;
import varepsilon.robust.attack.StepSize;

/** Options made from {@link Declared} parameters, which give name, type, default and help. */
final class DeclaredOptions {
    private final CommandSpec command;
    private final Map<String, Declared> parameters = new LinkedHashMap<>();

    /** Adds options to a command. */
    DeclaredOptions(CommandSpec command) {
        this.command = command;
    }

    /**
     * Adds an option for a parameter.
     *
     * @param more other names of the option
     */
    void add(Declared parameter, String... more) {
        String choices = parameter.range().oneOf().length == 0
                ? ""
                : String.join(", ", parameter.range().oneOf()) + "; ";
        add("--" + parameter.option(), parameter, choices + "default: " + Declared.text(parameter.usual()), more);
    }

    /** Adds an option for a member of a family, with its parameters behind its name, such as {@code pgd:steps=40}. */
    void addMember(String name, Family<?> family, String usual, String help) {
        command.addOption(OptionSpec.builder(name)
                .type(String.class)
                .paramLabel("NAME")
                .defaultValue(usual)
                .description(help + ": " + String.join(", ", family.names())
                        + (family.members().stream()
                                        .allMatch(member -> member.parameters().isEmpty())
                                ? ""
                                : ", with parameters as in " + example(family, usual))
                        + " (default: ${DEFAULT-VALUE}).")
                .build());
    }

    /** The first parameter of the usual member, else of any other. */
    private static String example(Family<?> family, String usual) {
        return family.members().stream()
                .filter(member -> !member.parameters().isEmpty())
                .min(Comparator.comparing(member -> !member.name().equals(usual)))
                .map(member -> member.name() + ":" + member.parameters().get(0).option() + "="
                        + Declared.text(member.parameters().get(0).usual()))
                .orElseThrow();
    }

    /**
     * Adds an option for a parameter that several members of a family have: it applies to all of them.
     *
     * @param of what the option belongs to, where several options choose members of the family: {@code --check-attack}
     *     gives {@code --check-steps}; else empty
     */
    void addShared(String of, String parameter, Family<?> family) {
        Declared first = family.members().stream()
                .flatMap(member -> member.find(parameter).stream())
                .findFirst()
                .orElseThrow();
        String prefix = of.isEmpty() ? "--" : of.replaceFirst("[a-z]+$", "");
        String usual = (of.isEmpty() ? "" : "of " + of + "; ") + "default: " + defaults(parameter, family);
        add(prefix + first.option(), first, usual);
    }

    /** {@code 10} where all members that have the parameter agree, else {@code 0 in pgd; 1 in mi-fgsm}. */
    private static String defaults(String parameter, Family<?> family) {
        Map<String, List<String>> names = new LinkedHashMap<>();
        family.members()
                .forEach(member -> member.find(parameter)
                        .ifPresent(found -> names.computeIfAbsent(
                                        Declared.text(found.usual()), unused -> new ArrayList<>())
                                .add(member.name())));
        boolean agreed = names.size() == 1 && names.values().iterator().next().size() > 1;
        return agreed
                ? names.keySet().iterator().next()
                : names.entrySet().stream()
                        .map(entry -> entry.getKey() + " in " + String.join(", ", entry.getValue()))
                        .collect(Collectors.joining("; "));
    }

    private void add(String name, Declared parameter, String usual, String... more) {
        Class<?> type = parameter.type();
        OptionSpec.Builder option = OptionSpec.builder(name, more)
                .type(boxed(type))
                .description(sentence(parameter.help()) + " (" + usual + ").");
        if (type == boolean.class) {
            option.negatable(true)
                    .defaultValue(parameter.usual().toString())
                    .fallbackValue("true")
                    .arity("0");
        } else {
            option.paramLabel(
                    type == int.class || type == long.class
                            ? "N"
                            : type == double.class || parameter.type() == StepSize.class ? "X" : "NAME");
            if (type == double.class) {
                option.converters(new Fraction());
            }
        }
        command.addOption(option.build());
        parameters.put(name, parameter);
    }

    private static Class<?> boxed(Class<?> type) {
        return type == int.class
                ? Integer.class
                : type == long.class
                        ? Long.class
                        : type == double.class ? Double.class : type == boolean.class ? Boolean.class : String.class;
    }

    private static String sentence(String help) {
        return Character.toUpperCase(help.charAt(0)) + help.substring(1).replace("%", "%%");
    }

    /** Whether an option was given, not left to its default. */
    boolean isGiven(String option) {
        return command.commandLine().getParseResult().hasMatchedOption(option);
    }

    /** The text of an option; null where it was not given and has no default. */
    String text(String option) {
        return command.findOption(option).getValue();
    }

    /** The texts of an option that can be given several times. */
    List<String> texts(String option) {
        return command.findOption(option).getValue();
    }

    /** The values of the parameters whose options were given, by the parameter's name. */
    Map<String, Object> given() {
        Map<String, Object> given = new TreeMap<>();
        parameters.forEach(
                (option, parameter) -> value(option, parameter).ifPresent(value -> given.put(parameter.name(), value)));
        return given;
    }

    private Optional<Object> value(String option, Declared parameter) {
        if (!isGiven(option)) {
            return Optional.empty();
        }
        Object value = command.findOption(option).getValue();
        return Optional.of(value instanceof String text ? parameter.parse(text) : value);
    }

    /**
     * The same, refused where a value is outside its range, whether or not the chosen member has the parameter.
     *
     * @throws varepsilon.base.InputException naming the parameter
     */
    Map<String, Object> givenInRange() {
        Map<String, Object> given = given();
        parameters.values().stream()
                .filter(parameter -> given.containsKey(parameter.name()))
                .forEach(parameter -> parameter.check(given.get(parameter.name())));
        return given;
    }

    /**
     * Rejects the option of a parameter that the chosen member of its family does not have.
     *
     * @param with what was chosen, as it was: {@code --defense standard}
     */
    <T> void requireUsed(Family<T> family, T member, String with) {
        Family.Member<T> chosen = family.memberOf(member).orElseThrow();
        givenOptions().forEach((option, parameter) -> {
            if (chosen.find(parameter.name()).isEmpty()) {
                throw Usage.wrong(command, option + ": has no effect with " + with);
            }
        });
    }

    /** The options, by name, of the parameters that were given. */
    Map<String, Declared> givenOptions() {
        Map<String, Declared> given = new LinkedHashMap<>(parameters);
        given.keySet().removeIf(option -> !isGiven(option));
        return given;
    }
}
