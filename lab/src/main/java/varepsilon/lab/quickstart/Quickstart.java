package varepsilon.lab.quickstart;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;
import varepsilon.base.InputException;
import varepsilon.base.Watch;
import varepsilon.classify.Classifier;
import varepsilon.data.ImageSet;
import varepsilon.lab.run.Run;
import varepsilon.lab.spec.RunSpec;
import varepsilon.robust.evaluate.AttackedBatch;
import varepsilon.robust.evaluate.FailureChecks;
import varepsilon.robust.evaluate.RobustEvaluation;
import varepsilon.robust.evaluate.RobustnessReport;

/** Trains and evaluates small models on the drawn digits in a few minutes, without data files or network. */
public final class Quickstart {
    private Quickstart() {}

    /**
     * The settings.
     *
     * @param limit first so many training images, 0 for all
     * @param epochs passes over them for each VAE
     * @param samplesEvery epochs between two pictures of samples
     * @param classifierEpochs passes over the training images for each classifier
     * @param testLimit first so many test images for the classifiers, 0 for all
     * @param seed of all random numbers
     * @param threads threads of one operation
     * @param device {@code cpu} or {@code cuda:i}
     */
    public record Settings(
            int limit,
            int epochs,
            int samplesEvery,
            int classifierEpochs,
            int testLimit,
            long seed,
            int threads,
            String device) {
        /** The default: all drawn digits, and the largest number of epochs. */
        public static Settings full(long seed, int threads, String device) {
            return new Settings(
                    0,
                    QuickstartBudget.MOST_VAE_EPOCHS,
                    2,
                    QuickstartBudget.MOST_CLASSIFIER_EPOCHS,
                    2000,
                    seed,
                    threads,
                    device);
        }

        /** The same with so many epochs. */
        Settings withEpochs(int vae, int classifier) {
            return new Settings(limit, vae, samplesEvery, classifier, testLimit, seed, threads, device);
        }
    }

    /** Runs the long parts and shows their progress. The results are empty where a stop was requested. */
    public interface Work {
        /**
         * Trains one of the models: {@link Run#train}.
         *
         * @param what it is, for display
         */
        <S extends RunSpec, R extends Record> Optional<R> train(String what, Run<S, R> run) throws IOException;

        /** Attacks one of them: {@link Attacks#run}. */
        Optional<RobustnessReport> attack(Attacks attacks);
    }

    /**
     * The attacks on one of the classifiers.
     *
     * @param name of the classifier, for display
     * @param evaluation the attacks
     * @param classifier to attack
     * @param images to perturb
     * @param pictures receives all adversarial examples
     */
    public record Attacks(
            String name,
            RobustEvaluation evaluation,
            Classifier classifier,
            ImageSet images,
            Consumer<AttackedBatch> pictures) {
        /**
         * Runs them, until a stop is requested, and the checks of their numbers.
         *
         * @param watch receives the number of images done, each counted once for every attack and once without one
         */
        public Optional<RobustnessReport> run(Watch watch) {
            RobustnessReport report = evaluation.of(classifier, images, pictures, watch);
            return Optional.of(report)
                    .filter(RobustnessReport::complete)
                    .map(all -> all.withChecks(FailureChecks.of(evaluation, classifier, images, all, Watch.NONE)));
        }
    }

    /** Runs it for as many epochs as the settings say. */
    static Optional<QuickstartResult> run(Path folder, Settings settings, Work work) throws IOException {
        return run(folder, settings, QuickstartEpochs.of(settings.epochs(), settings.classifierEpochs()), work);
    }

    /**
     * Runs it.
     *
     * @param folder empty or not there; gets a run directory for each model, and pictures
     * @param chosen the epochs, in place of those of the settings
     * @return empty where a stop was requested
     * @throws InputException where the folder holds something already
     */
    public static Optional<QuickstartResult> run(Path folder, Settings settings, QuickstartEpochs chosen, Work work)
            throws IOException {
        requireNew(folder);
        long start = System.nanoTime();
        int vaeEpochs = chosen.vae();
        Optional<QuickstartResult.Vae> vae =
                new QuickstartVae(folder, settings.withEpochs(vaeEpochs, settings.classifierEpochs())).run(work);
        if (vae.isEmpty()) {
            return Optional.empty();
        }
        int classifierEpochs = chosen.classifier();
        Optional<QuickstartResult.Classifiers> classifiers =
                new QuickstartClassifiers(folder, settings.withEpochs(vaeEpochs, classifierEpochs)).run(work);
        double seconds = (System.nanoTime() - start) / 1e9;
        return classifiers.map(both ->
                new QuickstartResult(folder.toString(), seconds, vaeEpochs, classifierEpochs, vae.orElseThrow(), both));
    }

    private static void requireNew(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        if (!Files.isDirectory(folder)) {
            throw new InputException(folder + ": is a file; expected a folder that is empty or not there");
        }
        try (var entries = Files.newDirectoryStream(folder)) {
            if (entries.iterator().hasNext()) {
                throw new InputException(folder + ": is not empty; choose another --out, so that nothing is lost");
            }
        }
    }
}
