package varepsilon.generative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import varepsilon.base.Family;
import varepsilon.base.InputException;
import varepsilon.base.StoppedException;
import varepsilon.base.Watch;
import varepsilon.coding.CodedFile;
import varepsilon.data.Batches;
import varepsilon.data.ImageSet;
import varepsilon.data.ImageShape;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Engine;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;
import varepsilon.weights.Safetensors;
import varepsilon.weights.Weights;

class BitsBackTest extends GenerativeTest {
    private static final String MODEL = "ab".repeat(32);
    private static final Path NAME = Path.of("images.bin");
    private static final ImageShape GREY = new ImageShape(1, 8, 8);
    private static final ImageShape COLOUR = new ImageShape(3, 8, 9);

    @TempDir
    Path folder;

    /** Likelihood, prior and posterior, image, classes. */
    static List<VaeArchitecture> models() {
        return List.of(
                model(new Categorical(16), "standard-normal", "diagonal", GREY, 0),
                model(new Categorical(8), "standard-normal", "diagonal", COLOUR, 0),
                model(new Logistic(16), "standard-normal", "diagonal", COLOUR, 0),
                model(new LogisticMixture(32, 2), "standard-normal", "diagonal", COLOUR, 0),
                model(new BetaBinomial(16), "standard-normal", "diagonal", GREY, 0),
                model(new Bernoulli(), "standard-normal", "full", GREY, 0),
                model(new Bernoulli("dynamic"), "mixture:components=5", "diagonal", GREY, 0),
                model(new Categorical(4), "mixture:components=3", "full", COLOUR, 0),
                model(new Bernoulli(), "vamp:components=4", "diagonal", GREY, 0),
                model(new Bernoulli(), "hierarchical:groups=3:width=8", "top-down:features=6:width=8", GREY, 0),
                model(new Bernoulli(), "hierarchical:groups=2:width=8:top=mixture", "top-down:width=8", GREY, 0),
                model(new Bernoulli(), "hierarchical:groups=2:width=8", "diagonal", GREY, 0),
                new VaeArchitecture(
                        12,
                        new MlpVae(16, 1),
                        GREY,
                        new Bernoulli(),
                        new CodebookPrior.Choice(4, 9, 20),
                        new Quantised.Choice(),
                        0),
                ordered(new Bernoulli(), GREY),
                ordered(new Categorical(16), COLOUR),
                ordered(new LogisticMixture(32, 2), COLOUR),
                model(new Categorical(16), "standard-normal", "diagonal", GREY, 4));
    }

    private static VaeArchitecture model(
            Likelihood likelihood, String prior, String posterior, ImageShape image, int classes) {
        return new VaeArchitecture(
                5,
                new MlpVae(16, 1),
                image,
                likelihood,
                Family.of(PriorChoice.class).parse(prior),
                Family.of(PosteriorChoice.class).parse(posterior),
                classes);
    }

    /** A model whose pixels depend on each other. */
    private static VaeArchitecture ordered(Likelihood likelihood, ImageShape image) {
        return new VaeArchitecture(
                5,
                new MlpVae(16, 1),
                image,
                likelihood,
                new PixelCnn.Choice(6, 5, 1),
                new StandardNormal.Choice(),
                new DiagonalGaussian.Choice(),
                0);
    }

    /** With parameters moved off their first values, so that no distribution is trivial. */
    private Vae vae(VaeArchitecture architecture) {
        Vae vae = closing(architecture.create(init(DType.FLOAT32, 5)));
        try (var scope = Scope.withoutGradients()) {
            var noise = init(DType.FLOAT32, 77);
            vae.parameters().values().forEach(p -> p.addInPlace(noise.normal(0.05, p.shape())));
        }
        vae.train(false);
        return vae;
    }

    private static ImageSet images(VaeArchitecture architecture, int n) {
        ImageShape shape = architecture.image();
        Random random = new Random(4);
        byte[] pixels = new byte[n * shape.channels() * shape.height() * shape.width()];
        random.nextBytes(pixels);
        int[] labels = random.ints(n, 0, 4).toArray();
        return ImageSet.labelled(
                "noise", pixels, shape.channels(), shape.height(), shape.width(), labels, List.of("a", "b", "c", "d"));
    }

    private static int levels(VaeArchitecture architecture) {
        return Integer.parseInt(architecture.metadata().getOrDefault("levels", "2"));
    }

    private BitsBack bitsBack(VaeArchitecture architecture) {
        return new BitsBack(vae(architecture), architecture.image(), MODEL);
    }

    @ParameterizedTest
    @MethodSource("models")
    void imagesComeBackAsTheyWere(VaeArchitecture architecture) throws IOException {
        ImageSet images = images(architecture, 21);
        BitsBack coder = bitsBack(architecture);
        BitsBack.Compressed compressed = coder.compress(images, 12, 7, Watch.NONE);
        Path file = folder.resolve("images.bin");
        compressed.file().write(file);

        LevelImages decoded = coder.decompress(CodedFile.read(file), file, Watch.NONE);

        Tensor all = Batches.of(images, 21).iterator().next().images();
        assertThat(decoded.values())
                .isEqualTo(architecture.likelihood().target(all).toBytes());
        assertThat(decoded.size()).isEqualTo(21);
        assertThat(decoded.shape()).isEqualTo(architecture.image());
        assertThat(decoded.levels()).isEqualTo(levels(architecture));
        assertThat(coder.compress(images, 12, 7, Watch.NONE).file().payload())
                .isEqualTo(compressed.file().payload());
    }

    @Test
    void allLevelsOfAByteComeBack() {
        VaeArchitecture architecture = model(new Categorical(256), "standard-normal", "diagonal", COLOUR, 0);
        ImageSet images = images(architecture, 4);
        BitsBack coder = bitsBack(architecture);
        CodedFile file = coder.compress(images, 12, 7, Watch.NONE).file();
        byte[] decoded = coder.decompress(file, NAME, Watch.NONE).values();
        assertThat(decoded)
                .isEqualTo(Batches.of(images, 4).iterator().next().images().toBytes());
    }

    /** −ELBO of the images by many draws of z, and what a single draw of each z may add to it. */
    private record Bound(double bits, double standardError) {}

    private Bound bound(Vae vae, ImageSet images) {
        int draws = 40;
        var batch = Batches.of(images, images.size()).iterator().next();
        Vae given = vae.given(batch);
        Tensor target = vae.target(batch.images());
        double[] logWeights = new double[draws * images.size()];
        for (int draw = 0; draw < draws; draw++) {
            try (var scope = Scope.withoutGradients()) {
                double[] one = given.logWeights(given.posterior(target).draw(1, rng(draw)), target)
                        .toDoubles();
                System.arraycopy(one, 0, logWeights, draw * one.length, one.length);
            }
        }
        double sum = 0;
        double variance = 0;
        for (int image = 0; image < images.size(); image++) {
            double mean = 0;
            double square = 0;
            for (int draw = 0; draw < draws; draw++) {
                double bits = -logWeights[draw * images.size() + image] / Math.log(2);
                mean += bits / draws;
                square += bits * bits / draws;
            }
            sum += mean;
            variance += square - mean * mean;
        }
        return new Bound(sum, Math.sqrt(variance * (1 + 1.0 / draws)));
    }

    @ParameterizedTest
    @MethodSource("models")
    void theFileIsAsLongAsTheBound(VaeArchitecture architecture) {
        ImageSet images = images(architecture, 300);
        Vae vae = vae(architecture);
        BitsBack.Compressed compressed =
                new BitsBack(vae, architecture.image(), MODEL).compress(images, 16, 7, Watch.NONE);
        Bound bound = bound(vae, images);
        double classes = architecture.classes() == 0 ? 0 : 300 * 2;

        // 4 bytes count the scrambles.
        double net = 8.0 * compressed.file().payload().length - 32 - compressed.initialBits();
        assertThat(net - classes).isCloseTo(bound.bits, within(4 * bound.standardError + 64));
        assertThat(bound.standardError).isLessThan(0.005 * bound.bits);
        // 64 bits of the head, and what the first z takes: at most the 16 bits of each of its 5 dimensions.
        assertThat(compressed.initialBits()).isBetween(64L, 64L + 5 * 16 + 32);
    }

    @Test
    void aModelThatKnowsNothingCostsAllBits() {
        VaeArchitecture architecture = VaeArchitecture.conv(3, 2, new ImageShape(1, 8, 8), new Categorical(16));
        Vae vae = zeros(architecture, DType.FLOAT32);
        ImageSet images = images(architecture, 100);
        BitsBack.Compressed compressed =
                new BitsBack(vae, architecture.image(), MODEL).compress(images, 12, 7, Watch.NONE);
        double net = 8.0 * compressed.file().payload().length - 32 - compressed.initialBits();
        assertThat(net).isCloseTo(4.0 * 64 * 100, within(64.0));
    }

    @Test
    void aDensityIsRefused() {
        VaeArchitecture architecture = model(new Gaussian(), "standard-normal", "diagonal", GREY, 0);
        assertThatThrownBy(() -> bitsBack(architecture))
                .isInstanceOf(InputException.class)
                .hasMessageContaining(
                        "the likelihood gaussian is a density over real numbers; expected one over levels");
    }

    @ParameterizedTest
    @CsvSource({
        "flow:width=8, diagonal, FlowPrior",
        "hierarchical:groups=2:width=8:top=flow, top-down:width=8, FlowPrior",
        "standard-normal, iaf:width=8:features=4, Refined"
    })
    void distributionsThatCannotBeCodedAreRefused(String prior, String posterior, String named) {
        VaeArchitecture architecture = model(new Bernoulli(), prior, posterior, GREY, 0);
        BitsBack coder = bitsBack(architecture);
        assertThatThrownBy(() -> coder.compress(images(architecture, 3), 12, 7, Watch.NONE))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("cannot compress: " + named + "; expected ");
    }

    @Test
    void aModelThatHasDivergedIsRefused() {
        for (String broken : List.of("encoder", "decoder")) {
            VaeArchitecture architecture = models().get(0);
            Vae vae = vae(architecture);
            try (var scope = Scope.withoutGradients()) {
                vae.parameters().entrySet().stream()
                        .filter(parameter -> parameter.getKey().startsWith(broken))
                        .forEach(parameter -> parameter.getValue().mulInPlace(Double.NaN));
            }
            BitsBack coder = new BitsBack(vae, architecture.image(), MODEL);
            assertThatThrownBy(() -> coder.compress(images(architecture, 3), 12, 7, Watch.NONE))
                    .as(broken)
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining("are not finite numbers");
        }
    }

    @Test
    void imagesThatDoNotFitTheModelAreRefused() {
        BitsBack grey = bitsBack(models().get(0));
        assertThatThrownBy(() -> grey.compress(images(models().get(1), 2), 12, 7, Watch.NONE))
                .isInstanceOf(InputException.class)
                .hasMessage("noise has images of 3×8×9; the model is one of 1×8×8");
        BitsBack conditional = bitsBack(models().get(models().size() - 1));
        ImageSet unlabelled = ImageSet.unlabelled("plain", new byte[64], 1, 8, 8);
        assertThatThrownBy(() -> conditional.compress(unlabelled, 12, 7, Watch.NONE))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("plain has no labels");
        assertThatThrownBy(() -> grey.compress(images(models().get(0), 2), 21, 7, Watch.NONE))
                .isInstanceOf(InputException.class)
                .hasMessage("latentBits 21: expected 1 to 20");
    }

    @Test
    void aRequestedStopEndsBothDirections() {
        VaeArchitecture architecture = models().get(0);
        BitsBack coder = bitsBack(architecture);
        ImageSet images = images(architecture, 20);
        Watch stopped = Watch.stopWhen(() -> true);
        assertThatThrownBy(() -> coder.compress(images, 12, 7, stopped)).isInstanceOf(StoppedException.class);
        CodedFile file = coder.compress(images, 12, 7, Watch.NONE).file();
        assertThatThrownBy(() -> coder.decompress(file, NAME, stopped)).isInstanceOf(StoppedException.class);
    }

    @Test
    void progressCountsImagesInBothDirections() {
        VaeArchitecture architecture = models().get(0);
        BitsBack coder = bitsBack(architecture);
        List<String> seen = new ArrayList<>();
        Watch watch = (what, done, all) -> seen.add(what + " " + done + "/" + all);
        CodedFile file = coder.compress(images(architecture, 5), 12, 7, watch).file();
        coder.decompress(file, NAME, watch);
        assertThat(seen)
                .containsExactly(
                        "compressing 0/5",
                        "compressing 1/5",
                        "compressing 5/5",
                        "decompressing 0/5",
                        "decompressing 4/5",
                        "decompressing 5/5");
    }

    @Test
    void otherWeightsProgramEngineThreadsOrDeviceAreNamed() {
        VaeArchitecture architecture = models().get(0);
        Vae vae = vae(architecture);
        CodedFile file = new BitsBack(vae, architecture.image(), MODEL)
                .compress(images(architecture, 5), 12, 7, Watch.NONE)
                .file();
        String other = "cd".repeat(32);
        refused(
                new BitsBack(vae, architecture.image(), other),
                file,
                "compressed with other weights (SHA-256 " + MODEL);
        BitsBack coder = new BitsBack(vae, architecture.image(), MODEL);
        refused(
                coder,
                altered(file, header -> header.replace("\"program\":\"", "\"program\":\"0")),
                "another version of this program: 0");
        refused(
                coder,
                altered(file, header -> header.replace("libtorch", "libtorch 1")),
                "another engine: {engine=libtorch 1");
        refused(
                coder,
                altered(file, header -> header.replace("\"cpu\"", "\"cuda\"")),
                "another device: cuda, here it is cpu");
        int threads = Engine.threads();
        refused(
                coder,
                altered(file, header -> header.replace("\"threads\":" + threads, "\"threads\":" + (threads + 1))),
                "another number of threads: " + (threads + 1) + ", here it is " + threads);
        refused(
                coder,
                altered(file, header -> header.replace("1x8x8", "1x8x9")),
                "images of 1×8×9 with 16 levels; the model's are of 1×8×8");
    }

    @Test
    void whatDoesNotDecodeToTheCompressedImagesIsRefused() {
        VaeArchitecture architecture = models().get(0);
        BitsBack coder = bitsBack(architecture);
        BitsBack.Compressed compressed = coder.compress(images(architecture, 5), 12, 7, Watch.NONE);
        CodedFile file = compressed.file();
        byte[] payload = file.payload();
        byte[] flipped = payload.clone();
        flipped[20] ^= 1;
        refused(coder, new CodedFile(file.header(), flipped), "does not decode: ");
        byte[] shorter = Arrays.copyOf(payload, payload.length - 80);
        refused(coder, new CodedFile(file.header(), shorter), "does not decode: ");
        refused(coder, new CodedFile(file.header(), new byte[3]), "does not decode: a stack of 3 bytes");
        refused(coder, altered(file, header -> header.replace("\"seed\":7", "\"seed\":8")), "are not those that were");
        refused(coder, altered(file, header -> header.replace("\"n\":5", "\"n\":4")), "does not decode: ");
        refused(coder, altered(file, header -> header.replace("\"n\":5", "\"n\":2147483647")), "does not decode: ");
        String sha256 = compressed.images().sha256();
        refused(coder, altered(file, header -> header.replace(sha256, MODEL)), "its images are not those that were");
    }

    /** As on another machine: the header agrees, and the networks give other numbers. */
    @Test
    void networksThatRoundDifferentlyAreNoticed() {
        VaeArchitecture architecture = models().get(0);
        ImageSet images = images(architecture, 40);
        Vae vae = vae(architecture);
        CodedFile file = new BitsBack(vae, architecture.image(), MODEL)
                .compress(images, 12, 7, Watch.NONE)
                .file();
        try (var scope = Scope.withoutGradients()) {
            vae.parameters().values().forEach(parameter -> parameter.mulInPlace(1.00001));
        }
        refused(new BitsBack(vae, architecture.image(), MODEL), file, "the networks round differently here");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'\"n\":5' | '\"n\":0' | n 0: expected at least 1",
                "'\"levels\":16' | '\"levels\":257' | levels 257: expected 2 to 256",
                "'1x8x8' | '1x8' | image 1x8: expected CxHxW",
                "'\"threads\":' | '\"threads\":-' | expected 1 to 1024",
                "'\"cpu\"' | '\"tpu\"' | device tpu: expected cpu or cuda",
                "'\"latent_bits\":12' | '\"latent_bits\":21' | latent_bits 21: expected 1 to 20",
                "'\"initial_words\":' | '\"initial_words\":-' | expected at least 0",
                "'bits-back' | 'pixel-cnn' | format pixel-cnn: expected bits-back",
                "'\"seed\":7,' | '' | its header is not that of compressed images",
                "'\"seed\":7' | '\"seed\":null' | its header is not that of compressed images",
                "'{' | '[' | its header is not that of compressed images",
                "'}' | '' | its header is not that of compressed images"
            })
    void headersOutOfRangeAreRefused(String found, String replacement, String why) {
        VaeArchitecture architecture = models().get(0);
        BitsBack coder = bitsBack(architecture);
        CodedFile file =
                coder.compress(images(architecture, 5), 12, 7, Watch.NONE).file();
        refused(coder, altered(file, header -> header.replace(found, replacement)), why);
    }

    @Test
    void aWeightFileIsKnownByItsChecksum() throws IOException {
        VaeArchitecture architecture = models().get(0);
        ImageSet images = images(architecture, 4);
        Path weights = folder.resolve("vae.safetensors");
        Safetensors.write(weights, Weights.of(vae(architecture).state(), architecture.metadata()));
        CodedFile file;
        try (VaeFile read = VaeFile.read(weights, Device.CPU)) {
            file = BitsBack.of(read).compress(images, 12, 7, Watch.NONE).file();
            assertThat(BitsBack.of(read).decompress(file, NAME, Watch.NONE).size())
                    .isEqualTo(4);
        }
        Vae other = closing(architecture.create(init(DType.FLOAT32, 6)));
        Safetensors.write(weights, Weights.of(other.state(), architecture.metadata()));
        try (VaeFile read = VaeFile.read(weights, Device.CPU)) {
            refused(BitsBack.of(read), file, "compressed with other weights");
        }
    }

    private static CodedFile altered(CodedFile file, UnaryOperator<String> change) {
        String header = change.apply(file.header());
        assertThat(header).isNotEqualTo(file.header());
        return new CodedFile(header, file.payload());
    }

    private static void refused(BitsBack coder, CodedFile file, String why) {
        assertThatThrownBy(() -> coder.decompress(file, NAME, Watch.NONE))
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith(NAME + ": ")
                .hasMessageContaining(why);
    }
}
