package varepsilon.lab.experiment;

import java.io.IOException;
import java.util.List;
import varepsilon.classify.Normalisation;
import varepsilon.lab.run.NetworkChoice;
import varepsilon.lab.run.RunStore;
import varepsilon.lab.spec.AttackSpec;
import varepsilon.lab.spec.ClassifierSpec;
import varepsilon.lab.spec.DefenseSpec;

/** Grids of classifiers. */
public final class ClassifierGrid extends GridKind<ClassifierSpec> {
    /** The kind. */
    public ClassifierGrid() {
        super(
                "classifier",
                new ClassifierSpec(
                        ClassifierSpec.Images.of("cifar10"),
                        new ClassifierSpec.Network(
                                NetworkChoice.usual(Normalisation.CIFAR10.mean().size()), "", Normalisation.CIFAR10),
                        new ClassifierSpec.Fitting(),
                        DefenseSpec.standard(),
                        AttackSpec.none(),
                        42,
                        1,
                        "cpu"),
                ClassifierSpec.class);
    }

    @Override
    public List<String> shipped() {
        return List.of();
    }

    @Override
    GridSummary<ClassifierSpec, ?> summary(
            GridSettings grid, List<GridExperiment.Run<ClassifierSpec>> runs, RunStore store) throws IOException {
        return new ClassifierGridSummary(grid.keys(), runs);
    }
}
