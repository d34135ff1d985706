package varepsilon.generative;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import varepsilon.base.Family;
import varepsilon.base.InputException;
import varepsilon.data.ImageShape;
import varepsilon.nn.Conv2d;
import varepsilon.nn.ConvTranspose2d;
import varepsilon.nn.Init;
import varepsilon.nn.Layer;
import varepsilon.nn.Linear;
import varepsilon.nn.Sequential;
import varepsilon.tensor.DType;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Tensor;
import varepsilon.weights.Weights;

/**
 * The convolutional VAE. Its encoder halves the image, rounding up, by convolutions of stride 2 until neither side is
 * above 4, with a convolution of stride 1 between any two of them; the decoder is its mirror image, with exact GELU
 * between all of them. The first and the last have F channels, the deeper ones 2F. For 28×28 images: 28, 14, 7, 4, five
 * convolutions.
 *
 * @param latentDim dimensions of z, at least 1
 * @param filters channels of the first convolutions, F, at least 1; the deeper ones have 2F
 * @param image size of the images; sides are multiples of 4 from 8 to 64 pixels
 * @param likelihood form of p(x|z)
 * @param prior form of p(z)
 */
public record ConvVae(int latentDim, int filters, ImageShape image, Likelihood likelihood, PriorChoice prior) {
    /** Side of the images of the published model, in pixels. */
    public static final int SIDE = 28;

    private static final Family<Likelihood> LIKELIHOODS = Family.of(Likelihood.class);
    private static final String ARCHITECTURE = "conv-vae";
    private static final int KERNEL = 3;
    private static final int LARGEST_GRID = 4;
    private static final int SIDE_STEP = 4;
    private static final int SMALLEST_SIDE = 8;
    private static final int LARGEST_SIDE = 64;

    /** Rejects sizes below 1, and images of sides that the convolutions do not support. */
    public ConvVae {
        if (latentDim < 1 || filters < 1) {
            throw new InputException("a VAE with latent dimension " + latentDim + " and " + filters
                    + " filters: expected at least 1 of each");
        }
        if (!takes(image.height()) || !takes(image.width())) {
            throw new InputException("images of " + image + ": the convolutional VAE takes sides that are multiples of "
                    + SIDE_STEP + " from " + SMALLEST_SIDE + " to " + LARGEST_SIDE + " pixels (" + SMALLEST_SIDE
                    + ", 12, 16, … 28, 32, … " + LARGEST_SIDE + "); scale, crop or pad the images, for example to "
                    + nearest(image.height()) + "×" + nearest(image.width()));
        }
    }

    /** The model with a standard normal prior. */
    public ConvVae(int latentDim, int filters, ImageShape image, Likelihood likelihood) {
        this(latentDim, filters, image, likelihood, new StandardNormal.Choice());
    }

    /** The model of 28×28 images, with a standard normal prior. */
    public ConvVae(int latentDim, int filters, int imageChannels, Likelihood likelihood) {
        this(latentDim, filters, new ImageShape(imageChannels, SIDE, SIDE), likelihood);
    }

    private static boolean takes(int side) {
        return side % SIDE_STEP == 0 && side >= SMALLEST_SIDE && side <= LARGEST_SIDE;
    }

    private static int nearest(int side) {
        return Math.max(SMALLEST_SIDE, Math.min(LARGEST_SIDE, side / SIDE_STEP * SIDE_STEP));
    }

    /** Sides of the image after no, one, two … convolutions of stride 2, each rounded up: 28, 14, 7, 4. */
    private static List<Grid> grids(ImageShape image) {
        List<Grid> grids = new ArrayList<>();
        Grid grid = new Grid(image.height(), image.width());
        grids.add(grid);
        while (Math.max(grid.height, grid.width) > LARGEST_GRID) {
            grid = new Grid((grid.height + 1) / 2, (grid.width + 1) / 2);
            grids.add(grid);
        }
        return grids;
    }

    private record Grid(int height, int width) {
        int size() {
            return height * width;
        }
    }

    /** Channels after so many convolutions of stride 2, at least one. */
    private static int channelsAfter(int filters, int halvings) {
        return halvings == 1 ? filters : 2 * filters;
    }

    /** A model with fresh parameters. */
    public Vae create(Init init) {
        return new Vae(
                new Encoder(this, init),
                new Decoder(this, init),
                prior.create(latentDim, init),
                likelihood,
                init.device());
    }

    /** The metadata of a weight file of such a model. */
    public Map<String, String> metadata() {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put("architecture", ARCHITECTURE);
        metadata.put("latent_dim", Integer.toString(latentDim));
        metadata.put("filters", Integer.toString(filters));
        metadata.put("image", image.text());
        metadata.put("likelihood", likelihood.name());
        LIKELIHOODS
                .memberOf(likelihood)
                .ifPresent(member -> member.values(likelihood)
                        .forEach((parameter, value) -> metadata.put(parameter, value.toString())));
        if (!prior.equals(new StandardNormal.Choice())) {
            metadata.put("prior", Family.of(PriorChoice.class).wholeText(prior));
        }
        return metadata;
    }

    /**
     * The model that a weight file holds: its sizes by the shapes, the images' height and width by the metadata or,
     * where that has none, 28×28, its likelihood by the metadata or by the decoder's channels (one for each pixel:
     * Bernoulli, more: categorical).
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
        int filters = first[0];
        int channels = first[1];
        ImageShape image = imageOf(weights, channels, file);
        List<Grid> grids = grids(image);
        int halvings = grids.size() - 1;
        // A model is made as large as these say, so the file must hold tensors that large: a lone number proves
        // nothing.
        boolean fits = isConvolution(first, filters, channels);
        for (int i = 2; i <= halvings; i++) {
            int from = channelsAfter(filters, i - 1);
            fits &= isConvolution(sizes(weights, encoderWeight(4 * i - 6), 4, file), from, from);
            fits &= isConvolution(sizes(weights, encoderWeight(4 * i - 4), 4, file), channelsAfter(filters, i), from);
        }
        int[] linear = sizes(weights, "decoder.linear.0.weight", 2, file);
        int[] last = sizes(weights, "decoder.net." + 4 * (halvings - 1) + ".weight", 4, file);
        if (!fits
                || linear[0] != grids.get(halvings).size() * channelsAfter(filters, halvings)
                || last[0] != filters
                || last[1] % channels != 0) {
            throw refused(
                    file,
                    "the shapes of its tensors do not fit together as those of a convolutional VAE for " + image
                            + " images do");
        }
        ConvVae found = new ConvVae(
                linear[1], filters, image, likelihood(weights, last[1] / channels, file), prior(weights, file));
        Map<String, String> expected = found.metadata();
        for (String key : List.of("latent_dim", "filters", "image", "levels")) {
            String stated = weights.metadata(key).orElse(null);
            if (stated != null && expected.containsKey(key) && !stated.equals(expected.get(key))) {
                throw refused(
                        file, "says " + key + " '" + stated + "', but its tensors' shapes say " + expected.get(key));
            }
        }
        return found;
    }

    private static String encoderWeight(int index) {
        return "encoder.net." + index + ".weight";
    }

    private static boolean isConvolution(int[] sizes, int out, int in) {
        return Arrays.equals(sizes, new int[] {out, in, KERNEL, KERNEL});
    }

    /** Height and width as the metadata says, channels as the first convolution does. */
    private static ImageShape imageOf(Weights weights, int channels, Path file) {
        String stated = weights.metadata("image").orElse(null);
        if (stated == null) {
            return new ImageShape(channels, SIDE, SIDE);
        }
        return ImageShape.parse(stated)
                .filter(image -> takes(image.height()) && takes(image.width()))
                .map(image -> new ImageShape(channels, image.height(), image.width()))
                .orElseThrow(() -> refused(
                        file,
                        "says image '" + stated + "'; expected CxHxW with sides that are multiples of " + SIDE_STEP
                                + " from " + SMALLEST_SIDE + " to " + LARGEST_SIDE));
    }

    private static Likelihood likelihood(Weights weights, int perPixel, Path file) {
        String name = weights.metadata("likelihood").orElse(perPixel > 1 ? "categorical" : "bernoulli");
        Likelihood likelihood;
        try {
            Family.Member<Likelihood> member = LIKELIHOODS.member(name);
            Map<String, Object> values = new LinkedHashMap<>();
            member.parameters().stream()
                    .filter(parameter -> !parameter.name().equals("levels"))
                    .forEach(parameter -> weights.metadata(parameter.name())
                            .ifPresent(value -> values.put(parameter.name(), parameter.parse(value))));
            values.put("levels", perPixel); // from the shapes; describedBy rejects metadata that differ
            likelihood = member.with(member.usual(), values);
        } catch (InputException e) {
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

    private static PriorChoice prior(Weights weights, Path file) {
        try {
            return Family.of(PriorChoice.class)
                    .parse(weights.metadata("prior").orElse(Family.nameOf(new StandardNormal.Choice())));
        } catch (InputException e) {
            throw refused(file, e.getMessage());
        }
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
            List<Grid> grids = grids(size.image);
            int halvings = grids.size() - 1;
            List<Layer> layers = new ArrayList<>();
            for (int i = 1; i <= halvings; i++) {
                int from = i == 1 ? size.image.channels() : channelsAfter(size.filters, i - 1);
                if (i > 1) {
                    layers.add(new Conv2d(from, from, KERNEL, 1, 1, true, init));
                    layers.add(gelu());
                }
                layers.add(new Conv2d(from, channelsAfter(size.filters, i), KERNEL, 2, 1, true, init));
                layers.add(gelu());
            }
            layers.add(Layer.of(x -> x.flatten(1)));
            int features = grids.get(halvings).size() * channelsAfter(size.filters, halvings);
            layers.add(new Linear(features, 2 * size.latentDim, init));
            net = child("net", new Sequential(layers.toArray(Layer[]::new)));
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
        private final Grid grid;
        private final DType dtype;

        Decoder(ConvVae size, Init init) {
            dtype = init.dtype();
            List<Grid> grids = grids(size.image);
            int halvings = grids.size() - 1;
            channels = channelsAfter(size.filters, halvings);
            grid = grids.get(halvings);
            linear = child("linear", new Sequential(new Linear(size.latentDim, grid.size() * channels, init), gelu()));
            List<Layer> layers = new ArrayList<>();
            for (int i = halvings; i >= 1; i--) {
                int to = i == 1
                        ? size.image.channels() * size.likelihood.channelsPerPixel()
                        : channelsAfter(size.filters, i - 1);
                layers.add(doubling(channelsAfter(size.filters, i), to, grids.get(i - 1), init));
                if (i > 1) {
                    layers.add(gelu());
                    layers.add(new Conv2d(to, to, KERNEL, 1, 1, true, init));
                    layers.add(gelu());
                }
            }
            net = child("net", new Sequential(layers.toArray(Layer[]::new)));
        }

        /**
         * From a grid half as large, rounded up: without output padding s gives 2s − 1, which is right for odd sides.
         */
        private static Layer doubling(int from, int to, Grid grid, Init init) {
            return new ConvTranspose2d(from, to, KERNEL, 2, 1, 1 - grid.height % 2, 1 - grid.width % 2, init);
        }

        @Override
        public Tensor forward(Tensor z) {
            return net.forward(linear.forward(z.to(dtype)).reshape(-1, channels, grid.height, grid.width));
        }
    }
}
