package varepsilon.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import varepsilon.base.InputException;

/**
 * The files of a folder by part and class, and those that are not images. {@link FolderSource} documents the layout.
 */
final class FolderLayout {
    /** Labels that are whole numbers up to this are those numbers. */
    private static final Pattern NUMBER = Pattern.compile("0|[1-9]\\d{0,4}");

    private static final String TRAIN_FOLDER = "train";
    /** The first that is there holds the test part. */
    private static final List<String> TEST_FOLDERS = List.of("test", "val", "valid", "validation");

    /** Of the names of images, in lower case. */
    static final Set<String> ENDINGS =
            Set.of("png", "jpg", "jpeg", "jpe", "jfif", "bmp", "gif", "tif", "tiff", "ppm", "pgm", "pbm", "pnm");

    private static final String ENDINGS_IN_WORDS =
            "*.png, *.jpg, *.jpeg, *.bmp, *.gif, *.tif, *.tiff, *.ppm, *.pgm or *.pbm";
    /** Files made by file managers. */
    private static final Set<String> NOT_WORTH_A_WORD = Set.of("thumbs.db", "desktop.ini");

    /**
     * The files of a part.
     *
     * @param files in order
     * @param labels by file; null where there are no classes
     */
    record Part(List<Path> files, int[] labels) {}

    /** The images in a folder, by class; all under "" where it has no sub-folders. */
    private record Content(Path folder, Map<String, List<Path>> classes) {
        boolean isLabelled() {
            return !classes.containsKey("");
        }
    }

    private final Path root;
    /** That of the root alone under {@link Split#TRAIN} where the root has no folders of parts. */
    private final Map<Split, Content> contents = new EnumMap<>(Split.class);

    private final boolean inParts;
    /** The CSV file of the labels; null where sub-folders say them, or nothing. */
    private final Path labels;

    private final List<String> notes = new ArrayList<>();
    /** Files that are no images, by what their names end in. */
    private final Map<String, List<Path>> leftOut = new TreeMap<>();

    private FolderLayout(Path root, Path labels) {
        this.root = root;
        this.labels = labels;
        if (!Files.isDirectory(root)) {
            throw new InputException(root + (Files.exists(root) ? ": is a file" : ": there is no such folder")
                    + "; expected a folder with a sub-folder of images for each class");
        }
        if (labels != null) {
            inParts = readLabelled();
            noteLeftOut();
            return;
        }
        List<Path> folders = list(root).stream().filter(Files::isDirectory).toList();
        List<Path> parts = folders.stream().filter(FolderLayout::isNamedAsPart).toList();
        // A sub-folder of such a name without folders of its own, beside others, is a class.
        inParts = !parts.isEmpty()
                && (parts.size() == folders.size() || parts.stream().anyMatch(FolderLayout::hasFolders));
        if (inParts) {
            readParts(folders, this::content);
        } else {
            contents.put(Split.TRAIN, content(root));
        }
        noteOrderOfNumbers();
        noteLeftOut();
    }

    /**
     * Looks through a folder.
     *
     * @param labels the CSV file of the labels; null where sub-folders say them, or nothing
     * @throws InputException where there are no images in it that could be a data set
     */
    static FolderLayout of(Path root, Path labels) {
        return new FolderLayout(root, labels);
    }

    private static boolean isNamedAsPart(Path folder) {
        String name = folder.getFileName().toString();
        return name.equals(TRAIN_FOLDER) || TEST_FOLDERS.contains(name);
    }

    /** The images that the CSV file names; in parts where all lie in folders of parts. Returns whether they do. */
    private boolean readLabelled() {
        Map<Path, String> all;
        try {
            all = new LabelFile(labels, root).read();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        noteWithoutLabel(all.keySet());
        Set<Path> folders = all.keySet().stream()
                .map(image -> root.resolve(root.relativize(image).getName(0)))
                .collect(Collectors.toCollection(TreeSet::new));
        if (folders.stream().allMatch(folder -> isNamedAsPart(folder) && Files.isDirectory(folder))) {
            readParts(List.copyOf(folders), folder -> labelled(folder, all));
            return true;
        }
        contents.put(Split.TRAIN, labelled(root, all));
        return false;
    }

    private static Content labelled(Path folder, Map<Path, String> all) {
        Map<String, List<Path>> classes = new LinkedHashMap<>();
        if (all.values().stream().allMatch(label -> NUMBER.matcher(label).matches())) {
            // A class that has no image here keeps its number.
            int highest =
                    all.values().stream().mapToInt(Integer::parseInt).max().orElseThrow();
            IntStream.rangeClosed(0, highest).forEach(label -> classes.put(Integer.toString(label), new ArrayList<>()));
        }
        all.keySet().stream()
                .filter(image -> image.startsWith(folder))
                .sorted()
                .forEach(image -> classes.computeIfAbsent(all.get(image), label -> new ArrayList<>())
                        .add(image));
        return new Content(folder, inOrder(classes));
    }

    private void noteWithoutLabel(Set<Path> labelled) {
        List<Path> others = labelled.stream()
                .map(Path::getParent)
                .distinct()
                .flatMap(folder -> list(folder).stream())
                .filter(file -> isImageName(file.getFileName().toString()) && !labelled.contains(file))
                .toList();
        if (!others.isEmpty()) {
            notes.add(root + ": left out " + counted(others, "image") + " without a label in " + labels + " ("
                    + root.relativize(others.get(0)) + " first)");
        }
    }

    private static boolean hasFolders(Path folder) {
        return list(folder).stream().anyMatch(Files::isDirectory);
    }

    private void readParts(List<Path> folders, Function<Path, Content> reader) {
        Path train = root.resolve(TRAIN_FOLDER);
        Path test = TEST_FOLDERS.stream()
                .map(root::resolve)
                .filter(folders::contains)
                .findFirst()
                .orElse(null);
        if (folders.contains(train)) {
            contents.put(Split.TRAIN, reader.apply(train));
        }
        if (test != null) {
            contents.put(Split.TEST, reader.apply(test));
        }
        if (contents.values().stream().map(Content::isLabelled).distinct().count() > 1) {
            throw new InputException(root + ": one of " + train.getFileName() + "/ and " + test.getFileName()
                    + "/ has a sub-folder for each class, the other has images without; expected the same of both");
        }
        String others = folders.stream()
                .filter(folder -> !folder.equals(train) && !folder.equals(test))
                .map(folder -> folder.getFileName() + "/")
                .collect(Collectors.joining(", "));
        if (!others.isEmpty()) {
            notes.add(root + ": left out " + others + ", because the folder has "
                    + contents.values().stream()
                            .map(content -> content.folder().getFileName() + "/")
                            .collect(Collectors.joining(" and ")));
        }
        if (test != null && !test.getFileName().toString().equals(TEST_FOLDERS.get(0))) {
            notes.add(test + ": is the test part, because there is no " + TEST_FOLDERS.get(0) + "/");
        }
    }

    /**
     * Notes: what was left out, which folder is the test part, and how classes were numbered where their names as text
     * sort in another order.
     */
    List<String> notes() {
        return List.copyOf(notes);
    }

    /** By label: those of the training part, where there is one; none where there are no labels. */
    List<String> classNames() {
        Content first = contents.values().iterator().next();
        return first.isLabelled() ? List.copyOf(first.classes().keySet()) : List.of();
    }

    /** The files of both parts. */
    List<Path> files() {
        return contents.values().stream()
                .flatMap(content -> content.classes().values().stream())
                .flatMap(List::stream)
                .toList();
    }

    /**
     * The files of a part, one of each class in turn.
     *
     * @throws InputException where there are none, or where the test part has a class that the training part has not
     */
    Part part(Split split) {
        Map<String, List<Path>> classes = filesByClass(split);
        List<String> names = classNames();
        if (names.isEmpty()) {
            return new Part(require(classes.get("")), null);
        }
        for (String name : classes.keySet()) {
            if (!names.contains(name)) {
                throw new InputException(
                        (labels == null ? contents.get(split).folder().resolve(name) : labels + ": " + name)
                                + ": this class is not one of those in " + root.resolve(TRAIN_FOLDER) + ": "
                                + String.join(", ", names));
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
        return new Part(
                require(files), labels.stream().mapToInt(Integer::intValue).toArray());
    }

    private List<Path> require(List<Path> files) {
        if (files.isEmpty()) {
            throw new InputException(root + ": " + (classNames().isEmpty() ? "there are not " : "no class has ")
                    + "5 images, every 5th of which would be for testing; add some, or make train/ and test/ with the same"
                    + " folders in them");
        }
        return files;
    }

    private Map<String, List<Path>> filesByClass(Split split) {
        if (inParts) {
            if (!contents.containsKey(split)) {
                String names = split == Split.TRAIN ? TRAIN_FOLDER : String.join(" or ", TEST_FOLDERS);
                throw new InputException(
                        root + ": " + names + " is missing; expected it beside the folders of the other part");
            }
            return contents.get(split).classes();
        }
        Map<String, List<Path>> classes =
                new LinkedHashMap<>(contents.get(Split.TRAIN).classes());
        classes.replaceAll((name, files) -> IntStream.of(Splits.everyFifth(files.size(), split))
                .mapToObj(files::get)
                .toList());
        return classes;
    }

    private Content content(Path folder) {
        Map<String, List<Path>> classes = new LinkedHashMap<>();
        List<Path> images = new ArrayList<>();
        List<Path> folders = new ArrayList<>();
        for (Path entry : list(folder)) {
            if (Files.isDirectory(entry)) {
                folders.add(entry);
            } else if (isImage(entry)) {
                images.add(entry);
            }
        }
        if (folders.isEmpty()) {
            if (images.isEmpty()) {
                throw new InputException(folder + ": has no sub-folders and no images; expected one for each class, or"
                        + " images without labels" + butFound());
            }
            classes.put("", images);
            return new Content(folder, classes);
        }
        for (Path ofClass : folders) {
            classes.put(ofClass.getFileName().toString(), imagesOfClass(ofClass));
        }
        if (!images.isEmpty()) {
            notes.add(folder + ": left out " + counted(images, "image") + " beside the folders of the classes ("
                    + images.get(0).getFileName() + " first)");
        }
        return new Content(folder, inOrder(classes));
    }

    private List<Path> imagesOfClass(Path folder) {
        List<Path> images = new ArrayList<>();
        for (Path file : list(folder)) {
            if (Files.isDirectory(file)) {
                throw new InputException(
                        file + ": a folder among images; expected the images of a class right in " + folder);
            }
            if (isImage(file)) {
                images.add(file);
            }
        }
        if (images.isEmpty()) {
            throw new InputException(folder + ": holds no images; expected files named " + ENDINGS_IN_WORDS
                    + "; where it is not a class, move it away" + butFound());
        }
        return images;
    }

    /** Whether a file's name ends as that of an image. */
    static boolean isImageName(String name) {
        return ENDINGS.contains(name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT))
                && name.indexOf('.') >= 0;
    }

    private boolean isImage(Path file) {
        String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
        if (isImageName(name)) {
            return true;
        }
        int dot = name.lastIndexOf('.');
        if (!NOT_WORTH_A_WORD.contains(name)) {
            String kind = dot < 0 ? "without ending" : "*" + name.substring(dot);
            leftOut.computeIfAbsent(kind, key -> new ArrayList<>()).add(file);
        }
        return false;
    }

    private String butFound() {
        return leftOut.isEmpty() ? "" : "; found " + unreadable();
    }

    private void noteLeftOut() {
        if (!leftOut.isEmpty()) {
            notes.add(root + ": left out " + unreadable());
        }
    }

    /**
     * For instance {@code 40 files that cannot be read as images: 38 *.webp, 2 *.txt (a/1.webp first); convert them to
     * PNG}.
     */
    private String unreadable() {
        List<Path> all =
                leftOut.values().stream().flatMap(List::stream).sorted().toList();
        String kinds = leftOut.entrySet().stream()
                .map(kind -> kind.getValue().size() + " " + kind.getKey())
                .collect(Collectors.joining(", "));
        return counted(all, "file") + " that cannot be read as images: " + kinds + " (" + root.relativize(all.get(0))
                + " first); those that are images, convert to PNG";
    }

    private static String counted(List<Path> files, String what) {
        return files.size() + " " + what + (files.size() == 1 ? "" : "s");
    }

    /** By the names of the classes: numbers by value, other names as text. */
    private static Map<String, List<Path>> inOrder(Map<String, List<Path>> classes) {
        boolean numbers = classes.keySet().stream().allMatch(name -> name.matches("\\d{1,18}"));
        Comparator<String> asText = Comparator.naturalOrder();
        Map<String, List<Path>> ordered = new LinkedHashMap<>();
        classes.keySet().stream()
                .sorted(
                        numbers
                                ? Comparator.comparing((String name) -> Long.valueOf(name))
                                        .thenComparing(asText)
                                : asText)
                .forEach(name -> ordered.put(name, classes.get(name)));
        return ordered;
    }

    private void noteOrderOfNumbers() {
        List<String> names = classNames();
        if (!names.equals(names.stream().sorted().toList())) {
            notes.add(root + ": labels follow the numbers that the classes are called by, " + names.get(0) + ", "
                    + names.get(1) + ", " + names.get(2)
                    + " …; torchvision's ImageFolder sorts them as text, and weights trained with it have that order");
        }
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
