package varepsilon.generative;

import java.util.ArrayList;
import java.util.List;
import varepsilon.base.Declared;
import varepsilon.base.InputException;
import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.tensor.DType;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * Each pixel has a mixture of K components, each a product over the image channels in turn of discretised logistic
 * distributions (Salimans et al. 2017, "PixelCNN++"): red, green given red, blue given both, all from one component. The
 * mean of component k at channel c is
 *
 * <pre>
 * m_kc = μ_kc + Σ_{j&lt;c} tanh(α_kcj) · x_j
 * </pre>
 *
 * with x_j the earlier channels as numbers from −1 to 1. The decoder puts out, for images of C channels, (C + 1)(C +
 * 2)/2 runs of K channels: the logits of the weights; μ of each image channel; the logarithm of the scale of each image
 * channel; α for (c, j) = (1, 0), (2, 0), (2, 1), …. Scales are bounded from below at a hundredth of a level; a scale of
 * s levels becomes s + 0.01.
 *
 * @param levels a power of two from 2 to 256: 16 for 4-bit images
 * @param components K
 */
@Named(
        value = "logistic-mixture",
        help = "a mixture of discretised logistic distributions of each pixel, its channels in turn")
public record LogisticMixture(
        @Parameter("grey levels, a power of two from 2 to 256")
        int levels,

        @Parameter(value = "components of a pixel's mixture", min = 1, max = 100)
        int components)
        implements Likelihood {
    private static final int MOST_CHANNELS = 64;

    /** Rejects anything but a power of two from 2 to 256 levels, and 1 to 100 components. */
    public LogisticMixture {
        new Levels(levels);
        Declared.check(LogisticMixture.class, levels, components);
    }

    /** 16 levels, for 4-bit images, and 5 components. */
    public LogisticMixture() {
        this(16, 5);
    }

    /**
     * K·(C + 1)(C + 2)/2.
     *
     * @throws InputException for images of more than 64 channels
     */
    @Override
    public int outputChannels(int imageChannels) {
        if (imageChannels > MOST_CHANNELS) {
            throw new InputException("images of " + imageChannels + " channels: the likelihood " + name()
                    + " takes at most " + MOST_CHANNELS);
        }
        return components * ((imageChannels + 1) * (imageChannels + 2) / 2);
    }

    @Override
    public String meaning(int imageChannels) {
        return "runs of " + components
                + " channels, one for each component: the logits of the weights; the means of each"
                + " image channel; the logarithms of the scales of each; the coefficients of earlier channels, for"
                + " (c, j) = (1, 0), (2, 0), (2, 1), …";
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
        return joint(output, target, (int) target.size(1))
                .logSumExp(1)
                .flatten(1)
                .sum(1);
    }

    /** log p(k, x_0, …, x_(channels−1) | z) of each component and pixel, N×K×H×W. */
    private Tensor joint(Tensor output, Tensor target, int channels) {
        List<Tensor> known = signed(target, channels, output.dtype());
        Tensor joint = run(output, 0).logSoftmax(1);
        for (int channel = 0; channel < channels; channel++) {
            Tensor level = target.narrow(1, channel, 1).to(output.dtype());
            joint = joint.add(distribution(output, channel, known).logProbability(level));
        }
        return joint;
    }

    /** So many channels of levels, each N×1×H×W in [−1, 1]. */
    private List<Tensor> signed(Tensor target, int channels, DType dtype) {
        List<Tensor> signed = new ArrayList<>();
        for (int channel = 0; channel < channels; channel++) {
            signed.add(new Levels(levels).toSigned(target.narrow(1, channel, 1), dtype));
        }
        return signed;
    }

    /**
     * The components at a channel, N×K×H×W.
     *
     * @param known at least the earlier channels, in [−1, 1]; N×1×H×W, or N×K×H×W where they differ by component
     */
    private DiscretisedLogistic distribution(Tensor output, int channel, List<Tensor> known) {
        int channels = imageChannels(output);
        Tensor mean = run(output, 1 + channel);
        for (int j = 0; j < channel; j++) {
            Tensor coefficient = Ops.tanh(run(output, 1 + 2 * channels + channel * (channel - 1) / 2 + j));
            mean = mean.add(coefficient.mul(known.get(j)));
        }
        return DiscretisedLogistic.of(mean, run(output, 1 + channels + channel), levels);
    }

    private Tensor run(Tensor output, int index) {
        return output.narrow(1, (long) index * components, components);
    }

    /** C of (C + 1)(C + 2)/2 runs. */
    private int imageChannels(Tensor output) {
        long runs = output.size(1) / components;
        return (int) Math.round((Math.sqrt(8.0 * runs + 1) - 3) / 2);
    }

    /** The mixture at the channel, each component weighted with its probability given the earlier channels. */
    @Override
    public Tensor levelLogProbabilities(Tensor output, Tensor target, int channel) {
        Tensor logWeights = joint(output, target, channel).logSoftmax(1);
        DiscretisedLogistic all = distribution(output, channel, signed(target, channel, output.dtype()));
        Tensor every = new Levels(levels).all(output);
        Tensor mixture = null;
        for (int k = 0; k < components; k++) { // one by one: all together would take K times the memory
            try (var scope = Scope.open()) {
                Tensor component = new DiscretisedLogistic(
                                all.mean().narrow(1, k, 1), all.logScale().narrow(1, k, 1), levels)
                        .logProbability(every)
                        .add(logWeights.narrow(1, k, 1));
                mixture = scope.keep(mixture == null ? component : Ops.logAddExp(mixture, component));
            }
        }
        return mixture;
    }

    /** A component for each pixel, then its channels in turn. */
    @Override
    public Tensor sample(Tensor output, Rng rng) {
        Tensor logits = run(output, 0);
        // Gumbel's trick, as in Categorical.
        Tensor exponential = rng.exponential(logits.shape()).to(logits.device());
        Tensor component = logits.sub(exponential.log()).argmax(1).unsqueeze(1);
        Tensor chosen = only(component, output);
        List<Tensor> drawn = new ArrayList<>();
        List<Tensor> known = new ArrayList<>();
        LogisticMixture one = new LogisticMixture(levels, 1);
        for (int channel = 0; channel < imageChannels(output); channel++) {
            Tensor level = one.distribution(chosen, channel, known).sample(rng);
            drawn.add(level);
            known.add(new Levels(levels).toSigned(level, output.dtype()));
        }
        return new Levels(levels).toUnit(Tensor.concat(1, drawn));
    }

    /** The outputs of one component for each pixel, as those of a mixture of one. */
    private Tensor only(Tensor component, Tensor output) {
        long n = output.size(0);
        long runs = output.size(1) / components;
        long height = output.size(2);
        long width = output.size(3);
        return output.reshape(n, runs, components, height, width)
                .gather(2, component.unsqueeze(1).expand(n, runs, 1, height, width))
                .squeeze(2);
    }

    /**
     * The most probable level of each pixel's first channel under the whole mixture, then that of its second given the
     * first, and so on. For images of one channel that is the mode; for others it need not be the most probable colour.
     */
    @Override
    public Tensor mode(Tensor output) {
        return new Levels(levels).mode(this, output, imageChannels(output));
    }

    /**
     * The expected level. For images of one channel it is exact. For others each component's distribution of a channel
     * is taken at the expected values of the earlier channels, which makes a difference only as far as rounding to
     * levels, and cutting off at the first and the last, are not linear.
     */
    @Override
    public Tensor mean(Tensor output) {
        Tensor weights = run(output, 0).softmax(1);
        List<Tensor> means = new ArrayList<>();
        List<Tensor> known = new ArrayList<>();
        for (int channel = 0; channel < imageChannels(output); channel++) {
            Tensor expected = distribution(output, channel, known).expectedLevel();
            known.add(new Levels(levels).toSigned(expected, output.dtype()));
            means.add(expected.mul(weights).sum(1L));
        }
        return Tensor.stack(1, means).div(levels - 1.0);
    }
}
