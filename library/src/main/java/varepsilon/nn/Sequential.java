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
        Tensor y = x;
        for (Layer layer : layers) {
            y = layer.forward(y);
        }
        return y;
    }
}
