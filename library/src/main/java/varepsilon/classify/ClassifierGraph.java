package varepsilon.classify;

import java.util.Map;
import varepsilon.base.InputException;
import varepsilon.graph.Graph;
import varepsilon.graph.GraphNetwork;
import varepsilon.graph.RecordedGraph;
import varepsilon.tensor.DType;

/** The graph of a classifier, from pixels in [0, 1] to logits, for export and for bounds. */
public final class ClassifierGraph implements AutoCloseable {
    private final RecordedGraph recorded;
    private final GraphNetwork network;

    private ClassifierGraph(RecordedGraph recorded, GraphNetwork network) {
        this.recorded = recorded;
        this.network = network;
    }

    /**
     * Of a classifier, which must be open as long as this is.
     *
     * @param channels of its images
     * @param height of them, in pixels
     * @param width of them, in pixels
     * @throws InputException where the operations of this kind of classifier are not known
     */
    public static ClassifierGraph of(Classifier classifier, long channels, long height, long width) {
        RecordedGraph recorded;
        Graph graph;
        if (classifier instanceof NetworkClassifier known) {
            recorded = known.evaluating(() -> RecordedGraph.of(
                    known::logits, known.module().state(), DType.FLOAT32, known.device(), channels, height, width));
            graph = recorded.graph();
        } else if (classifier instanceof OnnxClassifier model) {
            if (model.graph().output().dtype() != DType.FLOAT32) {
                throw new InputException("this model computes in "
                        + model.graph().output().dtype() + "; expected FLOAT32, to export it or to bound it");
            }
            recorded =
                    RecordedGraph.of(model::prepared, Map.of(), DType.FLOAT32, model.device(), channels, height, width);
            graph = model.graph().after(recorded.graph());
        } else {
            throw new InputException("the operations of this classifier are not known: expected weights of a known"
                    + " architecture, or an ONNX model");
        }
        try {
            return new ClassifierGraph(recorded, GraphNetwork.of(graph, channels, height, width));
        } catch (InputException e) {
            recorded.close();
            throw e;
        }
    }

    /** The operations, without those of constants alone. */
    public Graph graph() {
        return network.graph();
    }

    /** The graph, ready to run. */
    public GraphNetwork network() {
        return network;
    }

    /** Frees what the classifier does not own. */
    @Override
    public void close() {
        network.close();
        recorded.close();
    }
}
