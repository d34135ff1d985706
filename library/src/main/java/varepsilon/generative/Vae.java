package varepsilon.generative;

import java.util.List;
import varepsilon.data.Batch;
import varepsilon.nn.Layer;
import varepsilon.nn.Module;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;

/**
 * A variational autoencoder (Kingma, Welling 2014; Rezende et al. 2014): an encoder that gives q(z|x), a decoder that
 * gives p(x|z), and a prior p(z). Its weights are named {@code encoder.…} and {@code decoder.…}, and {@code prior.…},
 * {@code posterior.…} and {@code pixels.…} where these have any.
 *
 * <p>A conditional one (Sohn et al. 2015) has q(z|x, y) and p(x|z, y) for a class y of each image; {@link #given} says
 * which.
 */
public final class Vae extends Module {
    private final Layer encoder;
    private final Inference inference;
    private final Layer decoder;
    private final PixelDecoder pixels;
    private final Prior prior;
    private final Likelihood likelihood;
    private final Device device;
    private final int classes;
    /** One-hot classes of a batch's images, N×classes; null where none are given. */
    private final Tensor condition;

    /** A model with a diagonal Gaussian posterior, whose pixels are independent given z. */
    public Vae(Layer encoder, Layer decoder, Prior prior, Likelihood likelihood, Device device) {
        this(encoder, DiagonalGaussian::of, decoder, IndependentPixels::new, prior, likelihood, 0, device);
    }

    /**
     * Owns the two networks, and a posterior, a last part of the decoder and a prior that are networks too.
     *
     * @param encoder from the likelihood's encoder input N×C×H×W to N×outputs; for a conditional model the input has
     *     one more channel for each class, which is 1 everywhere for the image's class and 0 for the others
     * @param inference makes q(z|x) of the encoder's output
     * @param decoder from N×latentDim to what {@code pixels} takes, N×channels×H×W; for a conditional model the input is
     *     z, then the one-hot class
     * @param pixels makes p(x|z) of the decoder's output
     * @param classes of a conditional model; 0 for others
     * @param device where all networks live
     */
    public Vae(
            Layer encoder,
            Inference inference,
            Layer decoder,
            PixelDecoder pixels,
            Prior prior,
            Likelihood likelihood,
            int classes,
            Device device) {
        this.encoder = child("encoder", encoder);
        this.inference = inference;
        this.decoder = child("decoder", decoder);
        this.pixels = pixels;
        this.prior = prior;
        if (prior instanceof Module learned) {
            child("prior", learned);
        }
        if (inference instanceof Module learned) {
            child("posterior", learned);
        }
        if (pixels instanceof Module learned) {
            child("pixels", learned);
        }
        this.likelihood = likelihood;
        this.device = device;
        this.classes = classes;
        this.condition = null;
    }

    private Vae(Vae model, Tensor condition) {
        this.encoder = model.encoder;
        this.inference = model.inference;
        this.decoder = model.decoder;
        this.pixels = model.pixels;
        this.prior = model.prior;
        this.likelihood = model.likelihood;
        this.device = model.device;
        this.classes = model.classes;
        this.condition = condition;
    }

    /** The prior p(z). */
    public Prior prior() {
        return prior;
    }

    /** The form of p(x|z). */
    public Likelihood likelihood() {
        return likelihood;
    }

    /** Whether pixels are independent given z, so that p(x|z) has an expected image in closed form. */
    public boolean hasIndependentPixels() {
        return pixels.isIndependent();
    }

    /** The device of the networks. */
    public Device device() {
        return device;
    }

    /** Classes of a conditional model; 0 for others. */
    public int classes() {
        return classes;
    }

    /**
     * The model of images of these classes: a view of a conditional model's networks, whose modes and life are this
     * model's. A model that is not conditional is its own view.
     *
     * @param labels N classes, INT64, of the N images, or of each run of N latent vectors, that the view is used for
     */
    public Vae given(Tensor labels) {
        if (classes == 0) {
            return this;
        }
        Tensor numbers = Tensor.arange(classes).to(device);
        return new Vae(this, labels.to(device).unsqueeze(1).eq(numbers).to(DType.FLOAT32));
    }

    /** The model of the images of a batch, whose labels only a conditional one needs. */
    public Vae given(Batch batch) {
        return classes == 0 ? this : given(batch.labels());
    }

    /** The values over which p(x|z) is defined, on this model's device, for UINT8 images N×C×H×W. */
    public Tensor target(Tensor images) {
        return likelihood.target(images.to(device));
    }

    /** The same for one presentation of training images. */
    public Tensor trainingTarget(Tensor images, Rng rng) {
        return likelihood.trainingTarget(images.to(device), rng);
    }

    /** q(z|x) for values from {@link #target}. */
    public Posterior posterior(Tensor target) {
        return posteriorOfInput(likelihood.encoderInput(target));
    }

    /** q(z|x) for the encoder's input, FLOAT32 N×C×H×W in [−1, 1]: differentiable in it, as levels are not. */
    public Posterior posteriorOfInput(Tensor pixels) {
        Tensor input = pixels;
        if (classes > 0) {
            Tensor planes = condition(input.size(0))
                    .to(input.dtype())
                    .reshape(-1, classes, 1, 1)
                    .expand(input.size(0), classes, input.size(2), input.size(3));
            input = Tensor.concat(1, List.of(input, planes));
        }
        return inference.posterior(encoded(input));
    }

    /** What q(z|x) is made of, N×outputs, for the encoder's whole input: the pixels, then the planes of the classes. */
    Tensor encoded(Tensor input) {
        return encoder.forward(input);
    }

    /** What p(x|z) is made of, N×channels×H×W, for the decoder's whole input: z, then the one-hot classes. */
    Tensor decoded(Tensor input) {
        return decoder.forward(input);
    }

    /** p(x|z) for latent vectors N×latentDim. */
    public ImageDistribution decode(Tensor z) {
        Tensor input = classes == 0
                ? z
                : Tensor.concat(1, List.of(z, condition(z.size(0)).to(z.dtype())));
        return pixels.distribution(likelihood, decoded(input));
    }

    /** The classes of n images or latent vectors, n×classes: those given, as often as n is a multiple of their number. */
    private Tensor condition(long n) {
        if (condition == null) {
            throw new IllegalStateException("a conditional VAE: expected the classes of the images, see given(labels)");
        }
        long given = condition.size(0);
        if (n % given != 0) {
            throw new IllegalArgumentException(n + " images for " + given + " classes: expected a multiple");
        }
        return n == given
                ? condition
                : condition.unsqueeze(0).expand(n / given, given, classes).reshape(n, classes);
    }

    /**
     * The evidence lower bound for each image with one draw of z (Kingma, Welling 2014, equation 7): the divergence in
     * closed form where one is known, else from the same draw.
     */
    public Elbo elbo(Tensor target, Rng rng) {
        Posterior q = posterior(target);
        return elbo(target, q, q.draw(1, rng));
    }

    /** The same for one draw of z from q for each image. */
    Elbo elbo(Tensor target, Posterior q, Posterior.Draws draws) {
        Tensor logLikelihood = decode(draws.z().squeeze(0)).logProbability(target);
        return new Elbo(logLikelihood, KullbackLeibler.between(q, prior, draws), q);
    }

    /** KL(q(z|x) ‖ p(z)), N values in nats: in closed form where one is known, else from draws of q. */
    public Tensor divergence(Posterior q, Posterior.Draws draws) {
        return KullbackLeibler.between(q, prior, draws);
    }

    /**
     * log w = log p(x|z) + log p(z) − log q(z|x) for draws of z.
     *
     * @param draws K for each of N images
     * @param target from {@link #target}, N×C×H×W
     * @return K×N values in nats
     */
    public Tensor logWeights(Posterior.Draws draws, Tensor target) {
        return logLikelihoods(draws.z(), target)
                .add(prior.logProbability(draws.z()))
                .sub(draws.logProbability());
    }

    /** log p(x|z) in nats, K×N, for z K×N×latentDim and values from {@link #target}, N×C×H×W. */
    public Tensor logLikelihoods(Tensor z, Tensor target) {
        long k = z.size(0);
        long n = z.size(1);
        long[] shape = target.shape();
        Tensor repeated = target.unsqueeze(0)
                .expand(k, shape[0], shape[1], shape[2], shape[3])
                .reshape(k * n, shape[1], shape[2], shape[3]);
        return decode(z.flatten(0, 1)).logProbability(repeated).reshape(k, n);
    }

    /** n images from p(x): <b>one</b> z for each image, drawn from the prior, then a picture of p(x|z). */
    public Tensor sample(int n, Picture picture, Rng rng) {
        return decode(prior.sample(n, rng).to(device)).image(picture, rng);
    }

    /** Pictures of p(x|z) with z the mean of q(z|x), for UINT8 images N×C×H×W. */
    public Tensor reconstruct(Tensor images, Picture picture, Rng rng) {
        return decode(posterior(target(images)).mean()).image(picture, rng);
    }
}
