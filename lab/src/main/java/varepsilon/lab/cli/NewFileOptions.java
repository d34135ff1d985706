package varepsilon.lab.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Option;
import varepsilon.base.InputException;

/** A file, or a folder, that a command writes. */
final class NewFileOptions {
    @Option(names = "--out", required = true, paramLabel = "FILE", description = "The file to write.")
    private Path out;

    @Option(names = "--force", description = "Replace the file where there is one.")
    private boolean force;

    Path path() {
        return out;
    }

    /** Rejects a place that cannot be written to, before any work is done. */
    void check() {
        check(out);
    }

    /** The same for one of several files that are written instead. */
    void check(Path file) {
        if (Files.isDirectory(file)) {
            throw new InputException(file + ": is a folder; expected the name of a file");
        }
        if (Files.exists(file) && !force) {
            throw new InputException(file + ": is there already; --force replaces it");
        }
    }
}
