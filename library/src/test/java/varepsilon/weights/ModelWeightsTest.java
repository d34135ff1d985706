package varepsilon.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.ScopedTest;
import varepsilon.base.InputException;
import varepsilon.tensor.DType;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/** A model here is what has a weight and a bias. */
class ModelWeightsTest extends ScopedTest {
    private static boolean isModel(Map<String, long[]> shapes) {
        return shapes.containsKey("weight") && shapes.containsKey("bias");
    }

    @TempDir
    Path folder;

    /** A safetensors file with tensors of these names, of which number i is filled with i. */
    private Path written(String... names) throws IOException {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        for (String name : names) {
            tensors.put(name, Tensor.full(tensors.size(), DType.FLOAT32, 2));
        }
        Path path = folder.resolve("weights.safetensors");
        Safetensors.write(path, Weights.of(tensors, Map.of("by", "someone")));
        return path;
    }

    private static ModelWeights read(Path path) throws IOException {
        return ModelWeights.read(path, List.of(ModelWeightsTest::isModel));
    }

    @Test
    void asItIsNothingIsSaid() throws IOException {
        ModelWeights found = read(written("weight", "bias", "more.weight"));
        assertThat(found.weights().names()).containsExactly("weight", "bias", "more.weight");
        assertThat(found.weights().metadata()).containsEntry("by", "someone");
        assertThat(found.place()).isEmpty();
        assertThat(found.notes()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"module.", "model.", "_orig_mod.", "net.", "1.", "0.", "module.model.", "a.b.c.d."})
    void whatStandsBeforeAllNamesIsLeftOutAndNamed(String prefix) throws IOException {
        ModelWeights found = read(written(prefix + "weight", prefix + "bias", prefix + "more.weight"));
        assertThat(found.weights().names()).containsExactly("weight", "bias", "more.weight");
        assertThat(found.weights().get("bias").toFloats()).containsExactly(1, 1);
        assertThat(found.notes()).singleElement().asString().contains("weights.safetensors: '" + prefix + "' before");
    }

    @Test
    void whatIsNotTheModelsKeepsItsNameForTheModelToRefuse() throws IOException {
        ModelWeights found = read(written("mu", "model.weight", "model.bias", "criterion.weight"));
        assertThat(found.weights().names()).containsExactly("weight", "bias", "mu", "criterion.weight");
        Path twice = written("model.weight", "model.bias", "bias");
        assertThatThrownBy(() -> read(twice))
                .isInstanceOf(InputException.class)
                .hasMessageContainingAll("'bias' with and without 'model.'");
    }

    @Test
    void aCopyUnderALongerPrefixIsLeftOutAndNamed() throws IOException {
        ModelWeights found = read(written(
                "module.attacker.model.weight",
                "module.attacker.model.bias",
                "module.model.weight",
                "module.model.bias"));
        assertThat(found.weights().names()).containsExactly("weight", "bias");
        assertThat(found.weights().get("weight").toFloats()).containsExactly(2, 2);
        assertThat(found.notes())
                .first()
                .asString()
                .contains("2 models", "'module.model.', names with 'module.attacker.model.'", "the first");
    }

    @Test
    void whereNothingFitsTheLargestIsReadAsItIs() throws IOException {
        ModelWeights found = read(written("module.a", "module.b"));
        assertThat(found.weights().names()).containsExactly("module.a", "module.b");
        assertThat(found.notes()).isEmpty();
    }

    @Test
    void whatPassesAnEarlierTestGoesFirst() throws IOException {
        Path path = written("x.weight", "x.bias", "y.weight", "y.bias", "y.z");
        assertThat(ModelWeights.read(path, List.of(shapes -> shapes.containsKey("z"), ModelWeightsTest::isModel))
                        .notes())
                .first()
                .asString()
                .contains("names with 'y.', names with 'x.'");
        assertThat(ModelWeights.read(path, List.of(shapes -> shapes.containsKey("none"), ModelWeightsTest::isModel))
                        .notes())
                .first()
                .asString()
                .contains("names with 'x.', names with 'y.'");
    }

    /** A checkpoint of make_state_dicts.py, with many kinds of objects beside its state dicts. */
    @Test
    void theStateDictIsFoundAmongWhatTrainingProgramsSave() throws IOException {
        Path path = TestFiles.pt(folder, "wild.pt");
        ModelWeights found = read(path);
        assertThat(found.weights().names()).containsExactly("weight", "bias");
        assertThat(found.weights().get("weight").toFloats()).containsExactly(0, 1, 2, 3, 4, 5);
        assertThat(found.place()).isEqualTo("'run/best_state_dict'");
        assertThat(found.notes()).hasSize(2);
        assertThat(found.notes().get(0))
                .contains(
                        "2 models",
                        "names with 'module.' in 'run/best_state_dict', 'run/last_state_dict'",
                        "the first");
        assertThat(found.notes().get(1)).contains("'module.' before the names");
    }

    @Test
    void aDamagedFileIsReadOrRefusedAndNothingElse() throws IOException {
        Path path = TestFiles.pt(folder, "wild.pt");
        byte[] whole = Files.readAllBytes(path);
        int refused = 0;
        for (int seed = 0; seed < 300; seed++) {
            var random = new Random(seed);
            Files.write(path, Damage.of(whole, 1 + random.nextInt(6), random));
            try (var inner = Scope.open()) {
                read(path).weights().tensors().values().forEach(Tensor::toRaw);
            } catch (InputException e) {
                assertThat(e.getMessage()).startsWith(path.toString()).doesNotContain("\n");
                refused++;
            }
        }
        assertThat(refused).isGreaterThan(150);
    }
}
