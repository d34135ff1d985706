package varepsilon.lab.cli;

import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;
import varepsilon.generative.VaeFile;
import varepsilon.report.PngPicture;
import varepsilon.tensor.Device;

/** A command that draws a picture with a VAE. */
abstract class VaePictureCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private final WeightsOption weights = new WeightsOption();

    @Mixin
    private final PictureOptions pictures = new PictureOptions();

    @Mixin
    private final ComputeOptions compute = new ComputeOptions();

    @Mixin
    private final Output output;

    VaePictureCommand(Console console) {
        output = new Output(console);
    }

    /** Reads what the picture needs besides the weights, before these. */
    void load(Output notes) throws IOException {}

    /** Draws the picture, with its caption. */
    abstract PngPicture draw(VaeFile file, long seed);

    /** Draws what can fail only where an option's value makes no sense. */
    final <T> T checked(Supplier<T> drawing) {
        return Usage.check(spec, drawing);
    }

    @Override
    public final Integer call() throws IOException {
        pictures.check();
        Device device = compute.start();
        load(output);
        try (VaeFile file = weights.readVae(device, output)) {
            pictures.write(draw(file, compute.seed()), output);
        }
        return 0;
    }
}
