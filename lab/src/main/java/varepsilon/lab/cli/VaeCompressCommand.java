package varepsilon.lab.cli;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import varepsilon.base.InputException;
import varepsilon.data.ImageSet;
import varepsilon.data.ImageShape;
import varepsilon.data.Split;
import varepsilon.generative.BitsBack;
import varepsilon.generative.VaeEvaluation;
import varepsilon.generative.VaeFile;
import varepsilon.lab.evaluate.CompressionResult;
import varepsilon.lab.evaluate.LosslessSizes;
import varepsilon.report.Table;
import varepsilon.tensor.Device;

/** {@code varepsilon vae compress}. */
@Command(
        name = "compress",
        description = "Compresses images without loss to as many bits as a VAE's ELBO promises.",
        footer = {
            "",
            "By bits-back coding with asymmetric numeral systems (Townsend et al. 2019). What is kept are the levels that",
            "the VAE distinguishes: of a 4-bit model the 4 leading bits of each byte. The file decodes with the same",
            "weights, version of varepsilon, number of threads and kind of machine, and is refused otherwise.",
            "",
            "Priors: standard-normal, mixture, vamp, hierarchical; posteriors: diagonal, full, top-down; every likelihood",
            "over levels.",
            "",
            "Example:",
            "  varepsilon vae compress --weights runs/digits --data mnist --out digits.vae"
        })
final class VaeCompressCommand implements Callable<Integer> {
    private static final int EVALUATION_BATCH = 128;
    private static final int EVALUATION_VALUES = 1 << 26;

    @Spec
    private CommandSpec spec;

    @Mixin
    private final WeightsOption weights = new WeightsOption();

    @Mixin
    private final DataOptions data = new DataOptions();

    @Option(
            names = "--split",
            paramLabel = "PART",
            defaultValue = "test",
            description = "train or test (default: ${DEFAULT-VALUE}).")
    private Split split;

    @Mixin
    private final NewFileOptions file = new NewFileOptions();

    @Option(
            names = "--latent-bits",
            paramLabel = "N",
            defaultValue = "" + BitsBack.USUAL_LATENT_BITS,
            description = "Each latent dimension is divided into 2^N parts, up to 20 (default: ${DEFAULT-VALUE}).")
    private int latentBits;

    @Option(
            names = "--verify",
            negatable = true,
            defaultValue = "true",
            fallbackValue = "true",
            description = "Decode again and compare, before the file is written (default: ${DEFAULT-VALUE}).")
    private boolean verify;

    @Option(
            names = "--compare",
            negatable = true,
            defaultValue = "true",
            fallbackValue = "true",
            description = "Also the sizes by gzip, bzip2, xz and PNG (default: ${DEFAULT-VALUE}).")
    private boolean compare;

    @Mixin
    private final ComputeOptions compute = new ComputeOptions();

    @Mixin
    private final Output output;

    VaeCompressCommand(Console console) {
        this.output = new Output(console);
    }

    @Override
    public Integer call() throws IOException {
        Usage.check(spec, () -> BitsBack.checkLatentBits(latentBits));
        file.check();
        Device device = compute.start();
        ImageSet images = data.load(split, output);
        try (VaeFile model = weights.readVae(device, output)) {
            model.requireFits(images);
            CompressionResult result = compress(model, images);
            output.result(result, text(result, images));
        }
        return 0;
    }

    private CompressionResult compress(VaeFile model, ImageSet images) throws IOException {
        BitsBack coder = BitsBack.of(model);
        try (WorkProgress progress = new WorkProgress(output, "images");
                WorkProgress comparison = new WorkProgress(output, "methods")) {
            long start = System.nanoTime();
            BitsBack.Compressed compressed = coder.compress(images, latentBits, compute.seed(), progress);
            double seconds = secondsSince(start);
            Double decodingSeconds = null;
            if (verify) {
                long decoding = System.nanoTime();
                if (!compressed.images().sameAs(coder.decompress(compressed.file(), file.path(), progress))) {
                    throw new InputException(file.path() + ": does not decode to the images; nothing was written");
                }
                decodingSeconds = secondsSince(decoding);
            }
            double elbo = VaeEvaluation.of(
                            model.vae(),
                            images,
                            VaeEvaluation.Settings.elbo(evaluationBatch(model), compute.seed()),
                            progress)
                    .bpd();
            List<LosslessSizes.Size> others = compare ? LosslessSizes.of(compressed.images(), comparison) : List.of();
            compressed.file().write(file.path());
            long bytes = compressed.file().bytes();
            return new CompressionResult(
                    file.path().toString(),
                    images.size(),
                    compressed.images().levels(),
                    bytes,
                    (double) Byte.SIZE * bytes / compressed.images().values().length,
                    elbo,
                    compressed.initialBits(),
                    seconds,
                    images.size() / seconds,
                    verify,
                    decodingSeconds,
                    others);
        }
    }

    private static double secondsSince(long nanoTime) {
        return (System.nanoTime() - nanoTime) / 1e9;
    }

    /** So many images at once that what the decoder puts out stays within 256 MB. */
    private static int evaluationBatch(VaeFile model) {
        ImageShape image = model.architecture().image();
        long outputs =
                (long) model.vae().likelihood().outputChannels(image.channels()) * image.height() * image.width();
        return (int) Math.max(1, Math.min(EVALUATION_BATCH, EVALUATION_VALUES / outputs));
    }

    private String text(CompressionResult result, ImageSet images) {
        double values = (double) images.size() * images.dimensions();
        Table table = new Table(Table.text("method"), Table.count("size", "bytes"), Table.number("bits/dim", "", 4))
                .row("negative ELBO", Math.round(result.elboBpd() * values / Byte.SIZE), result.elboBpd())
                .row(file.path().getFileName(), result.bytes(), result.bitsPerDim());
        result.others().forEach(other -> table.row(other.method(), other.bytes(), other.bitsPerDim()));
        return String.format(
                        Locale.ROOT,
                        "Wrote %s: %,d images of %s with %d levels, %.0f images a second%s.%n"
                                + "Of its bits %,d are random ones with which the coder began.%n%n",
                        result.file(),
                        result.n(),
                        images.shape(),
                        result.levels(),
                        result.imagesPerSecond(),
                        result.verified() ? "; decoded again, they are the same" : "; not decoded again",
                        result.initialBits())
                + table.toText();
    }
}
