package varepsilon.lab.experiment;

import java.io.IOException;
import java.util.List;

/** Independent cells. They may depend on those of earlier stages. */
@FunctionalInterface
public interface Stage {
    /** The cells; called once the earlier stages are done. */
    List<Cell> cells() throws IOException;

    /** The same with its cells found once: progress is polled several times a second, and finding cells reads files. */
    default Stage once() {
        Stage original = this;
        return new Stage() {
            private List<Cell> cells;

            @Override
            public synchronized List<Cell> cells() throws IOException {
                if (cells == null) {
                    cells = original.cells();
                }
                return cells;
            }
        };
    }
}
