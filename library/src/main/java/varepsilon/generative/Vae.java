package varepsilon.generative;

import varepsilon.nn.Layer;
import varepsilon.nn.Module;
import varepsilon.tensor.Device;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;

/**
 * A variational autoencoder (Kingma, Welling 2014; Rezende et al. 2014): an encoder that gives q(z|x), a decoder that
 * gives p(x|z), and a prior p(z). Its weights are named {@code encoder.…} and {@code decoder.…}.
 */
public final class Vae extends Module {
    private final Layer encoder;
    private final Layer decoder;
    private final Prior prior;
    private final Likelihood likelihood;
    private final Device device;

    /**
     * Owns the two networks, and a prior that is a network too.
     *
     * @param encoder from the likelihood's encoder input N×C×H×W to N×2·latentDim: mean, then logStd
     * @param decoder from N×latentDim to the likelihood's output N×(C·channelsPerPixel)×H×W
     * @param device where both networks live
     */
    public Vae(Layer encoder, Layer decoder, Prior prior, Likelihood likelihood, Device device) {
        this.encoder = child("encoder", encoder);
        this.decoder = child("decoder", decoder);
        this.prior = prior;
        if (prior instanceof Module learned) {
            child("prior", learned);
        }
        this.likelihood = likelihood;
        this.device = device;
    }

    /** The prior p(z). */
    public Prior prior() {
        return prior;
    }

    /** The form of p(x|z). */
    public Likelihood likelihood() {
        return likelihood;
    }

    /** The device of the networks. */
    public Device device() {
        return device;
    }

    /** The values over which p(x|z) is defined, on this model's device, for UINT8 images N×C×H×W. */
    public Tensor target(Tensor images) {
        return likelihood.target(images.to(device));
    }

    /** q(z|x) for values from {@link #target}. */
    public DiagonalGaussian posterior(Tensor target) {
        Tensor output = encoder.forward(likelihood.encoderInput(target));
        int latentDim = prior.latentDim();
        return new DiagonalGaussian(output.narrow(1, 0, latentDim), output.narrow(1, latentDim, latentDim));
    }

    /** The likelihood's parameters for latent vectors N×latentDim: N×(C·channelsPerPixel)×H×W. */
    public Tensor decode(Tensor z) {
        return decoder.forward(z);
    }

    /**
     * The evidence lower bound for each image with one draw of z (Kingma, Welling 2014, equation 7): the divergence in
     * closed form where one is known, else from the same draw.
     */
    public Elbo elbo(Tensor target, Rng rng) {
        DiagonalGaussian q = posterior(target);
        Tensor z = q.sample(rng);
        return new Elbo(likelihood.logProbability(decode(z), target), KullbackLeibler.between(q, prior, z), q);
    }

    /** n images from p(x): <b>one</b> z for each image, drawn from the prior, then a picture of p(x|z). */
    public Tensor sample(int n, Picture picture, Rng rng) {
        return picture.of(likelihood, decode(prior.sample(n, rng).to(device)), rng);
    }

    /** Pictures of p(x|z) with z the mean of q(z|x), for UINT8 images N×C×H×W. */
    public Tensor reconstruct(Tensor images, Picture picture, Rng rng) {
        return picture.of(likelihood, decode(posterior(target(images)).mean()), rng);
    }
}
