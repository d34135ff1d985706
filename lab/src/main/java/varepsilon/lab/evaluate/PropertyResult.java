package varepsilon.lab.evaluate;

import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import varepsilon.base.InputException;
import varepsilon.base.Watch;
import varepsilon.graph.GraphNetwork;
import varepsilon.graph.OnnxFile;
import varepsilon.robust.certify.VnnLib;
import varepsilon.robust.evaluate.PropertyCheck;
import varepsilon.tensor.Device;
import varepsilon.tensor.Scope;

/**
 * Whether a network has the property of a file.
 *
 * @param weights the ONNX model
 * @param property the file
 * @param verdict holds, violated or unknown
 * @param decidedBy what decided it, empty where it is unknown
 * @param bound above 0 where it holds: the least, over the boxes and unsafe sets, of what keeps them from being met; null
 *     where a counterexample came first
 * @param counterexample an input with an unsafe output, or null
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
public record PropertyResult(
        String weights,
        String property,
        String verdict,
        String decidedBy,
        Double bound,
        double seconds,
        float[] counterexample) {

    /**
     * Checks each box of a file until one is violated.
     *
     * @param model an ONNX model, whose inputs are taken as they are: bounds in the file are of what it takes
     */
    public static PropertyResult of(Path model, Path file, PropertyCheck check, Watch watch) throws IOException {
        if (!Files.exists(model)) {
            throw new InputException(model + ": no such file");
        }
        List<VnnLib.Property> properties = VnnLib.read(file);
        if (!OnnxFile.isOnnx(model)) {
            throw new InputException(model + ": not an ONNX model; expected one, of whose inputs a property speaks");
        }
        try (var scope = Scope.withoutGradients();
                OnnxFile onnx = OnnxFile.read(model, Device.CPU)) {
            onnx.requireSupported(model);
            long[] shape = onnx.graph().input().shape().stream()
                    .skip(1)
                    .mapToLong(Long::longValue)
                    .toArray();
            if (shape.length == 0 || Arrays.stream(shape).anyMatch(size -> size < 0)) {
                throw new InputException(model + ": its input is "
                        + onnx.graph().input() + "; expected one whose sizes are stated, but for the batch");
            }
            try (GraphNetwork network = GraphNetwork.of(onnx.graph(), shape)) {
                return checked(model, file, properties, network, check, watch, shape);
            }
        }
    }

    private static PropertyResult checked(
            Path model,
            Path file,
            List<VnnLib.Property> properties,
            GraphNetwork network,
            PropertyCheck check,
            Watch watch,
            long... shape) {
        PropertyCheck.Result worst = null;
        double seconds = 0;
        for (VnnLib.Property property : properties) {
            PropertyCheck.Result result = check.of(network, property, watch, shape);
            seconds += result.seconds();
            if (worst == null || rank(result) > rank(worst)) {
                worst = result;
            }
            if (worst.verdict() == PropertyCheck.Verdict.VIOLATED) {
                break;
            }
        }
        return new PropertyResult(
                model.toString(),
                file.toString(),
                worst.verdict().name().toLowerCase(Locale.ROOT),
                worst.decidedBy(),
                Double.isNaN(worst.bound()) ? null : worst.bound(),
                seconds,
                worst.counterexample());
    }

    /** The worst of several boxes counts. */
    private static int rank(PropertyCheck.Result result) {
        return switch (result.verdict()) {
            case HOLDS -> 0;
            case UNKNOWN -> 1;
            case VIOLATED -> 2;
        };
    }
}
