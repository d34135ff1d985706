package varepsilon.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import varepsilon.base.InputException;

/**
 * A description of a data set.
 *
 * @param name its name
 * @param description one line on its contents and source
 * @param channels C of its images
 * @param height H of its images
 * @param width W of its images
 * @param classNames names of its classes by label; none for images without labels
 * @param parts training and test part
 * @param files the files it was read from
 * @param notes notes on them: {@link DataSource#notes}
 */
public record DatasetInfo(
        String name,
        String description,
        int channels,
        int height,
        int width,
        List<String> classNames,
        List<Part> parts,
        List<File> files,
        List<String> notes) {
    /**
     * One part.
     *
     * @param split which
     * @param size the number of images
     * @param classCounts images of each class, by label; none for images without labels
     * @param statistics mean and standard deviation of the pixels, in [0,1] units
     * @param sha256 of shape, pixels and labels: {@link ImageSet#sha256}
     */
    public record Part(
            Split split, int size, List<Integer> classCounts, ImageSet.Statistics statistics, String sha256) {}

    /**
     * One file.
     *
     * @param path where it lies
     * @param bytes its size
     * @param sha256 what was found
     * @param published whether that is the published file's
     */
    public record File(Path path, long bytes, String sha256, boolean published) {}

    /**
     * Reads the data set and its files' checksums.
     *
     * @throws InputException for an unknown name, missing or unusable files
     * @throws IOException where a file cannot be read
     */
    public static DatasetInfo of(String name, Path dataDir) throws IOException {
        DataSource source = Datasets.named(name);
        List<File> files = new ArrayList<>();
        for (DataSource.StoredFile file : source.stored(dataDir)) {
            String sha256 = Checksums.sha256(file.path());
            boolean published = file.found().equals(file.checksum());
            files.add(new File(file.path(), Files.size(file.path()), sha256, published));
        }
        ImageSet train = source.load(Split.TRAIN, dataDir);
        Part trainPart = part(Split.TRAIN, train);
        Part testPart = part(Split.TEST, source.load(Split.TEST, dataDir));
        return new DatasetInfo(
                name,
                source.description(),
                train.channels(),
                train.height(),
                train.width(),
                train.classNames(),
                List.of(trainPart, testPart),
                List.copyOf(files),
                source.notes(dataDir));
    }

    private static Part part(Split split, ImageSet set) {
        List<Integer> counts =
                set.isLabelled() ? IntStream.of(set.classCounts()).boxed().toList() : List.of();
        return new Part(split, set.size(), counts, set.statistics(), set.sha256());
    }
}
