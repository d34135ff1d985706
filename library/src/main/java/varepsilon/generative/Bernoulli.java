package varepsilon.generative;

import varepsilon.base.Named;
import varepsilon.tensor.DType;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;

/**
 * Each pixel is white with a probability of its own (the decoder's output is its logit); bytes from 128 on are white.
 */
@Named(value = "bernoulli", help = "a probability of white for each pixel")
public record Bernoulli() implements Likelihood {
    @Override
    public int channelsPerPixel() {
        return 1;
    }

    /** 0 or 1, FLOAT32 N×C×H×W. */
    @Override
    public Tensor target(Tensor images) {
        return images.shiftRight(7).to(DType.FLOAT32);
    }

    @Override
    public Tensor encoderInput(Tensor target) {
        return target.mul(2).sub(1);
    }

    @Override
    public Tensor logProbability(Tensor output, Tensor target) {
        // log p = x·l − log(1 + eˡ)
        return target.mul(output).sub(Ops.softplus(output)).flatten(1).sum(1);
    }

    @Override
    public Tensor sample(Tensor output, Rng rng) {
        Tensor uniform = rng.uniform(output.shape()).to(output.device());
        return uniform.lt(output.sigmoid()).to(DType.FLOAT32);
    }

    @Override
    public Tensor mode(Tensor output) {
        return output.gt(0).to(DType.FLOAT32);
    }

    @Override
    public Tensor mean(Tensor output) {
        return output.sigmoid();
    }
}
