package varepsilon.classify;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.ServiceLoader;
import varepsilon.base.InputException;
import varepsilon.graph.Graph;
import varepsilon.tensor.Tensor;

/**
 * A program that runs ONNX models outside the engine, without gradients: a check of what the engine computes, and the
 * way to models that it cannot run. One is there where an optional module that registers it is on the class path.
 */
public interface OnnxRunner {
    /** Its name and version. */
    String name();

    /**
     * Opens a model.
     *
     * @throws InputException where it cannot run it
     * @throws IOException on an I/O error
     */
    Session open(Path file, int threads) throws IOException;

    /** An open model. Several threads may run it at once. */
    interface Session extends AutoCloseable {
        /** What it takes. */
        Graph.Port input();

        /** What it gives: of several outputs the one that {@link Graph.Port#logitsOf} chooses. */
        Graph.Port output();

        /**
         * Runs it.
         *
         * @param x of the type and shape of its input
         * @return its output, on the CPU
         * @throws InputException where it fails
         */
        Tensor run(Tensor x);

        @Override
        void close();
    }

    /** The one that is there. */
    static Optional<OnnxRunner> find() {
        return ServiceLoader.load(OnnxRunner.class, OnnxRunner.class.getClassLoader())
                .findFirst();
    }
}
