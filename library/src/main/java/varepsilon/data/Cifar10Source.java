package varepsilon.data;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
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
 * @param recordsPerFile images in each file
 */
record Cifar10Source(List<Member> train, Member test, int recordsPerFile) implements DataSource {
    private static final String FOLDER = "cifar-10-batches-bin";
    private static final int CHANNELS = 3;
    private static final int SIDE = 32;
    private static final int IMAGE_BYTES = CHANNELS * SIDE * SIDE;
    private static final int RECORD_BYTES = 1 + IMAGE_BYTES;

    private static final List<String> CLASS_NAMES =
            List.of("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck");

    /**
     * A published file.
     *
     * @param fileName its name in the folder
     * @param sha256 its SHA-256 in lower-case hexadecimal
     */
    record Member(String fileName, String sha256) {}

    static Cifar10Source published() {
        return new Cifar10Source(
                List.of(
                        new Member(
                                "data_batch_1.bin", "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5"),
                        new Member(
                                "data_batch_2.bin", "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed"),
                        new Member(
                                "data_batch_3.bin", "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67"),
                        new Member(
                                "data_batch_4.bin", "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48"),
                        new Member(
                                "data_batch_5.bin",
                                "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add")),
                new Member("test_batch.bin", "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b"),
                10_000);
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
        return List.of();
    }

    @Override
    public List<StoredFile> stored(Path dataDir) {
        return Stream.concat(train.stream(), Stream.of(test))
                .map(member -> new StoredFile(locate(member, dataDir), member.sha256))
                .toList();
    }

    @Override
    public ImageSet load(Split split, Path dataDir) throws IOException {
        List<Path> files = (split == Split.TRAIN ? train.stream() : Stream.of(test))
                .map(member -> locate(member, dataDir))
                .toList();
        for (Path file : files) {
            requireSize(file);
        }
        int count = files.size() * recordsPerFile;
        byte[] pixels = new byte[count * IMAGE_BYTES];
        int[] labels = new int[count];
        for (int f = 0; f < files.size(); f++) {
            read(files.get(f), pixels, labels, f * recordsPerFile);
        }
        return ImageSet.labelled(name() + "/" + split.label(), pixels, CHANNELS, SIDE, SIDE, labels, CLASS_NAMES);
    }

    private void requireSize(Path file) throws IOException {
        long expected = (long) recordsPerFile * RECORD_BYTES;
        long found = Files.size(file);
        if (found != expected) {
            throw new InputException(file + ": holds " + found + " bytes; expected " + expected + ", that is "
                    + recordsPerFile + " records of " + RECORD_BYTES + " bytes; " + Idx.REMEDY);
        }
    }

    /** Reads the records of a file to the places from {@code first} on. */
    private void read(Path file, byte[] pixels, int[] labels, int first) throws IOException {
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
            for (int record = 0; record < recordsPerFile; record++) {
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

    private Path locate(Member member, Path dataDir) {
        Path file = dataDir.resolve(FOLDER).resolve(member.fileName);
        if (Files.exists(file)) {
            return file;
        }
        throw new InputException(name() + ": " + member.fileName + " is missing (looked in " + file.getParent()
                + "); run `varepsilon data fetch " + name() + "`, or set --data-dir or " + DataFolder.VARIABLE
                + " to the folder that holds " + FOLDER + "/");
    }
}
