package varepsilon.generative;

import java.util.Map;
import varepsilon.base.Family;
import varepsilon.base.InputException;
import varepsilon.data.ImageShape;
import varepsilon.tensor.Tensor;
import varepsilon.weights.Weights;

/**
 * What the shapes of a convolutional VAE's tensors say, for files without our metadata, such as those of a PyTorch
 * program.
 *
 * @param weights the file
 */
record ConvVaeShapes(Weights weights) {
    /**
     * Adds what the shapes say to metadata that lack it.
     *
     * @throws InputException where they contradict each other, or a tensor is missing
     */
    void complete(Map<String, String> metadata) {
        long[] first = shape("encoder.net.0.weight", 4);
        long classes = Long.parseLong(metadata.getOrDefault("num_classes", "0"));
        put("filters", first[0], metadata);
        long channels = first[1] - classes;
        String side = "x" + ConvVae.SIDE;
        ImageShape image = ImageShape.parse(metadata.getOrDefault("image", channels + side + side))
                .orElseThrow(() -> new InputException("says image '" + metadata.get("image") + "'; expected CxHxW"));
        put("image", channels + "x" + image.height() + "x" + image.width(), metadata);
        put("latent_dim", shape("decoder.linear.0.weight", 2)[1] - classes, metadata);
        if (metadata.containsKey("decoder")) {
            return; // its channels are not the likelihood's
        }
        int halvings = Halvings.of(image).count();
        long outputs = shape("decoder.net." + 4 * (halvings - 1) + ".weight", 4)[1];
        metadata.putIfAbsent("likelihood", Family.nameOf(outputs > channels ? new Categorical() : new Bernoulli()));
        if (metadata.get("likelihood").equals(Family.nameOf(new Categorical()))) {
            put("levels", outputs / Math.max(1, channels), metadata);
        }
    }

    private static void put(String key, Object value, Map<String, String> metadata) {
        String stated = metadata.putIfAbsent(key, value.toString());
        if (stated != null && !stated.equals(value.toString())) {
            throw new InputException("says " + key + " '" + stated + "', but its tensors' shapes say " + value);
        }
    }

    private long[] shape(String name, int dimensions) {
        Tensor tensor = weights.tensors().get(name);
        if (tensor == null || tensor.dimensions() != dimensions || tensor.count() == 0) {
            throw new InputException("not the weights of a convolutional VAE: "
                    + (tensor == null ? "there is no '" + name + "'" : "'" + name + "' is " + tensor));
        }
        return tensor.shape();
    }
}
