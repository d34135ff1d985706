package varepsilon.generative;

import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.tensor.DType;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;

/**
 * Each channel of each pixel is binomial over the levels with a probability that has a beta distribution, as in Townsend
 * et al. 2019 ("bits-back"): with n = levels − 1,
 *
 * <pre>
 * p(v) = C(n, v) · B(v + α, n − v + β) / B(α, β)
 * </pre>
 *
 * It is uniform for α = β = 1, and has its mass at the first and the last level where both are small; it is never
 * narrower than a binomial distribution. The decoder puts out log α of all image channels, and then log β; a large α
 * becomes α/(1 + α/10⁶). Probabilities are computed in FLOAT64, for the differences of large log Γ.
 *
 * @param levels a power of two from 2 to 256: 16 for 4-bit images
 */
@Named(value = "beta-binomial", help = "a beta-binomial distribution of each pixel over its levels")
public record BetaBinomial(
        @Parameter("grey levels, a power of two from 2 to 256")
        int levels) implements Likelihood {
    private static final double LOG_LARGEST = Math.log(1e6);

    /** Rejects anything but a power of two from 2 to 256. */
    public BetaBinomial {
        new Levels(levels);
    }

    /** 16 levels: 4-bit images. */
    public BetaBinomial() {
        this(16);
    }

    @Override
    public int outputChannels(int imageChannels) {
        return 2 * imageChannels;
    }

    @Override
    public String meaning(int imageChannels) {
        return "log α of " + imageChannels + " image channels, then log β, of beta-binomial distributions over "
                + levels + " levels; a large α becomes α/(1 + α/10⁶)";
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
        return logMass(logAlpha(output), logBeta(output), target.to(DType.FLOAT64))
                .flatten(1)
                .sum(1)
                .to(output.dtype());
    }

    @Override
    public Tensor levelLogProbabilities(Tensor output, Tensor target, int channel) {
        Tensor logAlpha = logAlpha(output).narrow(1, channel, 1);
        return logMass(logAlpha, logBeta(output).narrow(1, channel, 1), new Levels(levels).all(logAlpha))
                .to(output.dtype());
    }

    @Override
    public Tensor sample(Tensor output, Rng rng) {
        // Gumbel's trick, as in Categorical; the levels are the second dimension.
        Tensor logMass = logMass(
                logAlpha(output).unsqueeze(1),
                logBeta(output).unsqueeze(1),
                new Levels(levels).all(logAlpha(output)).unsqueeze(-1));
        Tensor exponential = rng.exponential(logMass.shape()).to(output.device());
        return new Levels(levels).toUnit(logMass.sub(exponential.log()).argmax(1));
    }

    @Override
    public Tensor mode(Tensor output) {
        return new Levels(levels).mode(this, output, (int) output.size(1) / 2);
    }

    /** α/(α + β). */
    @Override
    public Tensor mean(Tensor output) {
        return logAlpha(output).sub(logBeta(output)).sigmoid().to(output.dtype());
    }

    private static Tensor logAlpha(Tensor output) {
        return bounded(output.narrow(1, 0, output.size(1) / 2));
    }

    private static Tensor logBeta(Tensor output) {
        return bounded(output.narrow(1, output.size(1) / 2, output.size(1) / 2));
    }

    private static Tensor bounded(Tensor log) {
        return Ops.softplus(log.to(DType.FLOAT64).neg().add(LOG_LARGEST)).neg().add(LOG_LARGEST);
    }

    private Tensor logMass(Tensor logAlpha, Tensor logBeta, Tensor level) {
        int n = levels - 1;
        Tensor rest = level.neg().add(n);
        Tensor logChoices = Ops.logGamma(level.add(1))
                .add(Ops.logGamma(rest.add(1)))
                .neg()
                .add(Ops.logGamma(Tensor.full(levels, DType.FLOAT64)).item());
        Tensor all = Tensor.full(n, DType.FLOAT64).to(level.device());
        return logChoices
                .add(logRising(logAlpha, level))
                .add(logRising(logBeta, rest))
                .sub(logRising(Ops.logAddExp(logAlpha, logBeta), all));
    }

    /** log Γ(v + a)/Γ(a) = log a(a + 1)…(a + v − 1): the first factor apart, so that a may underflow. */
    private static Tensor logRising(Tensor logA, Tensor v) {
        Tensor a = logA.exp();
        Tensor atLeastOne = v.clamp(1, Double.POSITIVE_INFINITY);
        return Ops.logGamma(atLeastOne.add(a))
                .sub(Ops.logGamma(a.add(1)))
                .add(logA)
                .mul(v.gt(0).to(DType.FLOAT64));
    }
}
