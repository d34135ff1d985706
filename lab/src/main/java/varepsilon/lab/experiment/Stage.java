package varepsilon.lab.experiment;

import java.io.IOException;
import java.util.List;

/** Independent cells. They may depend on those of earlier stages. */
@FunctionalInterface
public interface Stage {
    /** The cells; called once the earlier stages are done. */
    List<Cell> cells() throws IOException;
}
