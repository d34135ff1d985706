package varepsilon.generative;

import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.tensor.DType;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;

/**
 * Each pixel has one of {@code levels} grey levels with a probability of its own; the decoder puts out logits, for
 * image channel c at channels c·levels to (c+1)·levels − 1.
 *
 * @param levels a power of two from 2 to 256: 16 for 4-bit images
 */
@Named(value = "categorical", help = "a probability for each grey level of each pixel")
public record Categorical(
        @Parameter("grey levels, a power of two from 2 to 256")
        int levels) implements Likelihood {
    /** Rejects anything but a power of two from 2 to 256. */
    public Categorical {
        new Levels(levels);
    }

    /** 16 levels: 4-bit images. */
    public Categorical() {
        this(16);
    }

    @Override
    public int outputChannels(int imageChannels) {
        return imageChannels * levels;
    }

    @Override
    public String meaning(int imageChannels) {
        return "logits of the levels of each pixel, for image channel c at channels c·" + levels + " to (c + 1)·"
                + levels + " − 1";
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
        return Ops.crossEntropy(byLevel(output), target).flatten(1).sum(1).neg();
    }

    @Override
    public Tensor levelLogProbabilities(Tensor output, Tensor target, int channel) {
        return output.narrow(1, (long) channel * levels, levels).logSoftmax(1);
    }

    @Override
    public Tensor sample(Tensor output, Rng rng) {
        // Gumbel's trick: argmax(logits − log E) with E standard exponential draws from softmax(logits).
        Tensor logits = byLevel(output);
        Tensor exponential = rng.exponential(logits.shape()).to(logits.device());
        return new Levels(levels).toUnit(logits.sub(exponential.log()).argmax(1));
    }

    @Override
    public Tensor mode(Tensor output) {
        return new Levels(levels).toUnit(byLevel(output).argmax(1));
    }

    @Override
    public Tensor mean(Tensor output) {
        Tensor level =
                Tensor.arange(levels).to(output.dtype()).to(output.device()).reshape(1, levels, 1, 1, 1);
        return byLevel(output).softmax(1).mul(level).sum(1L).div(levels - 1.0);
    }

    // N×(C·levels)×H×W → N×levels×C×H×W
    private Tensor byLevel(Tensor output) {
        long[] shape = output.shape();
        return output.reshape(shape[0], shape[1] / levels, levels, shape[2], shape[3])
                .transpose(1, 2);
    }
}
