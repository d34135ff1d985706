package varepsilon.lab.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import varepsilon.base.InputException;
import varepsilon.data.Datasets;
import varepsilon.data.ImageFit;
import varepsilon.data.ImageSet;
import varepsilon.data.Split;

/** The images. */
final class DataOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(
            names = "--data",
            paramLabel = "NAME",
            description =
                    "mnist, fashion-mnist, cifar10, cifar100, glyphs or shapes; folder:PATH for images in a sub-folder for each"
                            + " class (or in train/ and test/ or val/; without sub-folders, images without labels);"
                            + " idx:IMAGES,LABELS for IDX files (a second pair: the test part);"
                            + " numpy:FILE.npz, or numpy:IMAGES.npy,LABELS.npy, for arrays of NumPy. Where there is no"
                            + " test part, every fifth image is one.")
    private String name;

    @Option(
            names = "--csv",
            paramLabel = "FILE",
            description =
                    "The labels of the images of a folder, NAME.csv: in each line the name of a file and its label.")
    private Path labels;

    @Option(
            names = "--resize",
            paramLabel = "N|HxW",
            description =
                    "Scale the images of a folder: the short side to N pixels, as torchvision's Resize(N), the middle"
                            + " of which is taken; or until they cover HxW, what is over cut off.")
    private String resize;

    @Option(
            names = {"--center-crop", "--crop"},
            paramLabel = "N|HxW",
            description = "Only the middle of each image of a folder, as torchvision's CenterCrop, after --resize N.")
    private String crop;

    @Mixin
    private final DataFolderOption folder = new DataFolderOption();

    @Option(names = "--limit", paramLabel = "N", description = "Only the first N images.")
    private Integer limit;

    /** The name of the data set, which is one. */
    String name() {
        if (name == null) {
            throw Usage.wrong(command, "--data is missing; `varepsilon data list` lists the data sets");
        }
        return Usage.check(command, () -> Datasets.named(fitted())).name();
    }

    private String fitted() {
        if (resize == null && crop == null && labels == null) {
            return name;
        }
        String folders = "folder:";
        if (!name.startsWith(folders)) {
            throw new InputException("--resize, --center-crop and --csv are for the images of a folder; expected --data"
                    + " folder:PATH");
        }
        if (labels != null && !labels.toString().toLowerCase(Locale.ROOT).endsWith(".csv")) {
            throw new InputException("--csv " + labels + ": expected the name of a CSV file, NAME.csv");
        }
        String fit =
                resize == null && crop == null ? "" : ImageFit.of(resize, crop).text() + ":";
        return folders + fit + name.substring(folders.length()) + (labels == null ? "" : "," + labels);
    }

    Path folder() {
        return folder.folder();
    }

    /** First so many images, 0 for all. */
    int limit() {
        if (limit != null && limit < 1) {
            throw Usage.wrong(command, "--limit " + limit + ": expected at least 1");
        }
        return limit == null ? 0 : limit;
    }

    /** Loads a part; prints notes on its files. */
    ImageSet load(Split split, Output output) throws IOException {
        note(name(), output);
        return loadQuietly(split);
    }

    /** Loads a part of a data set whose notes were printed. */
    ImageSet loadQuietly(Split split) throws IOException {
        int first = limit();
        ImageSet all = Datasets.load(name(), split, folder());
        return first == 0 ? all : all.limit(first);
    }

    /** Prints notes on the files of a data set: which differ from the published ones, what was left out. */
    void note(String dataSet, Output output) throws IOException {
        Datasets.named(dataSet).notes(folder()).forEach(output::note);
    }
}
