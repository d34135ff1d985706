package varepsilon.lab.experiment;

import com.fasterxml.jackson.annotation.JsonProperty;
import varepsilon.tensor.InputException;

/**
 * Everything that decides how a VAE is trained, apart from where the data lies. Absent values in a file mean the
 * defaults of {@link #defaults}.
 *
 * @param data name of the data set
 * @param limit first so many training images, 0 for all
 * @param validationFraction share of the training images that is held out, between 0 and 1
 * @param latentDim dimensions of z
 * @param filters channels of the first convolutions
 * @param likelihood {@code categorical}, {@code bernoulli} or {@code gaussian}
 * @param levels grey levels of a categorical likelihood
 * @param beta weight of the divergence in what is minimised
 * @param freeNats divergence that each latent dimension has for nothing, in nats
 * @param epochs passes over the training images
 * @param batchSize images in a batch
 * @param learningRate Adam's
 * @param seed decides everything that is random
 * @param threads threads of one operation; results are bit-equal for equal numbers
 * @param device {@code cpu} or {@code cuda:i}
 */
public record VaeConfig(
        @JsonProperty(required = true) String data,
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
        long seed,
        int threads,
        String device) {
    /** Refuses values that make no sense. */
    public VaeConfig {
        require(limit >= 0, "--limit", limit, "at least 1, or 0 for all");
        require(
                validationFraction > 0 && validationFraction < 1,
                "--validation-fraction",
                validationFraction,
                "a number between 0 and 1");
        require(latentDim >= 1, "--latent-dim", latentDim, "at least 1");
        require(filters >= 1, "--filters", filters, "at least 1");
        require(beta >= 0 && beta < Double.POSITIVE_INFINITY, "--beta", beta, "a number >= 0");
        require(freeNats >= 0 && freeNats < Double.POSITIVE_INFINITY, "--free-nats", freeNats, "a number >= 0");
        require(epochs >= 1, "--epochs", epochs, "at least 1");
        require(batchSize >= 1, "--batch-size", batchSize, "at least 1");
        require(
                learningRate > 0 && learningRate < Double.POSITIVE_INFINITY,
                "--learning-rate",
                learningRate,
                "a positive number");
        require(threads >= 1, "--threads", threads, "at least 1");
    }

    private static void require(boolean holds, String option, Object value, String expected) {
        if (!holds) {
            throw new InputException(option + " " + value + ": expected " + expected);
        }
    }
}
