package varepsilon.data;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import varepsilon.base.InputException;

/**
 * A folder of images of one size as a data set: a sub-folder for each class, or images without labels right in it.
 * Where it has {@code train/} and {@code test/} (or {@code val/}, {@code valid/}, {@code validation/}), these hold the
 * parts, and the test part may lack some classes; otherwise every fifth image of each class, by name, is for testing.
 * Labels follow the names of the classes: as numbers where all are, else as text. Grey where all images are, else red,
 * green, blue. The order is an image of each class in turn, so that the first N of a part show all its classes.
 *
 * <p>With a CSV file of labels ({@link LabelFile}) its images are those that the file names, wherever they lie in the
 * folder. Labels that are all whole numbers are those numbers; others follow their names as text.
 *
 * @param root the folder
 * @param labels the CSV file; null where there is none
 * @param fit how images of several sizes become images of one; null where they have one
 */
record FolderSource(Path root, Path labels, ImageFit fit) implements DataSource {
    /** Starts the names of such sets. */
    static final String PREFIX = "folder:";

    private static final String LABELS_ENDING = ".csv";

    /** Sizes that a message lists. */
    private static final int MOST_SIZES = 5;

    FolderSource {
        // A run may be resumed from another working directory.
        root = root.toAbsolutePath().normalize();
        labels = labels == null ? null : labels.toAbsolutePath().normalize();
    }

    /**
     * The data set of a path, behind an {@link ImageFit} and a colon where the images are fitted, and before a comma and
     * the path of a CSV file where that has the labels.
     *
     * @throws InputException where it is none
     */
    static FolderSource named(String path) {
        if (path.isBlank()) {
            throw new InputException("'" + PREFIX + "' names no folder; expected " + PREFIX + "PATH");
        }
        try {
            ImageFit fit = ImageFit.startOf(path);
            String paths = fit == null ? path : path.substring(fit.text().length() + 1);
            int comma = paths.toLowerCase(Locale.ROOT).endsWith(LABELS_ENDING) ? paths.lastIndexOf(',') : -1;
            return comma < 0
                    ? new FolderSource(Path.of(paths), null, fit)
                    : new FolderSource(Path.of(paths.substring(0, comma)), Path.of(paths.substring(comma + 1)), fit);
        } catch (InvalidPathException e) {
            throw new InputException("'" + PREFIX + path + "': " + e.getReason() + "; expected " + PREFIX + "PATH", e);
        }
    }

    @Override
    public String name() {
        return PREFIX + (fit == null ? "" : fit.text() + ":") + root + (labels == null ? "" : "," + labels);
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
        FolderLayout layout = FolderLayout.of(root, labels);
        layout.part(Split.TRAIN);
        layout.part(Split.TEST);
        return List.of();
    }

    @Override
    public List<String> notes(Path dataDir) {
        return FolderLayout.of(root, labels).notes();
    }

    @Override
    public ImageSet load(Split split, Path dataDir) {
        FolderLayout layout = FolderLayout.of(root, labels);
        FolderLayout.Part part = layout.part(split);
        Map<Path, ImageFile> all = headers(layout);
        ImageFile first = all.values().iterator().next();
        int height = fit == null ? first.height() : fit.height();
        int width = fit == null ? first.width() : fit.width();
        int channels = all.values().stream().allMatch(ImageFile::grey) ? 1 : 3;
        int dimensions = channels * height * width;
        byte[] pixels = PixelMemory.allocate(
                root + ": holds " + part.files().size() + " images of " + dimensions + " bytes",
                (long) part.files().size() * dimensions);
        for (int i = 0; i < part.files().size(); i++) {
            decode(all.get(part.files().get(i)), channels, pixels, i * dimensions);
        }
        String set = name() + "/" + split.label();
        return part.labels() == null
                ? ImageSet.unlabelled(set, pixels, channels, height, width)
                : ImageSet.labelled(set, pixels, channels, height, width, part.labels(), layout.classNames());
    }

    private void decode(ImageFile file, int channels, byte[] target, int start) {
        if (fit == null) {
            file.decode(channels, target, start);
            return;
        }
        int plane = file.height() * file.width();
        byte[] whole = new byte[channels * plane];
        file.decode(channels, whole, 0);
        for (int channel = 0; channel < channels; channel++) {
            fit.plane(
                    Arrays.copyOfRange(whole, channel * plane, (channel + 1) * plane),
                    file.height(),
                    file.width(),
                    target,
                    start + channel * fit.height() * fit.width());
        }
    }

    /** All files of both parts, of sizes that become one; one part alone does not say whether there are colours. */
    private Map<Path, ImageFile> headers(FolderLayout layout) {
        Map<Path, ImageFile> headers = new LinkedHashMap<>();
        for (Path path : layout.files()) {
            headers.put(path, ImageFile.open(path));
        }
        Map<String, List<ImageFile>> bySize = headers.values().stream()
                .collect(Collectors.groupingBy(ImageFile::size, LinkedHashMap::new, Collectors.toList()));
        if (fit == null && bySize.size() > 1) {
            ImageFile rare = bySize.values().stream()
                    .reduce((some, later) -> later.size() <= some.size() ? later : some)
                    .orElseThrow()
                    .get(0);
            throw new InputException(
                    rare.path() + ": " + rare.size() + " pixels in a folder of images of several sizes: "
                            + counts(bySize) + ". Resize or crop them to one size, as folder:resize=64x64:PATH does");
        }
        bySize.values()
                .removeIf(files -> fit == null
                        || fit.takes(files.get(0).height(), files.get(0).width()));
        if (fit != null && !bySize.isEmpty()) {
            throw new InputException(root + ": too small to be cropped to " + fit.height() + "×" + fit.width() + ": "
                    + counts(bySize) + ". Crop them to a smaller size, or resize them");
        }
        return headers;
    }

    /** {@code 12 of 32×32, 1 of 30×40 (a.png)}: the most frequent first, and a file of each. */
    private String counts(Map<String, List<ImageFile>> bySize) {
        String counts = bySize.entrySet().stream()
                .sorted(Comparator.comparing(entry -> -entry.getValue().size()))
                .limit(MOST_SIZES)
                .map(entry -> entry.getValue().size() + " of " + entry.getKey() + " pixels ("
                        + root.relativize(entry.getValue().get(0).path()) + ")")
                .collect(Collectors.joining(", "));
        return counts + (bySize.size() > MOST_SIZES ? " and " + (bySize.size() - MOST_SIZES) + " more sizes" : "");
    }
}
