package varepsilon.onnxruntime;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.TensorInfo;
import java.util.Arrays;
import java.util.Optional;
import varepsilon.base.InputException;
import varepsilon.graph.Graph;
import varepsilon.tensor.DType;

/** Element types and shapes, from ONNX Runtime's names to ours. */
final class OrtTypes {
    private OrtTypes() {}

    static Graph.Port port(String name, NodeInfo info) {
        if (!(info.getInfo() instanceof TensorInfo tensor)) {
            throw new InputException("'" + name + "' is no tensor");
        }
        return new Graph.Port(
                name, of(tensor.type), Arrays.stream(tensor.getShape()).boxed().toList());
    }

    /** Empty for strings, sequences and maps, as classifiers of other kinds return beside scores. */
    static Optional<Graph.Port> portOrNone(String name, NodeInfo info) {
        return info.getInfo() instanceof TensorInfo tensor && tensor.type != OnnxJavaType.STRING
                ? Optional.of(port(name, info))
                : Optional.empty();
    }

    static DType of(OnnxJavaType type) {
        return switch (type) {
            case FLOAT -> DType.FLOAT32;
            case DOUBLE -> DType.FLOAT64;
            case FLOAT16 -> DType.FLOAT16;
            case BFLOAT16 -> DType.BFLOAT16;
            case INT8 -> DType.INT8;
            case UINT8 -> DType.UINT8;
            case INT16 -> DType.INT16;
            case INT32 -> DType.INT32;
            case INT64 -> DType.INT64;
            case BOOL -> DType.BOOL;
            default -> throw new InputException("elements of type " + type + " are not supported");
        };
    }

    static OnnxJavaType of(DType type) {
        return switch (type) {
            case FLOAT32 -> OnnxJavaType.FLOAT;
            case FLOAT64 -> OnnxJavaType.DOUBLE;
            case FLOAT16 -> OnnxJavaType.FLOAT16;
            case BFLOAT16 -> OnnxJavaType.BFLOAT16;
            case INT8 -> OnnxJavaType.INT8;
            case UINT8 -> OnnxJavaType.UINT8;
            case INT16 -> OnnxJavaType.INT16;
            case INT32 -> OnnxJavaType.INT32;
            case INT64 -> OnnxJavaType.INT64;
            case BOOL -> OnnxJavaType.BOOL;
        };
    }
}
