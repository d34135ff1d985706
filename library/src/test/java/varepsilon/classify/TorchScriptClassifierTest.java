package varepsilon.classify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.classify.ClassifierFile.Stated;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.InputException;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;
import varepsilon.tensor.TorchScript;

/** The files of make_torchscript.py, good and bad. */
class TorchScriptClassifierTest extends ScopedTest {
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
        assertThat(file.notes()).singleElement().asString().contains("TorchScript", "as they are");
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
                "two_results; a Tuple; expected one tensor",
                "whole_numbers; INT64; expected logits",
                "detached; no gradient; no_grad",
                "double; FLOAT32[2, 1, 8, 8]; same dtype"
            })
    void programsThatAreNoClassifiersAreRefused(String name, String found, String expected) throws IOException {
        Classifier classifier = read(name).classifier();
        Tensor pixels = images().requiresGrad(true);
        assertThatThrownBy(() -> classifier.logits(pixels))
                .isInstanceOf(InputException.class)
                .hasMessageContainingAll(name + ".pt", found, expected)
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
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
