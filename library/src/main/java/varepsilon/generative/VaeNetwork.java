package varepsilon.generative;

import varepsilon.base.Family;
import varepsilon.base.Named;
import varepsilon.data.ImageShape;
import varepsilon.nn.Init;
import varepsilon.nn.Layer;

/**
 * The form of a VAE's encoder and decoder. A new one is a record in a file of its own, registered as {@link Family}
 * says.
 */
@Named(value = "architecture", help = "the networks of a VAE's encoder and decoder")
public interface VaeNetwork {
    /**
     * An encoder with fresh parameters.
     *
     * @param input shape of its input
     * @param outputs numbers that it puts out for an image
     */
    Layer encoder(ImageShape input, int outputs, Init init);

    /**
     * A decoder with fresh parameters.
     *
     * @param inputs numbers that it takes for an image
     * @param output shape of its output
     */
    Layer decoder(int inputs, ImageShape output, Init init);
}
