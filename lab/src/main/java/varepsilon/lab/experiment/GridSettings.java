package varepsilon.lab.experiment;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Map.Entry;
import java.util.stream.Collectors;
import varepsilon.base.InputException;
import varepsilon.lab.spec.Yaml;

/**
 * Trainings that differ in some settings.
 *
 * @param base the settings of a training that all share
 * @param grid by key, such as {@code fitting.learningRate}, the values that are combined each with each
 * @param cells further trainings, each by what it has other than the base
 * @param seeds each training is done once with each
 */
record GridSettings(
        ObjectNode base, Map<String, List<JsonNode>> grid, List<Map<String, JsonNode>> cells, List<Long> seeds) {
    /** Keys of a file that a grid is made from. */
    static final List<String> KEYS = List.of("grid", "cells", "seeds");

    private static final String SEED = "seed";

    GridSettings {
        if (seeds.isEmpty()) {
            throw new InputException("seeds: expected at least one");
        }
        grid.forEach((key, values) -> {
            if (values.isEmpty()) {
                throw new InputException("grid." + key + ": expected a list of at least one value");
            }
            requireNoSeed("grid", key);
        });
        cells.forEach(cell -> cell.keySet().forEach(key -> requireNoSeed("cells", key)));
    }

    /** The grid that a file describes. */
    static GridSettings of(ExperimentFile file) {
        Map<String, List<JsonNode>> grid = new LinkedHashMap<>();
        section(file, "grid", file.document().get("grid")).properties().forEach(axis -> {
            grid.put(axis.getKey(), list(file, "grid." + axis.getKey(), axis.getValue()));
        });
        List<Map<String, JsonNode>> cells = new ArrayList<>();
        for (JsonNode cell : list(file, "cells", file.document().get("cells"))) {
            Map<String, JsonNode> values = new LinkedHashMap<>();
            section(file, "cells", cell).properties().forEach(entry -> values.put(entry.getKey(), entry.getValue()));
            cells.add(values);
        }
        List<Long> seeds = new ArrayList<>();
        for (JsonNode seed : list(file, "seeds", file.document().get("seeds"))) {
            if (!seed.isIntegralNumber()) {
                throw new InputException(file.source() + ": key 'seeds': expected whole numbers, not " + seed);
            }
            seeds.add(seed.asLong());
        }
        return new GridSettings(file.settings(), grid, cells, seeds);
    }

    private static ObjectNode section(ExperimentFile file, String key, JsonNode value) {
        if (value instanceof ObjectNode section) {
            return section;
        }
        throw new InputException(file.source() + ": key '" + key + "': expected keys with values, not " + value);
    }

    private static List<JsonNode> list(ExperimentFile file, String key, JsonNode value) {
        if (!(value instanceof ArrayNode array)) {
            throw new InputException(
                    file.source() + ": key '" + key + "': expected a list such as [1, 2], not " + value);
        }
        List<JsonNode> values = new ArrayList<>();
        array.forEach(values::add);
        return values;
    }

    /** Each training is run with every seed, so an axis or a cell cannot have a seed of its own. */
    private static void requireNoSeed(String section, String key) {
        if (key.equals(SEED)) {
            throw new InputException(
                    section + "." + key + ": expected under the key 'seeds', as a list of whole numbers");
        }
    }

    /** The settings in which one training differs from the base, its seed last. */
    record Assignment(Map<String, JsonNode> values) {
        /** In a few words: {@code latentDim 20, seed 42}. */
        String label() {
            return values.entrySet().stream()
                    .map(entry -> entry.getKey() + " " + text(entry.getValue()))
                    .collect(Collectors.joining(", "));
        }

        /** The same without its seed. */
        Assignment withoutSeed() {
            Map<String, JsonNode> others = new LinkedHashMap<>(values);
            others.remove(SEED);
            return new Assignment(others);
        }

        private static String text(JsonNode value) {
            return value.isTextual() ? value.asText() : value.toString();
        }

        /**
         * The settings of the training.
         *
         * @param config the record that they will be read as
         */
        ObjectNode applied(ObjectNode base, Class<? extends Record> config) {
            ObjectNode all = base.deepCopy();
            values.forEach((key, value) -> Yaml.put(all, "", key, value, config, "the grid"));
            return all;
        }
    }

    /** All trainings. */
    List<Assignment> assignments() {
        List<Map<String, JsonNode>> combined = new ArrayList<>();
        if (!grid.isEmpty() || cells.isEmpty()) {
            combined.add(Map.of());
        }
        for (Entry<String, List<JsonNode>> axis : grid.entrySet()) {
            List<Map<String, JsonNode>> longer = new ArrayList<>();
            for (Map<String, JsonNode> one : combined) {
                for (JsonNode value : axis.getValue()) {
                    longer.add(with(one, axis.getKey(), value));
                }
            }
            combined = longer;
        }
        combined.addAll(cells);
        List<Assignment> assignments = new ArrayList<>();
        for (Map<String, JsonNode> one : combined) {
            for (long seed : seeds) {
                assignments.add(new Assignment(with(one, SEED, LongNode.valueOf(seed))));
            }
        }
        return assignments;
    }

    private static Map<String, JsonNode> with(Map<String, JsonNode> values, String key, JsonNode value) {
        Map<String, JsonNode> longer = new LinkedHashMap<>(values);
        longer.put(key, value);
        return longer;
    }

    /** The keys that any training has other than the base, in order. */
    List<String> keys() {
        return assignments().stream()
                .flatMap(assignment -> assignment.values().keySet().stream())
                .distinct()
                .toList();
    }
}
