package varepsilon.lab.spec;

import java.nio.file.Path;
import java.util.List;
import varepsilon.base.InputException;
import varepsilon.classify.Architecture;
import varepsilon.classify.Normalisation;
import varepsilon.nn.Schedule;

/**
 * Everything that decides what a classifier's training gives, apart from where the data lies: what {@code config.yaml} in
 * a run directory holds.
 *
 * @param images what it is trained on
 * @param network what is trained
 * @param fitting how
 * @param defense against whom
 * @param check the attack by which validation and test measure robust accuracy, or none
 * @param seed decides everything that is random
 * @param threads threads of one operation; results are bit-equal for equal numbers
 * @param device {@code cpu} or {@code cuda:i}
 */
public record ClassifierSpec(
        Images images,
        Network network,
        Fitting fitting,
        Defense defense,
        AttackSpec check,
        long seed,
        int threads,
        String device) {
    /** Ways of training. */
    public static final List<String> DEFENSES =
            List.of("standard", "adversarial-loss", "adversarial-batch", "trades", "free");

    /** Shapes of the learning rate over training. */
    public static final List<String> SCHEDULES = List.of("constant", "step", "cosine", "one-cycle");

    /** Ways of changing training images. */
    public static final List<String> AUGMENTATIONS = List.of("none", "crop-flip");

    /** Parts of the training images. */
    public static final List<String> PARTS = List.of("all", "first-half", "second-half");

    /** In which mode the classifier is attacked while it is trained. */
    public static final List<String> ATTACK_MODES = List.of("evaluation", "training");

    /** Refuses values that make no sense. */
    public ClassifierSpec {
        require(threads >= 1, "threads", threads, "at least 1");
    }

    /**
     * The training images.
     *
     * @param data name of the data set
     * @param limit first so many training images, 0 for all
     * @param part {@code all} of these, or {@code first-half} or {@code second-half}, which share no image; dealt by seed
     * @param validation so many of them are held out
     * @param augment {@code none} or {@code crop-flip}: shifts by up to 4 pixels, and swaps left and right of every other
     * @param testLimit first so many test images for the test at the end, 0 for all
     */
    public record Images(String data, int limit, String part, int validation, String augment, int testLimit) {
        /** Refuses values that make no sense. */
        public Images {
            require(limit >= 0, "limit", limit, "at least 1, or 0 for all");
            requireOneOf("part", part, PARTS);
            require(validation >= 1, "validation", validation, "at least 1");
            requireOneOf("augment", augment, AUGMENTATIONS);
            require(testLimit >= 0, "testLimit", testLimit, "at least 1, or 0 for all");
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
     * @param weights file that it starts from, empty for fresh parameters; the run keeps a copy of what it held
     * @param normalisation what its input is shifted and scaled by
     */
    public record Network(String architecture, String weights, Normalisation normalisation) {
        /** Refuses values that make no sense. */
        public Network {
            require(
                    Architecture.isKnown(architecture),
                    "architecture",
                    architecture,
                    String.join(", ", Architecture.NAMES));
        }
    }

    /**
     * Stochastic gradient descent with momentum.
     *
     * @param epochs passes over the training images
     * @param batchSize images in a batch
     * @param learningRate the largest of the schedule
     * @param momentum share of the earlier steps that a step keeps
     * @param weightDecay share of a weight that is added to its gradient
     * @param schedule {@code constant}, {@code step}, {@code cosine} or {@code one-cycle}
     * @param decayEvery epochs after which {@code step} multiplies the rate
     * @param decayFactor by what
     * @param peak the part of the training after which {@code one-cycle} is at its highest
     * @param labelSmoothing weight spread over all classes
     * @param ema decay of the moving average of the weights, 0 for none
     * @param patience epochs without improvement after which training stops, 0 for never
     */
    public record Fitting(
            int epochs,
            int batchSize,
            double learningRate,
            double momentum,
            double weightDecay,
            String schedule,
            int decayEvery,
            double decayFactor,
            double peak,
            double labelSmoothing,
            double ema,
            int patience) {
        /** Refuses values that make no sense. */
        public Fitting {
            require(epochs >= 1, "epochs", epochs, "at least 1");
            require(batchSize >= 1, "batchSize", batchSize, "at least 1");
            require(
                    learningRate > 0 && Double.isFinite(learningRate),
                    "learningRate",
                    learningRate,
                    "a positive number");
            require(momentum >= 0 && momentum < 1, "momentum", momentum, "a number of at least 0, below 1");
            requireAtLeastZero("weightDecay", weightDecay);
            requireOneOf("schedule", schedule, SCHEDULES);
            require(decayEvery >= 1, "decayEvery", decayEvery, "at least 1 epoch");
            require(decayFactor > 0 && decayFactor <= 1, "decayFactor", decayFactor, "a positive number up to 1");
            require(peak > 0 && peak < 1, "peak", peak, "a number between 0 and 1");
            require(
                    labelSmoothing >= 0 && labelSmoothing < 1,
                    "labelSmoothing",
                    labelSmoothing,
                    "a number of at least 0, below 1");
            require(ema >= 0 && ema < 1, "ema", ema, "a number of at least 0, below 1");
            require(patience >= 0, "patience", patience, "at least 1, or 0 for never");
        }

        /** The learning rate over training, as a factor. */
        public Schedule rates() {
            return switch (schedule) {
                case "step" -> Schedule.stepDecay(decayEvery, decayFactor);
                case "cosine" -> Schedule.cosine();
                case "one-cycle" -> Schedule.oneCycle(peak);
                default -> Schedule.constant();
            };
        }

        private boolean dependsOnTheEnd() {
            return schedule.equals("cosine") || schedule.equals("one-cycle");
        }

        private Fitting withEpochs(int other) {
            if (other < epochs) {
                throw new InputException(
                        "epochs " + other + ": the run is made for " + epochs + "; expected at least as many");
            }
            if (other > epochs && dependsOnTheEnd()) {
                throw new InputException("epochs " + other + ": the run's schedule, " + schedule + ", ends after "
                        + epochs + "; begin another run, from these weights or with more epochs");
            }
            return new Fitting(
                    other,
                    batchSize,
                    learningRate,
                    momentum,
                    weightDecay,
                    schedule,
                    decayEvery,
                    decayFactor,
                    peak,
                    labelSmoothing,
                    ema,
                    patience);
        }
    }

    /**
     * The way of training. Of the settings, each way uses those that it has.
     *
     * @param name one of {@link ClassifierSpec#DEFENSES}
     * @param attack what perturbs the training images, or none; {@code free} takes its norm and ε alone
     * @param attackMode {@code evaluation} or {@code training}: how batch normalisation behaves during the attack
     * @param epsWarmup epochs over which ε grows from 0, 0 for none
     * @param alpha weight of the images as they are in {@code adversarial-loss}
     * @param beta weight of the divergence in {@code trades}
     * @param replays optimizer steps on each batch in {@code free}
     * @param defects names of defects that this training is to have; what they are is not known here
     */
    public record Defense(
            String name,
            AttackSpec attack,
            String attackMode,
            double epsWarmup,
            double alpha,
            double beta,
            int replays,
            List<String> defects) {
        /** Refuses values that make no sense. */
        public Defense {
            requireOneOf("defense", name, DEFENSES);
            require(
                    attack.present() != name.equals("standard"),
                    "attack",
                    attack.attack(),
                    name.equals("standard")
                            ? "none, since --defense standard has no adversary"
                            : "one of " + String.join(", ", AttackSpec.NAMES));
            requireOneOf("attackMode", attackMode, ATTACK_MODES);
            requireAtLeastZero("epsWarmup", epsWarmup);
            require(alpha >= 0 && alpha <= 1, "alpha", alpha, "a number from 0 to 1");
            requireAtLeastZero("beta", beta);
            require(replays >= 1, "replays", replays, "at least 1");
            require(
                    attack.present() || defects.isEmpty(),
                    "defects",
                    String.join(", ", defects),
                    "none without an adversary");
            defects = List.copyOf(defects);
            require(
                    !name.equals("trades") || (attack.attack().equals("pgd") && attack.randomStart()),
                    "attack",
                    attack.attack(),
                    "pgd with a random start in TRADES: at the image itself the divergence has no slope");
        }

        /** Without defects. */
        public Defense(
                String name,
                AttackSpec attack,
                String attackMode,
                double epsWarmup,
                double alpha,
                double beta,
                int replays) {
            this(name, attack, attackMode, epsWarmup, alpha, beta, replays, List.of());
        }

        /** No defence. */
        public static Defense standard() {
            return new Defense("standard", AttackSpec.none(), "evaluation", 0, 0, 0, 1);
        }

        /** Trains on α·CE(x) + (1 − α)·CE(x_adv), against the classifier as it is used. */
        public static Defense adversarialLoss(AttackSpec attack, double alpha) {
            return new Defense("adversarial-loss", attack, "evaluation", 0, alpha, 0, 1);
        }

        /** Whether its attack takes a single step, so that the network may learn to defeat just that. */
        public boolean hasSingleStep() {
            return name.equals("free") || attack.attack().startsWith("fgsm");
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

    /** What {@link #parse} reads. */
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

    private static void requireAtLeastZero(String name, double value) {
        require(value >= 0 && Double.isFinite(value), name, value, "a number of at least 0");
    }

    private static void requireOneOf(String name, String value, List<String> known) {
        require(known.contains(value), name, value, String.join(", ", known));
    }

    private static void require(boolean holds, String name, Object value, String expected) {
        if (!holds) {
            throw new InputException(name + " " + value + ": expected " + expected);
        }
    }
}
