package varepsilon.lab.study;

import varepsilon.lab.spec.VaeSpec;

/** The published VAE of 4-bit MNIST and its training, for questions 1.8 to 1.10. */
final class PublishedVae {
    private PublishedVae() {}

    /** Its configuration; in the smallest size, a short training on drawn digits. */
    static VaeSpec config(StudyContext context, int latentDim) {
        return VaeSpec.of(context.dataOr("mnist"))
                .withLimit(context.pick(2000, 0, 0))
                .withLatentDim(latentDim)
                .withFilters(context.pick(8, 32, 32))
                .withEpochs(context.pick(4, 80, 80))
                .withBatchSize(context.pick(32, 128, 128))
                .withSamplesEvery(context.pick(2, 10, 10))
                .withSeed(context.seed())
                .withThreads(context.threads())
                .withDevice(context.device().toString());
    }
}
