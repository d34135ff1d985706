package varepsilon.generative;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import varepsilon.base.Family;
import varepsilon.data.ImageShape;
import varepsilon.graph.Graph;
import varepsilon.graph.GraphNetwork;
import varepsilon.graph.RecordedGraph;
import varepsilon.tensor.DType;
import varepsilon.tensor.Tensor;

/** One of the two networks of a VAE as a graph, for export: the encoder from pixels in [0, 1], or the decoder from z. */
public final class VaeGraph implements AutoCloseable {
    private final UnaryOperator<Tensor> network;
    private final Map<String, String> metadata;
    private final RecordedGraph recorded;
    private final GraphNetwork prepared;
    private final Graph graph;

    private VaeGraph(
            VaeFile file,
            UnaryOperator<Tensor> network,
            Map<String, String> metadata,
            String[] names,
            long... example) {
        this.network = x -> file.vae().evaluating(() -> network.apply(x));
        this.metadata = metadata;
        this.recorded = RecordedGraph.of(
                this.network, file.vae().state(), DType.FLOAT32, file.vae().device(), example);
        this.prepared = GraphNetwork.of(recorded.graph(), example);
        this.graph = prepared.graph().named(names[0], names[1]);
    }

    /**
     * The encoder of a model, which must be open as long as this is: from pixels N×C×H×W in [0, 1] to what q(z|x) is
     * made of, N×outputs. A conditional model's input has one more channel for each class, which is 1 everywhere for the
     * image's class and 0 for the others.
     *
     * @throws varepsilon.base.InputException where it has operations that are not recorded
     */
    public static VaeGraph encoder(VaeFile file) {
        VaeArchitecture architecture = file.architecture();
        ImageShape image = architecture.image();
        int classes = architecture.classes();
        Map<String, String> metadata = metadata(file, "encoder");
        metadata.put(
                "input",
                "pixels from 0 to 1, N×" + image + ", of the values that the likelihood "
                        + architecture.likelihood().name() + " distinguishes: of L levels 0, 1/(L − 1), …, 1"
                        + (classes > 0
                                ? "; then " + classes
                                        + " planes, 1 everywhere for the image's class and 0 for the others"
                                : ""));
        metadata.put("output", architecture.posterior().meaning(architecture.latentDim()));
        UnaryOperator<Tensor> network = x -> file.vae().encoded(signed(x, image.channels(), classes));
        String[] names = {"pixels", "posterior"};
        return new VaeGraph(file, network, metadata, names, image.channels() + classes, image.height(), image.width());
    }

    /** Pixels from [0, 1] to [−1, 1], the planes of classes as they are. */
    private static Tensor signed(Tensor x, int channels, int classes) {
        if (classes == 0) {
            return x.mul(2).sub(1);
        }
        Tensor pixels = x.narrow(1, 0, channels).mul(2).sub(1);
        return Tensor.concat(1, List.of(pixels, x.narrow(1, channels, classes)));
    }

    /**
     * The decoder of a model, which must be open as long as this is: from z, N×latentDim, to what p(x|z) is made of,
     * N×channels×H×W. A conditional model's input is z, then the one-hot class.
     *
     * @throws varepsilon.base.InputException where it has operations that are not recorded
     */
    public static VaeGraph decoder(VaeFile file) {
        VaeArchitecture architecture = file.architecture();
        int classes = architecture.classes();
        Map<String, String> metadata = metadata(file, "decoder");
        metadata.put(
                "input",
                "z, N×" + architecture.latentDim() + (classes > 0 ? ", then the class, one-hot, N×" + classes : ""));
        metadata.put(
                "output",
                file.vae().hasIndependentPixels()
                        ? architecture.likelihood().meaning(architecture.image().channels())
                        : "features, of which the decoder " + Family.nameOf(architecture.decoder())
                                + ", which is not in this file, makes p(x|z)");
        String[] names = {"z", "likelihood"};
        return new VaeGraph(file, file.vae()::decoded, metadata, names, architecture.latentDim() + classes);
    }

    private static Map<String, String> metadata(VaeFile file, String part) {
        Map<String, String> metadata = new LinkedHashMap<>(file.architecture().metadata());
        metadata.put("part", part);
        return metadata;
    }

    /** The operations, without those of constants alone. */
    public Graph graph() {
        return graph;
    }

    /** What the model itself computes of such an input. */
    public Tensor forward(Tensor x) {
        return network.apply(x);
    }

    /** The architecture's metadata, and in words what goes in, {@code input}, and what comes out, {@code output}. */
    public Map<String, String> metadata() {
        return Collections.unmodifiableMap(metadata);
    }

    /** Frees what the model does not own. */
    @Override
    public void close() {
        prepared.close();
        recorded.close();
    }
}
