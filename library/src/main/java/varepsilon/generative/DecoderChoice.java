package varepsilon.generative;

import varepsilon.base.Family;
import varepsilon.base.Named;
import varepsilon.nn.Init;

/**
 * The choice of how the pixels of p(x|z) depend on each other. A new one is a record in a file of its own that makes a
 * {@link PixelDecoder}, registered as {@link Family} says.
 */
@Named(value = "decoder", help = "how the pixels of p(x|z) depend on each other")
public interface DecoderChoice {
    /** Channels that the decoder's network makes, for a likelihood that wants so many. */
    int channels(int outputChannels);

    /**
     * The last part of the decoder. One with parameters to be trained is a {@link varepsilon.nn.Module}, which the VAE
     * then trains with its own, under the name {@code pixels}.
     *
     * @param imageChannels channels of the images
     * @param outputChannels channels of the likelihood's parameters
     * @param init gives fresh parameters
     */
    PixelDecoder create(int imageChannels, int outputChannels, Init init);
}
