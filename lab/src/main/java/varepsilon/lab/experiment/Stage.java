package varepsilon.lab.experiment;

import java.io.IOException;
import java.util.List;

/** Cells that do not need each other. They may need those of the stages before. */
@FunctionalInterface
public interface Stage {
    /** The cells; asked once the stages before are done. */
    List<Cell> cells() throws IOException;
}
