package varepsilon.lab.cli;

import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import varepsilon.data.Datasets;
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
                    "mnist, fashion-mnist, cifar10, cifar100 or glyphs; folder:PATH for images in a sub-folder for each"
                            + " class (or in train/ and test/ or val/; without sub-folders, images without labels);"
                            + " idx:IMAGES,LABELS for IDX files (a second pair: the test part). Where there is no test"
                            + " part, every fifth image is one.")
    private String name;

    @Mixin
    private final DataFolderOption folder = new DataFolderOption();

    @Option(names = "--limit", paramLabel = "N", description = "Only the first N images.")
    private Integer limit;

    /** The name of the data set, which is one. */
    String name() {
        if (name == null) {
            throw Usage.wrong(command, "--data is missing; `varepsilon data list` lists the data sets");
        }
        return Usage.check(command, () -> Datasets.named(name)).name();
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
        int first = limit();
        ImageSet all = Datasets.load(name(), split, folder());
        return first == 0 ? all : all.limit(first);
    }

    /** Prints notes on the files of a data set: which differ from the published ones, what was left out. */
    void note(String dataSet, Output output) throws IOException {
        Datasets.named(dataSet).notes(folder()).forEach(output::note);
    }
}
