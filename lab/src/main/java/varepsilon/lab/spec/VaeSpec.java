package varepsilon.lab.spec;

import java.nio.file.Path;
import java.util.List;
import varepsilon.base.InputException;
import varepsilon.generative.Likelihood;

/**
 * Everything that decides what a VAE's training gives, apart from where the data lies: what {@code config.yaml} in a run
 * directory holds.
 *
 * @param data name of the data set
 * @param limit first so many training images, 0 for all
 * @param validationFraction share of the training images that is held out, between 0 and 1
 * @param latentDim dimensions of z
 * @param filters channels of the first convolutions
 * @param likelihood {@code categorical}, {@code bernoulli} or {@code gaussian}
 * @param levels grey levels of a categorical likelihood, a power of two from 2 to 256
 * @param beta weight of the divergence in what is minimised
 * @param freeNats divergence that each latent dimension has for nothing, in nats
 * @param epochs passes over the training images
 * @param batchSize images in a batch
 * @param learningRate Adam's
 * @param samplesEvery epochs between two pictures of samples
 * @param seed decides everything that is random
 * @param threads threads of one operation; results are bit-equal for equal numbers
 * @param device {@code cpu} or {@code cuda:i}
 */
public record VaeSpec(
        String data,
        int limit,
        double validationFraction,
        int latentDim,
        int filters,
        String likelihood,
        int levels,
        double beta,
        double freeNats,
        int epochs,
        int batchSize,
        double learningRate,
        int samplesEvery,
        long seed,
        int threads,
        String device) {
    private static final List<String> LIKELIHOODS = List.of("categorical", "bernoulli", "gaussian");

    /**
     * Refuses values that make no sense.
     *
     * @throws InputException whose message begins with the name of the value
     */
    public VaeSpec {
        require(limit >= 0, "limit", limit, "at least 1, or 0 for all");
        require(
                validationFraction > 0 && validationFraction < 1,
                "validationFraction",
                validationFraction,
                "a number between 0 and 1");
        require(latentDim >= 1, "latentDim", latentDim, "at least 1");
        require(filters >= 1, "filters", filters, "at least 1");
        require(LIKELIHOODS.contains(likelihood), "likelihood", likelihood, String.join(", ", LIKELIHOODS));
        require(
                levels >= 2 && levels <= 256 && Integer.bitCount(levels) == 1,
                "levels",
                levels,
                "a power of two from 2 to 256");
        require(beta >= 0 && beta < Double.POSITIVE_INFINITY, "beta", beta, "a number >= 0");
        require(freeNats >= 0 && freeNats < Double.POSITIVE_INFINITY, "freeNats", freeNats, "a number >= 0");
        require(epochs >= 1, "epochs", epochs, "at least 1");
        require(batchSize >= 1, "batchSize", batchSize, "at least 1");
        require(
                learningRate > 0 && learningRate < Double.POSITIVE_INFINITY,
                "learningRate",
                learningRate,
                "a positive number");
        require(samplesEvery >= 1, "samplesEvery", samplesEvery, "at least 1");
        require(threads >= 1, "threads", threads, "at least 1");
    }

    /**
     * The configuration in a file.
     *
     * @param file where the text comes from, for messages
     * @throws InputException naming the file, the key and what was expected of it
     */
    public static VaeSpec parse(String yaml, Path file) {
        return Yaml.read(yaml, VaeSpec.class, file);
    }

    /** What {@link #parse} reads. */
    public String toYaml() {
        return Yaml.write(this);
    }

    /** The form of p(x|z). */
    public Likelihood distribution() {
        return Likelihood.named(likelihood, levels);
    }

    /** The same with another number of epochs. */
    public VaeSpec withEpochs(int newEpochs) {
        return new VaeSpec(
                data,
                limit,
                validationFraction,
                latentDim,
                filters,
                likelihood,
                levels,
                beta,
                freeNats,
                newEpochs,
                batchSize,
                learningRate,
                samplesEvery,
                seed,
                threads,
                device);
    }

    private static void require(boolean holds, String name, Object value, String expected) {
        if (!holds) {
            throw new InputException(name + " " + value + ": expected " + expected);
        }
    }
}
