package varepsilon.lab.spec;

import java.nio.file.Path;
import java.util.Map;
import varepsilon.base.Declared;
import varepsilon.base.Family;
import varepsilon.base.InputException;
import varepsilon.base.Parameter;
import varepsilon.classify.Architecture;
import varepsilon.classify.Normalisation;
import varepsilon.nn.OptimizerChoice;
import varepsilon.nn.Schedule;
import varepsilon.nn.Sgd;
import varepsilon.robust.defense.Adversary;

/**
 * The complete configuration of a classifier's training, apart from the data folder: the content of {@code config.yaml}
 * in a run directory.
 *
 * @param images the training images
 * @param network the network
 * @param fitting the optimisation
 * @param defense the defence and its adversary
 * @param check the attack by which validation and test measure robust accuracy, or none
 * @param seed of all random numbers
 * @param threads threads of one operation; results are bit-equal for equal numbers
 * @param device {@code cpu} or {@code cuda:i}
 */
public record ClassifierSpec(
        Images images,
        Network network,
        Fitting fitting,
        DefenseSpec defense,
        AttackSpec check,
        long seed,
        int threads,
        String device)
        implements RunSpec {
    /** Rejects values outside their ranges. */
    public ClassifierSpec {
        require(threads >= 1, "threads", threads, "at least 1");
        if (check.present()) {
            Adversary.requireForTraining("checkAttack", check.attack());
        }
    }

    /**
     * The training images.
     *
     * @param data name of the data set
     * @param limit first so many training images, 0 for all
     * @param part {@code all} of these, or {@code first-half} or {@code second-half}, which share no image; drawn by
     *     seed
     * @param validation so many of them are held out
     * @param augment {@code none} or {@code crop-flip}: shifts by up to 4 pixels, and swaps left and right of every
     *     other
     * @param testLimit first so many test images for the test at the end, 0 for all
     */
    public record Images(
            String data,

            @Parameter(value = "first so many training images, 0 for all", min = 0)
            int limit,

            @Parameter(
                    value = "all training images, or a half of them, drawn by the seed: for two models that share no"
                            + " image",
                    oneOf = {"all", "first-half", "second-half"})
            String part,

            @Parameter(value = "training images that are held out", min = 1)
            int validation,

            @Parameter(
                    value = "how training images are changed; crop-flip shifts them by up to 4 pixels and mirrors"
                            + " every other",
                    oneOf = {"none", "crop-flip"})
            String augment,

            @Parameter(value = "only the first so many test images in the test at the end, 0 for all", min = 0)
            int testLimit) {
        /** Rejects values outside their ranges. */
        public Images {
            Declared.check(Images.class, data, limit, part, validation, augment, testLimit);
        }

        /** The default: all images of a data set, of which 1,000 are held out, without augmentation. */
        public static Images of(String data) {
            return new Images(data, 0, 1000, "none", 0);
        }

        /** All of the images. */
        public Images(String data, int limit, int validation, String augment, int testLimit) {
            this(data, limit, "all", validation, augment, testLimit);
        }
    }

    /**
     * The network.
     *
     * @param architecture one that {@link Architecture#isKnown}
     * @param weights file that it starts from, empty for fresh parameters; the run keeps a copy
     * @param normalisation what its input is shifted and scaled by
     */
    public record Network(String architecture, String weights, Normalisation normalisation) {
        /** Rejects values outside their ranges. */
        public Network {
            require(
                    Architecture.isKnown(architecture),
                    "architecture",
                    architecture,
                    String.join(", ", Architecture.NAMES));
        }
    }

    /**
     * How the weights are fitted.
     *
     * @param epochs passes over the training images
     * @param batchSize images in a batch
     * @param learningRate the largest of the schedule
     * @param optimizer how gradients update the weights
     * @param schedule the learning rate over training
     * @param labelSmoothing weight spread over all classes
     * @param ema decay of the moving average of the weights, 0 for none
     * @param patience epochs without improvement after which training stops, 0 for never
     */
    public record Fitting(
            @Parameter(value = "passes over the images", min = 1)
            int epochs,

            @Parameter(value = "images in a batch", min = 1) int batchSize,

            @Parameter(
                    value =
                            "learning rate, the schedule's largest; on the command line 0.001 with adam where it is not given",
                    above = 0)
            double learningRate,

            @Flattened @Usual("sgd") @Parameter("how gradients update the weights")
            OptimizerChoice optimizer,

            @Flattened @Parameter("the learning rate over training")
            Schedule schedule,

            @Parameter(value = "weight spread over all classes", min = 0, below = 1)
            double labelSmoothing,

            @Parameter(
                    value = "decay of a moving average of the weights, such as 0.999; 0 for none",
                    min = 0,
                    below = 1)
            double ema,

            @Parameter(
                    value = "epochs without improvement on held-out images after which to stop; 0 for never",
                    min = 0)
            int patience) {
        /** Rejects values outside their ranges. */
        public Fitting {
            Declared.check(
                    Fitting.class, epochs, batchSize, learningRate, optimizer, schedule, labelSmoothing, ema, patience);
        }

        /** The default: 30 epochs in batches of 128, one cycle up to 0.1. */
        public Fitting() {
            this(30, 128, 0.1, new Sgd.Choice(), new Schedule.OneCycle(), 0, 0, 0);
        }

        /** Gradient descent with its usual momentum and weight decay, one cycle, no smoothing, no average, to the end. */
        public Fitting(int epochs, int batchSize, double learningRate) {
            this(epochs, batchSize, learningRate, new Sgd.Choice(), new Schedule.OneCycle(), 0, 0, 0);
        }

        /** The same with another learning rate over training. */
        public Fitting withSchedule(Schedule other) {
            return Declared.with(this, Map.of("schedule", other));
        }

        /** The same with another optimizer. */
        public Fitting withOptimizer(OptimizerChoice other) {
            return Declared.with(this, Map.of("optimizer", other));
        }

        private Fitting withEpochs(int other) {
            if (other < epochs) {
                throw new InputException(
                        "epochs " + other + ": the run is made for " + epochs + "; expected at least as many");
            }
            if (other > epochs && schedule.dependsOnTheEnd()) {
                throw new InputException("epochs " + other + ": the run's schedule, " + Family.nameOf(schedule)
                        + ", ends after " + epochs + "; begin another run, from these weights or with more epochs");
            }
            return Declared.with(this, Map.of("epochs", other));
        }
    }

    /**
     * The configuration in a file.
     *
     * @param file where the text comes from, for messages
     * @throws InputException naming the file, the key and what was expected of it
     */
    public static ClassifierSpec parse(String yaml, Path file) {
        return Yaml.read(yaml, ClassifierSpec.class, file);
    }

    @Override
    public String data() {
        return images.data();
    }

    @Override
    public int epochs() {
        return fitting.epochs();
    }

    /** The text that {@link #parse} reads. */
    @Override
    public String toYaml() {
        return Yaml.write(this);
    }

    /**
     * The same with more epochs.
     *
     * @throws InputException where these are fewer, or the schedule depends on where the end is
     */
    public ClassifierSpec withEpochs(int other) {
        return new ClassifierSpec(images, network, fitting.withEpochs(other), defense, check, seed, threads, device);
    }

    /** The same from other weights, or from a name for them. */
    public ClassifierSpec withWeights(String weights) {
        Network other = new Network(network.architecture(), weights, network.normalisation());
        return new ClassifierSpec(images, other, fitting, defense, check, seed, threads, device);
    }

    private static void require(boolean holds, String name, Object value, String expected) {
        if (!holds) {
            throw new InputException(name + " " + value + ": expected " + expected);
        }
    }
}
