package varepsilon.lab.evaluate;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import varepsilon.graph.Graph;
import varepsilon.tensor.Tensor;

/**
 * A function from one tensor to one tensor that a model file holds: a classifier, or the encoder or decoder of a VAE.
 *
 * @param name {@code model} where it is the whole model, else {@code encoder} or {@code decoder}
 * @param graph its operations
 * @param example the sizes of one example of its input; empty where the input leaves them open
 * @param forward what the engine computes
 * @param metadata what an exported file says of it
 * @param onnx the ONNX file that it was read from; empty for weights
 */
record ModelPart(
        String name,
        Graph graph,
        long[] example,
        UnaryOperator<Tensor> forward,
        Map<String, String> metadata,
        Optional<Path> onnx) {
    static final String WHOLE = "model";
    static final String DECODER = "decoder";
}
