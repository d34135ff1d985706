package varepsilon.lab.experiment;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import varepsilon.tensor.InputException;

/** A first look at everything in a few minutes, with no data and no network: trains small models on the drawn digits. */
public final class Quickstart {
    private Quickstart() {}

    /**
     * How much to do, and on what.
     *
     * @param limit first so many training images, 0 for all
     * @param epochs passes over them for each model
     * @param samplesEvery epochs between two pictures of samples
     * @param seed decides everything that is random
     * @param threads threads of one operation
     * @param device {@code cpu} or {@code cuda:i}
     */
    public record Settings(int limit, int epochs, int samplesEvery, long seed, int threads, String device) {
        /** About three minutes on two cores. */
        public static Settings threeMinutes(long seed, int threads, String device) {
            return new Settings(0, 12, 2, seed, threads, device);
        }
    }

    /** Trains one of the models, and shows how that goes: {@link VaeRun#train}. */
    @FunctionalInterface
    public interface Training {
        /** What came of it; empty where it was asked to stop. */
        Optional<VaeResults> train(VaeRun run) throws IOException;
    }

    /**
     * Runs it.
     *
     * @param folder empty or not there; gets a run directory for each model, and pictures
     * @return empty where a training was asked to stop
     * @throws InputException where the folder holds something already
     */
    public static Optional<QuickstartResult> run(Path folder, Settings settings, Training training) throws IOException {
        requireNew(folder);
        long start = System.nanoTime();
        return new QuickstartVae(folder, settings)
                .run(training)
                .map(vae -> new QuickstartResult(folder.toString(), (System.nanoTime() - start) / 1e9, vae));
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
