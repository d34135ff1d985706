package varepsilon.data;

import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import varepsilon.base.InputException;

/**
 * Images in NumPy's arrays as a data set. Either one {@code .npz} archive whose arrays are named by what they are, such
 * as {@code x_train} and {@code y_train}, {@code test_images} and {@code test_labels} (MedMNIST), {@code images} and
 * {@code labels}; or {@code .npy} files: images; images and labels; or both twice, of the training part and of the test
 * part. Where there is one part only, every fifth image is for testing; a validation part is the test part where there
 * is no other.
 *
 * <p>Images are N×H×W, N×H×W×C or N×C×H×W with 1 or 3 channels: whole numbers from 0 to 255, or fractions from 0 to 1,
 * which become the nearest of 256 levels. Labels are N or N×1 whole numbers; the classes are called 0, 1, … up to the
 * highest label.
 *
 * @param files one archive; or one, two or four arrays
 * @param white the value of the brightest pixel, where it is stated; else 0
 */
record NumpySource(List<Path> files, int white) implements DataSource {
    /** Starts the names of such sets. */
    static final String PREFIX = "numpy:";

    private static final String USAGE =
            "expected " + PREFIX + "FILE.npz, " + PREFIX + "IMAGES.npy,LABELS.npy, " + PREFIX
                    + "IMAGES.npy,LABELS.npy,TESTIMAGES.npy,TESTLABELS.npy, or " + PREFIX + "IMAGES.npy without labels";

    private static final Pattern WHITE = Pattern.compile("max=([1-9]\\d{0,4}):(.*)", Pattern.DOTALL);

    NumpySource {
        // A run may be resumed from another working directory.
        files = files.stream().map(file -> file.toAbsolutePath().normalize()).toList();
    }

    /**
     * The data set of the given paths, behind {@code max=WHITE:} where that is stated.
     *
     * @throws InputException where they are none, or too many
     */
    static NumpySource named(String text) {
        Matcher stated = WHITE.matcher(text);
        boolean states = stated.matches();
        List<String> paths = Arrays.asList((states ? stated.group(2) : text).split(",", -1));
        if (paths.stream().anyMatch(String::isBlank) || (paths.size() != 1 && paths.size() != 2 && paths.size() != 4)) {
            throw new InputException("'" + PREFIX + text + "': " + USAGE);
        }
        try {
            return new NumpySource(
                    paths.stream().map(Path::of).toList(), states ? Integer.parseInt(stated.group(1)) : 0);
        } catch (InvalidPathException e) {
            throw new InputException("'" + PREFIX + text + "': " + e.getReason() + "; " + USAGE, e);
        }
    }

    @Override
    public String name() {
        return prefix(white) + files.stream().map(Path::toString).collect(Collectors.joining(","));
    }

    /** What starts the name of a set whose brightest pixels have a stated value. */
    static String prefix(int white) {
        return PREFIX + (white == 0 ? "" : "max=" + white + ":");
    }

    @Override
    public String description() {
        return "images in NumPy files";
    }

    @Override
    public List<DataFile> downloads() {
        return List.of();
    }

    /** None, because there are no published checksums. */
    @Override
    public List<StoredFile> stored(Path dataDir) {
        return List.of();
    }

    /** What was left out, which part is for testing, and whether pixels were rounded. */
    @Override
    public List<String> notes(Path dataDir) throws IOException {
        return Layout.of(this).notes;
    }

    @Override
    public ImageSet load(Split split, Path dataDir) throws IOException {
        Layout layout = Layout.of(this);
        boolean isDivided = !layout.parts.containsKey(Split.TEST);
        NumpyPart part = layout.parts.get(isDivided ? Split.TRAIN : split);
        if (part == null) {
            throw layout.parts.get(Split.TEST).images().refused("is of the test part; there are no training images");
        }
        ImageSet all = part.read(name() + "/" + split.label(), white, layout.classNames());
        if (!isDivided) {
            return all;
        }
        int[] indices = Splits.everyFifth(all.size(), split);
        if (indices.length == 0) {
            throw part.images().refused("holds " + all.size() + " images, every fifth of which would be for testing");
        }
        return all.subset(indices);
    }

    /** What an array may be. */
    private enum Role {
        IMAGES("images?|imgs?|x|data|arr_0"),
        LABELS("labels?|y|targets?|arr_1");

        private static final String PARTS = "train|training|test|val|valid|validation";

        private final Pattern name;

        Role(String names) {
            name = Pattern.compile("(?:(?<before>" + PARTS + ")_?)?(?:" + names + ")(?:_?(?<after>" + PARTS + "))?");
        }

        /** The part that an array's name says, "" where it says none; empty for an array of another role. */
        Optional<String> part(String array) {
            Matcher matcher = name.matcher(array.toLowerCase(Locale.ROOT));
            if (!matcher.matches()) {
                return Optional.empty();
            }
            String part = matcher.group("before") == null ? matcher.group("after") : matcher.group("before");
            return Optional.of(part == null ? "" : part.startsWith("val") ? "val" : part.replace("ing", ""));
        }
    }

    /** The arrays that make the data set, by part. */
    private record Layout(Map<Split, NumpyPart> parts, List<String> notes) {
        private static final int SHOWN_ARRAYS = 10;

        static Layout of(NumpySource source) throws IOException {
            List<NumpyPart.Stored> arrays = new ArrayList<>();
            for (Path file : source.files) {
                try (NumpyFile opened = NumpyFile.open(file)) {
                    opened.arrays().forEach((name, header) -> arrays.add(new NumpyPart.Stored(file, name, header)));
                }
            }
            boolean areFiles = arrays.stream().allMatch(array -> array.name().equals(NumpyFile.ONLY));
            if (!areFiles && source.files.size() > 1) {
                throw new InputException(source.name() + ": an archive among several files; " + USAGE);
            }
            Layout layout = new Layout(new EnumMap<>(Split.class), new ArrayList<>());
            if (areFiles) {
                layout.addInOrder(arrays);
            } else {
                layout.addNamed(source.files.get(0), arrays);
            }
            layout.check(source);
            return layout;
        }

        private void addInOrder(List<NumpyPart.Stored> arrays) {
            parts.put(Split.TRAIN, new NumpyPart(arrays.get(0), arrays.size() > 1 ? arrays.get(1) : null));
            if (arrays.size() > 2) {
                parts.put(Split.TEST, new NumpyPart(arrays.get(2), arrays.get(3)));
            }
        }

        private void addNamed(Path file, List<NumpyPart.Stored> arrays) {
            Map<String, Map<Role, NumpyPart.Stored>> named = new LinkedHashMap<>();
            Set<NumpyPart.Stored> others = new LinkedHashSet<>(arrays);
            for (NumpyPart.Stored array : arrays) {
                for (Role role : Role.values()) {
                    Optional<String> part = role.part(array.name());
                    if (part.isEmpty()) {
                        continue;
                    }
                    others.remove(array);
                    NumpyPart.Stored other = named.computeIfAbsent(part.get(), key -> new EnumMap<>(Role.class))
                            .put(role, array);
                    if (other != null) {
                        throw refused(file, "both " + other.label() + " and " + array.label(), arrays);
                    }
                }
            }
            named.values().stream()
                    .filter(part -> !part.containsKey(Role.IMAGES))
                    .findFirst()
                    .ifPresent(part -> {
                        throw refused(file, part.get(Role.LABELS).label() + " without images", arrays);
                    });
            if (named.isEmpty()) {
                throw refused(file, "no array that is named as images", arrays);
            }
            if (named.containsKey("") && named.containsKey("train")) {
                throw refused(file, "two training parts", arrays);
            }
            choose(file, named, others);
        }

        private void choose(Path file, Map<String, Map<Role, NumpyPart.Stored>> named, Set<NumpyPart.Stored> others) {
            named.forEach((name, arrays) -> {
                NumpyPart part = new NumpyPart(arrays.get(Role.IMAGES), arrays.get(Role.LABELS));
                if (name.isEmpty() || name.equals("train")) {
                    parts.put(Split.TRAIN, part);
                } else if (name.equals("test") || !named.containsKey("test")) {
                    parts.put(Split.TEST, part);
                    if (!name.equals("test")) {
                        notes.add(file + ": " + part.images().label() + " is the test part, because there is no other");
                    }
                } else {
                    others.addAll(arrays.values());
                }
            });
            if (!others.isEmpty()) {
                notes.add(file + ": left out " + shown(others, NumpyPart.Stored::label));
            }
        }

        private static InputException refused(Path file, String found, List<NumpyPart.Stored> arrays) {
            return new InputException(file + ": " + found + " among " + shown(arrays, NumpyPart.Stored::description)
                    + "; expected images and labels, x and y, or x_train, y_train, x_test and y_test, or train_images,"
                    + " train_labels and so on");
        }

        private static String shown(Collection<NumpyPart.Stored> arrays, Function<NumpyPart.Stored, String> shown) {
            int rest = arrays.size() - SHOWN_ARRAYS;
            return arrays.stream().limit(SHOWN_ARRAYS).map(shown).collect(Collectors.joining(", "))
                    + (rest > 0 ? " and " + rest + " more" : "");
        }

        /** By the headers. */
        private void check(NumpySource source) {
            Set<String> kinds = new LinkedHashSet<>();
            for (NumpyPart part : parts.values()) {
                kinds.add(part.shape() + (part.isLabelled() ? " with labels" : " without labels"));
                part.requireLabelForEach();
                if (part.isFloatingPoint()) {
                    notes.add(part.images().file() + ": " + part.images().description()
                            + " becomes the nearest of 256 levels, from 0 for black to " + Math.max(1, source.white)
                            + " for white");
                }
            }
            if (kinds.size() > 1) {
                throw new InputException(source.name() + ": training and test images are "
                        + String.join(" and ", kinds)
                        + "; expected the same of both");
            }
        }

        /** Those of both parts together; none without labels. */
        List<String> classNames() throws IOException {
            int highest = -1;
            for (NumpyPart part : parts.values()) {
                if (part.isLabelled()) {
                    highest = Math.max(
                            highest, IntStream.of(part.readLabels()).max().orElseThrow());
                }
            }
            return IntStream.rangeClosed(0, highest).mapToObj(Integer::toString).toList();
        }
    }
}
