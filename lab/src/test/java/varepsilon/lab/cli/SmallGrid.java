package varepsilon.lab.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The smallest grid worth the name: four trainings of a classifier, on the images of {@link SmallMnist}. */
final class SmallGrid {
    static final int TRAININGS = 4;

    private static final String YAML = """
            kind: classifier
            title: Momentum
            settings:
              images: {data: mnist, validation: 20}
              network: {architecture: small-cnn, normalisation: {mean: [0.13], std: [0.3]}}
              fitting: {epochs: 6, batchSize: 25, learningRate: 0.05}
              check: {attack: fgsm, eps: 0.1}
            grid:
              fitting.momentum: [0.5, 0.9]
            seeds: [1, 2]
            presets:
              short:
                settings:
                  fitting: {epochs: 1}
            """;

    private SmallGrid() {}

    /** The file, in this folder. */
    static Path in(Path folder) throws IOException {
        return Files.writeString(folder.resolve("grid.yaml"), YAML);
    }

    /** Where the trainings of the experiment in this folder live. */
    static Path runs(Path out) {
        return out.resolveSibling(out.getFileName() + "-runs");
    }

    /** The command line that does it, or goes on with it. */
    static List<Object> command(Path file, Path data, Path out, Object... more) {
        List<Object> words = new ArrayList<>(List.of("experiment", "run", file, "--data-dir", data, "--out", out));
        words.addAll(List.of("--runs", runs(out), "--no-progress"));
        words.addAll(List.of(more));
        return words;
    }
}
