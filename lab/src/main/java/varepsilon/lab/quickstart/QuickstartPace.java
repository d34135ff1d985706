package varepsilon.lab.quickstart;

import java.io.IOException;

/** The current speed of this machine: seconds per step of the quickstart's trainings. */
public interface QuickstartPace {
    /** A step of a VAE. */
    double vaeStep() throws IOException;

    /** A step of the standard classifier. */
    double standardStep() throws IOException;

    /** A step of the classifier of adversarial training, its attack included. */
    double adversarialStep() throws IOException;
}
