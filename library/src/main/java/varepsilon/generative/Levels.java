package varepsilon.generative;

import varepsilon.base.InputException;
import varepsilon.tensor.DType;
import varepsilon.tensor.Tensor;

/**
 * The grey levels of a likelihood over levels, 0 … count − 1: the leading bits of each byte.
 *
 * @param count a power of two from 2 to 256
 */
record Levels(int count) {
    /** Rejects anything but a power of two from 2 to 256. */
    Levels {
        if (count < 2 || count > 256 || Integer.bitCount(count) != 1) {
            throw new InputException("levels " + count + ": expected a power of two from 2 to 256");
        }
    }

    /** The levels of UINT8 images, INT64 in their shape. */
    Tensor of(Tensor images) {
        return images.shiftRight(8 - Integer.numberOfTrailingZeros(count)).to(DType.INT64);
    }

    /** 0, 1, …, count − 1 along dimension 1 of four, in the type and place of another tensor. */
    Tensor all(Tensor like) {
        return Tensor.arange(count).to(like.dtype()).to(like.device()).reshape(1, count, 1, 1);
    }

    /** Levels as numbers from −1 to 1, of a type of floating-point numbers. */
    Tensor toSigned(Tensor levels, DType dtype) {
        return levels.to(dtype).mul(2.0 / (count - 1)).sub(1);
    }

    /** Levels as numbers from 0 to 1, FLOAT32. */
    Tensor toUnit(Tensor levels) {
        return levels.to(DType.FLOAT32).div(count - 1.0);
    }

    /**
     * The most probable level of each pixel's first channel, then that of its second given the first, and so on.
     *
     * @param output the decoder's, for images of so many channels
     * @return FLOAT32 N×C×H×W in [0, 1]
     */
    Tensor mode(Likelihood likelihood, Tensor output, int channels) {
        Tensor found = Tensor.zeros(DType.INT64, output.size(0), channels, output.size(2), output.size(3))
                .to(output.device());
        for (int channel = 0; channel < channels; channel++) {
            found.narrow(1, channel, 1)
                    .copyInPlace(likelihood
                            .levelLogProbabilities(output, found, channel)
                            .argmax(1)
                            .unsqueeze(1));
        }
        return toUnit(found);
    }
}
