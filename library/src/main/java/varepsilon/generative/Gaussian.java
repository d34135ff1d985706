package varepsilon.generative;

import varepsilon.base.Declared;
import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.data.Batch;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;

/**
 * Each pixel, as a number in [0, 1], is normal around the decoder's output with one fixed standard deviation. A
 * density: its bits per dimension can be negative and are not comparable with those of a distribution over levels.
 *
 * @param std standard deviation, in units of the full range from black to white
 */
@Named(value = "gaussian", help = "a density around the mean of each pixel")
public record Gaussian(
        @Parameter(value = "standard deviation, as a share of the range from black to white", above = 0)
        double std) implements Likelihood {
    /** A tenth of the range. */
    public static final double DEFAULT_STD = 0.1;

    /** Rejects a standard deviation that is not positive and finite. */
    public Gaussian {
        Declared.check(Gaussian.class, std);
    }

    /** A tenth of the range. */
    public Gaussian() {
        this(DEFAULT_STD);
    }

    @Override
    public int outputChannels(int imageChannels) {
        return imageChannels;
    }

    @Override
    public String meaning(int imageChannels) {
        return "the mean of each pixel, as a number from 0 to 1, whose standard deviation is " + std;
    }

    @Override
    public boolean isDensity() {
        return true;
    }

    /** Intensity in [0, 1], FLOAT32 N×C×H×W. */
    @Override
    public Tensor target(Tensor images) {
        return Batch.pixels(images);
    }

    @Override
    public Tensor encoderInput(Tensor target) {
        return target.mul(2).sub(1);
    }

    @Override
    public Tensor logProbability(Tensor output, Tensor target) {
        Tensor squares = target.sub(output).div(std).square().add(DiagonalGaussian.LOG_TWO_PI + 2 * Math.log(std));
        return squares.flatten(1).sum(1).mul(-0.5);
    }

    @Override
    public Tensor sample(Tensor output, Rng rng) {
        return mean(output.add(rng.normal(output.shape()).to(output.device()).mul(std)));
    }

    @Override
    public Tensor mode(Tensor output) {
        return mean(output);
    }

    @Override
    public Tensor mean(Tensor output) {
        return output.clamp(0, 1);
    }
}
