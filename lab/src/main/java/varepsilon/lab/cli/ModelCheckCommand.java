package varepsilon.lab.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import varepsilon.classify.ClassifierFile;
import varepsilon.data.ImageShape;
import varepsilon.lab.evaluate.ModelCheck;
import varepsilon.lab.evaluate.ModelFile;
import varepsilon.tensor.Device;

/** {@code varepsilon model check}. */
@Command(
        name = "check",
        description = "Runs a model on a few random images, and compares what the engine computes with ONNX Runtime.",
        footer = {
            "",
            "An ONNX model is run as it is; weights as the ONNX model that `model export` would write. A TorchScript program",
            "is only run: there is no second program to compare with. The relative difference is the largest absolute one",
            "divided by the largest absolute output. Exit code 1 where it is above 1e-4, or an output is not finite.",
            "",
            "Examples:",
            "  varepsilon model check model.onnx",
            "  varepsilon model check model.onnx --image 3x224x224",
            "  varepsilon model check runs/plain --json"
        })
final class ModelCheckCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "FILE", description = "The model.")
    private Path file;

    @Option(
            names = "--image",
            paramLabel = "CxHxW",
            description = "Channels, height and width of the images, such as 3x224x224, where the model does not say.")
    private String image;

    @Mixin
    private final StatedOptions properties = new StatedOptions();

    @Mixin
    private final ComputeOptions compute = new ComputeOptions();

    @Mixin
    private final Output output;

    ModelCheckCommand(Console console) {
        output = new Output(console);
    }

    @Override
    public Integer call() throws IOException {
        ClassifierFile.Stated stated = properties.stated(spec);
        Optional<ImageShape> shape = image == null ? Optional.empty() : ImageShape.parse(image);
        if (image != null && shape.isEmpty()) {
            throw Usage.wrong(spec, "--image " + image + ": expected channels, height and width, such as 3x224x224");
        }
        Device device = compute.start();
        ModelCheck check;
        try (ModelFile model = ModelFile.read(file, stated, device)) {
            check = ModelCheck.of(model, shape, device, compute.seed(), compute.threads());
        }
        check.notes().forEach(output::note);
        output.result(check, text(check));
        return check.passed() ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
    }

    private static String text(ModelCheck check) {
        StringBuilder text = new StringBuilder();
        check.inputs().forEach(value -> line(text, "takes " + ModelInfoCommand.text(value)));
        check.outputs().forEach(value -> line(text, "gives " + ModelInfoCommand.text(value)));
        if (check.operators() != null) {
            line(text, "operations: " + ModelInfoCommand.counts(check.operators()));
        }
        line(text, "");
        if (check.comparedWith() == null) {
            line(
                    text,
                    check.model() + ": its outputs of " + check.n() + " random images are "
                            + (check.finite() ? "finite" : "NOT finite"));
            return text.toString();
        }
        for (ModelCheck.Part part : check.parts()) {
            line(
                    text,
                    String.format(
                            Locale.ROOT,
                            "%s%s: the largest difference from %s over %d random inputs is %.2e, relative %.2e%s",
                            check.model(),
                            part.part().equals("model") ? "" : ", " + part.part(),
                            check.comparedWith(),
                            check.n(),
                            part.maxDifference(),
                            part.maxRelativeDifference(),
                            part.finite() ? "" : "; outputs are NOT finite"));
        }
        line(
                text,
                check.passed()
                        ? "The outputs are the same."
                        : String.format(
                                Locale.ROOT,
                                "The outputs are NOT the same; expected finite ones, and a relative difference of at most %.0e.",
                                check.tolerance()));
        return text.toString();
    }

    private static void line(StringBuilder text, String line) {
        text.append(line).append(System.lineSeparator());
    }
}
