package varepsilon.nn;

import java.util.List;
import varepsilon.tensor.Tensor;

/** Layers one after the other, named by their index. */
public final class Sequential extends Layer {
    private final List<Layer> layers;

    /** Owns the given layers. */
    public Sequential(Layer... layers) {
        this.layers = List.of(layers);
        for (int i = 0; i < layers.length; i++) {
            child(Integer.toString(i), layers[i]);
        }
    }

    @Override
    public Tensor forward(Tensor x) {
        return forward(x, layers.size());
    }

    /** The output of the first {@code count} layers. */
    public Tensor forward(Tensor x, int count) {
        Tensor y = x;
        for (Layer layer : layers.subList(0, count)) {
            y = layer.forward(y);
        }
        return y;
    }
}
