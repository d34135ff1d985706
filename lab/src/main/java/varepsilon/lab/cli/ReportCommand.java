package varepsilon.lab.cli;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import varepsilon.lab.page.LiveView;

/** {@code varepsilon report}. */
@Command(
        name = "report",
        description = {
            "Shows runs in the browser while they train, with curves and samples that are updated.",
            "It is reachable from this machine only, and read-only."
        },
        footer = {"", "Example:", "  varepsilon report --serve runs --port 8080"})
final class ReportCommand implements Callable<Integer> {
    @Option(
            names = "--serve",
            paramLabel = "DIR",
            required = true,
            description = "The folder that holds the runs, up to four levels deep.")
    private Path folder;

    @Option(
            names = "--port",
            paramLabel = "N",
            defaultValue = "0",
            description = "Port on 127.0.0.1 (default: any that is free).")
    private int port;

    @Mixin
    private final Output output;

    ReportCommand(Console console) {
        output = new Output(console);
    }

    /** The address of the page. */
    private record Shown(Path folder, URI address) {}

    @Override
    public Integer call() throws IOException, InterruptedException {
        try (LiveView view = LiveView.serve(folder, port)) {
            output.result(
                    new Shown(folder, view.address()),
                    "Showing " + folder + " at " + view.address() + " (Ctrl-C ends it)");
            new CountDownLatch(1).await(); // Until the process ends.
        }
        return 0;
    }
}
