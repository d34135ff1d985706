package varepsilon.examples;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;
import varepsilon.weights.Safetensors;
import varepsilon.weights.Weights;

/**
 * Reads what {@code torch.save(model.state_dict(), "model.pt")} wrote, or a safetensors file, and writes it as
 * safetensors, which Python's {@code safetensors.torch.load_file} reads. Nothing of the file is run.
 */
public final class ReadWeightsFromPython {
    private ReadWeightsFromPython() {}

    /** Takes the file to read and the file to write; prints name, type and shape of each tensor. */
    public static void main(String[] args) throws IOException {
        if (args.length != 2) {
            throw new IllegalArgumentException("expected two files: one to read, one to write");
        }
        try (Scope scope = Scope.withoutGradients()) {
            Weights weights = Weights.read(Path.of(args[0]));
            for (String name : weights.names()) {
                Tensor tensor = weights.get(name);
                System.out.println(name + " " + tensor.dtype() + " " + Arrays.toString(tensor.shape()));
            }
            Safetensors.write(Path.of(args[1]), weights);
        }
    }
}
