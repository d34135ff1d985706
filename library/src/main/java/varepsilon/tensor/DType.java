package varepsilon.tensor;

import org.bytedeco.pytorch.global.torch.ScalarType;

/** Element types of a {@link Tensor}, with their size and their name in the safetensors format. */
public enum DType {
    FLOAT64(8, "F64", true),
    FLOAT32(4, "F32", true),
    FLOAT16(2, "F16", true),
    BFLOAT16(2, "BF16", true),
    INT64(8, "I64", false),
    INT32(4, "I32", false),
    INT16(2, "I16", false),
    INT8(1, "I8", false),
    UINT8(1, "U8", false),
    BOOL(1, "BOOL", false);

    private final int bytes;
    private final String safetensorsName;
    private final boolean floatingPoint;

    DType(int bytes, String safetensorsName, boolean floatingPoint) {
        this.bytes = bytes;
        this.safetensorsName = safetensorsName;
        this.floatingPoint = floatingPoint;
    }

    /** Bytes of one element. */
    public int bytes() {
        return bytes;
    }

    /** Name in a safetensors header, such as {@code F32}. */
    public String safetensorsName() {
        return safetensorsName;
    }

    /** Whether gradients can flow through tensors of this type. */
    public boolean isFloatingPoint() {
        return floatingPoint;
    }

    ScalarType nativeType() {
        return switch (this) {
            case FLOAT64 -> ScalarType.Double;
            case FLOAT32 -> ScalarType.Float;
            case FLOAT16 -> ScalarType.Half;
            case BFLOAT16 -> ScalarType.BFloat16;
            case INT64 -> ScalarType.Long;
            case INT32 -> ScalarType.Int;
            case INT16 -> ScalarType.Short;
            case INT8 -> ScalarType.Char;
            case UINT8 -> ScalarType.Byte;
            case BOOL -> ScalarType.Bool;
        };
    }

    static DType of(ScalarType type) {
        return switch (type.intern()) {
            case Double -> FLOAT64;
            case Float -> FLOAT32;
            case Half -> FLOAT16;
            case BFloat16 -> BFLOAT16;
            case Long -> INT64;
            case Int -> INT32;
            case Short -> INT16;
            case Char -> INT8;
            case Byte -> UINT8;
            case Bool -> BOOL;
            default -> throw new IllegalStateException("no element type for the engine's " + type);
        };
    }
}
