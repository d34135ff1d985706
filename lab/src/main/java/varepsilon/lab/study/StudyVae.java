package varepsilon.lab.study;

import java.io.IOException;
import java.nio.file.Path;
import varepsilon.base.InputException;
import varepsilon.data.Datasets;
import varepsilon.data.ImageSet;
import varepsilon.data.Split;
import varepsilon.generative.Categorical;
import varepsilon.generative.ConvVae;
import varepsilon.generative.VaeFile;
import varepsilon.lab.spec.VaeSpec;

/** The VAE shared by several studies, so that it is trained once: 4-bit images, 20 latent dimensions. */
final class StudyVae {
    private static final int LEVELS = 16;
    private static final int LATENT_DIM = 20;

    private StudyVae() {}

    /**
     * How it is trained. Only the full size is the source's model; the smaller ones learn most in little time with few
     * filters, small batches and a high learning rate.
     *
     * @param beta weight of the divergence in the objective
     */
    static VaeSpec config(StudyContext context, double beta) {
        int epochs = context.pick(3, 5, 40);
        return VaeSpec.of(context.dataOr("mnist"))
                .withLimit(context.pick(2000, 12_000, 0))
                .withLatentDim(LATENT_DIM)
                .withFilters(context.pick(8, 16, 32))
                .withLikelihood(new Categorical(LEVELS))
                .withBeta(beta)
                .withEpochs(epochs)
                .withBatchSize(context.pick(16, 64, 128))
                .withLearningRate(context.pick(3e-3, 2e-3, 1e-3))
                .withSamplesEvery(epochs)
                .withSeed(context.seed())
                .withThreads(context.threads())
                .withDevice(context.device().toString());
    }

    /**
     * The run directory of its training, which runs now where it has not run before.
     *
     * @throws InputException where the data's images are not of its size
     */
    static Path run(StudyContext context, double beta) throws IOException {
        ImageSet images = testImages(context, 1);
        if (images.height() != ConvVae.SIDE || images.width() != ConvVae.SIDE) {
            throw new InputException("data " + images.name() + ": images of " + images.height() + "×" + images.width()
                    + "; the VAE of this study takes " + ConvVae.SIDE + "×" + ConvVae.SIDE
                    + ": choose mnist, fashion-mnist or glyphs");
        }
        return context.trained(config(context, beta));
    }

    /** Its best weights. */
    static VaeFile trained(StudyContext context, double beta) throws IOException {
        return VaeFile.read(run(context, beta), context.device());
    }

    /** The first so many test images. */
    static ImageSet testImages(StudyContext context, int count) throws IOException {
        return Datasets.load(context.dataOr("mnist"), Split.TEST, context.dataDir())
                .limit(count);
    }
}
