package varepsilon.graph;

import java.util.Map;
import java.util.Optional;
import varepsilon.tensor.DType;

/** ONNX's numbers for element types. */
final class OnnxTypes {
    private static final Map<Integer, DType> BY_NUMBER = Map.of(
            1, DType.FLOAT32,
            2, DType.UINT8,
            3, DType.INT8,
            5, DType.INT16,
            6, DType.INT32,
            7, DType.INT64,
            9, DType.BOOL,
            10, DType.FLOAT16,
            11, DType.FLOAT64,
            16, DType.BFLOAT16);

    private OnnxTypes() {}

    static Optional<DType> ofNumber(long number) {
        return Optional.ofNullable(BY_NUMBER.get(Math.toIntExact(number)));
    }

    static int number(DType type) {
        return BY_NUMBER.entrySet().stream()
                .filter(entry -> entry.getValue() == type)
                .findFirst()
                .orElseThrow()
                .getKey();
    }

    /** The type that values are computed in: FLOAT32 for half precision. */
    static DType computed(DType type) {
        return type == DType.FLOAT16 || type == DType.BFLOAT16 ? DType.FLOAT32 : type;
    }
}
