package varepsilon.tensor;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.JitModule;
import org.bytedeco.pytorch.global.torch;
import varepsilon.base.InputException;

/**
 * A TorchScript program, as {@code torch.jit.save} writes it. It is in evaluation mode, and its parameters
 * take no gradients. The engine runs the file's code, so load only trusted files.
 */
public final class TorchScript implements AutoCloseable {
    private static final int BUFFER_BYTES = 1 << 16;
    private static final String ERROR = "Error: ";

    private static final String LOGITS = "logits";

    private final Path file;
    private final JitModule module;
    /** Null where no parameter is a floating-point number. */
    private final DType parameterType;

    private volatile boolean converts;

    private TorchScript(Path file, JitModule module, DType parameterType) {
        this.file = file;
        this.module = module;
        this.parameterType = parameterType;
    }

    /**
     * The output of a program.
     *
     * @param tensor the tensor, or the one chosen of several
     * @param place where it lay, such as {@code element 0 of a tuple of 2}; empty where the program returned nothing
     *     else
     */
    public record Output(Tensor tensor, String place) {}

    /** Whether the content of a file is a TorchScript program; damaged archives are none. */
    public static boolean isProgram(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            return false;
        }
        try (ZipFile zip = new ZipFile(file.toFile())) {
            return zip.stream().anyMatch(entry -> entry.getName().matches("[^/]+/constants\\.pkl"))
                    && zip.stream().anyMatch(entry -> entry.getName().matches("[^/]+/code/.+"));
        } catch (ZipException | IllegalArgumentException e) {
            // The latter is the JDK's exception for a name that is not UTF-8.
            return false;
        }
    }

    /**
     * Loads a program.
     *
     * @throws InputException where it is damaged, or needs an operation that the engine does not have
     * @throws IOException on an I/O error
     */
    public static TorchScript load(Path file, Device device) throws IOException {
        if (!isProgram(file)) {
            throw new InputException(file + ": not a TorchScript program, as torch.jit.save writes it");
        }
        requireUndamaged(file);
        try (var scope = Scope.withoutGradients()) {
            JitModule module;
            try {
                module = torch.load(file.toString(), new DeviceOptional(device.nativeDevice()), false);
            } catch (RuntimeException e) {
                throw new InputException(file + ": this TorchScript program cannot be loaded: " + reason(e), e);
            }
            module.eval();
            DType type = null;
            var parameters = module.parameters();
            for (var at = parameters.begin(); at.notEquals(parameters.end()); at.increment()) {
                var parameter = at.multiply();
                parameter.set_requires_grad(false);
                type = type == null && parameter.is_floating_point() ? DType.of(parameter.scalar_type()) : type;
            }
            module.retainReference();
            return new TorchScript(file, module, type);
        }
    }

    /** The engine does not verify archives, and a damaged one can crash the process. */
    private static void requireUndamaged(Path file) throws IOException {
        byte[] buffer = new byte[BUFFER_BYTES];
        try (ZipFile zip = new ZipFile(file.toFile())) {
            for (var entries = zip.entries(); entries.hasMoreElements(); ) {
                ZipEntry entry = entries.nextElement();
                CRC32 checksum = new CRC32();
                try (InputStream in = zip.getInputStream(entry)) {
                    for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                        checksum.update(buffer, 0, read);
                    }
                }
                if (checksum.getValue() != entry.getCrc()) {
                    throw damaged(file, entry.getName() + " has another checksum than the archive says");
                }
            }
        } catch (ZipException | EOFException e) {
            throw damaged(file, e.getMessage());
        }
    }

    private static InputException damaged(Path file, String why) {
        return new InputException((file + ": a damaged TorchScript program: " + why).replaceAll("\\p{C}+", " "));
    }

    /**
     * What the program computes of one tensor. Where it fails on the input's type but accepts the type of its
     * parameters, the input is converted, from then on. Where it returns several tensors, the one called {@code logits}
     * is chosen, else the first of floating-point numbers that has a number or a row for each element of the input's
     * first dimension.
     *
     * @throws InputException where it fails, does not return such a tensor, or the input requires gradients that the
     *     result does not have
     */
    public Output forward(Tensor input) {
        if (module.isNull()) {
            throw new IllegalStateException(file + ": this TorchScript program is closed");
        }
        Scope.requireOpen();
        Output output = tensor(run(input), input.size(0));
        boolean differentiable =
                output.tensor().requiresGrad() || !output.tensor().dtype().isFloatingPoint();
        if (GradMode.is_enabled() && input.requiresGrad() && !differentiable) {
            throw new NotDifferentiableException(
                    file + ": this TorchScript program's result has no gradient with respect to its"
                            + " input; was it written with torch.no_grad or detach?");
        }
        return output;
    }

    /** How many numbers its parameters have. */
    public long parameterCount() {
        long count = 0;
        var parameters = module.parameters();
        for (var at = parameters.begin(); at.notEquals(parameters.end()); at.increment()) {
            count += at.multiply().numel();
        }
        return count;
    }

    /** The type that inputs have been converted to; empty where the program takes them as they are. */
    public Optional<DType> convertsTo() {
        return converts ? Optional.of(parameterType) : Optional.empty();
    }

    private IValue run(Tensor input) {
        try {
            return called(converts ? input.to(parameterType) : input);
        } catch (RuntimeException e) {
            if (!converts && parameterType != null && parameterType != input.dtype()) {
                Optional<IValue> converted = tried(input.to(parameterType));
                if (converted.isPresent()) {
                    converts = true;
                    return converted.get();
                }
            }
            throw new InputException(file + ": this TorchScript program fails on " + input + ": " + reason(e), e);
        }
    }

    private Optional<IValue> tried(Tensor input) {
        try {
            return Optional.of(called(input));
        } catch (RuntimeException e) {
            // The type was not the cause, so the first failure is reported.
            return Optional.empty();
        }
    }

    private IValue called(Tensor input) {
        return module.forward(new IValueVector(new IValue(input.handle())));
    }

    private Output tensor(IValue result, long examples) {
        if (result.isTensor()) {
            return new Output(wrapped(result), "");
        }
        Map<String, IValue> parts = parts(result);
        IValue logits = parts.get("'" + LOGITS + "'");
        if (logits != null && logits.isTensor()) {
            return new Output(wrapped(logits), place(result, "'" + LOGITS + "'", parts));
        }
        for (Map.Entry<String, IValue> part : parts.entrySet()) {
            Tensor tensor = part.getValue().isTensor() ? wrapped(part.getValue()) : null;
            if (tensor != null
                    && tensor.dtype().isFloatingPoint()
                    && (tensor.dimensions() == 1 || tensor.dimensions() == 2)
                    && tensor.size(0) == examples) {
                return new Output(tensor, place(result, part.getKey(), parts));
            }
        }
        throw new InputException((file + ": this TorchScript program returns a " + kind(result)
                        + (parts.isEmpty() ? "" : " of " + String.join(", ", parts.keySet()))
                        + "; expected one tensor, or among several one of floating-point numbers with a row for each of"
                        + " the " + examples + " images")
                .replaceAll("\\p{C}+", " "));
    }

    /** What a tuple, a list or a dict consists of, by what a message calls it. */
    private static Map<String, IValue> parts(IValue result) {
        Map<String, IValue> parts = new LinkedHashMap<>();
        if (result.isTuple()) {
            var elements = result.toTuple().elements();
            for (long i = 0; i < elements.size(); i++) {
                parts.put("element " + i, elements.get(i));
            }
        } else if (result.isList()) {
            var elements = result.toList();
            for (long i = 0; i < elements.size(); i++) {
                parts.put("element " + i, elements.get(i));
            }
        } else if (result.isGenericDict()) {
            var entries = result.toGenericDict();
            for (var at = entries.begin(); !at.equals(entries.end()); at.increment()) {
                IValue key = at.access().key();
                String name = key.isString()
                        ? key.toStringRef().getString()
                        : key.tagKind().getString();
                parts.put("'" + name + "'", at.access().value());
            }
        }
        return parts;
    }

    private static String place(IValue result, String part, Map<String, IValue> parts) {
        return part + " of a " + kind(result) + " of " + parts.size();
    }

    private static String kind(IValue result) {
        return result.isTuple()
                ? "tuple"
                : result.isList()
                        ? "list"
                        : result.isGenericDict() ? "dict" : result.tagKind().getString();
    }

    /** toTensor() refers to the value's memory, which is freed with its scope; the copy is a reference of its own. */
    private static Tensor wrapped(IValue value) {
        return Tensor.wrap(new org.bytedeco.pytorch.Tensor(value.toTensor()));
    }

    /** The sentence in an error of the engine; the rest of it lists lines of C++ or of the program. */
    private static String reason(RuntimeException e) {
        String[] lines = e.getMessage() == null ? new String[0] : e.getMessage().split("\\R");
        String first = "";
        for (String line : lines) {
            int at = line.indexOf(ERROR);
            if (at >= 0 && line.substring(0, at).matches("[\\w.]+")) {
                return line.substring(at + ERROR.length()).strip();
            }
            first = first.isEmpty() ? line.strip() : first;
        }
        return first.isEmpty() ? "the engine gives no reason" : first;
    }

    /** Frees it. Closing twice does nothing. */
    @Override
    public void close() {
        module.deallocate();
    }
}
