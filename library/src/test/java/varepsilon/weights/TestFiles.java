package varepsilon.weights;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** The files that make_state_dicts.py made. */
public final class TestFiles {
    private TestFiles() {}

    /** A copy of one of them in that folder. */
    public static Path pt(Path folder, String name) throws IOException {
        Path copy = folder.resolve(name);
        try (InputStream in = TestFiles.class.getResourceAsStream(name)) {
            Files.copy(in, copy);
        }
        return copy;
    }
}
