package varepsilon.classify;

import java.util.List;
import varepsilon.nn.Init;
import varepsilon.nn.Layer;
import varepsilon.nn.Module;
import varepsilon.tensor.Device;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/** A network with its normalisation. Its weights carry the network's own names, without a prefix. */
public final class NetworkClassifier implements Classifier {
    private final Architecture architecture;
    private final Layer network;
    private final Tensor mean;
    private final Tensor std;

    NetworkClassifier(Architecture architecture, Layer network, Init init) {
        this.architecture = architecture;
        this.network = network;
        try (var scope = Scope.withoutGradients()) {
            mean = perChannel(architecture.normalisation().mean(), init).own();
            std = perChannel(architecture.normalisation().std(), init).own();
        }
    }

    private static Tensor perChannel(List<Double> values, Init init) {
        double[] array = values.stream().mapToDouble(Double::doubleValue).toArray();
        return Tensor.of(array, 1, array.length, 1, 1).to(init.dtype()).to(init.device());
    }

    @Override
    public Tensor logits(Tensor pixels) {
        return network.forward(pixels.sub(mean).div(std));
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
        return mean.device();
    }

    /** What it is. */
    public Architecture architecture() {
        return architecture;
    }

    @Override
    public void close() {
        network.close();
        mean.close();
        std.close();
    }
}
