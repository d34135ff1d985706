package varepsilon.lab.evaluate;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import varepsilon.graph.Graph;
import varepsilon.graph.OnnxFile;

/**
 * What there is to know of a model file without running it. What does not apply to a model, or is not known of it, is
 * null.
 *
 * @param model the file
 * @param format {@code safetensors}, {@code PyTorch state dict}, {@code TorchScript} or {@code ONNX}
 * @param kind {@code classifier}, {@code vae}, {@code program} or {@code network}
 * @param parameters numbers that were trained; of an ONNX model, all floating-point constants
 * @param producer the program that wrote an ONNX model
 * @param opset the version of ONNX's operators in which the operations are meant
 * @param image C×H×W of the images, as {@code 3x32x32}
 * @param classes of a classifier
 * @param normalizeMean what is subtracted from the pixels of each channel, which are from 0 to 1
 * @param normalizeStd what they are then divided by
 * @param operators how often it has each operation, in the vocabulary of ONNX
 * @param unsupported operations of an ONNX model that the engine does not have
 * @param metadata all that the file says of itself
 * @param notes how it was interpreted, a sentence each
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ModelDescription(
        String model,
        String format,
        String kind,
        String architecture,
        Long parameters,
        String producer,
        Integer opset,
        String image,
        Integer classes,
        List<Double> normalizeMean,
        List<Double> normalizeStd,
        List<Value> inputs,
        List<Value> outputs,
        Map<String, Integer> operators,
        List<OnnxFile.Unsupported> unsupported,
        Map<String, String> metadata,
        List<String> notes) {
    /** Copies the collections. */
    public ModelDescription {
        metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
        notes = List.copyOf(notes);
    }

    /**
     * An input or an output.
     *
     * @param part {@code model}, or {@code encoder} or {@code decoder}
     * @param name by which ONNX knows it
     * @param dtype type of its elements
     * @param shape sizes, null for those that are left open, as the batch is; null where nothing is known
     */
    public record Value(String part, String name, String dtype, List<Long> shape) {
        static Value of(ModelPart part, Graph.Port port) {
            List<Long> sizes = new ArrayList<>();
            port.shape().forEach(size -> sizes.add(size < 0 ? null : size));
            return new Value(
                    part.name(),
                    port.name(),
                    port.dtype().toString(),
                    sizes.isEmpty() ? null : Collections.unmodifiableList(sizes));
        }
    }

    static List<Value> inputs(List<ModelPart> parts) {
        return parts.stream().map(part -> Value.of(part, part.graph().input())).toList();
    }

    static List<Value> outputs(List<ModelPart> parts) {
        return parts.stream().map(part -> Value.of(part, part.graph().output())).toList();
    }
}
