package varepsilon.data;

import java.nio.file.Path;
import java.util.List;

/** The drawn digits {@link Glyphs} as a data set: no files, no network. */
record GlyphSource() implements DataSource {
    private static final int TRAIN_SIZE = 20_000;
    private static final int TEST_SIZE = 4_000;
    /** Any two numbers; they are part of what the set is. */
    private static final long TRAIN_SEED = 1;

    private static final long TEST_SEED = 2;

    @Override
    public String name() {
        return "glyphs";
    }

    @Override
    public String description() {
        return "handwritten-like digits, drawn by this program";
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
        return split == Split.TRAIN
                ? Glyphs.draw("glyphs/train", TRAIN_SIZE, TRAIN_SEED)
                : Glyphs.draw("glyphs/test", TEST_SIZE, TEST_SEED);
    }
}
