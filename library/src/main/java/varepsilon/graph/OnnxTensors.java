package varepsilon.graph;

import ai.onnx.proto.OnnxMl;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import varepsilon.base.InputException;
import varepsilon.tensor.DType;
import varepsilon.tensor.Tensor;

/**
 * Tensors of ONNX files, in the file or in one beside it.
 *
 * @param folder that of the file, which data outside the file must lie in
 */
record OnnxTensors(Path folder) {
    /**
     * A tensor in the type that it is computed in.
     *
     * @throws InputException where what it says is not what it has
     * @throws IOException on an I/O error
     */
    Tensor read(TensorProto proto) throws IOException {
        String name = "tensor '" + proto.getName() + "'";
        DType type = OnnxTypes.ofNumber(proto.getDataType())
                .orElseThrow(() -> new InputException(name + " has type " + proto.getDataType()
                        + ", which is not supported; expected numbers of up to 64 bits, signed or of 8 bits"));
        long[] shape = proto.getDimsList().stream().mapToLong(Long::longValue).toArray();
        try {
            Tensor tensor;
            if (proto.getDataLocation() == TensorProto.DataLocation.EXTERNAL) {
                tensor = Tensor.ofRaw(external(proto, name), type, shape);
            } else if (proto.hasRawData()) {
                tensor = Tensor.ofRaw(
                        proto.getRawData().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN), type, shape);
            } else {
                tensor = listed(proto, type, shape);
            }
            return tensor.to(OnnxTypes.computed(type));
        } catch (IllegalArgumentException e) {
            throw new InputException(name + ": " + e.getMessage(), e);
        }
    }

    /** Values in the lists of the format; those of few bits are in that of INT32. */
    private static Tensor listed(TensorProto proto, DType type, long... shape) {
        return switch (type) {
            case FLOAT32 -> {
                float[] values = new float[proto.getFloatDataCount()];
                for (int i = 0; i < values.length; i++) {
                    values[i] = proto.getFloatData(i);
                }
                yield Tensor.of(values, shape);
            }
            case FLOAT64 ->
                Tensor.of(
                        proto.getDoubleDataList().stream()
                                .mapToDouble(Double::doubleValue)
                                .toArray(),
                        shape);
            case INT64 ->
                Tensor.of(
                        proto.getInt64DataList().stream()
                                .mapToLong(Long::longValue)
                                .toArray(),
                        shape);
            case FLOAT16, BFLOAT16 -> {
                ByteBuffer bits =
                        ByteBuffer.allocate(2 * proto.getInt32DataCount()).order(ByteOrder.LITTLE_ENDIAN);
                proto.getInt32DataList().forEach(value -> bits.putShort(value.shortValue()));
                yield Tensor.ofRaw(bits.flip(), type, shape);
            }
            default ->
                Tensor.of(
                                proto.getInt32DataList().stream()
                                        .mapToLong(Integer::longValue)
                                        .toArray(),
                                shape)
                        .to(type);
        };
    }

    private ByteBuffer external(TensorProto proto, String name) throws IOException {
        Map<String, String> entries = new HashMap<>();
        for (OnnxMl.StringStringEntryProto entry : proto.getExternalDataList()) {
            entries.put(entry.getKey(), entry.getValue());
        }
        String location = entries.getOrDefault("location", "");
        Path file = inside(location, name);
        long size = Files.size(file);
        long offset = number(entries.getOrDefault("offset", "0"), name);
        long length = number(entries.getOrDefault("length", Long.toString(Math.max(0, size - offset))), name);
        if (offset > size || length > size - offset) {
            throw new InputException(name + ": bytes " + offset + " to " + offset + " + " + length + " of " + file
                    + ", which has " + size + "; is it incomplete?");
        }
        if (length > Integer.MAX_VALUE - 8) {
            throw new InputException(name + ": " + length + " bytes; expected less than 2 GiB");
        }
        ByteBuffer bytes = ByteBuffer.allocate((int) length).order(ByteOrder.LITTLE_ENDIAN);
        try (FileChannel channel = FileChannel.open(file)) {
            while (bytes.hasRemaining() && channel.read(bytes, offset + bytes.position()) >= 0) {}
        }
        return bytes.flip();
    }

    private static long number(String text, String name) {
        try {
            long number = Long.parseLong(text);
            if (number >= 0) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Reported below.
        }
        throw new InputException(name + ": '" + text + "' for an offset or length; expected a whole number, 0 or more");
    }

    /** The file that a path names, which must lie in the folder, behind any links. */
    private Path inside(String location, String name) throws IOException {
        try {
            Path file = folder.resolve(location).normalize();
            boolean in = !location.isEmpty() && !Path.of(location).isAbsolute() && file.startsWith(folder.normalize());
            if (in && !Files.isRegularFile(file)) {
                throw new InputException(name + ": its data are in " + file + ", which is not there");
            }
            if (in && file.toRealPath().startsWith(folder.toRealPath())) {
                return file;
            }
        } catch (InvalidPathException e) {
            throw new InputException(name + ": its data are in '" + location + "', which is no path", e);
        }
        throw new InputException(
                name + ": its data are in '" + location + "', outside the model's folder; refused, for safety");
    }

    /** The form that files have. */
    static TensorProto write(String name, Tensor tensor) {
        TensorProto.Builder proto =
                TensorProto.newBuilder().setName(name).setDataType(OnnxTypes.number(tensor.dtype()));
        for (long size : tensor.shape()) {
            proto.addDims(size);
        }
        return proto.setRawData(ByteString.copyFrom(tensor.toRaw())).build();
    }
}
