package varepsilon.generative;

import java.util.List;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;

/**
 * The distribution p(x|z) of images, one for each of N latent vectors: a {@link Likelihood} for each pixel. Images that
 * it is given are the encoder's input, N×C×H×W in [−1, 1].
 */
public interface ImageDistribution {
    /** The form of each pixel's distribution. */
    Likelihood likelihood();

    /**
     * The likelihood's parameters for all pixels, each given z and, where pixels depend on each other, those before it:
     * N×outputChannels×H×W.
     */
    Tensor output(Tensor pixels);

    /**
     * The parts of an image, in the order in which they can be drawn: the pixels of a part are independent given z and
     * the parts before.
     */
    List<Part> parts();

    /**
     * The likelihood's parameters for the pixels of one part, N×outputChannels×height×width.
     *
     * @param pixels of which those of earlier parts are read
     */
    Tensor output(Tensor pixels, Part part);

    /**
     * A rectangle of pixels.
     *
     * @param row its first row
     * @param column its first column
     */
    record Part(int row, int column, int height, int width) {
        /** The pixels of the rectangle, for N×C×H×W. */
        public Tensor of(Tensor images) {
            return images.narrow(2, row, height).narrow(3, column, width);
        }
    }

    /**
     * log p(x|z) in nats, N values.
     *
     * @param target from {@link Likelihood#target}, N×C×H×W
     */
    default Tensor logProbability(Tensor target) {
        return likelihood().logProbability(output(likelihood().encoderInput(target)), target);
    }

    /**
     * Pictures, FLOAT32 N×C×H×W in [0, 1]. Where pixels depend on each other, each is drawn given those drawn before it;
     * {@link Picture#ARGMAX} takes the most probable value of each given those taken before, and {@link Picture#MEAN}
     * shows what was expected of each before it was drawn.
     */
    Tensor image(Picture picture, Rng rng);
}
