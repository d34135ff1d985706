package varepsilon.lab.cli;

import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Option;
import varepsilon.generative.VaeFile;
import varepsilon.tensor.Device;

/** The trained model. */
final class WeightsOption {
    @Option(
            names = "--weights",
            required = true,
            paramLabel = "FILE",
            description = "Weights (.safetensors, .pt), or a run directory for its best ones.")
    private Path weights;

    /** Reads the VAE, and prints notes on how its weights were found. */
    VaeFile readVae(Device device, Output output) throws IOException {
        VaeFile file = VaeFile.read(weights, device);
        file.notes().forEach(output::note);
        return file;
    }
}
