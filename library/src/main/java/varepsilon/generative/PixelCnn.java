package varepsilon.generative;

import java.util.ArrayList;
import java.util.List;
import varepsilon.base.Declared;
import varepsilon.base.InputException;
import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.nn.Conv2d;
import varepsilon.nn.Init;
import varepsilon.nn.MaskedConv2d;
import varepsilon.nn.Module;
import varepsilon.tensor.DType;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * An autoregressive p(x|z): masked convolutions see the pixels before a pixel, row by row (van den Oord et al. 2016), and
 * the output of the decoder's network is added to what they make of them (PixelVAE, Gulrajani et al. 2017). The channels
 * of a pixel are the likelihood's matter. log p(x|z) takes one pass; drawing an image takes one for each pixel.
 */
public final class PixelCnn extends Module implements PixelDecoder {
    private static final int BLOCK_KERNEL = 3;

    private final MaskedConv2d first;
    private final List<MaskedConv2d> blocks = new ArrayList<>();
    private final Conv2d last;
    private final int imageChannels;
    private final int reach;

    /**
     * Chooses this decoder.
     *
     * @param features channels of the convolutions, and of the decoder's network
     * @param kernel side of the first convolution, odd
     * @param layers further convolutions, of 3×3
     */
    @Named(value = "pixel-cnn", help = "each pixel is given those before it, by masked convolutions")
    public record Choice(
            @Parameter(value = "channels of the masked convolutions", min = 1, max = 4096)
            int features,

            @Parameter(value = "side of the first masked convolution, an odd number", min = 3, max = 31)
            int kernel,

            @Parameter(value = "further masked convolutions", min = 0, max = 64)
            int layers)
            implements DecoderChoice {
        /** Rejects numbers out of range. */
        public Choice {
            Declared.check(Choice.class, features, kernel, layers);
            if (kernel % 2 == 0) {
                throw new InputException("kernel " + kernel + ": expected an odd number");
            }
        }

        /** 7×7, then two of 3×3, of 16 channels. */
        public Choice() {
            this(16, 7, 2);
        }

        @Override
        public int channels(int outputChannels) {
            return features;
        }

        @Override
        public PixelDecoder create(int imageChannels, int outputChannels, Init init) {
            return new PixelCnn(this, imageChannels, outputChannels, init);
        }
    }

    private PixelCnn(Choice choice, int imageChannels, int outputChannels, Init init) {
        this.imageChannels = imageChannels;
        first = child("first", new MaskedConv2d(imageChannels, choice.features, choice.kernel, false, init));
        int seen = first.reach();
        for (int i = 0; i < choice.layers; i++) {
            blocks.add(child(
                    Integer.toString(i), new MaskedConv2d(choice.features, choice.features, BLOCK_KERNEL, true, init)));
            seen += blocks.get(i).reach();
        }
        reach = seen;
        last = child("last", new Conv2d(choice.features, outputChannels, 1, 1, 0, true, init));
    }

    @Override
    public ImageDistribution distribution(Likelihood likelihood, Tensor output) {
        return new Dependent(this, likelihood, output);
    }

    @Override
    public boolean isIndependent() {
        return false;
    }

    private Tensor forward(Tensor pixels, Tensor features) {
        Tensor h = first.forward(pixels.to(features.dtype())).add(features);
        for (MaskedConv2d block : blocks) {
            h = h.add(block.forward(Ops.gelu(h)));
        }
        return last.forward(Ops.gelu(h));
    }

    /** p(x|z) for the features that the decoder's network makes of N latent vectors. */
    private record Dependent(PixelCnn net, Likelihood likelihood, Tensor features) implements ImageDistribution {
        @Override
        public Tensor output(Tensor pixels) {
            return net.forward(pixels, features);
        }

        /** The pixels, row by row. */
        @Override
        public List<Part> parts() {
            List<Part> parts = new ArrayList<>();
            for (int row = 0; row < features.size(2); row++) {
                for (int column = 0; column < features.size(3); column++) {
                    parts.add(new Part(row, column, 1, 1));
                }
            }
            return parts;
        }

        /** What depends on pixels further away than the convolutions reach need not be computed. */
        @Override
        public Tensor output(Tensor pixels, Part part) {
            int top = Math.max(0, part.row() - net.reach);
            int left = Math.max(0, part.column() - net.reach);
            int right = (int) Math.min(features.size(3), part.column() + net.reach + 1L);
            Part around = new Part(top, left, part.row() - top + 1, right - left);
            Tensor output = net.forward(around.of(pixels), around.of(features));
            return new Part(part.row() - top, part.column() - left, 1, 1).of(output);
        }

        @Override
        public Tensor image(Picture picture, Rng rng) {
            long[] shape = features.shape();
            Tensor known = Tensor.zeros(features.dtype(), shape[0], net.imageChannels, shape[2], shape[3])
                    .to(features.device());
            Tensor shown = known.zerosLike();
            Picture drawn = picture == Picture.ARGMAX ? Picture.ARGMAX : Picture.SAMPLE;
            for (Part part : parts()) {
                try (var scope = Scope.withoutGradients()) {
                    Tensor output = output(known, part);
                    Tensor values = drawn.of(likelihood, output, rng);
                    part.of(known).copyInPlace(values.mul(2).sub(1));
                    part.of(shown).copyInPlace(picture == drawn ? values : picture.of(likelihood, output, rng));
                }
            }
            return shown.to(DType.FLOAT32);
        }
    }
}
