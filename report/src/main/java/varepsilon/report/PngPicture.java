package varepsilon.report;

import java.io.IOException;
import java.nio.file.Path;
import varepsilon.base.AtomicFile;

/** A picture that can be written as a PNG file. */
public interface PngPicture {
    /** The bytes of the file. */
    byte[] toPng();

    /** Writes the file, whole or not at all. */
    default void write(Path target) throws IOException {
        byte[] png = toPng();
        AtomicFile.write(target, out -> out.write(png));
    }
}
