package varepsilon.robust.defense;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import varepsilon.classify.Architecture;
import varepsilon.classify.NetworkClassifier;
import varepsilon.classify.Normalisation;
import varepsilon.data.Batch;
import varepsilon.data.Batches;
import varepsilon.data.Glyphs;
import varepsilon.data.ImageSet;
import varepsilon.nn.Adam;
import varepsilon.nn.Init;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.Pgd;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.tensor.Device;
import varepsilon.tensor.Engine;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;
import varepsilon.train.BatchResult;
import varepsilon.train.Trainer;

/** Every defence on a few hundred glyphs: its loss falls, and it withstands more than training without one. */
class GlyphsDefenceTest {
    private static final ThreatModel THREAT = ThreatModel.of(Norm.LINF, 0.1);
    private static final Adversary PGD = new Adversary(Pgd.ofSteps(3), THREAT);
    private static final ClassifierObjective.Settings CHECKED =
            new ClassifierObjective.Settings(0, new Adversary(Pgd.ofSteps(10), THREAT));
    private static final int BATCH_SIZE = 50;
    private static final ImageSet TRAINING = Glyphs.draw("training", 600, 1);
    private static final ImageSet VALIDATION = Glyphs.draw("validation", 150, 2);

    private static int threads;
    private static double standard;

    /** The mean loss of the first and of the last ten steps, and robust accuracy at the end. */
    private record Trained(double first, double last, double robust) {}

    @BeforeAll
    static void trainWithoutADefence() {
        threads = Engine.threads();
        Engine.setThreads(1);
        Trained trained = train(48, classifier -> new StandardTraining(classifier, CHECKED));
        assertThat(trained.last()).isLessThan(0.5 * trained.first());
        standard = trained.robust();
    }

    @AfterAll
    static void restoreThreads() {
        Engine.setThreads(threads);
    }

    private static Trained train(int steps, Function<NetworkClassifier, ClassifierObjective> make) {
        List<Double> losses = new ArrayList<>();
        try (Rng rng = Seed.of(3).stream();
                NetworkClassifier classifier =
                        new Architecture("small-cnn", 10, Normalisation.none(1)).create(Init.on(Device.CPU, rng));
                ClassifierObjective objective = make.apply(classifier);
                Adam optimizer = new Adam(classifier.module().parameters(), 0.002)) {
            for (int epoch = 0; losses.size() < steps; epoch++) {
                try (var scope = Scope.open()) {
                    for (Batch batch : Batches.of(TRAINING, BATCH_SIZE).shuffled(4, epoch)) {
                        for (int replay = 0; replay < objective.replays(); replay++) {
                            losses.add(step(objective, optimizer, batch, rng));
                        }
                    }
                }
            }
            double robust = Trainer.validate(objective, VALIDATION, 150, 5).get("robust_accuracy");
            return new Trained(mean(losses.subList(0, 10)), mean(losses.subList(steps - 10, steps)), robust);
        }
    }

    private static double step(ClassifierObjective objective, Adam optimizer, Batch batch, Rng rng) {
        try (var scope = Scope.open()) {
            BatchResult result = objective.evaluate(batch, rng);
            List<Tensor> inputs = new ArrayList<>(optimizer.parameters());
            result.input().ifPresent(input -> inputs.add(input.tensor()));
            List<Tensor> gradients = Gradients.of(result.loss(), inputs);
            result.input().ifPresent(input -> input.gradient().accept(gradients.get(gradients.size() - 1)));
            optimizer.step(gradients.subList(0, optimizer.parameters().size()));
            return result.loss().item();
        }
    }

    private static double mean(List<Double> values) {
        return values.stream().mapToDouble(v -> v).average().getAsDouble();
    }

    private static void assertDefends(Trained trained) {
        assertThat(trained.last()).isLessThan(0.8 * trained.first());
        // Of 150 images a difference of 0.2 is no chance: more than three standard errors.
        assertThat(trained.robust()).isGreaterThan(standard + 0.2);
    }

    @Test
    void adversarialTraining() {
        assertDefends(train(48, classifier -> new AdversarialLoss(classifier, CHECKED, PGD, 0)));
    }

    @Test
    void adversarialBatch() {
        assertDefends(train(48, classifier -> new AdversarialBatch(classifier, CHECKED, PGD)));
    }

    @Test
    void trades() {
        assertDefends(train(48, classifier -> new Trades(classifier, CHECKED, PGD, 2)));
    }

    @Test
    void freeTraining() {
        assertDefends(train(96, classifier -> new FreeTraining(classifier, CHECKED, THREAT, 4, BATCH_SIZE, 1, 28, 28)));
    }
}
