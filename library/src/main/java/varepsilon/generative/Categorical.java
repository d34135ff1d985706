package varepsilon.generative;

import varepsilon.base.InputException;
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
        if (levels < 2 || levels > 256 || Integer.bitCount(levels) != 1) {
            throw new InputException("levels " + levels + ": expected a power of two from 2 to 256");
        }
    }

    /** 16 levels: 4-bit images. */
    public Categorical() {
        this(16);
    }

    @Override
    public int outputChannels(int imageChannels) {
        return imageChannels * levels;
    }

    /** Grey levels, INT64 N×C×H×W: the leading bits of each byte. */
    @Override
    public Tensor target(Tensor images) {
        return images.shiftRight(8 - Integer.numberOfTrailingZeros(levels)).to(DType.INT64);
    }

    @Override
    public Tensor encoderInput(Tensor target) {
        return target.to(DType.FLOAT32).mul(2.0 / (levels - 1)).sub(1);
    }

    @Override
    public Tensor logProbability(Tensor output, Tensor target) {
        return Ops.crossEntropy(byLevel(output), target).flatten(1).sum(1).neg();
    }

    @Override
    public Tensor sample(Tensor output, Rng rng) {
        // Gumbel's trick: argmax(logits − log E) with E standard exponential draws from softmax(logits).
        Tensor logits = byLevel(output);
        Tensor exponential = rng.exponential(logits.shape()).to(logits.device());
        return toUnit(logits.sub(exponential.log()).argmax(1));
    }

    @Override
    public Tensor mode(Tensor output) {
        return toUnit(byLevel(output).argmax(1));
    }

    @Override
    public Tensor mean(Tensor output) {
        Tensor level =
                Tensor.arange(levels).to(output.dtype()).to(output.device()).reshape(1, levels, 1, 1, 1);
        return byLevel(output).softmax(1).mul(level).sum(1L).div(levels - 1.0);
    }

    private Tensor toUnit(Tensor level) {
        return level.to(DType.FLOAT32).div(levels - 1.0);
    }

    // N×(C·levels)×H×W → N×levels×C×H×W
    private Tensor byLevel(Tensor output) {
        long[] shape = output.shape();
        return output.reshape(shape[0], shape[1] / levels, levels, shape[2], shape[3])
                .transpose(1, 2);
    }
}
