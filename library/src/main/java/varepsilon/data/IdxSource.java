package varepsilon.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import varepsilon.base.InputException;

/**
 * MNIST and the sets that were published in its form: four IDX files, gzipped ({@code train-images-idx3-ubyte.gz}) or
 * unpacked ({@code train-images-idx3-ubyte}, in some copies {@code train-images.idx3-ubyte}), 28×28 grey images, ten
 * classes. Looked for in a folder of their own in the data folder, where PyTorch's torchvision puts them
 * ({@code MNIST/raw}), and in the data folder itself.
 *
 * @param name the name of the data set and of its folder
 * @param torchvision torchvision's name for it
 * @param description one line on its contents and source
 * @param classNames names of the classes by label
 * @param train the files of the training part
 * @param test the files of the test part
 */
record IdxSource(String name, String torchvision, String description, List<String> classNames, Pair train, Pair test)
        implements DataSource {
    private static final int SIDE = 28;

    /** The two files of a part. */
    record Pair(Packed images, Packed labels) {}

    /** A gzipped file as published, and the SHA-256 of its content, for unpacked copies. */
    record Packed(DataFile published, String unpackedSha256) {}

    static IdxSource mnist() {
        List<String> mirrors = List.of(
                "https://ossci-datasets.s3.amazonaws.com/mnist/",
                "https://storage.googleapis.com/cvdf-datasets/mnist/");
        return new IdxSource(
                "mnist",
                "MNIST",
                "handwritten digits (LeCun, Cortes, Burges)",
                IntStream.range(0, 10).mapToObj(Integer::toString).toList(),
                new Pair(
                        packed(
                                "mnist/train-images-idx3-ubyte",
                                9_912_422,
                                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
                                "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
                                mirrors),
                        packed(
                                "mnist/train-labels-idx1-ubyte",
                                28_881,
                                "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
                                "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
                                mirrors)),
                new Pair(
                        packed(
                                "mnist/t10k-images-idx3-ubyte",
                                1_648_877,
                                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
                                "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
                                mirrors),
                        packed(
                                "mnist/t10k-labels-idx1-ubyte",
                                4_542,
                                "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
                                "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
                                mirrors)));
    }

    static IdxSource fashionMnist() {
        List<String> mirrors = List.of(
                "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
                "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/");
        return new IdxSource(
                "fashion-mnist",
                "FashionMNIST",
                "articles of clothing (Xiao, Rasul, Vollgraf; Zalando, MIT licence)",
                List.of(
                        "T-shirt/top",
                        "Trouser",
                        "Pullover",
                        "Dress",
                        "Coat",
                        "Sandal",
                        "Shirt",
                        "Sneaker",
                        "Bag",
                        "Ankle boot"),
                new Pair(
                        packed(
                                "fashion-mnist/train-images-idx3-ubyte",
                                26_421_880,
                                "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
                                "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
                                mirrors),
                        packed(
                                "fashion-mnist/train-labels-idx1-ubyte",
                                29_515,
                                "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
                                "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
                                mirrors)),
                new Pair(
                        packed(
                                "fashion-mnist/t10k-images-idx3-ubyte",
                                4_422_102,
                                "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
                                "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
                                mirrors),
                        packed(
                                "fashion-mnist/t10k-labels-idx1-ubyte",
                                5_148,
                                "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
                                "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
                                mirrors)));
    }

    private static Packed packed(String path, long bytes, String sha256, String unpackedSha256, List<String> mirrors) {
        String file = path.substring(path.indexOf('/') + 1) + ".gz";
        List<URI> addresses =
                mirrors.stream().map(base -> URI.create(base + file)).toList();
        return new Packed(new DataFile(path + ".gz", bytes, sha256, addresses), unpackedSha256);
    }

    @Override
    public List<DataFile> downloads() {
        return files().map(Packed::published).toList();
    }

    @Override
    public List<StoredFile> stored(Path dataDir) {
        return files().map(file -> locate(file, dataDir)).toList();
    }

    @Override
    public ImageSet load(Split split, Path dataDir) throws IOException {
        Pair pair = split == Split.TRAIN ? train : test;
        Path images = locate(pair.images, dataDir).path();
        Path labels = locate(pair.labels, dataDir).path();
        ImageSet set = Idx.read(name + "/" + split.label(), images, labels, classNames);
        if (set.height() != SIDE || set.width() != SIDE) {
            throw new InputException(images + ": images of " + set.height() + "×" + set.width() + "; expected " + SIDE
                    + "×" + SIDE + ": this is not " + name);
        }
        return set;
    }

    private Stream<Packed> files() {
        return Stream.of(train.images, train.labels, test.images, test.labels);
    }

    private StoredFile locate(Packed file, Path dataDir) {
        Path folder = folder(dataDir);
        for (StoredFile candidate : candidates(file, folder)) {
            if (Files.isRegularFile(candidate.path())) {
                return candidate;
            }
        }
        for (StoredFile candidate : candidates(file, folder)) {
            if (Files.exists(candidate.path())) {
                throw new InputException(candidate.path() + ": is a folder; expected a file of " + name);
            }
        }
        throw new DataFilesException(
                name,
                name + ": " + fileName(file) + " is missing (looked in " + folder
                        + ", also for the unpacked file); fetch it, or set the data folder or "
                        + DataFolder.VARIABLE + " to the one that holds " + name + "/ or " + torchvision + "/raw/");
    }

    /** The first folder with one of the files; else the one of the set's own name. */
    private Path folder(Path dataDir) {
        Path own = dataDir.resolve(name);
        List<Path> named = List.of(own, dataDir.resolve(torchvision).resolve("raw"));
        // These may be another set's: the names of the files are the same.
        List<Path> nameless = List.of(dataDir, dataDir.resolve("raw"));
        return Stream.concat(named.stream(), nameless.stream().filter(folder -> !isOfAnotherSet(folder)))
                .filter(this::hasAny)
                .findFirst()
                .orElse(own);
    }

    private boolean hasAny(Path folder) {
        return files().flatMap(file -> candidates(file, folder).stream())
                .anyMatch(candidate -> Files.exists(candidate.path()));
    }

    private boolean isOfAnotherSet(Path folder) {
        return Stream.of(mnist(), fashionMnist())
                .filter(other -> !other.name.equals(name))
                .flatMap(other -> candidates(other.test.labels, folder).stream())
                .anyMatch(IdxSource::isPublished);
    }

    private static boolean isPublished(StoredFile file) {
        try {
            return Files.isRegularFile(file.path()) && file.found().equals(file.checksum());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String fileName(Packed file) {
        return file.published.path().substring(file.published.path().indexOf('/') + 1);
    }

    /** The names that a file may have in a folder. */
    private static List<StoredFile> candidates(Packed file, Path folder) {
        String packed = fileName(file);
        return Stream.of(packed, packed.replace("-idx", ".idx"))
                .map(folder::resolve)
                .flatMap(path -> Stream.of(
                        new StoredFile(path, file.published.sha256()),
                        new StoredFile(unpacked(path), file.unpackedSha256)))
                .toList();
    }

    private static Path unpacked(Path packed) {
        String fileName = packed.getFileName().toString();
        return packed.resolveSibling(fileName.substring(0, fileName.length() - ".gz".length()));
    }
}
