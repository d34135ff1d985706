package varepsilon.lab.evaluate;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import varepsilon.base.AtomicFile;
import varepsilon.base.InputException;
import varepsilon.classify.OnnxRunner;
import varepsilon.graph.OnnxFile;
import varepsilon.tensor.Device;

/**
 * Weights written as ONNX models.
 *
 * @param model the file of the weights
 * @param format of what was written
 * @param comparedWith the program that ran what was written; null where none did
 * @param maxDifference largest absolute difference between its outputs and the engine's; null where there was no
 *     comparison
 * @param maxRelativeDifference the same divided by the largest absolute value of the part's outputs
 * @param files what was written
 * @param notes how the weights were interpreted, a sentence each
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ModelExport(
        String model,
        String format,
        String architecture,
        String comparedWith,
        Double maxDifference,
        Double maxRelativeDifference,
        List<Written> files,
        List<String> notes) {
    /** Copies the lists. */
    public ModelExport {
        files = List.copyOf(files);
        notes = List.copyOf(notes);
    }

    /**
     * A file.
     *
     * @param opset the version of ONNX's operators
     * @param metadata what it says of itself
     */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Written(
            String file,
            String part,
            long bytes,
            int opset,
            ModelDescription.Value input,
            ModelDescription.Value output,
            Double maxDifference,
            Double maxRelativeDifference,
            Map<String, String> metadata) {}

    /** The parts of a model to write. */
    public enum Choice {
        /** All: a VAE's in one file each. */
        ALL,
        /** The encoder of a VAE alone. */
        ENCODER,
        /** The decoder of a VAE alone. */
        DECODER;

        private boolean has(ModelPart part) {
            return this == ALL || part.name().equalsIgnoreCase(name());
        }
    }

    /**
     * The files that an export writes, by part.
     *
     * @param out the name of a file; where a VAE's encoder and decoder go to two files, {@code -encoder} and {@code
     *     -decoder} come before its extension
     * @throws InputException where the model is not one of weights, its operations are not known, or it has no such part
     */
    public static Map<String, Path> places(ModelFile model, Choice choice, Path out) {
        if (model.format().equals(ModelFile.ONNX)) {
            throw new InputException(model.path() + ": an ONNX model already; expected weights");
        }
        if (model.format().equals(ModelFile.TORCH_SCRIPT)) {
            throw new InputException(model.path() + ": a TorchScript program, whose operations are not known here;"
                    + " expected weights; torch.onnx.export writes a program as ONNX");
        }
        model.requireParts();
        List<ModelPart> chosen = model.parts().stream().filter(choice::has).toList();
        if (chosen.isEmpty()) {
            throw new InputException(
                    model.path() + ": a classifier, which has no encoder and no decoder to choose from");
        }
        Map<String, Path> places = new LinkedHashMap<>();
        chosen.forEach(part -> places.put(part.name(), chosen.size() == 1 ? out : named(out, part.name())));
        return places;
    }

    private static Path named(Path out, String part) {
        String name = out.getFileName().toString();
        int dot = name.lastIndexOf('.');
        String stem = dot > 0 ? name.substring(0, dot) : name;
        return out.resolveSibling(stem + "-" + part + (dot > 0 ? name.substring(dot) : ""));
    }

    /**
     * Writes them.
     *
     * @param places from {@link #places}
     * @param check whether what is to be written is run by ONNX Runtime first, which must give what the engine gives;
     *     else nothing is written
     * @throws InputException where the outputs differ, or there is nothing to compare with
     * @throws IOException on an I/O error
     */
    public static ModelExport write(
            ModelFile model, Map<String, Path> places, boolean check, Device device, long seed, int threads)
            throws IOException {
        OnnxRunner runner = check ? ModelCheck.runner(model.path()) : null;
        Path folder = Files.createTempDirectory("varepsilon-export");
        try {
            Map<ModelPart, ModelCheck.Part> checked = new LinkedHashMap<>();
            for (ModelPart part : model.parts()) {
                if (places.containsKey(part.name())) {
                    Path file = folder.resolve(part.name());
                    OnnxFile.write(file, part.graph(), part.metadata());
                    checked.put(part, check ? checked(model, part, file, device, seed, runner, threads) : null);
                }
            }
            List<Written> files = new ArrayList<>();
            for (Map.Entry<ModelPart, ModelCheck.Part> entry : checked.entrySet()) {
                ModelPart part = entry.getKey();
                Path to = places.get(part.name());
                Path from = folder.resolve(part.name());
                AtomicFile.write(to, out -> Files.copy(from, out));
                files.add(written(part, to, entry.getValue()));
            }
            return new ModelExport(
                    model.path().toString(),
                    ModelFile.ONNX,
                    model.architecture(),
                    check ? runner.name() : null,
                    check ? largest(files.stream().map(Written::maxDifference).toList()) : null,
                    check
                            ? largest(files.stream()
                                    .map(Written::maxRelativeDifference)
                                    .toList())
                            : null,
                    files,
                    model.notes());
        } finally {
            ModelCheck.deleteAll(folder);
        }
    }

    private static double largest(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).max().orElseThrow();
    }

    private static ModelCheck.Part checked(
            ModelFile model, ModelPart part, Path file, Device device, long seed, OnnxRunner runner, int threads)
            throws IOException {
        ModelCheck.Part found = ModelCheck.compare(model, part, file, Optional.empty(), device, seed, runner, threads);
        if (!found.passed()) {
            throw new InputException(model.path() + ": nothing is written, since " + runner.name()
                    + " computes something else of it than the engine: the largest difference is "
                    + found.maxDifference() + ", relative " + found.maxRelativeDifference() + "; expected at most "
                    + ModelCheck.TOLERANCE);
        }
        return found;
    }

    private static Written written(ModelPart part, Path file, ModelCheck.Part checked) throws IOException {
        return new Written(
                file.toString(),
                part.name(),
                Files.size(file),
                part.graph().opset(),
                ModelDescription.Value.of(part, part.graph().input()),
                ModelDescription.Value.of(part, part.graph().output()),
                checked == null ? null : checked.maxDifference(),
                checked == null ? null : checked.maxRelativeDifference(),
                part.metadata());
    }
}
