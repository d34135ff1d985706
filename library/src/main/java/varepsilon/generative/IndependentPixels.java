package varepsilon.generative;

import java.util.List;
import varepsilon.base.Named;
import varepsilon.nn.Init;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;

/**
 * p(x|z) whose pixels are independent given z.
 *
 * @param likelihood of each pixel
 * @param output the likelihood's parameters, N×outputChannels×H×W
 */
public record IndependentPixels(Likelihood likelihood, Tensor output) implements ImageDistribution {
    /** Chooses this decoder. */
    @Named(value = "independent", help = "pixels are independent given z")
    public record Choice() implements DecoderChoice {
        @Override
        public int channels(int outputChannels) {
            return outputChannels;
        }

        @Override
        public PixelDecoder create(int imageChannels, int outputChannels, Init init) {
            return IndependentPixels::new;
        }
    }

    @Override
    public Tensor output(Tensor pixels) {
        return output;
    }

    /** The whole image. */
    @Override
    public List<Part> parts() {
        return List.of(new Part(0, 0, (int) output.size(2), (int) output.size(3)));
    }

    @Override
    public Tensor output(Tensor pixels, Part part) {
        return part.of(output);
    }

    @Override
    public Tensor logProbability(Tensor target) {
        return likelihood.logProbability(output, target);
    }

    /** Differentiable in z for {@link Picture#MEAN}. */
    @Override
    public Tensor image(Picture picture, Rng rng) {
        return picture.of(likelihood, output, rng);
    }
}
