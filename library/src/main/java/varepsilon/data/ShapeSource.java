package varepsilon.data;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The drawn {@link Shapes} as a data set whose factors are known: no files, no network. */
record ShapeSource() implements DataSource {
    private static final int TRAIN_SIZE = 60_000;
    private static final int TEST_SIZE = 10_000;
    /** Any number; it is part of what the set is. */
    private static final long SEED = 1;

    @Override
    public String name() {
        return "shapes";
    }

    @Override
    public String description() {
        return "shapes of known size, rotation, position and shade, drawn by this program";
    }

    @Override
    public List<DataFile> downloads() {
        return List.of();
    }

    @Override
    public List<StoredFile> stored(Path dataDir) {
        return List.of();
    }

    @Override
    public ImageSet load(Split split, Path dataDir) {
        return Shapes.draw("shapes/" + split.label(), table(split));
    }

    @Override
    public Optional<FactorTable> factors(Split split) {
        return Optional.of(table(split));
    }

    /** No combination is in both parts. */
    private static FactorTable table(Split split) {
        return split == Split.TRAIN ? Shapes.sample(0, TRAIN_SIZE, SEED) : Shapes.sample(TRAIN_SIZE, TEST_SIZE, SEED);
    }
}
