package varepsilon.lab.quickstart;

import java.io.IOException;

/** How fast this machine is now: seconds that the steps of the quickstart's trainings take. */
public interface QuickstartPace {
    /** A step of a VAE. */
    double vaeStep() throws IOException;

    /** A step of the standard classifier. */
    double standardStep() throws IOException;

    /** A step of the classifier of adversarial training, its attack included. */
    double adversarialStep() throws IOException;
}
