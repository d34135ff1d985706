package varepsilon.tensor;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
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

/**
 * A network that brings its own code: what {@code torch.jit.save} wrote. It is in evaluation mode, and its parameters
 * take no gradients. The engine runs the file's code, so load only files from people you trust.
 */
public final class TorchScript implements AutoCloseable {
    private static final int BUFFER_BYTES = 1 << 16;
    private static final String ERROR = "Error: ";

    private final Path file;
    private final JitModule module;

    private TorchScript(Path file, JitModule module) {
        this.file = file;
        this.module = module;
    }

    /** Whether the content of a file is a TorchScript program; damaged archives are none. */
    public static boolean isProgram(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            return false;
        }
        try (ZipFile zip = new ZipFile(file.toFile())) {
            return zip.stream().anyMatch(entry -> entry.getName().matches("[^/]+/constants\\.pkl"))
                    && zip.stream().anyMatch(entry -> entry.getName().matches("[^/]+/code/.+"));
        } catch (ZipException | IllegalArgumentException e) {
            // The latter is the JDK's complaint about a name that is not UTF-8.
            return false;
        }
    }

    /**
     * Loads a program.
     *
     * @throws InputException where it is damaged, or needs an operation that the engine does not have
     * @throws IOException where the disk fails
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
            var parameters = module.parameters();
            for (var at = parameters.begin(); at.notEquals(parameters.end()); at.increment()) {
                at.multiply().set_requires_grad(false);
            }
            module.retainReference();
            return new TorchScript(file, module);
        }
    }

    /** The engine believes what an archive holds, and a damaged one could take the process down with it. */
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
     * What the program computes of one tensor.
     *
     * @throws InputException where it fails, does not return one tensor, or the input asks for gradients that the result
     *     does not have
     */
    public Tensor forward(Tensor input) {
        if (module.isNull()) {
            throw new IllegalStateException(file + ": this TorchScript program is closed");
        }
        Scope.requireOpen();
        IValueVector arguments = new IValueVector(new IValue(input.handle()));
        IValue result;
        try {
            result = module.forward(arguments);
        } catch (RuntimeException e) {
            throw new InputException(file + ": this TorchScript program fails on " + input + ": " + reason(e), e);
        }
        if (!result.isTensor()) {
            throw new InputException(file + ": this TorchScript program returns a "
                    + result.tagKind().getString() + "; expected one tensor");
        }
        // toTensor() looks into the result, whose memory ends with this scope; the copy is a reference of its own.
        Tensor output = Tensor.wrap(new org.bytedeco.pytorch.Tensor(result.toTensor()));
        boolean differentiable = output.requiresGrad() || !output.dtype().isFloatingPoint();
        if (GradMode.is_enabled() && input.requiresGrad() && !differentiable) {
            throw new InputException(file + ": this TorchScript program's result has no gradient with respect to its"
                    + " input; was it written with torch.no_grad or detach?");
        }
        return output;
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
        return first.isEmpty() ? "the engine does not say why" : first;
    }

    /** Frees it. Closing twice does nothing. */
    @Override
    public void close() {
        module.deallocate();
    }
}
