package varepsilon.data;

import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import varepsilon.base.InputException;

/**
 * Given IDX files as a data set: images; images and labels; or both twice, of the training part and of the test part.
 * Where there is one part only, every fifth image is for testing. The classes are called 0, 1, … up to the highest
 * label.
 *
 * @param files one, two or four
 */
record IdxFilesSource(List<Path> files) implements DataSource {
    /** Starts the names of such sets. */
    static final String PREFIX = "idx:";

    private static final String USAGE = "expected " + PREFIX + "IMAGES,LABELS, " + PREFIX
            + "IMAGES,LABELS,TESTIMAGES,TESTLABELS, or " + PREFIX + "IMAGES without labels";

    IdxFilesSource {
        // A run may be resumed from another working directory.
        files = files.stream().map(file -> file.toAbsolutePath().normalize()).toList();
    }

    /**
     * The data set of the given paths.
     *
     * @throws InputException where they are none, or too many
     */
    static IdxFilesSource named(String paths) {
        List<String> parts = Arrays.asList(paths.split(",", -1));
        if (parts.stream().anyMatch(String::isBlank) || (parts.size() != 1 && parts.size() != 2 && parts.size() != 4)) {
            throw new InputException("'" + PREFIX + paths + "': " + USAGE);
        }
        try {
            return new IdxFilesSource(parts.stream().map(Path::of).toList());
        } catch (InvalidPathException e) {
            throw new InputException("'" + PREFIX + paths + "': " + e.getReason() + "; " + USAGE, e);
        }
    }

    @Override
    public String name() {
        return PREFIX + files.stream().map(Path::toString).collect(Collectors.joining(","));
    }

    @Override
    public String description() {
        return "images in IDX files";
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

    @Override
    public ImageSet load(Split split, Path dataDir) throws IOException {
        String set = name() + "/" + split.label();
        if (files.size() == 1) {
            return part(Idx.read(set, files.get(0)), split);
        }
        List<String> classNames = classNames();
        if (files.size() == 2) {
            return part(Idx.read(set, files.get(0), files.get(1), classNames), split);
        }
        int first = split == Split.TRAIN ? 0 : 2;
        return Idx.read(set, files.get(first), files.get(first + 1), classNames);
    }

    private List<String> classNames() throws IOException {
        IntStream labels = IntStream.empty();
        for (int file = 1; file < files.size(); file += 2) {
            labels = IntStream.concat(labels, Arrays.stream(Idx.labels(files.get(file))));
        }
        return IntStream.rangeClosed(0, labels.max().orElse(0))
                .mapToObj(Integer::toString)
                .toList();
    }

    private ImageSet part(ImageSet all, Split split) {
        int[] indices = Splits.everyFifth(all.size(), split);
        if (indices.length == 0) {
            throw new InputException(files.get(0) + ": holds " + all.size()
                    + " images, every fifth of which would be for testing; " + USAGE);
        }
        return all.subset(indices);
    }
}
