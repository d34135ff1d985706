package varepsilon.generative;

import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.tensor.DType;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;

/**
 * Each channel of each pixel has a discretised logistic distribution of its own (Kingma et al. 2016), of which the first
 * and the last level have the tails. The decoder puts out the means of all image channels, −1 for the first level and 1
 * for the last, and then the logarithms of their scales in the same units. Scales are bounded from below at a hundredth
 * of a level; a scale of s levels becomes s + 0.01.
 *
 * @param levels a power of two from 2 to 256: 16 for 4-bit images
 */
@Named(value = "logistic", help = "a discretised logistic distribution of each pixel")
public record Logistic(
        @Parameter("grey levels, a power of two from 2 to 256")
        int levels) implements Likelihood {
    /** Rejects anything but a power of two from 2 to 256. */
    public Logistic {
        new Levels(levels);
    }

    /** 16 levels: 4-bit images. */
    public Logistic() {
        this(16);
    }

    @Override
    public int outputChannels(int imageChannels) {
        return 2 * imageChannels;
    }

    @Override
    public String meaning(int imageChannels) {
        return "the means of " + imageChannels + " image channels, −1 for the first of " + levels
                + " levels and 1 for the"
                + " last, then the natural logarithms of their scales in the same units; a scale of s levels becomes"
                + " s + " + DiscretisedLogistic.SMALLEST_SCALE;
    }

    /** Grey levels, INT64 N×C×H×W: the leading bits of each byte. */
    @Override
    public Tensor target(Tensor images) {
        return new Levels(levels).of(images);
    }

    @Override
    public Tensor encoderInput(Tensor target) {
        return new Levels(levels).toSigned(target, DType.FLOAT32);
    }

    @Override
    public Tensor logProbability(Tensor output, Tensor target) {
        return distribution(output)
                .logProbability(target.to(output.dtype()))
                .flatten(1)
                .sum(1);
    }

    @Override
    public Tensor levelLogProbabilities(Tensor output, Tensor target, int channel) {
        DiscretisedLogistic all = distribution(output);
        return new DiscretisedLogistic(
                        all.mean().narrow(1, channel, 1), all.logScale().narrow(1, channel, 1), levels)
                .logProbability(new Levels(levels).all(output));
    }

    @Override
    public Tensor sample(Tensor output, Rng rng) {
        return new Levels(levels).toUnit(distribution(output).sample(rng));
    }

    /** The most probable level of each pixel; where the scale is wide, that is the first or the last, with its tail. */
    @Override
    public Tensor mode(Tensor output) {
        return new Levels(levels).mode(this, output, (int) output.size(1) / 2);
    }

    @Override
    public Tensor mean(Tensor output) {
        return distribution(output).expectedLevel().div(levels - 1.0);
    }

    private DiscretisedLogistic distribution(Tensor output) {
        long channels = output.size(1) / 2;
        return DiscretisedLogistic.of(output.narrow(1, 0, channels), output.narrow(1, channels, channels), levels);
    }
}
