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

    /** Writes the picture and returns the name of its file. */
    String save(PngPicture picture) throws IOException {
        picture.write(out);
        return out.toString();
    }

    void write(PngPicture picture, Output output) throws IOException {
        String file = save(picture);
        output.result(Map.of("file", file), "Wrote " + file);
    }
}
