package varepsilon.lab.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import varepsilon.base.InputException;
import varepsilon.report.PngPicture;

/** The file of a picture. */
final class PictureOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(names = "--out", required = true, paramLabel = "FILE.png", description = "The file of the picture.")
    private Path out;

    @Option(names = "--force", description = "Replace the file where there is one.")
    private boolean force;

    /** Rejects a place that cannot be written to, before any work is done. */
    void check() {
        if (!out.toString().toLowerCase(Locale.ROOT).endsWith(".png")) {
            throw Usage.wrong(command, "--out " + out + ": expected a name that ends in .png");
        }
        if (Files.isDirectory(out) || (Files.exists(out) && !force)) {
            throw new InputException(
                    out + (Files.isDirectory(out) ? ": is a folder" : ": is there already; --force replaces it"));
        }
    }

    void write(PngPicture picture, Output output) throws IOException {
        picture.write(out);
        output.result(Map.of("file", out.toString()), "Wrote " + out);
    }

    /** Writes the picture of a result that is shown too. */
    void write(PngPicture picture, Object result, String text, Output output) throws IOException {
        picture.write(out);
        output.result(result, text + System.lineSeparator() + "Wrote " + out);
    }
}
