package varepsilon.data;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import varepsilon.base.InputException;
import varepsilon.base.Watch;

/**
 * CIFAR-10 or CIFAR-100, in its binary version or in its Python version, which PyTorch's torchvision fetches; looked
 * for in a folder of its own in the data folder, and in the data folder itself. A file of the binary version is records
 * of label bytes, of which the last counts, and 3×32×32 pixel bytes, red plane before green before blue. CIFAR-100 has
 * the 100 fine labels.
 *
 * <p>Format and data: A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009.
 *
 * @param kind which of the two
 * @param train the files of the training part, in order
 * @param test the file of the test part
 * @param archive the download that holds them
 */
record CifarSource(Kind kind, List<DataFile> train, DataFile test, DataFile archive) implements DataSource {
    private static final int CHANNELS = 3;
    private static final int SIDE = 32;
    static final int IMAGE_BYTES = CHANNELS * SIDE * SIDE;

    private static final String PUBLISHER = "https://www.cs.toronto.edu/~kriz/";

    /**
     * The differences between the two.
     *
     * @param name its name
     * @param description one line on its contents and source
     * @param folder that of the binary version's files
     * @param labelBytes at the start of a record
     * @param classNames by label
     * @param python the Python version
     */
    record Kind(
            String name,
            String description,
            String folder,
            int labelBytes,
            List<String> classNames,
            PythonVersion python) {
        private int recordBytes() {
            return labelBytes + IMAGE_BYTES;
        }
    }

    /**
     * The same images as Python objects.
     *
     * @param folder of its files
     * @param labels the key of the labels
     * @param train files of the training part, in order
     * @param test the file of the test part
     */
    record PythonVersion(String folder, String labels, List<PythonFile> train, PythonFile test) {
        private List<PythonFile> files(Split split) {
            return split == Split.TRAIN ? train : List.of(test);
        }
    }

    /** A file and its MD5: the publisher gives no SHA-256. */
    record PythonFile(String name, String md5) {}

    static final Kind CIFAR10 = new Kind(
            "cifar10",
            "small colour photographs of ten kinds of things (Krizhevsky)",
            "cifar-10-batches-bin",
            1,
            List.of("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
            new PythonVersion(
                    "cifar-10-batches-py",
                    "labels",
                    List.of(
                            new PythonFile("data_batch_1", "c99cafc152244af753f735de768cd75f"),
                            new PythonFile("data_batch_2", "d4bba439e000b95fd0a9bffe97cbabec"),
                            new PythonFile("data_batch_3", "54ebc095f3ab1f0389bbae665268c751"),
                            new PythonFile("data_batch_4", "634d18415352ddfa80567beed471001a"),
                            new PythonFile("data_batch_5", "482c414d41f54cd18b22e5b47cb7c3cb")),
                    new PythonFile("test_batch", "40351d587109b95175f43aff81a1287e")));

    static final Kind CIFAR100 = new Kind(
            "cifar100",
            "small colour photographs of a hundred kinds of things (Krizhevsky)",
            "cifar-100-binary",
            2,
            words("""
                    apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle
                    bowl boy bridge bus butterfly camel can castle caterpillar cattle
                    chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur
                    dolphin elephant flatfish forest fox girl hamster house kangaroo keyboard
                    lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle mountain
                    mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree
                    plain plate poppy porcupine possum rabbit raccoon ray road rocket
                    rose sea seal shark shrew skunk skyscraper snail snake spider
                    squirrel streetcar sunflower sweet_pepper table tank telephone television tiger tractor
                    train trout tulip turtle wardrobe whale willow_tree wolf woman worm
                    """),
            new PythonVersion(
                    "cifar-100-python",
                    "fine_labels",
                    List.of(new PythonFile("train", "16019d7e3df5f24257cddd939b257f8d")),
                    new PythonFile("test", "f0ef6b0ae62326f3e7ffdfab6717acfc")));

    static CifarSource cifar10() {
        List<DataFile> train = List.of(
                published(
                        CIFAR10,
                        "data_batch_1.bin",
                        10_000,
                        "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5"),
                published(
                        CIFAR10,
                        "data_batch_2.bin",
                        10_000,
                        "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed"),
                published(
                        CIFAR10,
                        "data_batch_3.bin",
                        10_000,
                        "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67"),
                published(
                        CIFAR10,
                        "data_batch_4.bin",
                        10_000,
                        "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48"),
                published(
                        CIFAR10,
                        "data_batch_5.bin",
                        10_000,
                        "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add"));
        DataFile test = published(
                CIFAR10, "test_batch.bin", 10_000, "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b");
        // The publisher gives an MD5, c32a1d4ab5d03f1284b67883e8d87530; this is the SHA-256 of that file.
        return new CifarSource(
                CIFAR10,
                train,
                test,
                archive(
                        "cifar-10-binary.tar.gz",
                        170_052_171,
                        "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"));
    }

    static CifarSource cifar100() {
        // The publisher gives an MD5, 03b5dce01913d631647c71ecec9e9cb8; this is the SHA-256 of that file.
        return new CifarSource(
                CIFAR100,
                List.of(published(
                        CIFAR100,
                        "train.bin",
                        50_000,
                        "f31298fc616915fa142368359df1c4ca2ae984d6915ca468b998a5ec6aeebf29")),
                published(
                        CIFAR100,
                        "test.bin",
                        10_000,
                        "d8b1e6b7b3bee4020055f0699b111f60b1af1e262aeb93a0b659061746f8224a"),
                archive(
                        "cifar-100-binary.tar.gz",
                        168_513_733,
                        "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec"));
    }

    private static DataFile published(Kind kind, String fileName, int records, String sha256) {
        return new DataFile(kind.folder + "/" + fileName, (long) records * kind.recordBytes(), sha256, List.of());
    }

    private static DataFile archive(String fileName, long bytes, String sha256) {
        return new DataFile(fileName, bytes, sha256, List.of(URI.create(PUBLISHER + fileName)));
    }

    private static List<String> words(String text) {
        return List.of(text.strip().split("\\s+"));
    }

    @Override
    public String name() {
        return kind.name;
    }

    @Override
    public String description() {
        return kind.description;
    }

    @Override
    public List<DataFile> downloads() {
        return List.of(archive);
    }

    /**
     * Fetches the archive, unless all its files are here, and takes out of it those that are not; the archive stays.
     */
    @Override
    public void fetch(Path dataDir, Download download, Watch watch) throws IOException, InterruptedException {
        List<DataFile> missing = new ArrayList<>();
        for (DataFile file : files(Split.TRAIN, Split.TEST)) {
            if (Files.exists(file.in(dataDir))) {
                Download.requirePublished(file, dataDir);
            } else {
                missing.add(file);
            }
        }
        if (!missing.isEmpty()) {
            download.fetch(downloads(), dataDir, watch);
            TarGz.extract(archive.in(dataDir), missing, dataDir);
        }
    }

    private List<DataFile> files(Split... splits) {
        return Stream.of(splits)
                .flatMap(split -> split == Split.TRAIN ? train.stream() : Stream.of(test))
                .toList();
    }

    @Override
    public List<StoredFile> stored(Path dataDir) {
        Place place = place(dataDir);
        return Stream.of(Split.values())
                .flatMap(split -> place.files.apply(split).stream())
                .toList();
    }

    @Override
    public ImageSet load(Split split, Path dataDir) throws IOException {
        Place place = place(dataDir);
        String set = name() + "/" + split.label();
        return place.python ? loadPython(set, place.files.apply(split)) : loadBinary(set, place.folder, files(split));
    }

    // Where the files are.

    /** A folder with the files of one of the versions. */
    private record Place(Path folder, boolean python, Function<Split, List<StoredFile>> files) {}

    private Place place(Path dataDir) {
        List<Path> binary = List.of(dataDir.resolve(kind.folder), dataDir);
        List<Path> python = List.of(dataDir.resolve(kind.python.folder), dataDir);
        // The data folder itself may hold other files, so there the content is checked as well.
        if (hasBinary(binary.get(0)) || isBinary(binary.get(1))) {
            return binaryIn(hasBinary(binary.get(0)) ? binary.get(0) : binary.get(1));
        }
        if (hasPython(python.get(0)) || isPython(python.get(1))) {
            return pythonIn(hasPython(python.get(0)) ? python.get(0) : python.get(1));
        }
        throw missing(fileName(train.get(0)), dataDir.resolve(kind.folder));
    }

    private boolean hasBinary(Path folder) {
        return files(Split.TRAIN, Split.TEST).stream().anyMatch(file -> Files.exists(folder.resolve(fileName(file))));
    }

    private boolean isBinary(Path folder) {
        Path file = folder.resolve(fileName(test));
        return Files.isRegularFile(file) && file.toFile().length() == test.bytes();
    }

    private boolean hasPython(Path folder) {
        return Stream.of(Split.values())
                .flatMap(split -> kind.python.files(split).stream())
                .anyMatch(file -> Files.isRegularFile(folder.resolve(file.name)));
    }

    private boolean isPython(Path folder) {
        return CifarPickle.startsIn(folder.resolve(kind.python.test.name));
    }

    private Place binaryIn(Path folder) {
        return new Place(
                folder,
                false,
                split -> files(split).stream()
                        .map(file -> new StoredFile(locate(fileName(file), folder), file.sha256()))
                        .toList());
    }

    private Place pythonIn(Path folder) {
        return new Place(
                folder,
                true,
                split -> kind.python.files(split).stream()
                        .map(file -> new StoredFile(locate(file.name, folder), file.md5))
                        .toList());
    }

    private static String fileName(DataFile file) {
        return file.path().substring(file.path().lastIndexOf('/') + 1);
    }

    private Path locate(String fileName, Path folder) {
        Path file = folder.resolve(fileName);
        if (Files.isDirectory(file)) {
            throw new InputException(file + ": is a folder; expected a file of " + name());
        }
        if (Files.exists(file)) {
            return file;
        }
        throw missing(fileName, folder);
    }

    private InputException missing(String fileName, Path folder) {
        return new DataFilesException(
                name(),
                name() + ": " + fileName + " is missing (looked in " + folder
                        + "); fetch it, or set the data folder or " + DataFolder.VARIABLE
                        + " to the one that holds " + kind.folder + "/ or " + kind.python.folder + "/");
    }

    // What is in them.

    private ImageSet loadBinary(String set, Path folder, List<DataFile> files) throws IOException {
        int count = 0;
        for (DataFile file : files) {
            requireSize(locate(fileName(file), folder), file.bytes());
            count += records(file);
        }
        byte[] pixels = allocate(set, count);
        int[] labels = new int[count];
        int first = 0;
        for (DataFile file : files) {
            readBinary(folder.resolve(fileName(file)), records(file), pixels, labels, first);
            first += records(file);
        }
        return ImageSet.labelled(set, pixels, CHANNELS, SIDE, SIDE, labels, kind.classNames);
    }

    private static byte[] allocate(String set, int count) {
        return PixelMemory.allocate(
                set + ": holds " + count + " images of " + IMAGE_BYTES + " bytes", (long) count * IMAGE_BYTES);
    }

    private int records(DataFile file) {
        return (int) (file.bytes() / kind.recordBytes());
    }

    private void requireSize(Path file, long expected) throws IOException {
        long found = Files.size(file);
        if (found != expected) {
            throw new InputException(file + ": holds " + found + " bytes; expected " + expected + ", that is "
                    + expected / kind.recordBytes() + " records of " + kind.recordBytes() + " bytes; " + Idx.REMEDY);
        }
    }

    /** Reads the records of a file to the places from {@code first} on. */
    private void readBinary(Path file, int records, byte[] pixels, int[] labels, int first) throws IOException {
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
            for (int record = 0; record < records; record++) {
                byte[] label = in.readNBytes(kind.labelBytes);
                int count = in.readNBytes(pixels, (first + record) * IMAGE_BYTES, IMAGE_BYTES);
                if (count < IMAGE_BYTES) {
                    throw new InputException(file + ": breaks off within record " + record + "; " + Idx.REMEDY);
                }
                labels[first + record] = requireLabel(file, label[label.length - 1] & 0xff, record);
            }
        }
    }

    private int requireLabel(Path file, int label, int record) {
        if (label < 0 || label >= kind.classNames.size()) {
            throw new InputException(file + ": label " + label + " in record " + record + "; expected 0 to "
                    + (kind.classNames.size() - 1) + "; " + Idx.REMEDY);
        }
        return label;
    }

    private ImageSet loadPython(String set, List<StoredFile> files) throws IOException {
        List<CifarPickle.Batch> batches = new ArrayList<>();
        for (StoredFile file : files) {
            CifarPickle.Batch batch = CifarPickle.read(file.path(), kind.python.labels);
            for (int i = 0; i < batch.labels().length; i++) {
                requireLabel(file.path(), batch.labels()[i], i);
            }
            batches.add(batch);
        }
        int count = batches.stream().mapToInt(batch -> batch.labels().length).sum();
        byte[] pixels = allocate(set, count);
        int first = 0;
        for (CifarPickle.Batch batch : batches) {
            System.arraycopy(batch.pixels(), 0, pixels, first, batch.pixels().length);
            first += batch.pixels().length;
        }
        int[] labels = batches.stream()
                .flatMapToInt(batch -> Arrays.stream(batch.labels()))
                .toArray();
        return ImageSet.labelled(set, pixels, CHANNELS, SIDE, SIDE, labels, kind.classNames);
    }
}
