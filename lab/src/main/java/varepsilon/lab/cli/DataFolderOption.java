package varepsilon.lab.cli;

import java.nio.file.Path;
import picocli.CommandLine.Option;
import varepsilon.data.DataFolder;

/** Where data sets lie. */
final class DataFolderOption {
    @Option(
            names = "--data-dir",
            paramLabel = "DIR",
            description = "Where data sets lie; else $VAREPSILON_DATA, else the user's cache.")
    private Path folder;

    Path folder() {
        return DataFolder.locate(folder);
    }
}
