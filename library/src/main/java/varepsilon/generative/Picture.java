package varepsilon.generative;

import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;

/** How p(x|z) is shown as an image. */
public enum Picture {
    /** Each pixel drawn from its own distribution. */
    SAMPLE,
    /** The most probable value of each pixel. */
    ARGMAX,
    /** The expected value of each pixel. */
    MEAN;

    /** FLOAT32 images N×C×H×W in [0, 1] for a decoder's output. */
    public Tensor of(Likelihood likelihood, Tensor output, Rng rng) {
        return switch (this) {
            case SAMPLE -> likelihood.sample(output, rng);
            case ARGMAX -> likelihood.mode(output);
            case MEAN -> likelihood.mean(output);
        };
    }
}
