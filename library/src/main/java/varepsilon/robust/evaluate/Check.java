package varepsilon.robust.evaluate;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Something that was examined because it makes a robust accuracy wrong, as a rule too high.
 *
 * @param name in words joined by hyphens
 * @param tripped whether the sign of a failure was found
 * @param saw what was seen, with its figure, also where nothing is wrong
 * @param advice what to do; empty where nothing is
 */
public record Check(String name, boolean tripped, String saw, String advice) {
    private static final int SHOWN = 3;

    static Check passed(String name, String saw) {
        return new Check(name, false, saw, "");
    }

    /** One check for each name, in the order in which they first appear: tripped where one of its name is. */
    public static List<Check> byName(List<Check> all) {
        Map<String, List<Check>> named = new LinkedHashMap<>();
        all.forEach(check ->
                named.computeIfAbsent(check.name(), name -> new ArrayList<>()).add(check));
        return named.values().stream().map(Check::joined).toList();
    }

    private static Check joined(List<Check> same) {
        String name = same.get(0).name();
        List<Check> tripped = same.stream().filter(Check::tripped).toList();
        if (tripped.isEmpty()) {
            List<String> saw = same.stream().map(Check::saw).distinct().toList();
            String more = saw.size() > SHOWN ? "; and " + (saw.size() - SHOWN) + " more" : "";
            return passed(name, saw.stream().limit(SHOWN).collect(Collectors.joining("; ")) + more);
        }
        return new Check(
                name,
                true,
                tripped.stream().map(Check::saw).distinct().collect(Collectors.joining("; ")),
                tripped.stream().map(Check::advice).distinct().collect(Collectors.joining(" ")));
    }
}
