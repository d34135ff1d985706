package varepsilon.generative;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import varepsilon.nn.Conv2d;
import varepsilon.nn.ConvTranspose2d;
import varepsilon.nn.Init;
import varepsilon.nn.Layer;
import varepsilon.nn.Linear;
import varepsilon.nn.Sequential;
import varepsilon.nn.Weights;
import varepsilon.tensor.InputException;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Tensor;

/**
 * The convolutional VAE for 28×28 images: five convolutions down to 4×4, and their mirror image up again, with exact
 * GELU between.
 *
 * @param latentDim dimensions of z, at least 1
 * @param filters channels of the first convolutions, F, at least 1; the deeper ones have 2F
 * @param imageChannels 1 for grey, 3 for colour
 * @param likelihood form of p(x|z)
 */
public record ConvVae(int latentDim, int filters, int imageChannels, Likelihood likelihood) {
    /** Side of the images, in pixels: the decoder's strides lead from 4 over 7 and 14 to 28. */
    public static final int SIDE = 28;

    private static final String ARCHITECTURE = "conv-vae";
    private static final int GRID = 4;

    /** Refuses sizes below 1. */
    public ConvVae {
        if (latentDim < 1 || filters < 1 || imageChannels < 1) {
            throw new InputException("a VAE with latent dimension " + latentDim + ", " + filters + " filters and "
                    + imageChannels + " image channels: expected at least 1 of each");
        }
    }

    /** A model with fresh parameters. */
    public Vae create(Init init) {
        return new Vae(
                new Encoder(this, init), new Decoder(this, init), new StandardNormal(latentDim), likelihood, init.device());
    }

    /** What a weight file says of such a model. */
    public Map<String, String> metadata() {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put("architecture", ARCHITECTURE);
        metadata.put("latent_dim", Integer.toString(latentDim));
        metadata.put("filters", Integer.toString(filters));
        metadata.put("image", imageChannels + "x" + SIDE + "x" + SIDE);
        metadata.put("likelihood", likelihood.name());
        if (likelihood instanceof Categorical categorical) {
            metadata.put("levels", Integer.toString(categorical.levels()));
        }
        return metadata;
    }

    /**
     * The model that a weight file holds, by its metadata or, where that is silent, by its shapes.
     *
     * @param file named in errors
     * @throws InputException where the weights are not those of a convolutional VAE
     */
    public static ConvVae describedBy(Weights weights, Path file) {
        String architecture = weights.metadata("architecture").orElse(ARCHITECTURE);
        if (!architecture.equals(ARCHITECTURE)) {
            throw new InputException(file + ": weights of a '" + architecture + "'; expected a '" + ARCHITECTURE + "'");
        }
        long[] first = shape(weights, "encoder.net.0.weight", 4, file);
        long[] latent = shape(weights, "decoder.linear.0.weight", 2, file);
        long[] last = shape(weights, "decoder.net.8.weight", 4, file);
        int perPixel = Math.toIntExact(last[1] / first[1]);
        Likelihood likelihood = Likelihood.named(
                weights.metadata("likelihood").orElse(perPixel > 1 ? "categorical" : "bernoulli"), perPixel);
        return new ConvVae(
                Math.toIntExact(latent[1]), Math.toIntExact(first[0]), Math.toIntExact(first[1]), likelihood);
    }

    private static long[] shape(Weights weights, String name, int dimensions, Path file) {
        Tensor tensor = weights.tensors().get(name);
        if (tensor == null || tensor.dimensions() != dimensions) {
            throw new InputException(file + ": not the weights of a convolutional VAE: "
                    + (tensor == null ? "there is no '" + name + "'" : "'" + name + "' is " + tensor));
        }
        return tensor.shape();
    }

    private static Layer gelu() {
        return Layer.of(Ops::gelu);
    }

    private static final class Encoder extends Layer {
        private final Sequential net;

        Encoder(ConvVae size, Init init) {
            int f = size.filters;
            net = child(
                    "net",
                    new Sequential(
                            new Conv2d(size.imageChannels, f, 3, 2, 1, true, init), // 28 → 14
                            gelu(),
                            new Conv2d(f, f, 3, 1, 1, true, init),
                            gelu(),
                            new Conv2d(f, 2 * f, 3, 2, 1, true, init), // 14 → 7
                            gelu(),
                            new Conv2d(2 * f, 2 * f, 3, 1, 1, true, init),
                            gelu(),
                            new Conv2d(2 * f, 2 * f, 3, 2, 1, true, init), // 7 → 4
                            gelu(),
                            Layer.of(x -> x.flatten(1)),
                            new Linear(2 * GRID * GRID * f, 2 * size.latentDim, init)));
        }

        @Override
        public Tensor forward(Tensor x) {
            return net.forward(x);
        }
    }

    private static final class Decoder extends Layer {
        private final Sequential linear;
        private final Sequential net;
        private final int channels;

        Decoder(ConvVae size, Init init) {
            int f = size.filters;
            channels = 2 * f;
            linear = child("linear", new Sequential(new Linear(size.latentDim, 2 * GRID * GRID * f, init), gelu()));
            int out = size.imageChannels * size.likelihood.channelsPerPixel();
            net = child(
                    "net",
                    new Sequential(
                            new ConvTranspose2d(2 * f, 2 * f, 3, 2, 1, 0, init), // 4 → 7
                            gelu(),
                            new Conv2d(2 * f, 2 * f, 3, 1, 1, true, init),
                            gelu(),
                            new ConvTranspose2d(2 * f, f, 3, 2, 1, 1, init), // 7 → 14
                            gelu(),
                            new Conv2d(f, f, 3, 1, 1, true, init),
                            gelu(),
                            new ConvTranspose2d(f, out, 3, 2, 1, 1, init))); // 14 → 28
        }

        @Override
        public Tensor forward(Tensor z) {
            return net.forward(linear.forward(z).reshape(-1, channels, GRID, GRID));
        }
    }
}
