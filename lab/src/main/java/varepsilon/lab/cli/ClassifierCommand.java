package varepsilon.lab.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code varepsilon classifier}: what can be done with a classifier. */
@Command(
        name = "classifier",
        description = "Image classifiers: train, with or without defences, and evaluate.",
        footer = {"", "Example:", "  varepsilon classifier train --data glyphs --epochs 3"})
final class ClassifierCommand implements Runnable {
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
