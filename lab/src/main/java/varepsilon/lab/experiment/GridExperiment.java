package varepsilon.lab.experiment;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import varepsilon.lab.run.RunStore;
import varepsilon.lab.spec.RunSpec;

/**
 * Trainings that differ in some settings, side by side.
 *
 * @param <S> the settings of a training
 */
final class GridExperiment<S extends Record & RunSpec> implements Experiment {
    private final GridKind<S> kind;
    private final GridSettings settings;
    private final RunStore store;

    GridExperiment(GridKind<S> kind, GridSettings settings, RunStore store) {
        this.kind = kind;
        this.settings = settings;
        this.store = store;
        // all configurations are checked before the first training
        settings.assignments().forEach(assignment -> store.requireKnown(kind.settings(settings, assignment)));
    }

    /**
     * One training of the grid.
     *
     * @param assignment what it has other than the base
     * @param config all its settings
     * @param folder its run directory
     */
    record Run<S extends Record & RunSpec>(GridSettings.Assignment assignment, S config, Path folder) {}

    @Override
    public List<Stage> stages() {
        return List.of(this::cells);
    }

    private List<Cell> cells() throws IOException {
        Map<String, Cell> cells = new LinkedHashMap<>();
        for (GridSettings.Assignment assignment : settings.assignments()) {
            Cell cell = TrainingCell.of(assignment.label(), kind.settings(settings, assignment), store);
            cells.putIfAbsent(cell.key(), cell);
        }
        return List.copyOf(cells.values());
    }

    @Override
    public Summary summarise() throws IOException {
        List<Run<S>> runs = new ArrayList<>();
        for (GridSettings.Assignment assignment : settings.assignments()) {
            S config = kind.settings(settings, assignment);
            runs.add(new Run<>(assignment, config, store.folder(config)));
        }
        return kind.summary(settings, runs, store).summary();
    }
}
