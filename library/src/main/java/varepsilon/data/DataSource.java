package varepsilon.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import varepsilon.tensor.InputException;

/** A data set by name: how its parts are loaded from the data folder, and which files it needs there. */
public sealed interface DataSource permits IdxSource, Cifar10Source, FolderSource, GlyphSource {
    /** The name on the command line. */
    String name();

    /** One line on what it is and who made it. */
    String description();

    /** What is fetched to have it; nothing for a set that needs no files. */
    List<DataFile> downloads();

    /**
     * Makes sure that the published files are in the data folder; fetches what is not.
     *
     * @throws InputException where a file is there but is not the published one (it is left alone), or cannot be had:
     *     {@link Download#fetch}
     * @throws IOException where the data folder cannot be written
     * @throws InterruptedException where the thread is interrupted; what has come so far is kept
     */
    default void fetch(Path dataDir, Download download, Download.Progress progress)
            throws IOException, InterruptedException {
        download.fetch(downloads(), dataDir, progress);
    }

    /**
     * A file in the data folder and what it must be.
     *
     * @param path where it was found
     * @param sha256 the published SHA-256 in lower-case hexadecimal
     */
    record StoredFile(Path path, String sha256) {}

    /**
     * The files in the data folder that {@link #load} reads, for both parts.
     *
     * @throws InputException naming the first that is missing, where it was looked for, and what to do
     */
    List<StoredFile> stored(Path dataDir);

    /**
     * Loads a part. Checks structure (magic numbers, sizes, counts, labels), not checksums, which {@link Datasets#verify}
     * does: a start should not wait for them.
     *
     * @throws InputException for missing or unusable files
     * @throws IOException where a file cannot be read
     */
    ImageSet load(Split split, Path dataDir) throws IOException;
}
