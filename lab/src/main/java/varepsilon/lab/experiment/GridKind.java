package varepsilon.lab.experiment;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.List;
import varepsilon.lab.run.RunStore;
import varepsilon.lab.spec.RunSpec;
import varepsilon.lab.spec.Yaml;

/**
 * Grids of trainings of one kind of model.
 *
 * @param <S> the settings of a training
 */
abstract class GridKind<S extends Record & RunSpec> implements ExperimentKind {
    private final String name;
    private final S usual;
    private final Class<S> settings;

    /**
     * A kind of grid.
     *
     * @param name what is trained
     * @param usual a training by its defaults
     */
    GridKind(String name, S usual, Class<S> settings) {
        this.name = name;
        this.usual = usual;
        this.settings = settings;
    }

    @Override
    public final String name() {
        return name;
    }

    @Override
    public final Record defaults(JsonNode given) {
        return usual;
    }

    @Override
    public final List<String> keys() {
        return GridSettings.KEYS;
    }

    @Override
    public final JsonNode byDefault(String key, ObjectNode given) {
        return switch (key) {
            case "grid" -> given.objectNode();
            case "cells" -> given.arrayNode();
            default -> given.arrayNode().add(given.get("seed"));
        };
    }

    @Override
    public final Experiment in(Workplace workplace, ExperimentFile file) {
        return new GridExperiment<>(this, GridSettings.of(file), workplace.runs());
    }

    /** All settings of one training. */
    final S settings(GridSettings grid, GridSettings.Assignment assignment) {
        return Yaml.read(
                assignment.applied(grid.base(), settings), settings, "the settings with " + assignment.label());
    }

    /** The summary of finished trainings. */
    abstract GridSummary<S, ?> summary(GridSettings grid, List<GridExperiment.Run<S>> runs, RunStore store)
            throws IOException;
}
