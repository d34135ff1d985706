package varepsilon.lab.study;

import varepsilon.lab.spec.VaeSpec;

/** The published VAE of 4-bit MNIST and its training, which questions 1.8 to 1.10 look at. */
final class PublishedVae {
    private PublishedVae() {}

    /** Its configuration, but for a first look: then little of the drawn digits. */
    static VaeSpec config(StudyContext context, int latentDim) {
        int epochs = context.pick(4, 80, 80);
        return new VaeSpec(
                context.dataOr("mnist"),
                context.pick(2000, 0, 0),
                0.1,
                latentDim,
                context.pick(8, 32, 32),
                "categorical",
                16,
                1,
                0,
                epochs,
                context.pick(32, 128, 128),
                1e-3,
                context.pick(2, 10, 10),
                context.seed(),
                context.threads(),
                context.device().toString());
    }
}
