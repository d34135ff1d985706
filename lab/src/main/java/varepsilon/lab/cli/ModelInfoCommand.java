package varepsilon.lab.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import varepsilon.classify.ClassifierFile;
import varepsilon.lab.evaluate.ModelDescription;
import varepsilon.lab.evaluate.ModelFile;
import varepsilon.tensor.Device;

/** {@code varepsilon model info}. */
@Command(
        name = "info",
        description = "Describes a model: its format, architecture, inputs, outputs and operations.",
        footer = {
            "",
            "FILE is weights of a classifier or a VAE (.safetensors, .pt, .pth), an ONNX model, a TorchScript program, or a",
            "run directory, which stands for its best weights. Operations have ONNX's names.",
            "",
            "Examples:",
            "  varepsilon model info runs/plain",
            "  varepsilon model info model.onnx --json"
        })
final class ModelInfoCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "FILE", description = "The model.")
    private Path file;

    @Mixin
    private final StatedOptions properties = new StatedOptions();

    @Mixin
    private final Output output;

    ModelInfoCommand(Console console) {
        output = new Output(console);
    }

    @Override
    public Integer call() throws IOException {
        ClassifierFile.Stated stated = properties.stated(spec);
        try (ModelFile model = ModelFile.read(file, stated, Device.CPU)) {
            ModelDescription description = model.description();
            description.notes().forEach(output::note);
            output.result(description, text(description));
        }
        return 0;
    }

    private static String text(ModelDescription model) {
        List<String> lines = new ArrayList<>();
        add(lines, "file", model.model());
        add(lines, "format", model.format());
        add(lines, "kind", model.kind());
        add(lines, "architecture", model.architecture());
        add(
                lines,
                "parameters",
                model.parameters() == null ? null : String.format(Locale.ROOT, "%,d", model.parameters()));
        add(lines, "producer", model.producer());
        add(lines, "opset", model.opset());
        add(lines, "images", model.image());
        add(lines, "classes", model.classes());
        add(lines, "mean", model.normalizeMean());
        add(lines, "deviation", model.normalizeStd());
        model.inputs().forEach(value -> add(lines, "input", text(value)));
        model.outputs().forEach(value -> add(lines, "output", text(value)));
        if (model.operators() != null) {
            add(lines, "operations", counts(model.operators()));
        }
        if (model.unsupported() != null && !model.unsupported().isEmpty()) {
            add(
                    lines,
                    "not supported",
                    model.unsupported().stream().map(Object::toString).collect(Collectors.joining(", ")));
        }
        return String.join(System.lineSeparator(), lines);
    }

    /** Operations and how often there is each, as one line. */
    static String counts(Map<String, Integer> operators) {
        return operators.entrySet().stream()
                .map(entry -> entry.getValue() + " " + entry.getKey())
                .collect(Collectors.joining(", "));
    }

    /** An input or output, such as {@code 'pixels' FLOAT32 N×3×32×32}. */
    static String text(ModelDescription.Value value) {
        StringBuilder text = new StringBuilder("'" + value.name() + "' " + value.dtype());
        for (int i = 0; value.shape() != null && i < value.shape().size(); i++) {
            Long size = value.shape().get(i);
            text.append(i == 0 ? " " : "×").append(size == null ? i == 0 ? "N" : "?" : size);
        }
        return text + (value.part().equals("model") ? "" : " (" + value.part() + ")");
    }

    private static void add(List<String> lines, String name, Object value) {
        if (value != null && !value.toString().isEmpty()) {
            lines.add(String.format(Locale.ROOT, "%-15s  %s", name, value));
        }
    }
}
