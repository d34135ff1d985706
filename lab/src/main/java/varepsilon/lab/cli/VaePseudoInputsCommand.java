package varepsilon.lab.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import varepsilon.generative.VaeFile;
import varepsilon.lab.evaluate.LatentPictures;
import varepsilon.report.ImageGrid;

/** {@code varepsilon vae pseudo-inputs}. */
@Command(
        name = "pseudo-inputs",
        description = "Draws the learned pseudo-inputs of a VAE with the prior vamp.",
        footer = {"", "Example:", "  varepsilon vae pseudo-inputs --weights runs/vamp --count 64 --out inputs.png"})
final class VaePseudoInputsCommand extends VaePictureCommand {
    @Option(
            names = "--count",
            paramLabel = "N",
            defaultValue = "64",
            description = "The first so many (default: ${DEFAULT-VALUE}).")
    private int count;

    VaePseudoInputsCommand(Console console) {
        super(console);
    }

    @Override
    ImageGrid draw(VaeFile file, long seed) {
        return LatentPictures.pseudoInputs(file.vae(), count).caption("the first " + count + " pseudo-inputs");
    }
}
