package varepsilon.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.MalformedModelException;
import ai.djl.inference.Predictor;
import ai.djl.modality.Classifications;
import ai.djl.modality.cv.Image;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.Batchifier;
import ai.djl.translate.Translator;
import ai.djl.translate.TranslatorContext;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import varepsilon.base.InputException;
import varepsilon.base.Watch;
import varepsilon.classify.Architecture;
import varepsilon.classify.ClassifierGraph;
import varepsilon.classify.NetworkClassifier;
import varepsilon.classify.Normalisation;
import varepsilon.data.Batches;
import varepsilon.data.Glyphs;
import varepsilon.data.ImageSet;
import varepsilon.graph.OnnxFile;
import varepsilon.nn.Init;
import varepsilon.robust.attack.Attack;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.Pgd;
import varepsilon.robust.attack.Square;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.robust.evaluate.RobustEvaluation;
import varepsilon.robust.evaluate.RobustnessReport;
import varepsilon.robust.evaluate.Trial;
import varepsilon.tensor.Device;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

/** One of our networks, exported and run by DJL's ONNX Runtime engine. */
class DjlClassifierTest {
    private static final ImageSet IMAGES = Glyphs.draw("glyphs", 16, 3);
    private static final List<String> NAMES = IMAGES.classNames();

    @TempDir
    private Path folder;

    private NetworkClassifier ours;
    private Path file;

    @BeforeEach
    void export() throws IOException {
        try (Rng random = Seed.of(1).stream();
                var scope = Scope.withoutGradients()) {
            ours = new Architecture("small-cnn", 10, Normalisation.none(1)).create(Init.on(Device.CPU, random));
            file = folder.resolve("model.onnx");
            try (ClassifierGraph graph = ClassifierGraph.of(ours, 1, 28, 28)) {
                OnnxFile.write(file, graph.graph(), Map.of());
            }
        }
    }

    @AfterEach
    void close() {
        ours.close();
    }

    private <I, O> ZooModel<I, O> opened(Class<I> in, Class<O> out, Translator<I, O> translator)
            throws IOException, ModelNotFoundException, MalformedModelException {
        return Criteria.builder()
                .setTypes(in, out)
                .optModelPath(file)
                .optEngine("OnnxRuntime")
                .optTranslator(translator)
                .build()
                .loadModel();
    }

    private static Tensor pixels(int n) {
        return Batches.of(IMAGES, n).iterator().next().pixels(Device.CPU);
    }

    @Test
    void tensorsGiveTheLogitsOfTheModel() throws Exception {
        try (ZooModel<NDList, NDList> model = opened(NDList.class, NDList.class, null);
                Predictor<NDList, NDList> predictor = model.newPredictor();
                NDManager manager = model.getNDManager().newSubManager();
                DjlClassifier djl = DjlClassifier.ofTensors(predictor, manager);
                var scope = Scope.withoutGradients()) {
            for (int n : new int[] {1, 16}) {
                assertThat(djl.logits(pixels(n)).toDoubles())
                        .containsExactly(ours.logits(pixels(n)).toDoubles(), within(1e-5));
            }
            assertThat(djl.hasGradients()).isFalse();
            assertThat(djl.notes()).anyMatch(note -> note.contains("black box"));
            RobustnessReport attacked = evaluation(new Square(200, 1, 0.3)).of(djl, IMAGES, Watch.NONE);
            RobustnessReport same = evaluation(new Square(200, 1, 0.3)).of(ours, IMAGES, Watch.NONE);
            assertThat(attacked.clean()).isEqualTo(same.clean());
            assertThat(attacked.worstCaseAccuracy()).isEqualTo(same.worstCaseAccuracy());
            assertThatThrownBy(() -> evaluation(Pgd.ofSteps(3)).of(djl, IMAGES, Watch.NONE))
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining("gradient");
        }
    }

    private static RobustEvaluation evaluation(Attack attack) {
        Trial trial = Trial.untargeted(attack, ThreatModel.of(Norm.LINF, 0.2));
        return new RobustEvaluation(List.of(trial), 16, 1, Device.CPU);
    }

    /** As a translator of the model zoo: 8-bit images in, probabilities out. */
    private static final class Digits implements Translator<Image, Classifications> {
        @Override
        public NDList processInput(TranslatorContext context, Image input) {
            BufferedImage image = (BufferedImage) input.getWrappedImage();
            float[] values = new float[28 * 28];
            for (int i = 0; i < values.length; i++) {
                values[i] = (image.getRGB(i % 28, i / 28) & 0xff) / 255F;
            }
            return new NDList(context.getNDManager().create(values, new Shape(1, 1, 28, 28)));
        }

        @Override
        public Classifications processOutput(TranslatorContext context, NDList list) {
            float[] logits = list.get(0).toFloatArray();
            double sum = 0;
            for (float logit : logits) {
                sum += Math.exp(logit);
            }
            List<Double> probabilities = new ArrayList<>();
            for (float logit : logits) {
                probabilities.add(Math.exp(logit) / sum);
            }
            return new Classifications(NAMES, probabilities);
        }

        @Override
        public Batchifier getBatchifier() {
            return null;
        }
    }

    @Test
    void pixelsBecomeLevelsOfRedGreenAndBlue() {
        try (var scope = Scope.withoutGradients()) {
            Tensor two = Tensor.of(
                    new float[] {0, 1, 0.5f, 0, 1, 0, /* the second image */ 0.2f, 2, 0, 0, 0, -1}, 2, 3, 1, 2);
            List<Image> images = DjlClassifier.images(two);
            assertThat(images).hasSize(2);
            BufferedImage first = (BufferedImage) images.get(0).getWrappedImage();
            assertThat(first.getRGB(0, 0) & 0xffffff).isEqualTo(0x0080ff);
            assertThat(first.getRGB(1, 0) & 0xffffff).isEqualTo(0xff0000);
            BufferedImage second = (BufferedImage) images.get(1).getWrappedImage();
            assertThat(second.getRGB(0, 0) & 0xffffff).isEqualTo(0x330000);
            assertThat(second.getRGB(1, 0) & 0xffffff).isEqualTo(0xff0000);
            assertThatThrownBy(() -> DjlClassifier.images(Tensor.of(new float[4], 1, 4, 1, 1)))
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining("4 channels: expected 1 or 3");
        }
    }

    @Test
    void imagesGiveTheProbabilitiesOfTheModel() throws Exception {
        try (ZooModel<Image, Classifications> model = opened(Image.class, Classifications.class, new Digits());
                Predictor<Image, Classifications> predictor = model.newPredictor();
                var scope = Scope.withoutGradients()) {
            List<String> reversed = new ArrayList<>(NAMES);
            Collections.reverse(reversed);
            Tensor expected = ours.logits(pixels(3)).softmax(1);
            for (List<String> order : List.of(NAMES, reversed)) {
                try (DjlClassifier djl = DjlClassifier.ofImages(predictor, order)) {
                    double[] found = djl.logits(pixels(3)).exp().toDoubles();
                    double[] wanted = expected.toDoubles();
                    for (int i = 0; i < found.length; i++) {
                        int at = order == NAMES ? i : i / 10 * 10 + 9 - i % 10;
                        assertThat(found[i]).isCloseTo(wanted[at], within(1e-5));
                    }
                }
            }
            try (DjlClassifier djl = DjlClassifier.ofImages(predictor, List.of("ankle boot"))) {
                assertThatThrownBy(() -> djl.logits(pixels(1)))
                        .isInstanceOf(InputException.class)
                        .hasMessageContaining("no class 'ankle boot'");
            }
        }
    }
}
