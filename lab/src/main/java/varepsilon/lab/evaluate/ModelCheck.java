package varepsilon.lab.evaluate;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import varepsilon.base.InputException;
import varepsilon.classify.OnnxRunner;
import varepsilon.data.ImageShape;
import varepsilon.graph.FixedBatch;
import varepsilon.graph.Graph;
import varepsilon.graph.OnnxFile;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;
import varepsilon.tensor.TorchScript;

/**
 * What a model computes of a few random inputs, by the engine and by another program: an ONNX model as it is, weights
 * as the ONNX model that they are exported to. A TorchScript program is only run: what runs it here is the library that
 * it was written for.
 *
 * @param model the file
 * @param format {@code safetensors}, {@code PyTorch state dict}, {@code TorchScript} or {@code ONNX}
 * @param operators how often it has each operation, in the vocabulary of ONNX; null where that is not known
 * @param n random inputs: pixels from 0 to 1, or z from the standard normal distribution
 * @param comparedWith the other program; null where there was no comparison
 * @param maxDifference largest absolute difference between the outputs; null where there was no comparison
 * @param maxRelativeDifference the same divided by the largest absolute value of the part's outputs
 * @param tolerance the relative difference up to which outputs count as the same
 * @param finite whether all outputs of the engine are finite
 * @param passed whether all outputs are finite, and the same where they are compared
 * @param parts the same of each part
 * @param notes how the model was interpreted, a sentence each
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ModelCheck(
        String model,
        String format,
        String architecture,
        Map<String, Integer> operators,
        List<ModelDescription.Value> inputs,
        List<ModelDescription.Value> outputs,
        int n,
        String comparedWith,
        Double maxDifference,
        Double maxRelativeDifference,
        double tolerance,
        boolean finite,
        boolean passed,
        List<Part> parts,
        List<String> notes) {
    /** The relative difference up to which outputs count as the same. */
    public static final double TOLERANCE = 1e-4;

    private static final int INPUTS = 4;
    private static final double LARGEST_BYTE = 255;

    /** Copies the notes. */
    public ModelCheck {
        notes = List.copyOf(notes);
    }

    /**
     * The differences of one part.
     *
     * @param part {@code model}, or {@code encoder} or {@code decoder}
     * @param maxDifference largest absolute difference; infinite where one output is finite and the other is not
     * @param maxRelativeDifference the same divided by the largest absolute value
     * @param largest that value, of the other program's outputs
     * @param finite whether all of the engine's outputs are
     */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    public record Part(
            String part, double maxDifference, double maxRelativeDifference, double largest, boolean finite) {
        boolean passed() {
            return finite && maxRelativeDifference <= TOLERANCE;
        }
    }

    /**
     * Runs a model.
     *
     * @param image the images where the model's input leaves their size open
     * @param threads of the other program
     * @throws InputException where it has operations that the engine does not have, cannot be run, its input's size is
     *     open and no image is given, or no other program is on the class path
     * @throws IOException on an I/O error
     */
    public static ModelCheck of(ModelFile model, Optional<ImageShape> image, Device device, long seed, int threads)
            throws IOException {
        model.requireParts();
        return model.format().equals(ModelFile.TORCH_SCRIPT)
                ? ofProgram(model, image, device, seed)
                : ofParts(model, image, device, seed, threads);
    }

    /** The program to compare with. */
    static OnnxRunner runner(Path path) {
        return OnnxRunner.find()
                .orElseThrow(
                        () -> new InputException(path + ": nothing to compare with: ONNX Runtime is not on the class"
                                + " path; the module varepsilon-onnxruntime brings it"));
    }

    private static ModelCheck ofParts(
            ModelFile model, Optional<ImageShape> image, Device device, long seed, int threads) throws IOException {
        OnnxRunner runner = runner(model.path());
        List<Part> found = new ArrayList<>();
        Path folder = Files.createTempDirectory("varepsilon-check");
        try {
            for (ModelPart part : model.parts()) {
                Path file = part.onnx().orElse(folder.resolve(part.name() + ".onnx"));
                if (part.onnx().isEmpty()) {
                    OnnxFile.write(file, part.graph(), part.metadata());
                }
                found.add(compare(model, part, file, image, device, seed, runner, threads));
                if (part.onnx().isEmpty()) {
                    Files.delete(file);
                }
            }
        } finally {
            deleteAll(folder);
        }
        List<String> notes = new ArrayList<>(model.notes());
        found.stream()
                .filter(part -> part.largest() == 0)
                .forEach(part -> notes.add(model.path() + ": all outputs of the " + part.part() + " are 0, as those of"
                        + " untrained models may be, so that they are the same says little"));
        return result(
                model,
                runner.name(),
                found,
                found.stream().allMatch(Part::finite),
                found.stream().allMatch(Part::passed),
                notes);
    }

    static void deleteAll(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.deleteIfExists(file);
            }
        }
        Files.deleteIfExists(folder);
    }

    private static ModelCheck result(
            ModelFile model,
            String comparedWith,
            List<Part> parts,
            boolean finite,
            boolean passed,
            List<String> notes) {
        return new ModelCheck(
                model.path().toString(),
                model.format(),
                model.architecture(),
                model.operators(),
                ModelDescription.inputs(model.parts()),
                ModelDescription.outputs(model.parts()),
                INPUTS,
                comparedWith,
                parts.isEmpty()
                        ? null
                        : parts.stream().mapToDouble(Part::maxDifference).max().orElseThrow(),
                parts.isEmpty()
                        ? null
                        : parts.stream()
                                .mapToDouble(Part::maxRelativeDifference)
                                .max()
                                .orElseThrow(),
                TOLERANCE,
                finite,
                passed,
                parts,
                notes);
    }

    /** Runs one part by the engine, and the file by the other program. */
    static Part compare(
            ModelFile model,
            ModelPart part,
            Path file,
            Optional<ImageShape> image,
            Device device,
            long seed,
            OnnxRunner runner,
            int threads)
            throws IOException {
        try (var scope = Scope.withoutGradients();
                Rng random = Seed.of(seed).split("model check").stream();
                OnnxRunner.Session session = runner.open(file, threads)) {
            Graph.Port input = part.graph().input();
            if (!session.output().name().equals(part.graph().output().name())) {
                throw new InputException(file + ": " + runner.name() + " takes the output " + session.output()
                        + ", the engine " + part.graph().output());
            }
            Tensor x = input(part, input.dtype(), example(model, part, image), random);
            Tensor found = part.forward().apply(x.to(device)).to(Device.CPU);
            long batch = session.input().shape().isEmpty()
                    ? -1
                    : session.input().shape().get(0);
            Tensor expected = FixedBatch.run(batch, x.to(session.input().dtype()), session::run);
            return differences(part.name(), found, expected, file);
        }
    }

    private static Tensor input(ModelPart part, DType dtype, long[] example, Rng random) {
        long[] shape = new long[example.length + 1];
        shape[0] = INPUTS;
        System.arraycopy(example, 0, shape, 1, example.length);
        if (part.name().equals(ModelPart.DECODER)) {
            return random.normal(shape);
        }
        Tensor pixels = random.uniform(shape);
        return dtype.isFloatingPoint()
                ? pixels.to(dtype)
                : pixels.mul(LARGEST_BYTE).to(dtype);
    }

    private static long[] example(ModelFile model, ModelPart part, Optional<ImageShape> image) {
        if (part.example().length > 0) {
            return part.example();
        }
        Graph.Port input = part.graph().input();
        ImageShape shape = image.orElseThrow(() -> new InputException(model.path() + ": its input " + input
                + " leaves the size of the images open; state it, such as --image 3x224x224"));
        List<Long> sizes = input.shape();
        long[] first = {shape.channels(), shape.height(), shape.width()};
        long[] last = {shape.height(), shape.width(), shape.channels()};
        if (sizes.isEmpty() || matches(sizes, first)) {
            return first;
        }
        if (matches(sizes, last)) {
            return last;
        }
        throw new InputException(model.path() + ": its input is " + input + "; images of " + shape
                + " do not fit it, with channels first or last");
    }

    private static boolean matches(List<Long> sizes, long... image) {
        if (sizes.size() != image.length + 1) {
            return false;
        }
        for (int i = 0; i < image.length; i++) {
            if (sizes.get(i + 1) >= 0 && sizes.get(i + 1) != image[i]) {
                return false;
            }
        }
        return true;
    }

    private static Part differences(String part, Tensor found, Tensor expected, Path file) {
        if (!Arrays.equals(found.shape(), expected.shape())) {
            throw new InputException(file + ": the engine gives " + found + ", the other program " + expected);
        }
        double[] a = found.toDoubles();
        double[] b = expected.toDoubles();
        double largest = 0;
        double difference = 0;
        boolean finite = true;
        for (int i = 0; i < a.length; i++) {
            finite &= Double.isFinite(a[i]);
            largest = Math.max(largest, Double.isFinite(b[i]) ? Math.abs(b[i]) : 0);
            boolean same = a[i] == b[i] || (Double.isNaN(a[i]) && Double.isNaN(b[i]));
            double one = same ? 0 : Math.abs(a[i] - b[i]);
            difference = Math.max(difference, Double.isNaN(one) ? Double.POSITIVE_INFINITY : one);
        }
        double relative = difference == 0 ? 0 : largest == 0 ? Double.POSITIVE_INFINITY : difference / largest;
        return new Part(part, difference, relative, largest, finite);
    }

    private static ModelCheck ofProgram(ModelFile model, Optional<ImageShape> image, Device device, long seed) {
        ImageShape shape = image.orElseThrow(() -> new InputException(model.path() + ": a TorchScript program does not"
                + " say what images it takes; state their size, such as --image 3x224x224"));
        List<String> notes = new ArrayList<>(model.notes());
        boolean finite;
        try (var scope = Scope.withoutGradients();
                Rng random = Seed.of(seed).split("model check").stream()) {
            Tensor x = random.uniform(INPUTS, shape.channels(), shape.height(), shape.width());
            TorchScript.Output output = model.program().forward(x.to(device));
            finite = output.tensor().isFinite();
            notes.add(model.path() + " returns " + output.tensor()
                    + (output.place().isEmpty() ? "" : ", " + output.place()));
        }
        notes.add("a TorchScript program is run by the library that it was written for, so there is nothing to compare"
                + " its outputs with");
        return result(model, null, List.of(), finite, finite, notes);
    }
}
