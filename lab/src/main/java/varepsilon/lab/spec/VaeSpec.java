package varepsilon.lab.spec;

import java.nio.file.Path;
import java.util.Map;
import varepsilon.base.Declared;
import varepsilon.base.InputException;
import varepsilon.base.Parameter;
import varepsilon.generative.Categorical;
import varepsilon.generative.ConvVae;
import varepsilon.generative.DecoderChoice;
import varepsilon.generative.DiagonalGaussian;
import varepsilon.generative.ElboObjective;
import varepsilon.generative.IndependentPixels;
import varepsilon.generative.Likelihood;
import varepsilon.generative.PosteriorChoice;
import varepsilon.generative.PriorChoice;
import varepsilon.generative.StandardNormal;
import varepsilon.generative.VaeNetwork;
import varepsilon.generative.VaeObjective;
import varepsilon.nn.Schedule;

/**
 * The complete configuration of a VAE's training, apart from the data folder: the content of {@code config.yaml} in a
 * run directory.
 *
 * @param data name of the data set
 * @param limit first so many training images, 0 for all
 * @param validationFraction share of the training images that is held out, between 0 and 1
 * @param latentDim dimensions of z
 * @param architecture form of encoder and decoder
 * @param likelihood form of p(x|z) of a pixel
 * @param decoder how the pixels of p(x|z) depend on each other
 * @param prior form of p(z)
 * @param posterior form of q(z|x)
 * @param condition {@code none}, or {@code label} for a model of images given their class
 * @param objective what is minimised
 * @param epochs passes over the training images
 * @param minutes of training after which no further epoch begins, 0 for no limit
 * @param batchSize images in a batch
 * @param learningRate Adam's, the largest of the schedule
 * @param schedule the learning rate over training
 * @param averageDecay decay of the moving average of the weights, which is evaluated and saved; 0 for none
 * @param samplesEvery epochs between two pictures of samples
 * @param seed of all random numbers
 * @param threads threads of one operation; results are bit-equal for equal numbers
 * @param device {@code cpu} or {@code cuda:i}
 */
public record VaeSpec(
        String data,

        @Parameter(value = "first so many training images, 0 for all", min = 0)
        int limit,

        @Parameter(value = "share of the training images that is held out", above = 0, below = 1)
        double validationFraction,

        @Parameter(value = "dimensions of z", min = 1) int latentDim,

        @Flattened @Usual("conv-vae") @Parameter("the form of encoder and decoder")
        VaeNetwork architecture,

        @Flattened @Parameter("the form of p(x|z)") Likelihood likelihood,

        @Usual("independent") @Parameter("how the pixels of p(x|z) depend on each other")
        DecoderChoice decoder,

        @Usual("standard-normal") @Parameter("the form of p(z)")
        PriorChoice prior,

        @Usual("diagonal") @Parameter("the form of q(z|x)") PosteriorChoice posterior,

        @Usual("none")
        @Parameter(
                value = "what the model is given besides z; label: the image's class",
                oneOf = {"none", "label"})
        String condition,

        @Flattened @Usual("elbo") @Parameter("what is minimised")
        VaeObjective objective,

        @Parameter(value = "passes over the images", min = 1)
        int epochs,

        @Usual("0")
        @Parameter(value = "minutes of training after which no further epoch begins; 0 for no limit", min = 0)
        double minutes,

        @Parameter(value = "images in a batch", min = 1) int batchSize,

        @Parameter(value = "learning rate of Adam", above = 0)
        double learningRate,

        @Flattened @Usual("constant") @Parameter("the learning rate over training")
        Schedule schedule,

        @Usual("0")
        @Parameter(
                value = "decay of the moving average of the weights, which is evaluated and saved; 0 for none",
                min = 0,
                below = 1)
        double averageDecay,

        @Parameter(value = "epochs between two pictures of samples", min = 1)
        int samplesEvery,

        long seed,

        @Parameter(value = "threads of one operation", min = 1)
        int threads,

        String device)
        implements RunSpec {
    /**
     * Rejects values outside their ranges.
     *
     * @throws InputException whose message begins with the name of the value
     */
    public VaeSpec {
        Declared.check(
                VaeSpec.class,
                data,
                limit,
                validationFraction,
                latentDim,
                architecture,
                likelihood,
                decoder,
                prior,
                posterior,
                condition,
                objective,
                epochs,
                minutes,
                batchSize,
                learningRate,
                schedule,
                averageDecay,
                samplesEvery,
                seed,
                threads,
                device);
        objective.requireUsable(prior, posterior);
    }

    /** The default training: the source's model, on all images of a data set, in one thread. */
    public static VaeSpec of(String data) {
        return new VaeSpec(
                data,
                0,
                0.1,
                20,
                new ConvVae(),
                new Categorical(),
                new IndependentPixels.Choice(),
                new StandardNormal.Choice(),
                new DiagonalGaussian.Choice(),
                "none",
                new ElboObjective.Choice(),
                80,
                0,
                128,
                1e-3,
                Schedule.constant(),
                0,
                10,
                42,
                1,
                "cpu");
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

    /** The text that {@link #parse} reads. */
    @Override
    public String toYaml() {
        return Yaml.write(this);
    }

    /** The same with the first so many training images, 0 for all. */
    public VaeSpec withLimit(int other) {
        return Declared.with(this, Map.of("limit", other));
    }

    /** The same with another share of held-out images. */
    public VaeSpec withValidationFraction(double other) {
        return Declared.with(this, Map.of("validationFraction", other));
    }

    /** The same with another number of latent dimensions. */
    public VaeSpec withLatentDim(int other) {
        return Declared.with(this, Map.of("latentDim", other));
    }

    /** The same with the published networks of other channels. */
    public VaeSpec withFilters(int filters) {
        return withArchitecture(new ConvVae(filters));
    }

    /** The same with other networks. */
    public VaeSpec withArchitecture(VaeNetwork other) {
        return Declared.with(this, Map.of("architecture", other));
    }

    /** Whether the model is given the image's class. */
    public boolean isConditional() {
        return condition.equals("label");
    }

    /** The same with another form of p(x|z). */
    public VaeSpec withLikelihood(Likelihood other) {
        return Declared.with(this, Map.of("likelihood", other));
    }

    /** The same with another objective. */
    public VaeSpec withObjective(VaeObjective other) {
        return Declared.with(this, Map.of("objective", other));
    }

    /** The same with the evidence lower bound of another weight of the divergence. */
    public VaeSpec withBeta(double beta) {
        return withObjective(new ElboObjective.Choice(beta));
    }

    /** The same with another number of epochs. */
    public VaeSpec withEpochs(int other) {
        return Declared.with(this, Map.of("epochs", other));
    }

    /** The same with other batches. */
    public VaeSpec withBatchSize(int other) {
        return Declared.with(this, Map.of("batchSize", other));
    }

    /** The same with another learning rate. */
    public VaeSpec withLearningRate(double other) {
        return Declared.with(this, Map.of("learningRate", other));
    }

    /** The same with another schedule of the learning rate. */
    public VaeSpec withSchedule(Schedule other) {
        return Declared.with(this, Map.of("schedule", other));
    }

    /** The same with samples drawn at other epochs. */
    public VaeSpec withSamplesEvery(int other) {
        return Declared.with(this, Map.of("samplesEvery", other));
    }

    /** The same with another seed. */
    public VaeSpec withSeed(long other) {
        return Declared.with(this, Map.of("seed", other));
    }

    /** The same with another number of threads. */
    public VaeSpec withThreads(int other) {
        return Declared.with(this, Map.of("threads", other));
    }

    /** The same with another device. */
    public VaeSpec withDevice(String other) {
        return Declared.with(this, Map.of("device", other));
    }
}
