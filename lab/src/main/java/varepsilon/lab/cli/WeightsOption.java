package varepsilon.lab.cli;

import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Option;
import varepsilon.lab.experiment.VaeFile;
import varepsilon.tensor.Device;

/** Which trained model. */
final class WeightsOption {
    @Option(
            names = "--weights",
            required = true,
            paramLabel = "FILE",
            description = "Weights (.safetensors, .pt), or a run directory for its best ones.")
    private Path weights;

    VaeFile readVae(Device device) throws IOException {
        return VaeFile.read(weights, device);
    }
}
