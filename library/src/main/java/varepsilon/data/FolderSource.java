package varepsilon.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import varepsilon.tensor.InputException;

/**
 * A folder of images as a data set: a sub-folder for each class, sorted by name, with images of one size in it. Where it
 * has a {@code train/} or {@code test/} with sub-folders, these hold the classes of their part, and {@code test/} may
 * lack some; otherwise every fifth image of each class, by name, is for testing. Grey where all images are, else red,
 * green, blue. The order is an image of each class in turn, so that the first N of a part show all its classes.
 *
 * @param root the folder
 */
record FolderSource(Path root) implements DataSource {
    /** Starts the names of such sets on the command line. */
    static final String PREFIX = "folder:";

    private static final int TEST_EVERY = 5;
    private static final Set<String> ENDINGS = Set.of("png", "jpg", "jpeg", "bmp", "gif");

    /** Files by the class that they show. */
    private record Labelled(List<Path> files, int[] labels) {}

    FolderSource {
        // A run may be resumed from another working directory.
        root = root.toAbsolutePath().normalize();
    }

    /**
     * The data set of a path that a person gave.
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
        return "images in folders, one for each class";
    }

    @Override
    public List<DataFile> downloads() {
        return List.of();
    }

    /** None: nobody has published what these files should be. Looks that there are images in both parts. */
    @Override
    public List<StoredFile> stored(Path dataDir) {
        labelled(Split.TRAIN);
        labelled(Split.TEST);
        return List.of();
    }

    @Override
    public ImageSet load(Split split, Path dataDir) {
        Labelled part = labelled(split);
        Map<Path, ImageFile> all = headers();
        ImageFile first = all.values().iterator().next();
        int channels = all.values().stream().allMatch(ImageFile::grey) ? 1 : 3;
        int dimensions = channels * first.height() * first.width();
        byte[] pixels = PixelMemory.allocate(
                root + ": holds " + part.files.size() + " images of " + dimensions + " bytes",
                (long) part.files.size() * dimensions);
        for (int i = 0; i < part.files.size(); i++) {
            all.get(part.files.get(i)).decode(channels, pixels, i * dimensions);
        }
        String set = name() + "/" + split.label();
        return ImageSet.labelled(set, pixels, channels, first.height(), first.width(), part.labels, classNames());
    }

    /** All files of both parts, which have one size; one part alone does not say whether there are colours. */
    private Map<Path, ImageFile> headers() {
        Map<Path, ImageFile> headers = new LinkedHashMap<>();
        ImageFile first = null;
        for (Path folder : folders()) {
            for (List<Path> ofClass : classes(folder).values()) {
                for (Path path : ofClass) {
                    ImageFile file = ImageFile.open(path);
                    first = first == null ? file : first;
                    if (!file.size().equals(first.size())) {
                        throw new InputException(path + ": " + file.size() + " pixels; expected " + first.size()
                                + " like " + first.path() + ": scale or crop them to one size first");
                    }
                    headers.put(path, file);
                }
            }
        }
        return headers;
    }

    /** The folders with classes in them: those of the parts, or the root. */
    private List<Path> folders() {
        if (!Files.isDirectory(root)) {
            throw new InputException(root + ": there is no such folder; expected one with a sub-folder for each class");
        }
        List<Path> parts = Stream.of(Split.values())
                .filter(this::hasFolder)
                .map(this::folder)
                .toList();
        return parts.isEmpty() ? List.of(root) : parts;
    }

    private Path folder(Split split) {
        return root.resolve(split.label());
    }

    /** Whether there is a folder of that part; one without sub-folders is a class that happens to have its name. */
    private boolean hasFolder(Split split) {
        return Files.isDirectory(folder(split)) && list(folder(split)).stream().anyMatch(Files::isDirectory);
    }

    /** By label; those of the training part, where there is one. */
    private List<String> classNames() {
        return List.copyOf(classes(folders().get(0)).keySet());
    }

    /** The files of a part, one of each class in turn. */
    private Labelled labelled(Split split) {
        SortedMap<String, List<Path>> classes = files(split);
        List<String> names = classNames();
        for (String name : classes.keySet()) {
            if (!names.contains(name)) {
                throw new InputException(
                        root.resolve(split.label()).resolve(name) + ": this class is not one of those in "
                                + root.resolve(Split.TRAIN.label()) + ": " + String.join(", ", names));
            }
        }
        List<Path> files = new ArrayList<>();
        List<Integer> labels = new ArrayList<>();
        int turns = classes.values().stream().mapToInt(List::size).max().orElse(0);
        for (int turn = 0; turn < turns; turn++) {
            for (int label = 0; label < names.size(); label++) {
                List<Path> ofClass = classes.getOrDefault(names.get(label), List.of());
                if (turn < ofClass.size()) {
                    files.add(ofClass.get(turn));
                    labels.add(label);
                }
            }
        }
        if (files.isEmpty()) {
            throw new InputException(root + ": no class has " + TEST_EVERY + " images, every " + TEST_EVERY
                    + "th of which would be for testing; add some, or make train/ and test/ with the classes in them");
        }
        return new Labelled(files, labels.stream().mapToInt(Integer::intValue).toArray());
    }

    private SortedMap<String, List<Path>> files(Split split) {
        if (!folders().contains(root)) {
            if (!hasFolder(split)) {
                throw new InputException(
                        folder(split) + ": is missing or has no sub-folders; expected one for each class");
            }
            return classes(folder(split));
        }
        IntPredicate isTest = i -> i % TEST_EVERY == TEST_EVERY - 1;
        SortedMap<String, List<Path>> classes = classes(root);
        classes.replaceAll((name, files) -> IntStream.range(0, files.size())
                .filter(split == Split.TEST ? isTest : isTest.negate())
                .mapToObj(files::get)
                .toList());
        return classes;
    }

    /** The classes in a folder by name, each with its images by name. */
    private static SortedMap<String, List<Path>> classes(Path folder) {
        SortedMap<String, List<Path>> classes = new TreeMap<>();
        for (Path ofClass : list(folder)) {
            if (Files.isDirectory(ofClass)) {
                classes.put(ofClass.getFileName().toString(), images(ofClass));
            }
        }
        if (classes.isEmpty()) {
            throw new InputException(folder + ": has no sub-folders; expected one for each class");
        }
        return classes;
    }

    private static List<Path> images(Path folder) {
        List<Path> images = new ArrayList<>();
        for (Path file : list(folder)) {
            if (Files.isDirectory(file)) {
                throw new InputException(
                        file + ": a folder among images; expected the images of a class right in " + folder);
            }
            String name = file.getFileName().toString();
            if (ENDINGS.contains(name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT))) {
                images.add(file);
            }
        }
        if (images.isEmpty()) {
            throw new InputException(folder + ": holds no images; expected files named *.png, *.jpg, *.jpeg, *.bmp or"
                    + " *.gif; where it is not a class, move it away");
        }
        return images;
    }

    /** What is in a folder, by name, without what is hidden. */
    private static List<Path> list(Path folder) {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.filter(entry -> !entry.getFileName().toString().startsWith("."))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
