package varepsilon.robust.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import varepsilon.ScopedTest;
import varepsilon.base.InputException;
import varepsilon.base.Watch;
import varepsilon.classify.Classifier;
import varepsilon.data.ImageSet;
import varepsilon.robust.attack.Fgsm;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.stats.Accuracy;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Tensor;
import varepsilon.weights.Safetensors;
import varepsilon.weights.Weights;

class AdversarialExamplesTest extends ScopedTest {
    private static final float[] W = {1, -1, 2, -2, 1, 1, -1, -1, 3, -3, 0.5f, -0.5f, 2, 1, -1, -2};

    @TempDir
    Path folder;

    /** In batches of seven, of which the last is smaller. */
    private static AdversarialExamples examples(Classifier classifier, ImageSet images, Norm norm, double epsilon) {
        Trial other = Trial.untargeted(new Fgsm(), ThreatModel.of(Norm.LINF, 0.2));
        Trial trial = Trial.untargeted(new Fgsm(), ThreatModel.of(norm, epsilon));
        RobustEvaluation evaluation = new RobustEvaluation(List.of(other, trial), 7, 1, Device.CPU);
        try (AdversarialCollector collector = new AdversarialCollector(evaluation, 1)) {
            evaluation.of(classifier, images, collector, Watch.NONE);
            return collector.examples(Map.of("weights", "toy", "attack", "a setting cannot replace this"));
        }
    }

    private static ImageSet images() {
        return Toys.labelledBy(Toys.random(29, 40, 215, 2, 3), W, 0);
    }

    @Test
    void comeBackAsTheyWereSaved() throws IOException {
        AdversarialExamples saved = examples(Toys.linear(W, 0), images(), Norm.LINF, 0.05);
        saved.write(folder.resolve("examples.safetensors"));
        AdversarialExamples read = AdversarialExamples.read(folder.resolve("examples.safetensors"));

        assertThat(read.clean().toFloats()).isEqualTo(saved.clean().toFloats());
        assertThat(read.adversarial().shape()).containsExactly(29, 1, 4, 4);
        assertThat(read.adversarial().toFloats()).isEqualTo(saved.adversarial().toFloats());
        assertThat(read.labels()).isEqualTo(images().labels()).isEqualTo(saved.labels());
        assertThat(read.cleanPredictions()).isEqualTo(saved.cleanPredictions());
        assertThat(read.predictions()).isEqualTo(saved.predictions()).isNotEqualTo(saved.cleanPredictions());
        assertThat(read.indices()).isEqualTo(saved.indices()).containsSequence(26, 27, 28);
        assertThat(read.attack()).isEqualTo("fgsm");
        assertThat(read.threat()).isEqualTo(ThreatModel.of(Norm.LINF, 0.05));
        assertThat(read.settings()).containsExactly(Map.entry("weights", "toy"));
    }

    @ParameterizedTest
    @CsvSource({"linf, 0.05", "l2, 0.15", "l1, 0.401"})
    void arePredictedAgainFromBothForms(String norm, double epsilon) throws IOException {
        Classifier linear = Toys.linear(W, 0);
        AdversarialExamples saved = examples(linear, images(), Norm.named(norm), epsilon);
        new PngPairs(folder).write(saved);
        Reprediction floats = Reprediction.ofFloats(linear, saved, 10, Device.CPU);
        Reprediction pngs = Reprediction.ofPngs(linear, saved, folder, 10, Device.CPU);

        int broken = 0;
        for (int i = 0; i < saved.n(); i++) {
            broken += saved.predictions()[i] == saved.labels()[i] ? 0 : 1;
        }
        assertThat(broken).isBetween(3, 28);
        assertThat(floats)
                .isEqualTo(new Reprediction(
                        new Accuracy(29, 29),
                        new Accuracy(29 - broken, 29),
                        0,
                        broken,
                        broken,
                        floats.maxPerturbation(),
                        epsilon));
        assertThat(floats.maxPerturbation()).isCloseTo(epsilon, within(1e-6));
        assertThat(floats.isWithinThreatModel()).isTrue();
        double halfLevel = 0.5 / 255;
        double rounding = switch (norm) {
            case "linf" -> halfLevel;
            case "l2" -> 4 * halfLevel;
            default -> 16 * halfLevel;
        };
        assertThat(pngs.allowed()).isCloseTo(epsilon + rounding, within(1e-12));
        assertThat(pngs.isWithinThreatModel()).isTrue();
        assertThat(pngs.maxPerturbation()).isNotCloseTo(epsilon, within(1e-6));
        assertThat(pngs.clean()).isEqualTo(floats.clean());
        assertThat(pngs.adversarial()).isEqualTo(broken);
        // What rounding did to each is what a linear classifier says of the rounded pixels.
        int stillBroken = 0;
        float[] perturbed = saved.adversarial().toFloats();
        for (int i = 0; i < saved.n(); i++) {
            double score = 0;
            for (int d = 0; d < 16; d++) {
                score += W[d] * (Math.floor(perturbed[i * 16 + d] * 255.0 + 0.5) / 255);
            }
            stillBroken +=
                    (score > 0 ? 1 : 0) != saved.labels()[i] && saved.predictions()[i] != saved.labels()[i] ? 1 : 0;
        }
        assertThat(pngs.stillAdversarial()).isEqualTo(stillBroken);
    }

    @Test
    void aPerturbationBelowHalfALevelIsLostInBytes() throws IOException {
        Classifier sharp = Toys.byMean(mean -> mean.sub(100.2 / 255));
        AdversarialExamples saved = examples(sharp, Toys.flat(5, 100), Norm.LINF, 0.4 / 255);
        new PngPairs(folder).write(saved);

        assertThat(Reprediction.ofFloats(sharp, saved, 5, Device.CPU).stillAdversarial())
                .isEqualTo(5);
        Reprediction pngs = Reprediction.ofPngs(sharp, saved, folder, 5, Device.CPU);
        assertThat(pngs.maxPerturbation()).isZero();
        assertThat(pngs.stillAdversarial()).isZero();
        assertThat(pngs.differing()).isEqualTo(5);
        assertThat(pngs.robust()).isEqualTo(new Accuracy(5, 5));
    }

    @Test
    void aFileThatGoesBeyondItsThreatModelIsFoundOut() {
        AdversarialExamples saved = examples(Toys.linear(W, 0), images(), Norm.LINF, 0.05);
        AdversarialExamples claimed = new AdversarialExamples(
                saved.clean(),
                saved.adversarial(),
                saved.labels(),
                saved.cleanPredictions(),
                saved.predictions(),
                saved.indices(),
                "fgsm",
                ThreatModel.of(Norm.LINF, 0.04),
                Map.of());

        assertThat(Reprediction.ofFloats(Toys.linear(W, 0), claimed, 10, Device.CPU)
                        .isWithinThreatModel())
                .isFalse();
    }

    @Test
    void coloursComeBackByChannel() throws IOException {
        float[] w = new float[3 * 4];
        Arrays.fill(w, 4, 8, 1); // green alone
        byte[] pixels = new byte[2 * 12];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte) (i * 10);
        }
        ImageSet images = Toys.images(pixels, 3, 2, 2, new int[] {1, 1}, 2);
        AdversarialExamples saved = examples(Toys.linear(w, -0.1), images, Norm.LINF, 10.0 / 255);
        new PngPairs(folder).write(saved);

        BufferedImage clean = ImageIO.read(folder.resolve("00001-clean.png").toFile());
        assertThat(clean.getRGB(1, 0)).isEqualTo(0xff_82_aa_d2); // bytes 13, 17 and 21 of the set
        BufferedImage adversarial =
                ImageIO.read(folder.resolve("00001-adversarial.png").toFile());
        assertThat(adversarial.getRGB(1, 0)).isEqualTo(0xff_82_a0_d2);
        assertThat(new PngPairs(folder)
                        .read(PngPairs.Side.CLEAN, new int[] {1}, 3, 2, 2)
                        .toFloats())
                .isEqualTo(saved.clean().narrow(0, 1, 1).toFloats());
    }

    @Test
    void greysKeepTheirLevels() throws IOException {
        byte[] levels = new byte[256];
        for (int i = 0; i < 256; i++) {
            levels[i] = (byte) i;
        }
        ImageSet ramp = Toys.images(levels, 1, 16, 16, new int[] {0}, 2);
        AdversarialExamples saved = examples(Toys.byMean(mean -> mean.sub(0.9)), ramp, Norm.LINF, 0);
        new PngPairs(folder).write(saved);

        Tensor read = new PngPairs(folder).read(PngPairs.Side.ADVERSARIAL, new int[] {0}, 1, 16, 16);
        assertThat(read.mul(255).add(0.5).to(DType.UINT8).toBytes()).isEqualTo(levels);
    }

    @Test
    void imagesThatAreNoPicturesAreRefused() {
        ImageSet two = Toys.images(new byte[2 * 8], 2, 2, 2, new int[] {0, 0}, 2);
        AdversarialExamples saved = examples(Toys.linear(new float[8], -1), two, Norm.LINF, 0.1);

        assertThatThrownBy(() -> new PngPairs(folder).write(saved))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("images of 2 channels");
    }

    // ---- Files that are not what they should be --------------------------------------------------------------------

    private void refuses(Consumer<Map<String, Tensor>> tensors, Consumer<Map<String, String>> metadata, String words)
            throws IOException {
        Path path = folder.resolve("damaged.safetensors");
        examples(Toys.linear(W, 0), images(), Norm.LINF, 0.05).write(path);
        Weights whole = Safetensors.read(path);
        Map<String, Tensor> changed = new LinkedHashMap<>(whole.tensors());
        Map<String, String> said = new LinkedHashMap<>(whole.metadata());
        tensors.accept(changed);
        metadata.accept(said);
        Safetensors.write(path, Weights.of(changed, said));

        assertThatThrownBy(() -> AdversarialExamples.read(path))
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith(path.toString())
                .hasMessageContaining(words);
    }

    @Test
    void otherTensorsAreRefused() throws IOException {
        refuses(tensors -> tensors.remove("labels"), none -> {}, "labels");
        refuses(tensors -> tensors.remove("adversarial"), none -> {}, "adversarial");
        refuses(tensors -> tensors.replace("labels", Tensor.of(new long[3], 3)), none -> {}, "labels [3] not [29]");
        refuses(tensors -> tensors.replace("clean", Tensor.zeros(DType.FLOAT32, 29, 16)), none -> {}, "clean");
        refuses(
                tensors -> tensors.replace("adversarial", Tensor.zeros(DType.FLOAT32, 29, 16)),
                none -> {},
                "expected N×C×H×W");
        refuses(
                tensors -> tensors.replace("clean", tensors.get("clean").to(DType.FLOAT64)),
                none -> {},
                "clean is of type FLOAT64; expected FLOAT32");
        refuses(
                tensors -> tensors.replace(
                        "predictions", tensors.get("predictions").to(DType.INT32)),
                none -> {},
                "predictions is of type INT32; expected INT64");
    }

    @Test
    void valuesThatCannotBeAreRefused() throws IOException {
        refuses(
                tensors -> tensors.replace("clean", tensors.get("clean").add(0.5)),
                none -> {},
                "clean has pixels from");
        refuses(
                tensors -> tensors.replace(
                        "adversarial", tensors.get("adversarial").mul(Double.NaN)),
                none -> {},
                "adversarial has pixels from NaN to NaN; expected values in [0, 1]");
        refuses(
                tensors ->
                        tensors.replace("labels", tensors.get("labels").sub(1).to(DType.INT64)),
                none -> {},
                "labels has -1");
        refuses(
                tensors -> tensors.replace(
                        "indices", tensors.get("indices").add(4e9).to(DType.INT64)),
                none -> {},
                "indices has 4000000000");
        refuses(
                tensors ->
                        tensors.replace("indices", tensors.get("indices").mul(0).to(DType.INT64)),
                none -> {},
                "indices name an image twice");
    }

    @Test
    void metadataThatSayNothingAreRefused() throws IOException {
        refuses(none -> {}, said -> said.remove("epsilon"), "do not say 'epsilon'");
        refuses(none -> {}, said -> said.replace("epsilon", "8/255!"), "epsilon is not a number");
        refuses(none -> {}, said -> said.replace("epsilon", "-1"), "epsilon -1.0: expected");
        refuses(none -> {}, said -> said.replace("epsilon", "NaN"), "epsilon NaN: expected");
        refuses(none -> {}, said -> said.replace("norm", "l7"), "norm 'l7': expected linf, l2, l1 or l0");
        refuses(none -> {}, said -> said.remove("attack"), "do not say 'attack'");
    }

    @Test
    void truncatedFilesAreRefused() throws IOException {
        Path path = folder.resolve("short.safetensors");
        examples(Toys.linear(W, 0), images(), Norm.LINF, 0.05).write(path);
        byte[] whole = Files.readAllBytes(path);
        Files.write(path, Arrays.copyOf(whole, whole.length - 1));

        assertThatThrownBy(() -> AdversarialExamples.read(path))
                .isInstanceOf(InputException.class)
                .hasMessageContaining(path.toString());
    }

    private void refusesPicture(byte[] bytes, String words) throws IOException {
        Path path = folder.resolve("00000-clean.png");
        Files.write(path, bytes);

        assertThatThrownBy(() -> new PngPairs(folder).read(PngPairs.Side.CLEAN, new int[] {0}, 1, 4, 4))
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith(path.toString())
                .hasMessageContaining(words);
    }

    private byte[] picture(int width, int height, int type) throws IOException {
        Path path = folder.resolve("made.png");
        ImageIO.write(new BufferedImage(width, height, type), "png", path.toFile());
        return Files.readAllBytes(path);
    }

    @Test
    void otherPicturesAreRefused() throws IOException {
        byte[] right = picture(4, 4, BufferedImage.TYPE_BYTE_GRAY);
        byte[] claimsToBeHuge = right.clone();
        ByteBuffer.wrap(claimsToBeHuge).putInt(16, 1 << 30).putInt(20, 1 << 30);

        refusesPicture(picture(5, 4, BufferedImage.TYPE_BYTE_GRAY), "expected a picture of 4×4 pixels");
        refusesPicture(picture(4, 4, BufferedImage.TYPE_3BYTE_BGR), "with 1 channels of 8 bits");
        refusesPicture(picture(4, 4, BufferedImage.TYPE_USHORT_GRAY), "with 1 channels of 8 bits");
        refusesPicture(claimsToBeHuge, "expected a picture of 4×4 pixels");
        refusesPicture(Arrays.copyOf(right, 40), "not a PNG picture, or it is damaged");
        refusesPicture(new byte[0], "not a PNG picture, or it is damaged");
        refusesPicture("not a picture".getBytes(StandardCharsets.US_ASCII), "not a PNG picture");
        refusesPicture(new byte[1 << 17], "131072 bytes; expected at most");
        Files.delete(folder.resolve("00000-clean.png"));
        assertThatThrownBy(() -> new PngPairs(folder).read(PngPairs.Side.CLEAN, new int[] {0}, 1, 4, 4))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("00000-clean.png: there is no such file");
    }

    @Test
    void collectorsNameOneOfTheTrials() {
        RobustEvaluation none = new RobustEvaluation(List.of(), 7, 1, Device.CPU);

        assertThatThrownBy(() -> new AdversarialCollector(none, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("trial 0 of 0");
    }
}
