package varepsilon.lab.cli;

import java.nio.file.Path;
import picocli.CommandLine.Option;
import varepsilon.data.DataFolder;

/** The data folder. */
final class DataFolderOption {
    @Option(
            names = "--data-dir",
            paramLabel = "DIR",
            description = "The folder of the data sets (default: $VAREPSILON_DATA, else the user's cache).")
    private Path folder;

    Path folder() {
        return DataFolder.locate(folder);
    }
}
