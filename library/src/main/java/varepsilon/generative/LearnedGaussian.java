package varepsilon.generative;

import varepsilon.base.Declared;
import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.data.Batch;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;

/**
 * Each pixel, as a number in [0, 1], is normal with a mean and a standard deviation of its own (Kingma, Welling 2014,
 * appendix C.2). The decoder puts out the means of all image channels, and then the logarithms of their standard
 * deviations; a deviation s becomes s + {@code minStd}. A density: its bits per dimension can be negative and are not
 * comparable with those of a distribution over levels. Images are of whole levels, on which a density can be as high as
 * {@code minStd} lets it be.
 *
 * @param minStd lower bound of the standard deviations, in units of the full range from black to white
 */
@Named(value = "gaussian-learned", help = "a density around the mean of each pixel, with a learned standard deviation")
public record LearnedGaussian(
        @Parameter(value = "lower bound of standard deviations, as a share of the range from black to white", above = 0)
        double minStd)
        implements Likelihood {
    /** About one of 256 levels. */
    public static final double DEFAULT_MIN_STD = 0.004;

    /** Rejects a bound that is not positive and finite. */
    public LearnedGaussian {
        Declared.check(LearnedGaussian.class, minStd);
    }

    /** A bound of about one of 256 levels. */
    public LearnedGaussian() {
        this(DEFAULT_MIN_STD);
    }

    @Override
    public int outputChannels(int imageChannels) {
        return 2 * imageChannels;
    }

    @Override
    public String meaning(int imageChannels) {
        return "the means of " + imageChannels
                + " image channels, as numbers from 0 to 1, then the natural logarithms of"
                + " their standard deviations s, which become s + " + minStd;
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
        Tensor logStd = logStd(output);
        Tensor standardised = target.sub(centre(output)).mul(logStd.neg().exp());
        return standardised
                .square()
                .add(DiagonalGaussian.LOG_TWO_PI)
                .mul(-0.5)
                .sub(logStd)
                .flatten(1)
                .sum(1);
    }

    @Override
    public Tensor sample(Tensor output, Rng rng) {
        Tensor centre = centre(output);
        Tensor noise = rng.normal(centre.dtype(), centre.shape()).to(centre.device());
        return centre.add(logStd(output).exp().mul(noise)).clamp(0, 1);
    }

    @Override
    public Tensor mode(Tensor output) {
        return mean(output);
    }

    @Override
    public Tensor mean(Tensor output) {
        return centre(output).clamp(0, 1);
    }

    private static Tensor centre(Tensor output) {
        return output.narrow(1, 0, output.size(1) / 2);
    }

    // log(eˣ + minStd)
    private Tensor logStd(Tensor output) {
        long channels = output.size(1) / 2;
        double logMin = Math.log(minStd);
        return Ops.softplus(output.narrow(1, channels, channels).sub(logMin)).add(logMin);
    }
}
