package varepsilon.weights;

import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.Set;

/** An open weight file whose contents are listed and whose tensors can be read. */
interface OpenWeightFile extends Closeable {
    /** The file. */
    WeightFile file();

    /** Every dict of tensors in it, outer ones first. */
    List<StateDict> stateDicts();

    /**
     * Reads tensors into the open scope.
     *
     * @param dict one of {@link #stateDicts}
     * @param names of the tensors to read
     * @return these under their own names, and the file's metadata
     * @throws varepsilon.base.InputException where the file is damaged, or the dict holds a value that is no tensor and
     *     cannot be skipped
     */
    Weights read(StateDict dict, Set<String> names) throws IOException;
}
