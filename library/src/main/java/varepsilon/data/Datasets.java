package varepsilon.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import varepsilon.base.InputException;

/** The data sets by the names that the command line knows them by. */
public final class Datasets {
    private static final List<DataSource> SOURCES = List.of(
            IdxSource.mnist(),
            IdxSource.fashionMnist(),
            CifarSource.cifar10(),
            CifarSource.cifar100(),
            new GlyphSource());

    private Datasets() {}

    /** All data sets that have a name of their own, in the order of help texts. */
    public static List<DataSource> all() {
        return SOURCES;
    }

    /**
     * The data set of this name; or the images in the folder PATH for {@code folder:PATH}: a sub-folder for each class,
     * images of one size in it, or {@code train/} and {@code test/} with such sub-folders; without sub-folders, images
     * without labels. Or IDX files, for {@code idx:IMAGES,LABELS}.
     *
     * @throws InputException for a name that is none, with the nearest one and all of them
     */
    public static DataSource named(String name) {
        if (name.startsWith(FolderSource.PREFIX)) {
            return FolderSource.named(name.substring(FolderSource.PREFIX.length()));
        }
        if (name.startsWith(IdxFilesSource.PREFIX)) {
            return IdxFilesSource.named(name.substring(IdxFilesSource.PREFIX.length()));
        }
        return SOURCES.stream()
                .filter(source -> source.name().equals(name))
                .findFirst()
                .orElseThrow(() -> unknown(name));
    }

    /**
     * Loads a part of the data set of this name; see {@link DataSource#load}.
     *
     * @param dataDir the data folder, see {@link DataFolder#locate(Path)}
     * @throws InputException for an unknown name, missing or unusable files
     * @throws IOException where a file cannot be read
     */
    public static ImageSet load(String name, Split split, Path dataDir) throws IOException {
        return named(name).load(split, dataDir);
    }

    /**
     * Checks that the stored files of a data set are byte for byte the published ones.
     *
     * @throws InputException naming the first file that is missing or differs
     * @throws IOException where a file cannot be read
     */
    public static void verify(String name, Path dataDir) throws IOException {
        for (DataSource.StoredFile file : named(name).stored(dataDir)) {
            String found = file.found();
            if (!found.equals(file.checksum())) {
                throw new InputException(file.path() + ": checksum " + found + "; expected " + file.checksum()
                        + ", that of the published file; delete it and run `varepsilon data fetch " + name + "`");
            }
        }
    }

    private static InputException unknown(String name) {
        String asked = name.toLowerCase(Locale.ROOT);
        String nearest = SOURCES.stream()
                .map(DataSource::name)
                .min(Comparator.comparing((String known) -> !known.startsWith(asked))
                        .thenComparing(known -> editDistance(asked, known)))
                .orElseThrow();
        String all = SOURCES.stream().map(DataSource::name).collect(Collectors.joining(", "));
        return new InputException("unknown data set '" + name + "'; did you mean '" + nearest + "'? There are: " + all
                + ", " + FolderSource.PREFIX + "PATH and " + IdxFilesSource.PREFIX + "IMAGES,LABELS");
    }

    /** Insertions, deletions and substitutions that lead from one text to the other (Levenshtein 1966). */
    public static int editDistance(String from, String to) {
        int[] row = new int[to.length() + 1];
        for (int j = 0; j <= to.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= from.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.length(); j++) {
                int substituted = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(substituted, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[to.length()];
    }
}
