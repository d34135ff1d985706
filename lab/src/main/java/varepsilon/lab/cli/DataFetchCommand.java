package varepsilon.lab.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import varepsilon.base.Watch;
import varepsilon.data.DataSource;
import varepsilon.data.Datasets;
import varepsilon.data.Download;

/** {@code varepsilon data fetch}. */
@Command(
        name = "fetch",
        description = "Downloads a data set and checks that it is the published one.",
        footer = {"", "Example:", "  varepsilon data fetch mnist"})
final class DataFetchCommand implements Callable<Integer> {
    private static final long KB = 1000;

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "NAME", description = "Which.")
    private String name;

    @Mixin
    private final DataFolderOption folder = new DataFolderOption();

    @Mixin
    private final Output output;

    DataFetchCommand(Console console) {
        output = new Output(console);
    }

    private record Fetched(String name, Path folder, List<String> files) {}

    @Override
    public Integer call() throws IOException, InterruptedException {
        DataSource source = Usage.check(spec, () -> Datasets.named(name));
        Path dataDir = folder.folder();
        try (WorkProgress progress = new WorkProgress(output, "kB")) {
            Watch watch = (file, done, all) -> progress.progress(file, done / KB, Math.max(1, all / KB));
            source.fetch(dataDir, new Download(), watch);
        }
        List<String> paths = source.stored(dataDir).stream()
                .map(file -> file.path().toString())
                .toList();
        String text = paths.isEmpty()
                ? name + ": there is nothing to fetch"
                : name + " is here, as published: " + String.join(", ", paths);
        output.result(new Fetched(name, dataDir, paths), text);
        return 0;
    }
}
