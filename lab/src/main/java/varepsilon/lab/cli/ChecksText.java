package varepsilon.lab.cli;

import java.util.List;
import java.util.stream.Collectors;
import varepsilon.robust.evaluate.Check;

/** Checks as text: those that tripped in full, of the others the names. */
final class ChecksText {
    private ChecksText() {}

    /** Empty where there are none. */
    static String of(List<Check> checks) {
        if (checks.isEmpty()) {
            return "";
        }
        String line = System.lineSeparator();
        StringBuilder text = new StringBuilder("Checks" + line);
        checks.stream()
                .filter(Check::tripped)
                .forEach(check -> text.append("  ")
                        .append(check.name())
                        .append(": ")
                        .append(check.saw())
                        .append('.')
                        .append(line)
                        .append("    ")
                        .append(check.advice())
                        .append(line));
        List<String> passed = checks.stream()
                .filter(check -> !check.tripped())
                .map(Check::name)
                .toList();
        if (!passed.isEmpty()) {
            text.append("  ")
                    .append(passed.size())
                    .append(" passed: ")
                    .append(passed.stream().collect(Collectors.joining(", ")))
                    .append(line);
        }
        return text.toString();
    }
}
