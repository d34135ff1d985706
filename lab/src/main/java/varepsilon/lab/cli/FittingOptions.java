package varepsilon.lab.cli;

import picocli.CommandLine.Option;
import varepsilon.lab.spec.ClassifierSpec;

/** How a classifier's weights are fitted. */
final class FittingOptions {
    @Option(
            names = "--epochs",
            paramLabel = "N",
            defaultValue = "30",
            description = "Passes over the images (default: ${DEFAULT-VALUE}).")
    private int epochs;

    @Option(
            names = "--batch-size",
            paramLabel = "N",
            defaultValue = "128",
            description = "Images in a batch (default: ${DEFAULT-VALUE}).")
    private int batchSize;

    @Option(
            names = {"--lr", "--learning-rate"},
            paramLabel = "X",
            defaultValue = "0.1",
            description = "Learning rate, the schedule's largest (default: ${DEFAULT-VALUE}).")
    private double learningRate;

    @Option(
            names = "--momentum",
            paramLabel = "X",
            defaultValue = "0.9",
            description = "Share of earlier steps that a step keeps (default: ${DEFAULT-VALUE}).")
    private double momentum;

    @Option(
            names = "--weight-decay",
            paramLabel = "X",
            defaultValue = "5e-4",
            description = "Share of a weight that is added to its gradient (default: ${DEFAULT-VALUE}).")
    private double weightDecay;

    @Option(
            names = "--schedule",
            paramLabel = "NAME",
            defaultValue = "one-cycle",
            description = "constant, step, cosine or one-cycle (default: ${DEFAULT-VALUE}).")
    private String schedule;

    @Option(
            names = "--decay-every",
            paramLabel = "N",
            defaultValue = "7",
            description = "Epochs between two decays of --schedule step (default: ${DEFAULT-VALUE}).")
    private int decayEvery;

    @Option(
            names = "--decay-factor",
            paramLabel = "X",
            defaultValue = "0.1",
            description = "What --schedule step multiplies the rate by (default: ${DEFAULT-VALUE}).")
    private double decayFactor;

    @Option(
            names = "--peak",
            paramLabel = "X",
            defaultValue = "0.3",
            description = "Part of the training after which --schedule one-cycle is at its highest"
                    + " (default: ${DEFAULT-VALUE}).")
    private double peak;

    @Option(
            names = "--label-smoothing",
            paramLabel = "X",
            defaultValue = "0",
            description = "Weight spread over all classes (default: ${DEFAULT-VALUE}).")
    private double labelSmoothing;

    @Option(
            names = "--ema",
            paramLabel = "X",
            defaultValue = "0",
            description = "Decay of a moving average of the weights, such as 0.999; 0 for none"
                    + " (default: ${DEFAULT-VALUE}).")
    private double ema;

    @Option(
            names = "--patience",
            paramLabel = "N",
            defaultValue = "0",
            description = "Epochs without improvement on held-out images after which to stop; 0 for never"
                    + " (default: ${DEFAULT-VALUE}).")
    private int patience;

    int epochs() {
        return epochs;
    }

    ClassifierSpec.Fitting fitting() {
        return new ClassifierSpec.Fitting(
                epochs,
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
