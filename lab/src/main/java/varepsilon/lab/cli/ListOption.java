package varepsilon.lab.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Option;
import varepsilon.base.Declared;
import varepsilon.base.Family;

/** The option {@code --list}, which lists what can be chosen by name, with parameters. */
final class ListOption {
    // Of picocli's three ways to lift the requirement of other options, the two others print usage or version.
    @SuppressWarnings("deprecation")
    @Option(names = "--list", help = true, description = "List what can be chosen by name, with all parameters.")
    private boolean given;

    boolean isGiven() {
        return given;
    }

    /** Prints the members of some families. */
    static int show(Output output, Class<?>... kinds) {
        return show(output, Map.of(), kinds);
    }

    /**
     * Prints the members of some families, after names that have no parameters.
     *
     * @param names by option, without its dashes
     */
    static int show(Output output, Map<String, List<String>> names, Class<?>... kinds) {
        Map<String, Object> json = new LinkedHashMap<>(names);
        List<String> text = new ArrayList<>();
        names.forEach((option, some) -> text.add("Names for --" + option + ": " + String.join(", ", some)));
        for (Class<?> kind : kinds) {
            Family<?> family = Family.of(kind);
            text.add((text.isEmpty() ? "" : System.lineSeparator()) + "Names for --" + family.word() + ":");
            family.members().forEach(member -> member.lines().forEach(line -> text.add("  " + line)));
            json.put(
                    family.word(),
                    family.members().stream().map(ListOption::json).toList());
        }
        output.result(json, String.join(System.lineSeparator(), text));
        return 0;
    }

    private static Map<String, Object> json(Family.Member<?> member) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("name", member.name());
        json.put("help", member.help());
        json.put(
                "parameters", member.parameters().stream().map(ListOption::json).toList());
        return json;
    }

    private static Map<String, Object> json(Declared parameter) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("name", parameter.option());
        json.put("default", Declared.text(parameter.usual()));
        json.put("help", parameter.help());
        parameter.expected().ifPresent(range -> json.put("expected", range));
        return json;
    }
}
