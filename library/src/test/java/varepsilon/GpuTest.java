package varepsilon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.base.Family;
import varepsilon.base.InputException;
import varepsilon.classify.Architecture;
import varepsilon.classify.NetworkClassifier;
import varepsilon.classify.Normalisation;
import varepsilon.data.Batch;
import varepsilon.data.Batches;
import varepsilon.data.ImageSet;
import varepsilon.generative.Bernoulli;
import varepsilon.generative.Categorical;
import varepsilon.generative.ElboObjective;
import varepsilon.generative.Gaussian;
import varepsilon.generative.Likelihood;
import varepsilon.generative.MeasuredObjective;
import varepsilon.generative.Picture;
import varepsilon.generative.Vae;
import varepsilon.generative.VaeArchitecture;
import varepsilon.generative.VaeObjective;
import varepsilon.nn.Adam;
import varepsilon.nn.Init;
import varepsilon.nn.Optimizer;
import varepsilon.nn.Sgd;
import varepsilon.robust.attack.Attack;
import varepsilon.robust.attack.Fgsm;
import varepsilon.robust.attack.MiFgsm;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.Pgd;
import varepsilon.robust.attack.RandomStartFgsm;
import varepsilon.robust.attack.SignNoise;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.robust.attack.UniformNoise;
import varepsilon.robust.defense.AdversarialBatch;
import varepsilon.robust.defense.AdversarialLoss;
import varepsilon.robust.defense.Adversary;
import varepsilon.robust.defense.ClassifierObjective;
import varepsilon.robust.defense.FreeTraining;
import varepsilon.robust.defense.StandardTraining;
import varepsilon.robust.defense.Trades;
import varepsilon.robust.evaluate.RobustEvaluation;
import varepsilon.robust.evaluate.RobustnessReport;
import varepsilon.robust.evaluate.Trial;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;
import varepsilon.train.BatchResult;
import varepsilon.train.Objective;

/**
 * A GPU computes what the CPU does. In double precision, where the shorter numbers that GPUs take for speed play no
 * part. Skipped where the engine finds no GPU.
 */
class GpuTest {
    private static final int STEPS = 3;
    private static final int BATCH = 6;
    /**
     * Pixels become numbers in single precision, by a division by 255 in place of which a GPU multiplies by its
     * inverse. These bytes come out the same.
     */
    private static final int[] EXACT = IntStream.range(0, 256)
            .filter(value -> value / 255f == value * (1 / 255f))
            .toArray();

    private static final ImageSet GREY = images(1, 28);
    private static final ImageSet COLOUR = images(3, 32);

    private static Device gpu;

    @BeforeAll
    static void findGpu() {
        gpu = Device.parse("auto");
        assumeTrue(gpu.kind() == Device.Kind.CUDA, "the engine finds no GPU that it can use");
    }

    private static ImageSet images(int channels, int side) {
        return images(
                channels,
                side,
                IntStream.range(0, STEPS * BATCH).map(i -> i * 7 % 10).toArray());
    }

    private static ImageSet images(int channels, int side, int[] labels) {
        byte[] pixels = new byte[STEPS * BATCH * channels * side * side];
        Random random = new Random(3);
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte) EXACT[random.nextInt(EXACT.length)];
        }
        List<String> classes =
                IntStream.range(0, 10).mapToObj(Integer::toString).toList();
        return ImageSet.labelled("noise", pixels, channels, side, side, labels, classes);
    }

    @Test
    void itIsFoundByName() {
        assertThat(gpu).hasToString("cuda:0");
        assertThat(Device.parse("cuda")).isEqualTo(gpu);
        assertThat(Device.parse("cuda:0")).isEqualTo(gpu);
        assertThatThrownBy(() -> Device.parse("cuda:99"))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("device cuda:99: there are ");
    }

    @ParameterizedTest
    @EnumSource(DType.class)
    void valuesComeBackAsTheyWent(DType dtype) {
        try (var scope = Scope.withoutGradients()) {
            Tensor there = Tensor.arange(6).reshape(2, 3).to(dtype).to(gpu);
            assertThat(there.device()).isEqualTo(gpu);
            assertThat(there.dtype()).isEqualTo(dtype);
            // Transposed, so that memory is not in the order of the rows.
            assertThat(there.transpose(0, 1).toRaw())
                    .isEqualTo(there.to(Device.CPU).transpose(0, 1).toRaw());
        }
    }

    static Stream<Likelihood> likelihoods() {
        return Stream.of(new Categorical(16), new Bernoulli(), new Gaussian(0.2));
    }

    @ParameterizedTest
    @MethodSource("likelihoods")
    void aVaeTrainsAndSamplesAsOnTheCpu(Likelihood likelihood) {
        assertClose(train(likelihood, gpu), train(likelihood, Device.CPU), 1e-9);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "iwae:samples=3",
                "dreg:samples=3",
                "score-function:samples=3",
                "capacity:capacity=2:rise=0",
                "beta-tcvae",
                "factor-vae:discriminator-width=8"
            })
    void aVaeTrainsByEveryObjectiveAsOnTheCpu(String objective) {
        assertClose(train(objective, gpu), train(objective, Device.CPU), 1e-9);
    }

    private static Map<String, double[]> train(String objective, Device device) {
        try (var scope = Scope.open();
                Rng rng = Seed.of(4).stream()) {
            Init init = new Init(rng, device, DType.FLOAT64);
            try (Vae vae = VaeArchitecture.conv(3, 4, 1, new Bernoulli()).create(init);
                    MeasuredObjective minimised = Family.of(VaeObjective.class)
                            .parse(objective)
                            .objective(new VaeObjective.Training(vae, GREY.size(), init));
                    Optimizer adam = new Adam(vae.parameters(), 1e-3)) {
                return train(minimised, adam, GREY, rng);
            }
        }
    }

    private static Map<String, double[]> train(Likelihood likelihood, Device device) {
        try (var scope = Scope.open();
                Rng rng = Seed.of(4).stream();
                Vae vae = VaeArchitecture.conv(3, 4, 1, likelihood).create(new Init(rng, device, DType.FLOAT64));
                Optimizer adam = new Adam(vae.parameters(), 1e-3)) {
            Map<String, double[]> trained = train(new ElboObjective(vae, 2, 0.1), adam, GREY, rng);
            trained.put("mean image", vae.sample(4, Picture.MEAN, rng).toDoubles());
            assertThat(vae.sample(4, Picture.SAMPLE, rng).toDoubles()).hasSize(4 * 28 * 28);
            return trained;
        }
    }

    static Stream<Function<NetworkClassifier, ClassifierObjective>> defenses() {
        Adversary pgd = new Adversary(Pgd.ofSteps(3), ThreatModel.of(Norm.LINF, 8 / 255.0));
        Adversary fgsm = new Adversary(new Fgsm(), ThreatModel.of(Norm.LINF, 8 / 255.0));
        ClassifierObjective.Settings checked = new ClassifierObjective.Settings(0, pgd);
        return Stream.of(
                classifier -> new StandardTraining(classifier, new ClassifierObjective.Settings(0.1, null)),
                classifier -> new AdversarialLoss(classifier, checked, pgd, 0),
                classifier -> new AdversarialLoss(
                        classifier, checked, fgsm.withMode(Adversary.Mode.TRAINING), 0.5), // shares a pass
                classifier -> new AdversarialBatch(classifier, checked, fgsm.withWarmUp(2)),
                classifier -> new Trades(classifier, checked, pgd, 6),
                classifier -> new FreeTraining(classifier, checked, pgd.threat(), 2, BATCH, 3, 32, 32));
    }

    @ParameterizedTest
    @MethodSource("defenses")
    void aClassifierTrainsAsOnTheCpu(Function<NetworkClassifier, ClassifierObjective> defense) {
        assertClose(train(defense, gpu), train(defense, Device.CPU), 1e-9);
    }

    private static Map<String, double[]> train(
            Function<NetworkClassifier, ClassifierObjective> defense, Device device) {
        try (var scope = Scope.open();
                Rng rng = Seed.of(6).stream();
                NetworkClassifier classifier = classifier(rng, device);
                ClassifierObjective objective = defense.apply(classifier);
                Optimizer sgd = new Sgd(classifier.module().parameters(), 0.01, 0.9, 5e-4, true)) {
            Map<String, double[]> trained = train(objective, sgd, COLOUR, rng);
            classifier.evaluating(() -> {
                try (var inner = Scope.withoutGradients()) {
                    Batch batch = Batches.of(COLOUR, BATCH).iterator().next();
                    trained.putAll(values(objective.validate(batch, rng)));
                }
            });
            trained.put("passes", new double[] {objective.forwardPasses(), objective.backwardPasses()});
            return trained;
        }
    }

    private static NetworkClassifier classifier(Rng rng, Device device) {
        return new Architecture("resnet20", 10, Normalisation.CIFAR10).create(new Init(rng, device, DType.FLOAT64));
    }

    /** A few steps as the trainer makes them: what was measured in the last, and the parameters after it. */
    private static Map<String, double[]> train(Objective objective, Optimizer optimizer, ImageSet images, Rng noise) {
        Map<String, double[]> trained = new LinkedHashMap<>();
        objective.model().train(true);
        for (Batch batch : Batches.of(images, BATCH)) {
            try (var scope = Scope.open()) {
                BatchResult result = objective.evaluate(batch, noise);
                List<Tensor> inputs = new ArrayList<>(optimizer.parameters());
                result.input().ifPresent(input -> inputs.add(input.tensor()));
                List<Tensor> gradients = Gradients.of(result.loss(), inputs);
                try (var inner = Scope.withoutGradients()) {
                    result.input().ifPresent(input -> input.gradient().accept(gradients.get(inputs.size() - 1)));
                }
                optimizer.step(gradients.subList(0, optimizer.parameters().size()));
                values(result).forEach((name, value) -> trained.put("training " + name, value));
            }
        }
        objective.model().state().forEach((name, tensor) -> trained.put(name, tensor.toDoubles()));
        return trained;
    }

    private static Map<String, double[]> values(BatchResult result) {
        Map<String, double[]> values = new LinkedHashMap<>();
        values.put("mean loss", new double[] {result.loss().item()});
        result.perExample().forEach((name, tensor) -> values.put(name, tensor.toDoubles()));
        return values;
    }

    private static void assertClose(Map<String, double[]> actual, Map<String, double[]> expected, double tolerance) {
        assertThat(actual.keySet()).isEqualTo(expected.keySet());
        actual.forEach((name, values) -> {
            double[] wanted = expected.get(name);
            assertThat(values).as(name).hasSameSizeAs(wanted);
            double largest = 0;
            double difference = 0;
            for (int i = 0; i < wanted.length; i++) {
                largest = Math.max(largest, Math.abs(wanted[i]));
                difference = Math.max(difference, Math.abs(values[i] - wanted[i]));
            }
            assertThat(difference).as(name).isLessThanOrEqualTo(tolerance * Math.max(1, largest));
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"linf", "l2", "l1"})
    void anEvaluationFindsWhatItFindsOnTheCpu(String norm) {
        double epsilon = Map.of("linf", 0.03, "l2", 1.2, "l1", 25.0).get(norm);
        List<Attack> attacks = List.of(
                new Fgsm(),
                new RandomStartFgsm(),
                MiFgsm.ofSteps(3),
                Pgd.ofSteps(3).withRestarts(2).withMomentum(0.5),
                new SignNoise(),
                new UniformNoise());
        List<Trial> trials = attacks.stream()
                .map(attack -> Trial.untargeted(attack, ThreatModel.of(Norm.named(norm), epsilon)))
                .toList();
        int[] labels = evaluate(List.of(), COLOUR, Device.CPU).predictions();
        RobustnessReport here = evaluate(trials, images(3, 32, labels), Device.CPU);
        RobustnessReport there = evaluate(trials, images(3, 32, labels), gpu);
        assertThat(there.predictions()).isEqualTo(labels);
        assertThat(here.worstCase()).as("right under all attacks").contains(true, false);
        for (int i = 0; i < trials.size(); i++) {
            String label = trials.get(i).label();
            assertThat(there.trials().get(i).robust())
                    .as(label)
                    .isEqualTo(here.trials().get(i).robust());
            assertThat(there.trials().get(i).maxPerturbation())
                    .as(label)
                    .isCloseTo(here.trials().get(i).maxPerturbation(), within(1e-5));
        }
    }

    private static RobustnessReport evaluate(List<Trial> trials, ImageSet images, Device device) {
        try (Rng rng = Seed.of(8).stream();
                NetworkClassifier classifier = classifier(rng, device)) {
            return new RobustEvaluation(trials, 10, 9, device).of(classifier, images);
        }
    }
}
