package varepsilon.classify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.base.InputException;
import varepsilon.classify.ClassifierFile.Stated;
import varepsilon.data.ImageSet;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;
import varepsilon.tensor.TorchScript;

/** The files of make_torchscript.py, good and bad. */
class TorchScriptClassifierTest extends ClassifierTest {
    private static final String ANSWERS = "torchscript_answers.csv";

    @TempDir
    Path folder;

    private static Tensor images() {
        float[] pixels = new float[2 * 64];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (i * 37 % 101) / 100f;
        }
        return Tensor.of(pixels, 2, 1, 8, 8);
    }

    private ClassifierFile read(String name) throws IOException {
        return closing(ClassifierFile.read(fixture(name + ".pt"), Device.CPU));
    }

    @ParameterizedTest
    @ValueSource(strings = {"scripted", "traced"})
    void logitsAndGradientsAreThoseOfPython(String name) throws IOException {
        ClassifierFile file = read(name);
        assertThat(file.architecture()).isEmpty();
        assertThat(file.notes()).singleElement().asString().contains("TorchScript", "not normalised");
        // More than once: the engine compiles a program after it has watched it run.
        for (int round = 0; round < 4; round++) {
            Tensor pixels = images().requiresGrad(true);
            Tensor logits = file.classifier().logits(pixels);
            assertThat(logits.toDoubles()).containsExactly(answers(ANSWERS, name, "logits"), within(1e-6));
            Tensor gradient =
                    Gradients.of(logits.narrow(0, 0, 1).narrow(1, 0, 1).sum(), pixels);
            assertThat(gradient.narrow(0, 0, 1).toDoubles())
                    .containsExactly(answers(ANSWERS, name, "gradient"), within(1e-6));
        }
    }

    @Test
    void resultsOutliveTheScopeThatTheyAreMadeIn() throws IOException {
        ClassifierFile file = read("scripted");
        Tensor logits;
        try (var scope = Scope.open()) {
            logits = scope.keep(file.classifier().logits(images()));
        }
        for (int i = 0; i < 50; i++) {
            Tensor.full(i, DType.FLOAT32, 2, 3);
        }
        assertThat(logits.toDoubles()).containsExactly(answers(ANSWERS, "scripted", "logits"), within(1e-6));
    }

    @Test
    void aStatedNormalisationGoesFirst() throws IOException {
        Stated stated = new Stated(Optional.empty(), Optional.of(Normalisation.parse("0.5", "0.25")));
        ClassifierFile shifted = closing(ClassifierFile.read(fixture("scripted.pt"), stated, Device.CPU));
        assertThat(shifted.notes()).isEmpty();
        Classifier plain = read("scripted").classifier();
        assertThat(shifted.classifier().logits(images()).toDoubles())
                .containsExactly(plain.logits(images().sub(0.5).mul(4)).toDoubles(), within(1e-6));
    }

    @Test
    void anArchitectureCannotBeStated() {
        Stated stated = new Stated(Optional.of("resnet20"), Optional.empty());
        assertThatThrownBy(() -> ClassifierFile.read(fixture("scripted.pt"), stated, Device.CPU))
                .isInstanceOf(InputException.class)
                .hasMessageContainingAll("scripted.pt", "its own architecture", "resnet20");
    }

    @Test
    void theContentSaysWhatAFileIs() throws IOException {
        Path renamed = folder.resolve("model.safetensors");
        Files.copy(fixture("traced.pt"), renamed);
        assertThat(TorchScript.isProgram(renamed)).isTrue();
        Path stateDict = Path.of("src/test/resources/varepsilon/generative/textbook_vae.pt");
        assertThat(TorchScript.isProgram(stateDict)).isFalse();
        assertThat(TorchScript.isProgram(fixture(ANSWERS))).isFalse();
        assertThat(TorchScript.isProgram(folder)).isFalse();
        assertThatThrownBy(() -> TorchScript.load(stateDict, Device.CPU))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("not a TorchScript program");
    }

    @Test
    void aMissingOperationIsNamed() {
        assertThatThrownBy(() -> ClassifierFile.read(fixture("missing_operator.pt"), Device.CPU))
                .isInstanceOf(InputException.class)
                .hasMessageContainingAll("missing_operator.pt", "Unknown builtin op: varepsilon_missing::twice")
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "no_logits; a dict of 'image', 'n'; a row for each of the 2 images",
                "whole_numbers; INT64; expected logits",
                "detached; no gradient; no_grad"
            })
    void programsThatAreNoClassifiersAreRefused(String name, String found, String expected) throws IOException {
        Classifier classifier = read(name).classifier();
        Tensor pixels = images().requiresGrad(true);
        assertThatThrownBy(() -> classifier.logits(pixels))
                .isInstanceOf(InputException.class)
                .hasMessageContainingAll(name + ".pt", found, expected)
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
    }

    /** The formula of the networks of make_torchscript.py that are no more than their input's sum, by class. */
    private static double[] sums(double factor) {
        double[] pixels = images().toDoubles();
        double first = Arrays.stream(pixels, 0, 64).sum() * factor;
        double second = Arrays.stream(pixels, 64, 128).sum() * factor;
        return new double[] {first, first, first, second, second, second};
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "two_results; element 0 of a tuple of 2",
                "image_first; element 1 of a tuple of 2",
                "several; element 0 of a list of 2",
                "named; 'logits' of a dict of 2",
                "one_named; 'out' of a dict of 1"
            })
    void ofSeveralResultsTheLogitsAreTakenAndNamed(String name, String place) throws IOException {
        ClassifierFile file = read(name);
        Tensor pixels = images().requiresGrad(true);
        Tensor logits = file.classifier().logits(pixels);
        assertThat(logits.toDoubles()).containsExactly(sums(1), within(1e-4));
        assertThat(Gradients.of(logits.narrow(1, 0, 1).sum(), pixels).toDoubles())
                .containsOnly(1);
        assertThat(file.notes()).last().asString().contains(name + ".pt", place, "N×3");
    }

    @ParameterizedTest
    @CsvSource({"double, FLOAT64, 1e-4", "half, FLOAT16, 0.1", "brain, BFLOAT16, 0.5"})
    void programsOfOtherTypesGetTheirInputConverted(String name, String type, double tolerance) throws IOException {
        ClassifierFile file = read(name);
        for (int round = 0; round < 3; round++) {
            Tensor pixels = images().requiresGrad(true);
            Tensor logits = file.classifier().logits(pixels);
            assertThat(logits.dtype()).isEqualTo(DType.FLOAT32);
            assertThat(logits.toDoubles()).containsExactly(sums(1), within(tolerance));
            Tensor gradient = Gradients.of(logits.narrow(1, 0, 1).sum(), pixels);
            assertThat(gradient.dtype()).isEqualTo(DType.FLOAT32);
            assertThat(gradient.toDoubles()).containsOnly(1);
        }
        assertThat(file.notes()).last().asString().contains(name + ".pt", "computes in " + type);
        Tensor colours = Tensor.zeros(DType.FLOAT32, 1, 3, 8, 8);
        assertThatThrownBy(() -> file.classifier().logits(colours))
                .isInstanceOf(InputException.class)
                .hasMessageContainingAll("fails on", "FLOAT32[1, 3, 8, 8]");
    }

    @ParameterizedTest
    @ValueSource(strings = {"one_column", "one_number"})
    void oneLogitIsThatOfClassOneAgainstClassZero(String name) throws IOException {
        ClassifierFile file = read(name);
        Tensor pixels = images().requiresGrad(true);
        Tensor logits = file.classifier().logits(pixels);
        double[] z = {sums(1)[0] - 31.5, sums(1)[3] - 31.5};
        assertThat(logits.toDoubles()).containsExactly(new double[] {0, z[0], 0, z[1]}, within(1e-4));
        Tensor loss = Ops.crossEntropy(logits, Tensor.of(new long[] {0, 1}, 2));
        // Binary cross-entropy with logits: log(1 + eᶻ) for class 0, log(1 + e⁻ᶻ) for class 1.
        assertThat(loss.toDoubles())
                .containsExactly(new double[] {Math.log1p(Math.exp(z[0])), Math.log1p(Math.exp(-z[1]))}, within(1e-4));
        double[] gradient = Gradients.of(loss.sum(), pixels).toDoubles();
        assertThat(gradient[0]).isEqualTo(1 / (1 + Math.exp(-z[0])), within(1e-4));
        assertThat(gradient[127]).isEqualTo(-1 / (1 + Math.exp(z[1])), within(1e-4));
        assertThat(file.notes())
                .last()
                .asString()
                .contains(name + ".pt returns one number", "z > 0")
                .doesNotContain("sigmoid");
    }

    @Test
    void aSingleProbabilityIsNoLogitAndThatIsSaid() throws IOException {
        ClassifierFile file = read("one_probability");
        file.classifier().logits(images());
        assertThat(file.notes()).last().asString().contains("lie in [0, 1]", "sigmoid", "wrong");
    }

    @Test
    void moreOutputsThanLabelsAreNoted() throws IOException {
        ClassifierFile file = read("scripted");
        ImageSet two = ImageSet.labelled("pair", new byte[64], 1, 8, 8, new int[1], List.of("a", "b"));
        ImageSet three = ImageSet.labelled("triple", new byte[64], 1, 8, 8, new int[1], List.of("a", "b", "c"));
        file.requireFits(two);
        file.classifier().logits(images());
        assertThat(file.notesOn(two))
                .last()
                .asString()
                .contains("scripted.pt has 3 outputs", "labels of pair name only the first, 0 to 1");
        assertThat(file.notesOn(three)).isEqualTo(file.notes());
    }

    @Test
    void aNormalisationForOtherImagesIsRefused() throws IOException {
        Stated stated = new Stated(Optional.empty(), Optional.of(Normalisation.none(2)));
        ClassifierFile file = closing(ClassifierFile.read(fixture("scripted.pt"), stated, Device.CPU));
        ImageSet images = ImageSet.labelled("grey", new byte[64], 1, 8, 8, new int[1], List.of("a", "b", "c"));
        assertThatThrownBy(() -> file.requireFits(images))
                .isInstanceOf(InputException.class)
                .hasMessageContainingAll("scripted.pt", "for 2 colour channels", "grey has 1");
    }

    @Test
    void withoutGradientsADetachedProgramWillDo() throws IOException {
        Classifier classifier = read("detached").classifier();
        try (var scope = Scope.withoutGradients()) {
            assertThat(classifier.logits(images()).shape()).containsExactly(2, 3);
        }
    }

    @Test
    void imagesOfAnotherShapeAreRefused() throws IOException {
        Classifier classifier = read("scripted").classifier();
        Tensor colours = Tensor.zeros(DType.FLOAT32, 1, 3, 8, 8);
        assertThatThrownBy(() -> classifier.logits(colours))
                .isInstanceOf(InputException.class)
                .hasMessageContainingAll("FLOAT32[1, 3, 8, 8]", "expected input", "1 channels");
    }

    @Test
    void damageAnywhereIsFoundBeforeTheEngineReadsIt() throws IOException {
        byte[] whole = Files.readAllBytes(fixture("traced.pt"));
        Path damaged = folder.resolve("damaged.pt");
        int refused = 0;
        for (int at = 0; at < whole.length; at += 61) {
            byte[] bytes = whole.clone();
            bytes[at] ^= 0x20;
            Files.write(damaged, bytes);
            // Padding and the fields that nobody reads may change; then it is still the same program.
            try (ClassifierFile file = ClassifierFile.read(damaged, Device.CPU)) {
                assertThat(file.classifier().logits(images()).toDoubles())
                        .as("byte %d", at)
                        .containsExactly(answers(ANSWERS, "traced", "logits"), within(1e-6));
            } catch (InputException e) {
                assertThat(e.getMessage())
                        .as("byte %d", at)
                        .contains("damaged.pt")
                        .doesNotContain("\n");
                refused++;
            }
        }
        assertThat(refused).isGreaterThan(whole.length / 61 / 4);
        for (int length = 0; length < whole.length; length += 997) {
            Files.write(damaged, Arrays.copyOf(whole, length));
            assertThatThrownBy(() -> ClassifierFile.read(damaged, Device.CPU)).isInstanceOf(InputException.class);
        }
    }

    @Test
    void afterItIsClosedItIsNotUsed() throws IOException {
        ClassifierFile file = ClassifierFile.read(fixture("traced.pt"), Device.CPU);
        file.close();
        file.close();
        Tensor pixels = images();
        assertThatThrownBy(() -> file.classifier().logits(pixels)).isInstanceOf(IllegalStateException.class);
    }
}
