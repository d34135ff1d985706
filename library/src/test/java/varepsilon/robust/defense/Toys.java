package varepsilon.robust.defense;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.BooleanSupplier;
import varepsilon.base.Watch;
import varepsilon.classify.NetworkClassifier;
import varepsilon.classify.Normalisation;
import varepsilon.data.ImageSet;
import varepsilon.nn.BatchNorm2d;
import varepsilon.nn.Conv2d;
import varepsilon.nn.Init;
import varepsilon.nn.Layer;
import varepsilon.nn.Linear;
import varepsilon.nn.Sequential;
import varepsilon.nn.Sgd;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Engine;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;
import varepsilon.train.BatchResult;
import varepsilon.train.Fit;
import varepsilon.train.RunDirectory;
import varepsilon.train.Trainer;
import varepsilon.train.TrainingPlan;

/** Classifiers and images so small that what a defence does can be followed by hand. */
final class Toys {
    static final int CLASSES = 3;

    private Toys() {}

    /** 1×4×4 images of noise, each class brighter in pixels of its own. */
    static ImageSet images(int n, long seed) {
        Random random = new Random(seed);
        byte[] pixels = new byte[n * 16];
        int[] labels = new int[n];
        for (int i = 0; i < n; i++) {
            labels[i] = random.nextInt(CLASSES);
            for (int j = 0; j < 16; j++) {
                pixels[i * 16 + j] = (byte) (random.nextInt(128) + (j % CLASSES == labels[i] ? 100 : 0));
            }
        }
        return ImageSet.labelled("toy", pixels, 1, 4, 4, labels, List.of("a", "b", "c"));
    }

    /** One convolution for those images, with batch normalisation behind it or without. */
    static NetworkClassifier convolutional(boolean batchNorm, DType dtype) {
        try (Rng rng = Seed.of(3).stream()) {
            Init init = new Init(rng, Device.CPU, dtype);
            Layer between = batchNorm ? new BatchNorm2d(4, init) : Layer.of(x -> x);
            Layer network = new Sequential(
                    new Conv2d(1, 4, 3, 1, 1, true, init),
                    between,
                    Layer.of(Tensor::relu),
                    Layer.of(x -> x.flatten(1)),
                    new Linear(64, CLASSES, init));
            return new NetworkClassifier(network, new Normalisation(List.of(0.4), List.of(0.3)), init);
        }
    }

    /** Logits W·x + b, in double precision; the parameters are named 1.weight and 1.bias. */
    static NetworkClassifier affine(double[][] weight, double... bias) {
        try (Rng rng = Seed.of(1).stream();
                var scope = Scope.withoutGradients()) {
            Init init = new Init(rng, Device.CPU, DType.FLOAT64);
            Linear linear = new Linear(weight[0].length, weight.length, init);
            for (int k = 0; k < weight.length; k++) {
                linear.parameters().get("weight").narrow(0, k, 1).copyInPlace(Tensor.of(weight[k], weight[k].length));
            }
            linear.parameters().get("bias").copyInPlace(Tensor.of(bias, bias.length));
            Layer network = new Sequential(Layer.of(x -> x.flatten(1)), linear);
            return new NetworkClassifier(network, Normalisation.none(1), init);
        }
    }

    /** Gradients of a result's loss with respect to all parameters, one after the other. */
    static double[] gradient(NetworkClassifier classifier, BatchResult result) {
        List<Tensor> flat = new ArrayList<>();
        Gradients.of(result.loss(), List.copyOf(classifier.module().parameters().values()))
                .forEach(gradient -> flat.add(gradient.reshape(gradient.count()).to(DType.FLOAT64)));
        return Tensor.concat(0, flat).toDoubles();
    }

    /** All that a weight file would hold, one number after the other. */
    static double[] state(NetworkClassifier classifier) {
        return classifier.module().state().values().stream()
                .flatMapToDouble(tensor -> Arrays.stream(tensor.toDoubles()))
                .toArray();
    }

    /** Trains until the end or a stop, as a new process would. */
    static Fit.Result sit(
            Path folder,
            TrainingPlan plan,
            ClassifierObjective objective,
            ImageSet training,
            ImageSet validation,
            BooleanSupplier stop)
            throws IOException {
        // Tensors this small gain nothing from a second thread; on a busy machine the two wait for each other.
        int threads = Engine.threads();
        Engine.setThreads(1);
        try (RunDirectory run =
                        Files.exists(folder) ? RunDirectory.open(folder) : RunDirectory.create(folder, "toy: 1\n");
                Sgd optimizer = new Sgd(objective.model().parameters(), 0.1, 0.9, 0, false)) {
            return new Trainer(objective, optimizer, plan, run, Map.of(), List.of(), Watch.stopWhen(stop))
                    .train(training, validation);
        } finally {
            Engine.setThreads(threads);
        }
    }
}
