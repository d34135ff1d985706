package varepsilon.generative;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import varepsilon.base.Declared;
import varepsilon.base.Family;
import varepsilon.base.InputException;
import varepsilon.data.ImageShape;
import varepsilon.nn.Init;
import varepsilon.nn.Layer;
import varepsilon.tensor.Scope;
import varepsilon.weights.Weights;

/**
 * The architecture of a VAE, as its weight file's metadata describe it.
 *
 * @param latentDim dimensions of z, at least 1
 * @param network form of encoder and decoder
 * @param image size of the images; sides from 8 to 256 pixels
 * @param likelihood form of p(x|z) of a pixel
 * @param decoder how the pixels of p(x|z) depend on each other
 * @param prior form of p(z)
 * @param posterior form of q(z|x)
 * @param classes classes that the model is conditioned on, 0 for none
 */
public record VaeArchitecture(
        int latentDim,
        VaeNetwork network,
        ImageShape image,
        Likelihood likelihood,
        DecoderChoice decoder,
        PriorChoice prior,
        PosteriorChoice posterior,
        int classes) {
    private static final Family<VaeNetwork> NETWORKS = Family.of(VaeNetwork.class);
    private static final Family<Likelihood> LIKELIHOODS = Family.of(Likelihood.class);
    private static final Family<DecoderChoice> DECODERS = Family.of(DecoderChoice.class);
    private static final Family<PriorChoice> PRIORS = Family.of(PriorChoice.class);
    private static final Family<PosteriorChoice> POSTERIORS = Family.of(PosteriorChoice.class);

    private static final DecoderChoice USUAL_DECODER = new IndependentPixels.Choice();
    private static final PriorChoice USUAL_PRIOR = new StandardNormal.Choice();
    private static final PosteriorChoice USUAL_POSTERIOR = new DiagonalGaussian.Choice();
    private static final int SMALLEST_SIDE = 8;
    private static final int LARGEST_SIDE = 256;
    private static final int MOST_LATENT_DIMENSIONS = 65_536;
    private static final int MOST_CLASSES = 10_000;

    /** Rejects numbers out of range, and images of sides that the networks do not take. */
    public VaeArchitecture {
        if (latentDim < 1 || latentDim > MOST_LATENT_DIMENSIONS) {
            throw new InputException(
                    "a VAE with latent dimension " + latentDim + ": expected 1 to " + MOST_LATENT_DIMENSIONS);
        }
        if (classes < 0 || classes > MOST_CLASSES) {
            throw new InputException("a VAE of " + classes + " classes: expected 0, for none, to " + MOST_CLASSES);
        }
        if (!takes(image.height()) || !takes(image.width())) {
            throw new InputException("images of " + image + ": the VAEs take sides from " + SMALLEST_SIDE + " to "
                    + LARGEST_SIDE + " pixels; scale, crop or pad the images, for example to "
                    + nearest(image.height()) + "×" + nearest(image.width()));
        }
        if (prior instanceof CodebookPrior.Choice != posterior instanceof Quantised.Choice) {
            throw new InputException("the prior codebook and the posterior quantised go together: expected both, or"
                    + " neither of them");
        }
        likelihood.outputChannels(image.channels()); // refuses channels that it does not take
    }

    /** A model whose pixels are independent given z. */
    public VaeArchitecture(
            int latentDim,
            VaeNetwork network,
            ImageShape image,
            Likelihood likelihood,
            PriorChoice prior,
            PosteriorChoice posterior,
            int classes) {
        this(latentDim, network, image, likelihood, USUAL_DECODER, prior, posterior, classes);
    }

    /** The convolutional model with a standard normal prior and a diagonal Gaussian posterior. */
    public static VaeArchitecture conv(int latentDim, int filters, ImageShape image, Likelihood likelihood) {
        return new VaeArchitecture(latentDim, new ConvVae(filters), image, likelihood, USUAL_PRIOR, USUAL_POSTERIOR, 0);
    }

    /** The convolutional model of 28×28 images, with a standard normal prior and a diagonal Gaussian posterior. */
    public static VaeArchitecture conv(int latentDim, int filters, int imageChannels, Likelihood likelihood) {
        return conv(latentDim, filters, new ImageShape(imageChannels, ConvVae.SIDE, ConvVae.SIDE), likelihood);
    }

    private static boolean takes(int side) {
        return side >= SMALLEST_SIDE && side <= LARGEST_SIDE;
    }

    private static int nearest(int side) {
        return Math.max(SMALLEST_SIDE, Math.min(LARGEST_SIDE, side));
    }

    /** A model with fresh parameters. */
    public Vae create(Init init) {
        ImageShape input = new ImageShape(image.channels() + classes, image.height(), image.width());
        int outputChannels = likelihood.outputChannels(image.channels());
        ImageShape output = new ImageShape(decoder.channels(outputChannels), image.height(), image.width());
        Layer encoder = network.encoder(input, posterior.outputs(latentDim), init);
        Layer decoding = network.decoder(latentDim + classes, output, init);
        // The prior may use the encoder, and the posterior the prior: the encoder's last part is made last.
        Inference[] inference = new Inference[1];
        Prior p =
                prior.create(new LatentSpace(latentDim, input, x -> inference[0].posterior(encoder.forward(x))), init);
        inference[0] = posterior.create(p, init);
        PixelDecoder pixels = decoder.create(image.channels(), outputChannels, init);
        return new Vae(encoder, inference[0], decoding, pixels, p, likelihood, classes, init.device());
    }

    /** The metadata of a weight file of such a model. */
    public Map<String, String> metadata() {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put("architecture", Family.nameOf(network));
        metadata.put("latent_dim", Integer.toString(latentDim));
        put(NETWORKS, network, metadata);
        metadata.put("image", image.text());
        metadata.put("likelihood", likelihood.name());
        put(LIKELIHOODS, likelihood, metadata);
        if (!decoder.equals(USUAL_DECODER)) {
            metadata.put("decoder", DECODERS.wholeText(decoder));
        }
        if (!prior.equals(USUAL_PRIOR)) {
            metadata.put("prior", PRIORS.wholeText(prior));
        }
        if (!posterior.equals(USUAL_POSTERIOR)) {
            metadata.put("posterior", POSTERIORS.wholeText(posterior));
        }
        if (classes > 0) {
            metadata.put("num_classes", Integer.toString(classes));
        }
        return metadata;
    }

    private static <T> void put(Family<T> family, T value, Map<String, String> metadata) {
        family.memberOf(value)
                .ifPresent(member -> member.values(value)
                        .forEach((parameter, held) -> metadata.put(parameter, Declared.text(held))));
    }

    /**
     * The model that a weight file holds, by its metadata. What a convolutional VAE's metadata lack is found from the
     * shapes: its sizes, and the likelihood by the decoder's channels (one for each pixel: Bernoulli, more:
     * categorical); its images are then 28×28.
     *
     * @param file named in errors
     * @throws InputException where the weights are not those of a VAE, or the metadata contradict them
     */
    public static VaeArchitecture describedBy(Weights weights, Path file) {
        VaeArchitecture found;
        try {
            Map<String, String> metadata = new LinkedHashMap<>(weights.metadata());
            String name = metadata.getOrDefault("architecture", Family.nameOf(new ConvVae()));
            if (!NETWORKS.names().contains(name)) {
                throw new InputException(
                        "weights of a '" + name + "'; expected a VAE's, one of " + String.join(", ", NETWORKS.names()));
            }
            if (name.equals(Family.nameOf(new ConvVae()))) {
                new ConvVaeShapes(weights).complete(metadata);
            }
            found = of(metadata, name);
        } catch (InputException e) {
            // Metadata may hold line breaks and terminal controls.
            throw new InputException((file + ": " + e.getMessage()).replaceAll("[\\p{C}\\p{Zl}\\p{Zp}]+", " "), e);
        }
        found.requireShapes(weights);
        return found;
    }

    private static VaeArchitecture of(Map<String, String> metadata, String name) {
        return new VaeArchitecture(
                number("latent_dim", metadata),
                member(NETWORKS, name, metadata),
                ImageShape.parse(required("image", metadata))
                        .orElseThrow(
                                () -> new InputException("says image '" + metadata.get("image") + "'; expected CxHxW")),
                member(LIKELIHOODS, required("likelihood", metadata), metadata),
                metadata.containsKey("decoder") ? DECODERS.parse(metadata.get("decoder")) : USUAL_DECODER,
                metadata.containsKey("prior") ? PRIORS.parse(metadata.get("prior")) : USUAL_PRIOR,
                metadata.containsKey("posterior") ? POSTERIORS.parse(metadata.get("posterior")) : USUAL_POSTERIOR,
                metadata.containsKey("num_classes") ? number("num_classes", metadata) : 0);
    }

    private static <T> T member(Family<T> family, String name, Map<String, String> metadata) {
        Family.Member<T> member = family.member(name);
        Map<String, Object> values = new LinkedHashMap<>();
        member.parameters().stream()
                .filter(parameter -> metadata.containsKey(parameter.name()))
                .forEach(parameter -> values.put(parameter.name(), parameter.parse(metadata.get(parameter.name()))));
        return member.with(member.usual(), values);
    }

    private static String required(String key, Map<String, String> metadata) {
        String value = metadata.get(key);
        if (value == null) {
            throw new InputException("its metadata lack '" + key + "'");
        }
        return value;
    }

    private static int number(String key, Map<String, String> metadata) {
        try {
            return Integer.parseInt(required(key, metadata));
        } catch (NumberFormatException e) {
            throw new InputException("says " + key + " '" + metadata.get(key) + "'; expected a whole number", e);
        }
    }

    /** A model is made as large as metadata say, so the file must hold tensors that large. */
    private void requireShapes(Weights weights) {
        Map<String, long[]> shapes = new LinkedHashMap<>();
        try (var scope = Scope.withoutGradients();
                Vae vae = create(Init.shapes())) {
            vae.state().forEach((tensor, held) -> shapes.put(tensor, held.shape()));
        }
        weights.requireExactly(shapes);
    }
}
