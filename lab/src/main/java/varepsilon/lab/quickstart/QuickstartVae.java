package varepsilon.lab.quickstart;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import varepsilon.data.Datasets;
import varepsilon.data.ImageSet;
import varepsilon.data.Split;
import varepsilon.generative.Categorical;
import varepsilon.generative.Picture;
import varepsilon.generative.VaeFile;
import varepsilon.lab.evaluate.VaePictures;
import varepsilon.lab.run.ReferenceCurves;
import varepsilon.lab.run.Run;
import varepsilon.lab.run.TrainingPictures;
import varepsilon.lab.run.VaeResults;
import varepsilon.lab.run.VaeRuns;
import varepsilon.lab.spec.VaeSpec;
import varepsilon.report.PictureSheet;
import varepsilon.tensor.Device;

/**
 * The VAE half of the quickstart: on the drawn digits, a VAE with 20 latent dimensions, and one with 2, whose latent
 * space can be drawn.
 */
final class QuickstartVae {
    private static final String DATA = "glyphs";
    private static final int LEVELS = 16;
    private static final double VALIDATION_FRACTION = 0.1;
    // Few filters, small batches and a high learning rate for a short training.
    private static final int FILTERS = 16;
    private static final int BATCH_SIZE = 64;
    private static final double LEARNING_RATE = 2e-3;

    private static final int RECONSTRUCTIONS = 36;
    private static final int INTERPOLATIONS = 8;
    private static final int STEPS = 8;
    private static final int OVERVIEW_MANIFOLD_SIDE = 18; // as high as two pictures of samples

    private final Path folder;
    private final Quickstart.Settings settings;

    QuickstartVae(Path folder, Quickstart.Settings settings) {
        this.folder = folder;
        this.settings = settings;
    }

    /** Empty where a stop was requested. */
    Optional<QuickstartResult.Vae> run(Quickstart.Work work) throws IOException {
        Optional<VaeResults> latent20 = trained(20, work);
        Optional<VaeResults> latent2 = latent20.isPresent() ? trained(2, work) : Optional.empty();
        if (latent2.isEmpty()) {
            return Optional.empty();
        }
        drawOverview();
        double zeroKnowledgeBpd = Math.log(LEVELS) / Math.log(2);
        return Optional.of(new QuickstartResult.Vae(zeroKnowledgeBpd, latent20.get(), latent2.get()));
    }

    private Optional<VaeResults> trained(int latentDim, Quickstart.Work work) throws IOException {
        try (Run<VaeSpec, VaeResults> run = begin(latentDim)) {
            Optional<VaeResults> results = work.train("A VAE with " + latentDim + " latent dimensions", run);
            if (results.isPresent()) {
                drawTestImages(run.path());
            }
            return results;
        }
    }

    /** One of the two, to be trained. */
    Run<VaeSpec, VaeResults> begin(int latentDim) throws IOException {
        // The drawn digits need no data folder; any will do.
        return Run.begin(new VaeRuns(ReferenceCurves.NONE), config(latentDim), runFolder(latentDim), folder);
    }

    private VaeSpec config(int latentDim) {
        return VaeSpec.of(DATA)
                .withLimit(settings.limit())
                .withValidationFraction(VALIDATION_FRACTION)
                .withLatentDim(latentDim)
                .withFilters(FILTERS)
                .withLikelihood(new Categorical(LEVELS))
                .withEpochs(settings.epochs())
                .withBatchSize(BATCH_SIZE)
                .withLearningRate(LEARNING_RATE)
                .withSamplesEvery(settings.samplesEvery())
                .withSeed(settings.seed())
                .withThreads(settings.threads())
                .withDevice(settings.device());
    }

    private Path runFolder(int latentDim) {
        return folder.resolve("latent-" + latentDim);
    }

    private void drawTestImages(Path run) throws IOException {
        ImageSet test = Datasets.load(DATA, Split.TEST, folder);
        try (VaeFile best = VaeFile.read(run, Device.parse(settings.device()))) {
            VaePictures.reconstructions(best.vae(), test, RECONSTRUCTIONS, Picture.MEAN, settings.seed())
                    .caption("test images through " + latentDimensions(best))
                    .write(run.resolve("reconstructions.png"));
            VaePictures.interpolations(best.vae(), test, INTERPOLATIONS, STEPS, Picture.MEAN, settings.seed())
                    .caption("test images through " + latentDimensions(best) + " · mean")
                    .write(run.resolve("interpolations.png"));
        }
    }

    private static String latentDimensions(VaeFile model) {
        return model.architecture().latentDim() + " latent dimensions";
    }

    /**
     * Left, samples from the same 64 latent vectors over the training of the larger model; right, the plane of the
     * smaller one.
     */
    private void drawOverview() throws IOException {
        int every = settings.samplesEvery();
        int epochs = settings.epochs();
        SortedSet<Integer> times =
                new TreeSet<>(List.of(0, Math.min(every, epochs), epochs / 2 / every * every, epochs));
        List<PictureSheet> samples = new ArrayList<>();
        for (int epochsDone : times) {
            samples.add(PictureSheet.read(TrainingPictures.samplesFile(runFolder(20), epochsDone)));
        }
        try (VaeFile plane = VaeFile.read(runFolder(2), Device.parse(settings.device()))) {
            PictureSheet manifold = PictureSheet.of(VaePictures.manifold(plane.vae(), OVERVIEW_MANIFOLD_SIDE)
                    .caption("the latent plane of a model with 2 latent dimensions · mean")
                    .render());
            PictureSheet.grid(2, List.of(PictureSheet.grid(2, samples), manifold))
                    .write(folder.resolve("overview.png"));
        }
    }
}
