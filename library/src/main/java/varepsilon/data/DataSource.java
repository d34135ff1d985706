package varepsilon.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import varepsilon.base.InputException;
import varepsilon.base.StoppedException;
import varepsilon.base.Watch;

/** A data set by name: how its parts are loaded from the data folder, and which files it needs there. */
public sealed interface DataSource
        permits IdxSource, IdxFilesSource, NumpySource, CifarSource, FolderSource, GlyphSource, ShapeSource {
    /** Its name. */
    String name();

    /** One line on its contents and source. */
    String description();

    /** What is fetched to have it; nothing for a set that needs no files. */
    List<DataFile> downloads();

    /**
     * Makes sure that the published files are in the data folder; fetches what is not.
     *
     * @throws InputException where a file is there but is not the published one (it is left alone), or cannot be had:
     *     {@link Download#fetch}
     * @throws IOException where the data folder cannot be written
     * @throws StoppedException where a stop is requested; what has come so far is kept
     * @throws InterruptedException where the thread is interrupted; what has come so far is kept
     */
    default void fetch(Path dataDir, Download download, Watch watch) throws IOException, InterruptedException {
        download.fetch(downloads(), dataDir, watch);
    }

    /**
     * A file in the data folder and what it must be.
     *
     * @param path where it was found
     * @param checksum the published SHA-256, or MD5 where there is no other, in lower-case hexadecimal
     */
    record StoredFile(Path path, String checksum) {
        private static final int MD5_LETTERS = 32;

        /** The checksum of the file as it is, of the same kind. */
        String found() throws IOException {
            return checksum.length() == MD5_LETTERS ? Checksums.md5(path) : Checksums.sha256(path);
        }
    }

    /**
     * The files in the data folder that {@link #load} reads, for both parts.
     *
     * @throws InputException naming the first that is missing, where it was looked for, and what to do
     */
    List<StoredFile> stored(Path dataDir);

    /**
     * Notes on the files: which differ from the published ones, what was left out. Reads all of them.
     *
     * @throws InputException where they are missing
     */
    default List<String> notes(Path dataDir) throws IOException {
        List<String> others = new ArrayList<>();
        for (StoredFile file : stored(dataDir)) {
            if (!file.found().equals(file.checksum())) {
                others.add(file.path().toString());
            }
        }
        return others.isEmpty()
                ? List.of()
                : List.of(String.join(", ", others) + ": not as published; figures from "
                        + (others.size() == 1 ? "it" : "them") + " do not compare with others' on " + name());
    }

    /**
     * Loads a part. Checks structure (magic numbers, sizes, counts, labels), not checksums, which {@link
     * Datasets#verify} does, so that loading stays fast.
     *
     * @throws InputException for missing or unusable files
     * @throws IOException where a file cannot be read
     */
    ImageSet load(Split split, Path dataDir) throws IOException;

    /** The factors that the images of a part were drawn from, in the order of {@link #load}; empty where not known. */
    default Optional<FactorTable> factors(Split split) {
        return Optional.empty();
    }
}
