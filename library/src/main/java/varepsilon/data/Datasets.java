package varepsilon.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import varepsilon.base.InputException;
import varepsilon.base.Names;

/** The data sets by name. */
public final class Datasets {
    private static final List<DataSource> SOURCES = List.of(
            IdxSource.mnist(),
            IdxSource.fashionMnist(),
            CifarSource.cifar10(),
            CifarSource.cifar100(),
            new GlyphSource(),
            new ShapeSource());

    private Datasets() {}

    /** All data sets that have a name of their own, in the order of help texts. */
    public static List<DataSource> all() {
        return SOURCES;
    }

    /**
     * The data set of this name; or the images in the folder PATH for {@code folder:PATH}: a sub-folder for each class,
     * images of one size in it, or {@code train/} and {@code test/} with such sub-folders; without sub-folders, images
     * without labels, or with those of a CSV file for {@code folder:PATH,LABELS.csv}. Or IDX files, for {@code idx:IMAGES,LABELS}; or arrays of NumPy, for {@code numpy:FILE}.
     *
     * @throws InputException for an unknown name; the message has the nearest one and all names
     */
    public static DataSource named(String name) {
        if (name.startsWith(FolderSource.PREFIX)) {
            return FolderSource.named(name.substring(FolderSource.PREFIX.length()));
        }
        if (name.startsWith(IdxFilesSource.PREFIX)) {
            return IdxFilesSource.named(name.substring(IdxFilesSource.PREFIX.length()));
        }
        if (name.startsWith(NumpySource.PREFIX)) {
            return NumpySource.named(name.substring(NumpySource.PREFIX.length()));
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
                throw new DataFilesException(
                        name,
                        file.path() + ": checksum " + found + "; expected " + file.checksum()
                                + ", that of the published file; delete it and fetch it again");
            }
        }
    }

    private static InputException unknown(String name) {
        String asked = name.toLowerCase(Locale.ROOT);
        List<String> names = SOURCES.stream().map(DataSource::name).toList();
        String nearest = Names.nearestOrLonger(asked, names);
        String all = String.join(", ", names);
        return new InputException("unknown data set '" + name + "'; did you mean '" + nearest + "'? There are: " + all
                + ", " + FolderSource.PREFIX + "PATH, " + IdxFilesSource.PREFIX + "IMAGES,LABELS and "
                + NumpySource.PREFIX + "FILE.npz");
    }
}
