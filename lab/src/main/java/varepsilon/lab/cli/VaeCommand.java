package varepsilon.lab.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code varepsilon vae}: what can be done with a VAE. */
@Command(
        name = "vae",
        description = "Variational autoencoders: train, evaluate, look at.",
        footer = {"", "Example:", "  varepsilon vae train --data glyphs --latent-dim 2 --epochs 10"})
final class VaeCommand implements Runnable {
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
