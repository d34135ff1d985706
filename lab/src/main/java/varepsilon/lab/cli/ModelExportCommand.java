package varepsilon.lab.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import varepsilon.classify.ClassifierFile;
import varepsilon.lab.evaluate.ModelExport;
import varepsilon.lab.evaluate.ModelFile;
import varepsilon.tensor.Device;

/** {@code varepsilon model export}. */
@Command(
        name = "export",
        description = "Writes a classifier or a VAE as ONNX models, for any batch size.",
        footer = {
            "",
            "A classifier takes pixels from 0 to 1, N×C×H×W: its normalisation is inside. It gives logits, N×K.",
            "",
            "A VAE becomes two files, unless --part chooses one: FILE-encoder.onnx and FILE-decoder.onnx.",
            "Its encoder takes pixels from 0 to 1, of the values that the model distinguishes: of 16 levels v, v/15. It gives",
            "what q(z|x) is made of: for the posterior diagonal the means, then the natural logarithms of the standard",
            "deviations. Its decoder takes z, N×latent-dim, and gives what p(x|z) is made of: for the likelihood categorical of",
            "L levels the logits of the levels of image channel c at channels c·L to (c + 1)·L − 1. Of a conditional model the",
            "class comes after the pixels, as planes of 0 and 1, and after z, one-hot. For every other choice the file says in",
            "its metadata what each number is: `varepsilon model info FILE --json` shows them under `metadata`.",
            "",
            "Examples:",
            "  varepsilon model export --weights runs/plain --out plain.onnx --check",
            "  varepsilon model export --weights runs/vae-glyphs-z20 --out vae.onnx",
            "  varepsilon model export --weights runs/vae-glyphs-z20 --part decoder --out decoder.onnx"
        })
final class ModelExportCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(
            names = "--weights",
            required = true,
            paramLabel = "FILE",
            description = "Weights (.safetensors, .pt, .pth), or a run directory for its best weights.")
    private Path weights;

    @Mixin
    private final StatedOptions properties = new StatedOptions();

    @Mixin
    private final NewFileOptions file = new NewFileOptions();

    @Option(
            names = "--part",
            paramLabel = "PART",
            defaultValue = "all",
            description = "Of a VAE: encoder, decoder or all (default: ${DEFAULT-VALUE}).")
    private ModelExport.Choice part;

    @Option(
            names = "--check",
            description =
                    "Run what is to be written by ONNX Runtime first; nothing is written where it differs from the"
                            + " engine by more than 1e-4, relative.")
    private boolean check;

    @Mixin
    private final ComputeOptions compute = new ComputeOptions();

    @Mixin
    private final Output output;

    ModelExportCommand(Console console) {
        output = new Output(console);
    }

    @Override
    public Integer call() throws IOException {
        ClassifierFile.Stated stated = properties.stated(spec);
        Device device = compute.start();
        ModelExport export;
        try (ModelFile model = ModelFile.read(weights, stated, device)) {
            Map<String, Path> places = ModelExport.places(model, part, file.path());
            places.values().forEach(file::check);
            export = ModelExport.write(model, places, check, device, compute.seed(), compute.threads());
        }
        export.notes().forEach(output::note);
        output.result(export, text(export));
        return 0;
    }

    private static String text(ModelExport export) {
        StringBuilder text = new StringBuilder();
        for (ModelExport.Written written : export.files()) {
            text.append(String.format(
                    Locale.ROOT,
                    "Wrote %s: %s, opset %d, %,d bytes%n  takes %s%n    %s%n  gives %s%n    %s%n",
                    written.file(),
                    export.architecture(),
                    written.opset(),
                    written.bytes(),
                    ModelInfoCommand.text(written.input()),
                    written.metadata().get("input"),
                    ModelInfoCommand.text(written.output()),
                    written.metadata().get("output")));
            if (written.maxDifference() != null) {
                text.append(String.format(
                        Locale.ROOT,
                        "  the largest difference from %s is %.2e, relative %.2e%n",
                        export.comparedWith(),
                        written.maxDifference(),
                        written.maxRelativeDifference()));
            }
        }
        return text.toString();
    }
}
