package varepsilon.lab.experiment;

import java.io.IOException;
import java.util.List;
import varepsilon.lab.run.RunStore;
import varepsilon.lab.spec.VaeSpec;

/** Grids of VAEs; by default, that of the source. */
public final class VaeGrid extends GridKind<VaeSpec> {
    /** The kind. */
    public VaeGrid() {
        super("vae", VaeSpec.of("mnist"), VaeSpec.class);
    }

    @Override
    public List<String> shipped() {
        return List.of("vae-1.8", "vae-1.9", "vae-1.10", "rate-distortion", "mnist-bits", "cifar10-bits");
    }

    @Override
    GridSummary<VaeSpec, ?> summary(GridSettings grid, List<GridExperiment.Run<VaeSpec>> runs, RunStore store)
            throws IOException {
        return new VaeGridSummary(grid.keys(), runs, store.curves());
    }
}
