package varepsilon.lab.cli;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import varepsilon.base.InputException;
import varepsilon.base.Names;

/** Invalid values of options: exit code 2, like all wrong usage. Errors in a file's content give 1. */
final class Usage {
    private static final Pattern NAMED_VALUE =
            Pattern.compile("^([a-z]+([A-Z][a-z]+)*(?= \\S+: expected)|device(?= \\S+: ))");

    private Usage() {}

    /** Runs work that fails only where an option's value is invalid. */
    static <T> T check(CommandSpec command, Supplier<T> work) {
        try {
            return work.get();
        } catch (InputException e) {
            throw wrong(command, asOption(e.getMessage()));
        }
    }

    static ParameterException wrong(CommandSpec command, String message) {
        return new ParameterException(command.commandLine(), message);
    }

    /** {@code latentDim 0: expected …} is what {@code --latent-dim 0} leads to. */
    static String asOption(String message) {
        return NAMED_VALUE
                .matcher(message)
                .replaceFirst(Usage::option)
                .replace("use the device cpu", "use --device cpu");
    }

    private static String option(MatchResult name) {
        return "--" + name.group().replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
    }

    /** Prints one line and where to find help, and gives the exit code. */
    static int explain(ParameterException failure, Console console) {
        CommandLine command = failure.getCommandLine();
        console.err().println("varepsilon: " + message(failure));
        console.err().println("`" + command.getCommandSpec().qualifiedName() + " --help` shows the usage.");
        return CommandLine.ExitCode.USAGE;
    }

    private static String message(ParameterException failure) {
        if (!(failure instanceof CommandLine.UnmatchedArgumentException unmatched)) {
            return failure.getMessage().lines().findFirst().orElse("wrong usage");
        }
        String first = unmatched.getUnmatched().get(0);
        Set<String> commands = failure.getCommandLine().getSubcommands().keySet();
        if (!first.startsWith("-") && !commands.isEmpty()) {
            String nearest = Names.nearest(first, commands);
            return "unknown command '" + first + "'; did you mean " + nearest + "?";
        }
        String kind = first.startsWith("-") ? "unknown option" : "unexpected argument";
        List<String> near = unmatched.getSuggestions();
        return kind + " '" + first + "'" + (near.isEmpty() ? "" : "; did you mean " + String.join(" or ", near) + "?");
    }
}
