package varepsilon.generative;

import varepsilon.base.Family;
import varepsilon.base.InputException;
import varepsilon.base.Named;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;

/**
 * The distribution p(x|z) of an image, given the decoder's output. Images come as UINT8 N×C×H×W; {@link #target}
 * turns them into the values over which the distribution is defined.
 */
@Named(value = "likelihood", help = "the distribution p(x|z) of an image, given the decoder's output")
public interface Likelihood {
    /** Channels of the decoder's output for images of so many channels. */
    int outputChannels(int imageChannels);

    /**
     * What each channel of the decoder's output is, for a reader of an exported decoder: a phrase that may end a
     * sentence.
     */
    default String meaning(int imageChannels) {
        return "the parameters of the likelihood " + name();
    }

    /** The values over which the distribution is defined, for UINT8 images N×C×H×W. */
    Tensor target(Tensor images);

    /**
     * The values for one presentation of training images; as {@link #target}, but for a likelihood that draws them anew
     * each time.
     */
    default Tensor trainingTarget(Tensor images, Rng rng) {
        return target(images);
    }

    /** The encoder's input for such values: FLOAT32 N×C×H×W in [−1, 1]. */
    Tensor encoderInput(Tensor target);

    /**
     * log p(x|z) in nats, summed over the image.
     *
     * @param output the decoder's output, N×{@link #outputChannels}×H×W
     * @param target from {@link #target}, N×C×H×W
     * @return N values
     */
    Tensor logProbability(Tensor output, Tensor target);

    /**
     * log p(x_c = v | x_0, …, x_(c−1), z) in nats, for every level v of image channel c of each pixel: what an entropy
     * coder needs to code one channel after the other. For an image they sum, over the levels that it has, to {@link
     * #logProbability}.
     *
     * @param output the decoder's output, N×{@link #outputChannels}×H×W
     * @param target levels from 0 on, of any type, N×C×H×W; channels from c on are not read
     * @param channel c, from 0
     * @return N×levels×H×W
     * @throws InputException where p(x|z) is a density, or not known by levels
     */
    default Tensor levelLogProbabilities(Tensor output, Tensor target, int channel) {
        throw new InputException("the likelihood " + name()
                + (isDensity() ? " is a density over real numbers" : " does not give the probabilities of levels")
                + "; expected one over levels, such as categorical");
    }

    /** Images drawn from p(x|z), each pixel from its own distribution: FLOAT32 N×C×H×W in [0, 1]. */
    Tensor sample(Tensor output, Rng rng);

    /** The most probable value of each pixel: FLOAT32 N×C×H×W in [0, 1]. */
    Tensor mode(Tensor output);

    /** The expected value of each pixel: FLOAT32 N×C×H×W in [0, 1]. */
    Tensor mean(Tensor output);

    /**
     * Whether p(x|z) is a density over real numbers, not a probability of levels: its bits per dimension can be
     * negative, and are not comparable with those of a distribution over levels.
     */
    default boolean isDensity() {
        return false;
    }

    /** What −ELBO / (D·ln 2) is counted in: bits per dimension, and of a density where it is one. */
    default String bpdUnit() {
        return isDensity() ? "bits per dimension (density)" : "bits per dimension";
    }

    /** Its name in configurations and weight files. */
    default String name() {
        return Family.nameOf(this);
    }
}
