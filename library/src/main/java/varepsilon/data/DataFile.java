package varepsilon.data;

import java.net.URI;
import java.nio.file.Path;
import java.util.List;

/**
 * A published file of a data set: its path, checksum and mirrors.
 *
 * @param path its place in the data folder, for instance {@code mnist/train-images-idx3-ubyte.gz}
 * @param bytes its size
 * @param sha256 its SHA-256 in lower-case hexadecimal
 * @param mirrors addresses to be tried in this order; none for a file that comes in an archive
 */
public record DataFile(String path, long bytes, String sha256, List<URI> mirrors) {
    /** @throws IllegalArgumentException for a path that leaves the data folder, no size, or no SHA-256 */
    public DataFile {
        Path relative = Path.of(path);
        if (path.isEmpty()
                || relative.isAbsolute()
                || !relative.normalize().equals(relative)
                || path.startsWith("..")) {
            throw new IllegalArgumentException("'" + path + "' is not a path inside the data folder");
        }
        if (bytes < 1) {
            throw new IllegalArgumentException(path + ": a size of " + bytes + " bytes");
        }
        if (!sha256.matches("[0-9a-f]{64}")) {
            throw new IllegalArgumentException(path + ": '" + sha256 + "' is not a SHA-256");
        }
        mirrors = List.copyOf(mirrors);
    }

    /** Where the file lies under {@code dataDir}. */
    public Path in(Path dataDir) {
        return dataDir.resolve(path);
    }
}
