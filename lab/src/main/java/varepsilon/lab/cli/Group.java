package varepsilon.lab.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** A command that only groups subcommands. */
@Command
final class Group implements Runnable {
    @Spec
    private CommandSpec spec;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help.")
    @SuppressWarnings("UnusedVariable") // picocli acts on it
    private boolean help;

    /** The group, still without its commands. */
    static CommandLine named(String name, String description, String example) {
        CommandLine group = new CommandLine(new Group()).setCommandName(name);
        group.getCommandSpec().usageMessage().description(description).footer("", "Example:", "  " + example);
        return group;
    }

    @Override
    public void run() {
        throw Usage.wrong(
                spec,
                "expected a command: " + String.join(", ", spec.subcommands().keySet()));
    }
}
