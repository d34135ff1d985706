package varepsilon.data;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import varepsilon.tensor.InputException;

/**
 * CIFAR-10 in its binary version: {@code cifar-10-batches-bin/data_batch_1.bin} … {@code data_batch_5.bin} and
 * {@code test_batch.bin}, each 10,000 records of one label byte and 3×32×32 pixel bytes, red plane before green before
 * blue.
 *
 * <p>Format and data: A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009.
 *
 * @param train the files of the training part, in order
 * @param test the file of the test part
 * @param archive the download that holds them
 */
record Cifar10Source(List<DataFile> train, DataFile test, DataFile archive) implements DataSource {
    /** The folder of the files, in the archive and in the data folder. */
    static final String FOLDER = "cifar-10-batches-bin";

    private static final int CHANNELS = 3;
    private static final int SIDE = 32;
    private static final int IMAGE_BYTES = CHANNELS * SIDE * SIDE;
    private static final int RECORD_BYTES = 1 + IMAGE_BYTES;
    private static final int PUBLISHED_RECORDS = 10_000;

    private static final List<String> CLASS_NAMES =
            List.of("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck");

    static Cifar10Source published() {
        return new Cifar10Source(
                List.of(
                        published(
                                "data_batch_1.bin", "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5"),
                        published(
                                "data_batch_2.bin", "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed"),
                        published(
                                "data_batch_3.bin", "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67"),
                        published(
                                "data_batch_4.bin", "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48"),
                        published(
                                "data_batch_5.bin",
                                "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add")),
                published("test_batch.bin", "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b"),
                // The publisher gives an MD5, c32a1d4ab5d03f1284b67883e8d87530; this is the SHA-256 of that file.
                new DataFile(
                        "cifar-10-binary.tar.gz",
                        170_052_171,
                        "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
                        List.of(URI.create("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"))));
    }

    private static DataFile published(String fileName, String sha256) {
        return new DataFile(FOLDER + "/" + fileName, (long) PUBLISHED_RECORDS * RECORD_BYTES, sha256, List.of());
    }

    @Override
    public String name() {
        return "cifar10";
    }

    @Override
    public String description() {
        return "small colour photographs of ten kinds of things (Krizhevsky)";
    }

    @Override
    public List<DataFile> downloads() {
        return List.of(archive);
    }

    /** Fetches the archive, unless all its files are here, and takes out of it those that are not; the archive stays. */
    @Override
    public void fetch(Path dataDir, Download download, Download.Progress progress)
            throws IOException, InterruptedException {
        List<DataFile> missing = new ArrayList<>();
        for (DataFile file : files(Split.TRAIN, Split.TEST)) {
            if (Files.exists(file.in(dataDir))) {
                Download.requirePublished(file, dataDir);
            } else {
                missing.add(file);
            }
        }
        if (!missing.isEmpty()) {
            download.fetch(downloads(), dataDir, progress);
            TarGz.extract(archive.in(dataDir), missing, dataDir);
        }
    }

    @Override
    public List<StoredFile> stored(Path dataDir) {
        return files(Split.TRAIN, Split.TEST).stream()
                .map(file -> new StoredFile(locate(file, dataDir), file.sha256()))
                .toList();
    }

    @Override
    public ImageSet load(Split split, Path dataDir) throws IOException {
        List<DataFile> files = files(split);
        int count = 0;
        for (DataFile file : files) {
            requireSize(locate(file, dataDir), file.bytes());
            count += records(file);
        }
        String set = name() + "/" + split.label();
        byte[] pixels = PixelMemory.allocate(
                set + ": holds " + count + " images of " + IMAGE_BYTES + " bytes", (long) count * IMAGE_BYTES);
        int[] labels = new int[count];
        int first = 0;
        for (DataFile file : files) {
            read(file.in(dataDir), records(file), pixels, labels, first);
            first += records(file);
        }
        return ImageSet.labelled(set, pixels, CHANNELS, SIDE, SIDE, labels, CLASS_NAMES);
    }

    private List<DataFile> files(Split... splits) {
        return Stream.of(splits)
                .flatMap(split -> split == Split.TRAIN ? train.stream() : Stream.of(test))
                .toList();
    }

    private static int records(DataFile file) {
        return (int) (file.bytes() / RECORD_BYTES);
    }

    private static void requireSize(Path file, long expected) throws IOException {
        long found = Files.size(file);
        if (found != expected) {
            throw new InputException(file + ": holds " + found + " bytes; expected " + expected + ", that is "
                    + expected / RECORD_BYTES + " records of " + RECORD_BYTES + " bytes; " + Idx.REMEDY);
        }
    }

    /** Reads the records of a file to the places from {@code first} on. */
    private static void read(Path file, int records, byte[] pixels, int[] labels, int first) throws IOException {
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
            for (int record = 0; record < records; record++) {
                int label = in.read();
                int count = in.readNBytes(pixels, (first + record) * IMAGE_BYTES, IMAGE_BYTES);
                if (count < IMAGE_BYTES) {
                    throw new InputException(file + ": breaks off within record " + record + "; " + Idx.REMEDY);
                }
                if (label >= CLASS_NAMES.size()) {
                    throw new InputException(file + ": label " + label + " in record " + record + "; expected 0 to "
                            + (CLASS_NAMES.size() - 1) + "; " + Idx.REMEDY);
                }
                labels[first + record] = label;
            }
        }
    }

    private Path locate(DataFile member, Path dataDir) {
        Path file = member.in(dataDir);
        if (Files.exists(file)) {
            return file;
        }
        throw new InputException(name() + ": " + file.getFileName() + " is missing (looked in " + file.getParent()
                + "); run `varepsilon data fetch " + name() + "`, or set --data-dir or " + DataFolder.VARIABLE
                + " to the folder that holds " + FOLDER + "/");
    }
}
