package varepsilon.data;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import varepsilon.base.InputException;

/**
 * A folder of images of one size as a data set: a sub-folder for each class, or images without labels right in it.
 * Where it has {@code train/} and {@code test/} (or {@code val/}, {@code valid/}, {@code validation/}), these hold the
 * parts, and the test part may lack some classes; otherwise every fifth image of each class, by name, is for testing.
 * Labels follow the names of the classes: as numbers where all are, else as text. Grey where all images are, else red,
 * green, blue. The order is an image of each class in turn, so that the first N of a part show all its classes.
 *
 * @param root the folder
 */
record FolderSource(Path root) implements DataSource {
    /** Starts the names of such sets. */
    static final String PREFIX = "folder:";

    FolderSource {
        // A run may be resumed from another working directory.
        root = root.toAbsolutePath().normalize();
    }

    /**
     * The data set of a path.
     *
     * @throws InputException where it is none
     */
    static FolderSource named(String path) {
        if (path.isBlank()) {
            throw new InputException("'" + PREFIX + "' names no folder; expected " + PREFIX + "PATH");
        }
        try {
            return new FolderSource(Path.of(path));
        } catch (InvalidPathException e) {
            throw new InputException("'" + PREFIX + path + "': " + e.getReason() + "; expected " + PREFIX + "PATH", e);
        }
    }

    @Override
    public String name() {
        return PREFIX + root;
    }

    @Override
    public String description() {
        return "images in a folder";
    }

    @Override
    public List<DataFile> downloads() {
        return List.of();
    }

    /** None, because there are no published checksums. Checks that there are images in both parts. */
    @Override
    public List<StoredFile> stored(Path dataDir) {
        FolderLayout layout = FolderLayout.of(root);
        layout.part(Split.TRAIN);
        layout.part(Split.TEST);
        return List.of();
    }

    @Override
    public List<String> notes(Path dataDir) {
        return FolderLayout.of(root).notes();
    }

    @Override
    public ImageSet load(Split split, Path dataDir) {
        FolderLayout layout = FolderLayout.of(root);
        FolderLayout.Part part = layout.part(split);
        Map<Path, ImageFile> all = headers(layout);
        ImageFile first = all.values().iterator().next();
        int channels = all.values().stream().allMatch(ImageFile::grey) ? 1 : 3;
        int dimensions = channels * first.height() * first.width();
        byte[] pixels = PixelMemory.allocate(
                root + ": holds " + part.files().size() + " images of " + dimensions + " bytes",
                (long) part.files().size() * dimensions);
        for (int i = 0; i < part.files().size(); i++) {
            all.get(part.files().get(i)).decode(channels, pixels, i * dimensions);
        }
        String set = name() + "/" + split.label();
        return part.labels() == null
                ? ImageSet.unlabelled(set, pixels, channels, first.height(), first.width())
                : ImageSet.labelled(
                        set, pixels, channels, first.height(), first.width(), part.labels(), layout.classNames());
    }

    /** All files of both parts, which have one size; one part alone does not say whether there are colours. */
    private static Map<Path, ImageFile> headers(FolderLayout layout) {
        Map<Path, ImageFile> headers = new LinkedHashMap<>();
        ImageFile first = null;
        for (Path path : layout.files()) {
            ImageFile file = ImageFile.open(path);
            first = first == null ? file : first;
            if (!file.size().equals(first.size())) {
                throw new InputException(path + ": " + file.size() + " pixels; expected " + first.size() + " like "
                        + first.path() + ": scale or crop them to one size first");
            }
            headers.put(path, file);
        }
        return headers;
    }
}
