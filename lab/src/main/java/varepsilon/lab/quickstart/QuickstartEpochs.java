package varepsilon.lab.quickstart;

import java.io.IOException;

/** The number of epochs of the quickstart's models. Each method is called once, before the training. */
public interface QuickstartEpochs {
    /** Epochs of each VAE, at least 1. */
    int vae() throws IOException;

    /** Epochs of each classifier, at least 1. */
    int classifier() throws IOException;

    /** As many as these. */
    static QuickstartEpochs of(int vae, int classifier) {
        return new QuickstartEpochs() {
            @Override
            public int vae() {
                return vae;
            }

            @Override
            public int classifier() {
                return classifier;
            }
        };
    }
}
