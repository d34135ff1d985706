package varepsilon.classify;

import varepsilon.tensor.Tensor;

/** A network whose last layer is linear: it has features, of which that layer makes the logits. */
public interface FeatureNetwork {
    /**
     * The input of the last layer.
     *
     * @param x normalised images, N×C×H×W
     * @return N×F
     */
    Tensor features(Tensor x);
}
