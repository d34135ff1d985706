package varepsilon.classify;

import java.util.Optional;
import java.util.function.Supplier;
import varepsilon.nn.Init;
import varepsilon.nn.Layer;
import varepsilon.nn.Module;
import varepsilon.tensor.Device;
import varepsilon.tensor.Tensor;

/** A network with its input normalisation. Its weights have the network's own names, without a prefix. */
public final class NetworkClassifier implements Classifier {
    private final Optional<Architecture> architecture;
    private final Layer network;
    private final InputNormaliser normaliser;
    private final Device device;

    NetworkClassifier(Architecture architecture, Layer network, Init init) {
        this(Optional.of(architecture), network, architecture.normalisation(), init);
    }

    /**
     * A classifier of any network.
     *
     * @param network from normalised images, N×C×H×W, to logits, N×K; owned by this classifier
     * @param normalisation what the pixels are shifted and scaled by before they enter it
     * @param init device and type of the network's parameters
     */
    public NetworkClassifier(Layer network, Normalisation normalisation, Init init) {
        this(Optional.empty(), network, normalisation, init);
    }

    private NetworkClassifier(
            Optional<Architecture> architecture, Layer network, Normalisation normalisation, Init init) {
        this.architecture = architecture;
        this.network = network;
        this.normaliser = new InputNormaliser(normalisation, init.dtype(), init.device());
        this.device = init.device();
    }

    @Override
    public Tensor logits(Tensor pixels) {
        return network.forward(normaliser.apply(pixels));
    }

    @Override
    public Tensor features(Tensor pixels) {
        return network instanceof FeatureNetwork featured
                ? featured.features(normaliser.apply(pixels))
                : Classifier.super.features(pixels);
    }

    @Override
    public <T> T evaluating(Supplier<T> work) {
        return network.evaluating(work);
    }

    /** The network, whose parameters are trained. */
    public Module module() {
        return network;
    }

    /** The device of its parameters. */
    public Device device() {
        return device;
    }

    /**
     * Its architecture.
     *
     * @throws IllegalStateException for a network without a known architecture
     */
    public Architecture architecture() {
        return architecture.orElseThrow(
                () -> new IllegalStateException("this network is none of the architectures that have a name"));
    }

    @Override
    public void close() {
        network.close();
        normaliser.close();
    }
}
