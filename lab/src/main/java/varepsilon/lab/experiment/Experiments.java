package varepsilon.lab.experiment;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import varepsilon.base.InputException;
import varepsilon.lab.spec.Yaml;

/**
 * The known experiments: those that come with the program, and files of its kinds.
 *
 * @param kinds of experiments
 */
public record Experiments(List<ExperimentKind> kinds) {
    private static final int LARGEST = 1 << 20;

    /** Names of those that come with the program. */
    public List<String> shipped() {
        return kinds.stream().flatMap(kind -> kind.shipped().stream()).toList();
    }

    /** The title of a shipped one. */
    public String title(String shipped) throws IOException {
        return Yaml.tree(text(shipped), shipped).path("title").asText();
    }

    /** The presets of a shipped one. */
    public List<String> presets(String shipped) throws IOException {
        return ExperimentFile.names(Yaml.tree(text(shipped), shipped).path("presets"));
    }

    /**
     * Reads an experiment.
     *
     * @param nameOrFile one of {@link #shipped}, or a YAML file
     * @param preset which of its presets, or null: then {@code laptop} where it has one, else none
     * @throws InputException where there is none, or something in it cannot be used
     */
    public ExperimentFile read(String nameOrFile, String preset) throws IOException {
        ObjectNode document = Yaml.tree(text(nameOrFile), nameOrFile);
        JsonNode name = document.path("kind");
        ExperimentKind kind = kinds.stream()
                .filter(known -> name.isTextual() && known.name().equals(name.asText()))
                .findFirst()
                .orElseThrow(() -> new InputException(nameOrFile + ": key 'kind': expected one of "
                        + kinds.stream().map(ExperimentKind::name).collect(Collectors.joining(", "))));
        return ExperimentFile.of(kind, document, preset, nameOrFile);
    }

    private String text(String nameOrFile) throws IOException {
        Optional<ExperimentKind> kind = kinds.stream()
                .filter(known -> known.shipped().contains(nameOrFile))
                .findFirst();
        if (kind.isPresent()) {
            try (InputStream in = kind.get().getClass().getResourceAsStream(nameOrFile + ".yaml")) {
                if (in == null) {
                    throw new IllegalStateException(nameOrFile + ".yaml is missing from the jar");
                }
                return new String(in.readAllBytes(), StandardCharsets.UTF_8);
            }
        }
        Path file = Path.of(nameOrFile);
        if (!Files.isRegularFile(file)) {
            throw new InputException(
                    nameOrFile + ": no such experiment or file; there are: " + String.join(", ", shipped()));
        }
        if (Files.size(file) > LARGEST) {
            throw new InputException(file + ": has " + Files.size(file) + " bytes; expected at most " + LARGEST);
        }
        return Files.readString(file);
    }
}
