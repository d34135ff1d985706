package varepsilon.lab.study;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import varepsilon.classify.ClassifierFile;
import varepsilon.classify.NetworkClassifier;
import varepsilon.classify.Normalisation;
import varepsilon.data.Batch;
import varepsilon.data.Batches;
import varepsilon.data.ImageSet;
import varepsilon.nn.BatchNorm2d;
import varepsilon.nn.Conv2d;
import varepsilon.nn.Init;
import varepsilon.nn.Layer;
import varepsilon.nn.Linear;
import varepsilon.nn.Sequential;
import varepsilon.robust.defense.AdversarialBatch;
import varepsilon.robust.defense.AdversarialLoss;
import varepsilon.robust.defense.Adversary;
import varepsilon.robust.defense.ClassifierObjective;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

/**
 * The gradients that one training step has under two defences, compared.
 *
 * @param adversary the adversary of both
 * @param images the batch
 * @param seed of the random numbers
 * @param device of the networks
 */
record GradientsOfDefenses(Adversary adversary, ImageSet images, long seed, Device device) {
    private static final List<Double> ALPHAS = List.of(0.0, 0.25, 0.5, 0.75, 1.0);
    private static final int FILTERS = 16;

    /**
     * Gives a fresh copy of the network each time, because a step updates the running batch normalisation statistics.
     */
    @FunctionalInterface
    interface Source {
        NetworkClassifier get() throws IOException;
    }

    /**
     * ‖g(α) − g‖₂ / ‖g‖₂ by α, where g(α) is the adversarial loss's gradient in all parameters and g the adversarial
     * batch's.
     *
     * @param training whether the network is in training mode
     */
    Map<Double, Double> distances(Source source, boolean training) throws IOException {
        Map<Double, Double> distances = new TreeMap<>();
        try (var scope = Scope.open()) {
            Tensor ofBatch;
            try (NetworkClassifier classifier = source.get();
                    ClassifierObjective objective =
                            new AdversarialBatch(classifier, ClassifierObjective.Settings.PLAIN, adversary)) {
                ofBatch = gradient(classifier, objective, training);
            }
            for (double alpha : ALPHAS) {
                try (NetworkClassifier classifier = source.get();
                        ClassifierObjective objective =
                                new AdversarialLoss(classifier, ClassifierObjective.Settings.PLAIN, adversary, alpha)) {
                    Tensor ofLoss = gradient(classifier, objective, training);
                    distances.put(alpha, length(ofLoss.sub(ofBatch)) / length(ofBatch));
                }
            }
        }
        return distances;
    }

    /** In all parameters, one after the other, FLOAT64. */
    private Tensor gradient(NetworkClassifier classifier, ClassifierObjective objective, boolean training) {
        classifier.module().train(training);
        try (var scope = Scope.withGradients();
                Rng rng = Seed.of(seed).stream()) {
            Batch batch = Batches.of(images, images.size()).iterator().next();
            List<Tensor> parameters =
                    List.copyOf(classifier.module().parameters().values());
            List<Tensor> gradients = Gradients.of(objective.evaluate(batch, rng).loss(), parameters).stream()
                    .map(gradient -> gradient.detach().to(DType.FLOAT64).reshape(-1))
                    .toList();
            return scope.keep(Tensor.concat(0, gradients));
        }
    }

    private static double length(Tensor vector) {
        return Math.sqrt(vector.square().sum().item());
    }

    /** The network in a file of weights. */
    NetworkClassifier read(Path weights) throws IOException {
        if (ClassifierFile.read(weights, device).classifier() instanceof NetworkClassifier network) {
            return network;
        }
        throw new IllegalArgumentException(weights + ": a program, which has no parameters to train");
    }

    /** A convolution with batch normalisation and a linear layer, never trained: for images that no ResNet takes. */
    NetworkClassifier smallNormalised() {
        int half = images.height() / 2;
        try (var scope = Scope.open();
                Rng rng = Seed.of(seed).stream()) {
            Init init = Init.on(device, rng);
            Layer network = new Sequential(
                    new Conv2d(images.channels(), FILTERS, 4, 2, 1, false, init),
                    new BatchNorm2d(FILTERS, init),
                    Layer.of(Tensor::relu),
                    Layer.of(x -> x.flatten(1)),
                    new Linear(FILTERS * half * half, images.classNames().size(), init));
            return new NetworkClassifier(network, Normalisation.none(images.channels()), init);
        }
    }
}
