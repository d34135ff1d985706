package varepsilon.generative;

import java.util.List;
import java.util.SplittableRandom;
import varepsilon.base.Declared;
import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.tensor.DType;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;

/**
 * Each pixel is white with a probability of its own (the decoder's output is its logit).
 *
 * @param binarisation how grey images become black and white. {@code threshold}: bytes from 128 on are white. {@code
 *     fixed}: a pixel of byte b is white with probability b/255 (Salakhutdinov, Murray 2008), by numbers that depend on
 *     the image's bytes alone, so that an image is the same in every epoch, every set and every order. {@code dynamic}:
 *     as fixed, but drawn anew each time that an image is trained on (Burda et al. 2016); held-out and test images are
 *     fixed.
 */
@Named(value = "bernoulli", help = "a probability of white for each pixel")
public record Bernoulli(
        @Parameter(
                value = "how grey becomes black and white: from 128 on white; or white with probability b/255, drawn"
                        + " once for an image; or anew each time that it is trained on",
                oneOf = {THRESHOLD, FIXED, DYNAMIC})
        String binarisation)
        implements Likelihood {
    static final String THRESHOLD = "threshold";
    static final String FIXED = "fixed";
    static final String DYNAMIC = "dynamic";

    private static final double WHITE = 255;
    private static final long FNV_OFFSET = 0xcbf29ce484222325L;
    private static final long FNV_PRIME = 0x100000001b3L;

    /** Rejects other names. */
    public Bernoulli {
        Declared.check(Bernoulli.class, binarisation);
    }

    /** White from 128 on. */
    public Bernoulli() {
        this(THRESHOLD);
    }

    @Override
    public int outputChannels(int imageChannels) {
        return imageChannels;
    }

    @Override
    public String meaning(int imageChannels) {
        return "the logit of white of each pixel";
    }

    /** 0 or 1, FLOAT32 N×C×H×W. */
    @Override
    public Tensor target(Tensor images) {
        return binarisation.equals(THRESHOLD)
                ? images.shiftRight(7).to(DType.FLOAT32)
                : white(images, fixedNumbers(images).to(images.device()));
    }

    @Override
    public Tensor trainingTarget(Tensor images, Rng rng) {
        return binarisation.equals(DYNAMIC)
                ? white(images, rng.uniform(images.shape()).to(images.device()))
                : target(images);
    }

    private static Tensor white(Tensor images, Tensor uniform) {
        return uniform.mul(WHITE).lt(images.to(DType.FLOAT32)).to(DType.FLOAT32);
    }

    /** Uniform numbers in [0, 1) that each image's own bytes decide, in the shape of the images. */
    private static Tensor fixedNumbers(Tensor images) {
        byte[] bytes = images.toBytes();
        float[] numbers = new float[bytes.length];
        int size = (int) (images.count() / images.size(0));
        for (int start = 0; start < bytes.length; start += size) {
            long hash = FNV_OFFSET; // FNV-1a
            for (int i = 0; i < size; i++) {
                hash = (hash ^ (bytes[start + i] & 0xff)) * FNV_PRIME;
            }
            SplittableRandom random = new SplittableRandom(hash);
            for (int i = 0; i < size; i++) {
                numbers[start + i] = (random.nextInt() >>> 8) * 0x1p-24f;
            }
        }
        return Tensor.of(numbers, images.shape());
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

    /** Black is level 0 and white level 1. */
    @Override
    public Tensor levelLogProbabilities(Tensor output, Tensor target, int channel) {
        Tensor logit = output.narrow(1, channel, 1);
        return Tensor.concat(1, List.of(Ops.logSigmoid(logit.neg()), Ops.logSigmoid(logit)));
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
