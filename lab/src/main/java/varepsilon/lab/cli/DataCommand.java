package varepsilon.lab.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code varepsilon data}: the data sets. */
@Command(
        name = "data",
        description = "Data sets: what there is, what is in one, how to get one.",
        footer = {"", "Example:", "  varepsilon data list"})
final class DataCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help.")
    @SuppressWarnings("UnusedVariable") // picocli acts on it
    private boolean help;

    @Override
    public void run() {
        throw Usage.wrong(
                spec, "say what to do: " + String.join(", ", spec.subcommands().keySet()));
    }
}
