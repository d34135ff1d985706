package varepsilon.weights;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/**
 * The formats of weight files. A readable one is recognised by its content; the file name only helps to name an
 * unsupported one.
 */
enum WeightFormat {
    SAFETENSORS,
    PYTORCH;

    private static final int START_BYTES = 512;
    private static final String ZIP = "PK\3\4";
    /** Pickle protocol 2 and the long integer with which PyTorch before 1.6 began its files. */
    private static final String LEGACY = "\u0080\2\u008a\nl\u00fc\u009cF\u00f9 ";

    private static final String RE_SAVE =
            "; load it in Python and re-save its state dict with torch.save(model.state_dict(), \"weights.pt\")";
    private static final String FROM_PYTORCH =
            "; expected safetensors, a PyTorch state dict (.pt, .pth) or a TorchScript program. If the model was made"
                    + " in PyTorch, save it there with torch.jit.trace(model, images).save(\"model.pt\")";
    private static final String FROM_OTHERS = FROM_PYTORCH
            + "; else build the network in PyTorch, copy the weights into it (a convolution's are out×in×height×width"
            + " there) and save that";

    private static final String A_PICKLE = "a pickle that torch.save did not write" + RE_SAVE;

    /** An unsupported format, recognised by bytes at a position, with advice. */
    private record Foreign(int offset, String magic, String what) {
        boolean is(String start) {
            return start.startsWith(magic, offset);
        }
    }

    private static final List<Foreign> FOREIGN = List.of(
            new Foreign(0, LEGACY, "saved by PyTorch < 1.6 (or with _use_new_zipfile_serialization=False)" + RE_SAVE),
            new Foreign(257, "ustar", "saved by PyTorch < 1.6" + RE_SAVE),
            new Foreign(0, "\u0080\2", A_PICKLE),
            new Foreign(0, "\u0080\3", A_PICKLE),
            new Foreign(0, "\u0080\4", A_PICKLE),
            new Foreign(0, "\u0080\5", A_PICKLE),
            new Foreign(0, "\u0089HDF\r\n\32\n", "an HDF5 file, as Keras writes weights (.h5)" + FROM_OTHERS),
            new Foreign(4, "TFL3", "a TensorFlow Lite model (.tflite)" + FROM_OTHERS),
            new Foreign(0, "\u0093NUMPY", "a NumPy array (.npy)" + FROM_OTHERS),
            new Foreign(0, "GGUF", "a GGUF file" + FROM_OTHERS));

    /**
     * The format of a file.
     *
     * @throws varepsilon.base.InputException where there is no such file, or it is of a known format that cannot be
     *     read
     * @throws IOException on an I/O error
     */
    static WeightFormat of(Path path) throws IOException {
        WeightFile file = new WeightFile(path);
        String start;
        try (InputStream in = Files.newInputStream(path)) {
            start = new String(in.readNBytes(START_BYTES), StandardCharsets.ISO_8859_1);
        }
        if (start.length() > Long.BYTES && start.charAt(Long.BYTES) == '{') {
            return SAFETENSORS;
        }
        FOREIGN.stream().filter(format -> format.is(start)).findFirst().ifPresent(format -> {
            throw file.refused(format.what());
        });
        if (start.startsWith(ZIP)) {
            requirePyTorch(file);
            return PYTORCH;
        }
        requireNoForeignName(file);
        // Its reader reports the error.
        return SAFETENSORS;
    }

    /** Other programs write zip archives too. Damaged ones are passed to the reader. */
    private static void requirePyTorch(WeightFile file) throws IOException {
        List<String> names;
        try (ZipFile zip = new ZipFile(file.path().toFile())) {
            names = zip.stream().map(ZipEntry::getName).toList();
        } catch (ZipException | IllegalArgumentException e) {
            return;
        }
        if (!names.isEmpty() && names.stream().allMatch(name -> name.endsWith(".npy"))) {
            throw file.refused("an archive of NumPy arrays (.npz)" + FROM_OTHERS);
        }
        if (names.contains("model.weights.h5")) {
            throw file.refused("a Keras model (.keras)" + FROM_OTHERS);
        }
    }

    /** Formats without a mark of their own. */
    private static void requireNoForeignName(WeightFile file) {
        String name = file.path().getFileName().toString().toLowerCase(Locale.ROOT);
        if (name.endsWith(".onnx")) {
            throw file.refused("an ONNX model by its name" + FROM_PYTORCH
                    + "; else convert it to PyTorch (the package onnx2torch does so) and save that. Classifiers are read"
                    + " from ONNX models too: where one is expected, the file does not begin as they do");
        }
        if (name.endsWith(".pb")) {
            throw file.refused("a TensorFlow graph (.pb)" + FROM_OTHERS);
        }
        if (name.endsWith(".ckpt") || name.endsWith(".index") || name.matches(".*\\.data-\\d{5}-of-\\d{5}")) {
            throw file.refused("a TensorFlow checkpoint, by its name" + FROM_OTHERS);
        }
        if (name.endsWith(".mlmodel") || name.endsWith(".msgpack") || name.endsWith(".pdparams")) {
            throw file.refused("weights of another framework" + FROM_OTHERS);
        }
    }
}
