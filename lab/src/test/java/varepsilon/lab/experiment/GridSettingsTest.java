package varepsilon.lab.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import varepsilon.base.InputException;
import varepsilon.lab.spec.Yaml;

class GridSettingsTest {
    private static final ObjectNode BASE =
            Yaml.tree("{latentDim: 20, fitting: {epochs: 3, rate: 0.1}, defects: [], seed: 42}", "test");

    private static JsonNode value(Object value) {
        return new ObjectMapper().valueToTree(value);
    }

    private static Map<String, List<JsonNode>> axes() {
        Map<String, List<JsonNode>> axes = new LinkedHashMap<>();
        axes.put("latentDim", List.of(value(2), value(3)));
        axes.put("fitting.rate", List.of(value(0.5), value(0.25)));
        return axes;
    }

    private static List<String> labels(GridSettings settings) {
        return settings.assignments().stream()
                .map(GridSettings.Assignment::label)
                .toList();
    }

    @Test
    void axesAreCombinedEachWithEach() {
        GridSettings settings = new GridSettings(BASE, axes(), List.of(), List.of(7L, 8L));

        assertThat(labels(settings))
                .containsExactly(
                        "latentDim 2, fitting.rate 0.5, seed 7",
                        "latentDim 2, fitting.rate 0.5, seed 8",
                        "latentDim 2, fitting.rate 0.25, seed 7",
                        "latentDim 2, fitting.rate 0.25, seed 8",
                        "latentDim 3, fitting.rate 0.5, seed 7",
                        "latentDim 3, fitting.rate 0.5, seed 8",
                        "latentDim 3, fitting.rate 0.25, seed 7",
                        "latentDim 3, fitting.rate 0.25, seed 8");
        assertThat(settings.keys()).containsExactly("latentDim", "fitting.rate", "seed");
    }

    @Test
    void listedCellsComeAfterTheGridAndAloneWithoutOne() {
        List<Map<String, JsonNode>> cells = List.of(Map.of("latentDim", value(9)));

        assertThat(labels(new GridSettings(BASE, Map.of(), cells, List.of(7L)))).containsExactly("latentDim 9, seed 7");
        assertThat(labels(new GridSettings(BASE, axes(), cells, List.of(7L))))
                .hasSize(5)
                .endsWith("latentDim 9, seed 7");
        assertThat(labels(new GridSettings(BASE, Map.of(), List.of(), List.of(7L))))
                .containsExactly("seed 7");
    }

    @Test
    void anAssignmentChangesNothingElse() {
        ObjectNode applied = new GridSettings(BASE, axes(), List.of(), List.of(7L))
                .assignments()
                .get(3)
                .applied(BASE, Record.class);

        assertThat(Yaml.write(applied))
                .isEqualTo(Yaml.write(
                        Yaml.tree("{latentDim: 3, fitting: {epochs: 3, rate: 0.25}, defects: [], seed: 7}", "test")));
        assertThat(BASE.get("seed").asInt()).isEqualTo(42);
    }

    @Test
    void listsAreNamedByWhatTheyHold() {
        GridSettings settings =
                new GridSettings(BASE, Map.of("defects", List.of(value(List.of("a", "b")))), List.of(), List.of(7L));

        assertThat(labels(settings)).containsExactly("defects [\"a\",\"b\"], seed 7");
    }

    private static void assertRefused(Map<String, List<JsonNode>> grid, List<Long> seeds, String message) {
        assertThatThrownBy(() -> new GridSettings(BASE, grid, List.of(), seeds)
                        .assignments()
                        .forEach(assignment -> assignment.applied(BASE, Record.class)))
                .isInstanceOf(InputException.class)
                .hasMessageContaining(message);
    }

    @Test
    void whatIsWrongWithAnAxisIsNamed() {
        List<JsonNode> one = List.of(value(1));
        List<Long> seeds = List.of(7L);
        assertRefused(Map.of("latentDims", one), seeds, "unknown key 'latentDims'; did you mean 'latentDim'?");
        assertRefused(Map.of("fiting.epochs", one), seeds, "the grid: unknown key 'fiting'; did you mean 'fitting'?");
        assertRefused(
                Map.of("fitting.epoch", one), seeds, "unknown key 'fitting.epoch'; did you mean 'fitting.epochs'?");
        assertRefused(Map.of("latentDim.epochs", one), seeds, "key 'latentDim.epochs': 'latentDim' has no keys");
        assertRefused(Map.of("latentDim", List.of()), seeds, "grid.latentDim: expected a list of at least one value");
        assertRefused(axes(), List.of(), "seeds: expected at least one");
    }

    /** It would be lost under those of the key 'seeds', and all trainings of the axis be the same. */
    @Test
    void seedsAreNoAxis() {
        assertRefused(Map.of("seed", List.of(value(1), value(2))), List.of(7L), "grid.seed: expected under the key");
        assertThatThrownBy(() -> new GridSettings(BASE, Map.of(), List.of(Map.of("seed", value(1))), List.of(7L)))
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith("cells.seed: expected under the key 'seeds'");
    }
}
