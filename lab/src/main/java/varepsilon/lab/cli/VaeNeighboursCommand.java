package varepsilon.lab.cli;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.io.IOException;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import varepsilon.data.ImageSet;
import varepsilon.data.Split;
import varepsilon.generative.CopyingCheck;
import varepsilon.generative.Picture;
import varepsilon.generative.VaeFile;
import varepsilon.lab.evaluate.TrainingNeighbours;
import varepsilon.report.Table;
import varepsilon.stats.Percent;
import varepsilon.tensor.Device;

/** {@code varepsilon vae neighbours}. */
@Command(
        name = "neighbours",
        description = "Finds the training images nearest to a VAE's samples: does it copy them?",
        footer = {
            "",
            "Distances are Euclidean, of pixels in [0, 1], between images as the model represents them. The picture has",
            "the samples that are nearest to a training image, one a row, with their neighbours. Where samples are copies,",
            "they are nearer to the training images than test images are; so are blurred ones (--picture mean) without",
            "being copies.",
            "",
            "Example:",
            "  varepsilon vae neighbours --weights runs/digits --data mnist --out neighbours.png"
        })
final class VaeNeighboursCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private final WeightsOption weights = new WeightsOption();

    @Mixin
    private final DataOptions data = new DataOptions();

    @Mixin
    private final PictureOptions pictures = new PictureOptions();

    @Option(
            names = "--samples",
            paramLabel = "N",
            defaultValue = "1000",
            description = "Samples to draw and compare, and as many test images (default: ${DEFAULT-VALUE}).")
    private int samples;

    @Option(
            names = "--shown",
            paramLabel = "N",
            defaultValue = "12",
            description = "Samples to show, from the nearest on (default: ${DEFAULT-VALUE}).")
    private int shown;

    @Option(
            names = "--neighbours",
            paramLabel = "N",
            defaultValue = "6",
            description = "Training images beside each (default: ${DEFAULT-VALUE}).")
    private int neighbours;

    @Option(names = "--picture", paramLabel = "KIND", defaultValue = "sample", description = Descriptions.PICTURE)
    private Picture picture;

    @Mixin
    private final ComputeOptions compute = new ComputeOptions();

    @Mixin
    private final Output output;

    VaeNeighboursCommand(Console console) {
        this.output = new Output(console);
    }

    /**
     * The result.
     *
     * @param file the picture
     * @param picture how samples are made of p(x|z)
     * @param trainingImages how many they are compared with
     */
    private record Result(
            String file,
            String picture,
            int trainingImages,
            @JsonUnwrapped CopyingCheck check) {}

    @Override
    public Integer call() throws IOException {
        pictures.check();
        TrainingNeighbours.Settings settings = Usage.check(
                spec, () -> new TrainingNeighbours.Settings(samples, shown, neighbours, picture, compute.seed()));
        Device device = compute.start();
        ImageSet train = data.load(Split.TRAIN, output);
        ImageSet test = data.loadQuietly(Split.TEST);
        try (VaeFile file = weights.readVae(device, output)) {
            file.requireFits(train);
            TrainingNeighbours found;
            try (WorkProgress progress = new WorkProgress(output, "comparisons")) {
                found = TrainingNeighbours.of(file.vae(), train, test, settings, progress);
            }
            String drawn = Descriptions.name(picture);
            String out = pictures.save(found.picture()
                    .title("samples nearest to a training image")
                    .caption(data.name() + " · " + drawn + " · below: distance"));
            output.result(new Result(out, drawn, train.size(), found.check()), text(found.check(), train.size(), out));
        }
        return 0;
    }

    private static String text(CopyingCheck check, int trainingImages, String out) {
        Table table = new Table(
                Table.text("distance to the nearest training image"),
                Table.count("images", ""),
                Table.number("least", "", 3),
                Table.number("1 %", "", 3),
                Table.number("10 %", "", 3),
                Table.number("median", "", 3),
                Table.number("90 %", "", 3));
        row(table, "samples", check.samples());
        row(table, "test images", check.test());
        return String.format(
                Locale.ROOT,
                "%s%nA sample is nearer to the %,d training images than a test image is with probability %s (50 %% where"
                        + " samples are like test images, near 100 %% where they are copies).%n%nWrote %s",
                table.toText(),
                trainingImages,
                Percent.of(check.shareNearer()),
                out);
    }

    private static void row(Table table, String images, CopyingCheck.Distances distances) {
        table.row(
                images,
                distances.n(),
                distances.least(),
                distances.percent1(),
                distances.percent10(),
                distances.median(),
                distances.percent90());
    }
}
