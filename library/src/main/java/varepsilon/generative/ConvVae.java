package varepsilon.generative;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import varepsilon.nn.Conv2d;
import varepsilon.nn.ConvTranspose2d;
import varepsilon.nn.Init;
import varepsilon.nn.Layer;
import varepsilon.nn.Linear;
import varepsilon.nn.Sequential;
import varepsilon.nn.Weights;
import varepsilon.tensor.DType;
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
    private static final int KERNEL = 3;

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
                new Encoder(this, init),
                new Decoder(this, init),
                new StandardNormal(latentDim),
                likelihood,
                init.device());
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
        if (likelihood instanceof Gaussian gaussian) {
            metadata.put("std", Double.toString(gaussian.std()));
        }
        return metadata;
    }

    /**
     * The model that a weight file holds: its sizes by the shapes, its likelihood by the metadata or, where that is
     * silent, by the decoder's channels (one for each pixel: Bernoulli, more: categorical).
     *
     * @param file named in errors
     * @throws InputException where the weights are not those of a convolutional VAE, or the metadata contradicts them
     */
    public static ConvVae describedBy(Weights weights, Path file) {
        String architecture = weights.metadata("architecture").orElse(ARCHITECTURE);
        if (!architecture.equals(ARCHITECTURE)) {
            throw refused(file, "weights of a '" + architecture + "'; expected a '" + ARCHITECTURE + "'");
        }
        int[] first = sizes(weights, "encoder.net.0.weight", 4, file);
        int[] inner = sizes(weights, "encoder.net.6.weight", 4, file);
        int[] linear = sizes(weights, "decoder.linear.0.weight", 2, file);
        int[] last = sizes(weights, "decoder.net.8.weight", 4, file);
        int filters = first[0];
        int channels = first[1];
        // A model is made as large as these say, so the file must hold tensors that large: a lone number proves
        // nothing.
        if (first[2] != KERNEL
                || first[3] != KERNEL
                || !Arrays.equals(inner, new int[] {2 * filters, 2 * filters, KERNEL, KERNEL})
                || linear[0] != 2 * GRID * GRID * filters
                || last[0] != filters
                || last[1] % channels != 0) {
            throw refused(file, "the shapes of its tensors do not fit together as those of a convolutional VAE do");
        }
        ConvVae found = new ConvVae(linear[1], filters, channels, likelihood(weights, last[1] / channels, file));
        Map<String, String> expected = found.metadata();
        for (String key : List.of("latent_dim", "filters", "image", "levels")) {
            String said = weights.metadata(key).orElse(null);
            if (said != null && expected.containsKey(key) && !said.equals(expected.get(key))) {
                throw refused(
                        file, "says " + key + " '" + said + "', but its tensors' shapes say " + expected.get(key));
            }
        }
        return found;
    }

    private static Likelihood likelihood(Weights weights, int perPixel, Path file) {
        String name = weights.metadata("likelihood").orElse(perPixel > 1 ? "categorical" : "bernoulli");
        Likelihood likelihood;
        try {
            likelihood = name.equals("gaussian") && weights.metadata("std").isPresent()
                    ? new Gaussian(Double.parseDouble(weights.metadata("std").get()))
                    : Likelihood.named(name, perPixel);
        } catch (InputException | IllegalArgumentException e) {
            throw refused(file, e.getMessage());
        }
        if (likelihood.channelsPerPixel() != perPixel) {
            throw refused(
                    file,
                    "a " + name + " likelihood needs " + likelihood.channelsPerPixel()
                            + " decoder channels for each image channel; its tensors' shapes say " + perPixel);
        }
        return likelihood;
    }

    private static int[] sizes(Weights weights, String name, int dimensions, Path file) {
        Tensor tensor = weights.tensors().get(name);
        if (tensor == null || tensor.dimensions() != dimensions || tensor.count() == 0) {
            throw refused(
                    file,
                    "not the weights of a convolutional VAE: "
                            + (tensor == null ? "there is no '" + name + "'" : "'" + name + "' is " + tensor));
        }
        // None is beyond an int: a tensor of a file has at most 2 GB.
        return Arrays.stream(tensor.shape()).mapToInt(Math::toIntExact).toArray();
    }

    private static InputException refused(Path file, String why) {
        // Metadata may hold line breaks and terminal controls.
        return new InputException((file + ": " + why).replaceAll("[\\p{C}\\p{Zl}\\p{Zp}]+", " "));
    }

    private static Layer gelu() {
        return Layer.of(Ops::gelu);
    }

    private static final class Encoder extends Layer {
        private final Sequential net;
        private final DType dtype;

        Encoder(ConvVae size, Init init) {
            dtype = init.dtype();
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
            return net.forward(x.to(dtype));
        }
    }

    private static final class Decoder extends Layer {
        private final Sequential linear;
        private final Sequential net;
        private final int channels;
        private final DType dtype;

        Decoder(ConvVae size, Init init) {
            dtype = init.dtype();
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
            return net.forward(linear.forward(z.to(dtype)).reshape(-1, channels, GRID, GRID));
        }
    }
}
