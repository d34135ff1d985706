package varepsilon.classify;

import varepsilon.nn.Init;
import varepsilon.nn.Layer;
import varepsilon.nn.Module;
import varepsilon.tensor.Device;
import varepsilon.tensor.Tensor;

/** A network with its normalisation. Its weights carry the network's own names, without a prefix. */
public final class NetworkClassifier implements Classifier {
    private final Architecture architecture;
    private final Layer network;
    private final InputNormaliser normaliser;
    private final Device device;

    NetworkClassifier(Architecture architecture, Layer network, Init init) {
        this.architecture = architecture;
        this.network = network;
        this.normaliser = new InputNormaliser(architecture.normalisation(), init.dtype(), init.device());
        this.device = init.device();
    }

    @Override
    public Tensor logits(Tensor pixels) {
        return network.forward(normaliser.apply(pixels));
    }

    @Override
    public void evaluating(Runnable work) {
        network.evaluating(work);
    }

    /** The network whose parameters are trained. */
    public Module module() {
        return network;
    }

    /** Where its parameters live. */
    public Device device() {
        return device;
    }

    /** What it is. */
    public Architecture architecture() {
        return architecture;
    }

    @Override
    public void close() {
        network.close();
        normaliser.close();
    }
}
