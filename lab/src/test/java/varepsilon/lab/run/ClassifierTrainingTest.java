package varepsilon.lab.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import varepsilon.base.Watch;
import varepsilon.classify.Architecture;
import varepsilon.classify.NetworkClassifier;
import varepsilon.classify.Normalisation;
import varepsilon.data.Datasets;
import varepsilon.data.HorizontalFlip;
import varepsilon.data.ImageSet;
import varepsilon.data.RandomCrop;
import varepsilon.data.Split;
import varepsilon.data.Splits;
import varepsilon.lab.spec.AttackSpec;
import varepsilon.lab.spec.ClassifierSpec;
import varepsilon.lab.spec.DefenseSpec;
import varepsilon.nn.Init;
import varepsilon.nn.Schedule;
import varepsilon.nn.Sgd;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.Pgd;
import varepsilon.robust.attack.StepSize;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.robust.defense.AdversarialLoss;
import varepsilon.robust.defense.Adversary;
import varepsilon.robust.defense.ClassifierObjective;
import varepsilon.tensor.Device;
import varepsilon.tensor.Engine;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.train.Monitor;
import varepsilon.train.RunDirectory;
import varepsilon.train.Trainer;
import varepsilon.train.TrainingListener;
import varepsilon.train.TrainingPlan;
import varepsilon.weights.Safetensors;
import varepsilon.weights.Weights;

/** A configuration means the very objects that one would write down by hand. */
class ClassifierTrainingTest {
    private static final int IMAGES = 140;
    private static final int HELD_OUT = 20;
    private static final Architecture ARCHITECTURE =
            new Architecture("small-cnn", 10, new Normalisation(List.of(0.13), List.of(0.31)));

    @TempDir
    private Path folder;

    private Path pretrained() throws IOException {
        Path file = folder.resolve("pretrained.safetensors");
        try (var scope = Scope.open();
                Rng rng = Seed.of(5).stream();
                NetworkClassifier classifier = ARCHITECTURE.create(Init.on(Device.CPU, rng))) {
            Safetensors.write(file, Weights.of(classifier.module().state(), ARCHITECTURE.metadata()));
        }
        return file;
    }

    private void trainByHand(Path weights, Path out) throws IOException {
        Engine.setThreads(1);
        ImageSet all = Datasets.load("glyphs", Split.TRAIN, folder).limit(IMAGES);
        int[][] parts = Splits.random(IMAGES, new int[] {IMAGES - HELD_OUT, HELD_OUT}, 42);
        ThreatModel threat = ThreatModel.of(Norm.LINF, 8 / 255.0);
        ClassifierObjective.Settings settings =
                new ClassifierObjective.Settings(0, new Adversary(Pgd.ofSteps(3), threat));
        Adversary adversary = new Adversary(Pgd.ofSteps(2).withStepSize(StepSize.pixels(2.5 / 255)), threat);
        TrainingPlan plan = TrainingPlan.of(2, 32, 42, Monitor.largest("robust_accuracy"))
                .withSchedule(Schedule.oneCycle(0.3))
                .withAugmentation(new RandomCrop(4).then(new HorizontalFlip(0.5)));
        try (var scope = Scope.open();
                Rng rng = Seed.of(1).stream();
                NetworkClassifier classifier = ARCHITECTURE.create(Init.on(Device.CPU, rng));
                RunDirectory run = RunDirectory.create(out, "by: hand\n");
                ClassifierObjective objective = new AdversarialLoss(classifier, settings, adversary, 0);
                Sgd optimizer = new Sgd(classifier.module().parameters(), 0.05, 0.9, 5e-4, false)) {
            classifier.module().load(Weights.read(weights));
            new Trainer(objective, optimizer, plan, run, ARCHITECTURE.metadata(), List.of(), Watch.NONE)
                    .train(all.subset(parts[0]), all.subset(parts[1]));
        }
    }

    @Test
    void theSameBitsAsByHand() throws IOException {
        Path weights = pretrained();
        trainByHand(weights, folder.resolve("hand"));
        ClassifierSpec.Images images = new ClassifierSpec.Images("glyphs", IMAGES, HELD_OUT, "crop-flip", 10);
        ClassifierSpec config = new ClassifierSpec(
                images,
                NetworkChoice.of(null, weights, images, 42, folder).network(),
                new ClassifierSpec.Fitting(2, 32, 0.05),
                DefenseSpec.adversarialLoss(AttackSpec.of("pgd:steps=2:step-size=2.5/255", "linf", 8 / 255.0), 0),
                AttackSpec.of("pgd:steps=3", "linf", 8 / 255.0),
                42,
                1,
                "cpu");

        try (Run<?, ?> run =
                Run.begin(new ClassifierRuns(TrainingDefects.NONE), config, folder.resolve("lab"), folder)) {
            run.train(new TrainingListener() {}, List.of(), Watch.NONE);
        }

        for (String file : List.of("checkpoints/best.safetensors", "checkpoints/last.safetensors")) {
            assertThat(folder.resolve("lab").resolve(file))
                    .hasSameBinaryContentAs(folder.resolve("hand").resolve(file));
        }
    }

    @Test
    void theNormalisationIsThatOfTheWeightsElseOfTheImagesTrainedOn() throws IOException {
        ClassifierSpec.Images images = new ClassifierSpec.Images("glyphs", IMAGES, HELD_OUT, "none", 0);
        int[][] parts = Splits.random(IMAGES, new int[] {IMAGES - HELD_OUT, HELD_OUT}, 42);
        ImageSet.Statistics statistics = Datasets.load("glyphs", Split.TRAIN, folder)
                .limit(IMAGES)
                .subset(parts[0])
                .statistics();

        assertThat(NetworkChoice.of(null, pretrained(), images, 42, folder)
                        .network()
                        .normalisation())
                .isEqualTo(ARCHITECTURE.normalisation());
        assertThat(NetworkChoice.of(null, null, images, 42, folder).network())
                .isEqualTo(new ClassifierSpec.Network(
                        "small-cnn", "", new Normalisation(statistics.mean(), statistics.std())));
    }
}
