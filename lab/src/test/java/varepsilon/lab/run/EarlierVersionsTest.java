package varepsilon.lab.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import varepsilon.base.Watch;
import varepsilon.classify.Normalisation;
import varepsilon.generative.Categorical;
import varepsilon.lab.spec.AttackSpec;
import varepsilon.lab.spec.ClassifierSpec;
import varepsilon.lab.spec.DefenseSpec;
import varepsilon.lab.spec.VaeSpec;
import varepsilon.nn.Schedule;
import varepsilon.robust.attack.Fgsm;
import varepsilon.robust.attack.Pgd;
import varepsilon.robust.attack.StepSize;
import varepsilon.robust.defense.AdversarialLoss;
import varepsilon.robust.defense.Defense;
import varepsilon.robust.defense.FreeTraining;
import varepsilon.robust.defense.StandardTraining;
import varepsilon.robust.defense.Trades;

/** Configurations as version 0.1.0 wrote them before attacks, defences and the rest declared their parameters. */
class EarlierVersionsTest {
    private static final String VAE = """
            data: glyphs
            limit: 40
            validationFraction: 0.25
            latentDim: 2
            filters: 2
            likelihood: categorical
            levels: 8
            beta: 1.0
            freeNats: 0.0
            epochs: 1
            batchSize: 16
            learningRate: 0.001
            samplesEvery: 10
            seed: 42
            threads: 1
            device: cpu
            """;
    private static final String CLASSIFIER = """
            images:
              data: cifar10
              limit: 0
              part: all
              validation: 1000
              augment: none
              testLimit: 0
            network:
              architecture: resnet20
              weights: ""
              normalisation:
                mean: [0.4914, 0.4822, 0.4465]
                std: [0.247, 0.243, 0.261]
            fitting:
              epochs: 5
              batchSize: 128
              learningRate: 0.05
              momentum: 0.9
              weightDecay: 5.0E-4
              schedule: step
              decayEvery: 3
              decayFactor: 0.1
              peak: 0.3
              labelSmoothing: 0.0
              ema: 0.0
              patience: 0
            defense:
              name: adversarial-loss
              attack:
                attack: pgd
                norm: linf
                eps: 0.1
                steps: 3
                stepSize: 0.025
                restarts: 1
                randomStart: true
                momentum: 0.0
                loss: cross-entropy
              attackMode: training
              epsWarmup: 2.0
              alpha: 0.25
              beta: 0.0
              replays: 1
              defects: []
            check:
              attack: fgsm
              norm: l2
              eps: 0.5
              steps: 10
              stepSize: 0.0
              restarts: 1
              randomStart: true
              momentum: 0.0
              loss: cross-entropy
            seed: 5
            threads: 2
            device: cpu
            """;

    @TempDir
    private Path folder;

    private static VaeSpec vae() {
        return VaeSpec.parse(VAE, Path.of("config.yaml"));
    }

    @Test
    void theyAreReadAsTheyWereMeant() {
        assertThat(vae())
                .isEqualTo(VaeSpec.of("glyphs")
                        .withLimit(40)
                        .withValidationFraction(0.25)
                        .withLatentDim(2)
                        .withFilters(2)
                        .withLikelihood(new Categorical(8))
                        .withEpochs(1)
                        .withBatchSize(16));
        assertThat(ClassifierSpec.parse(CLASSIFIER, Path.of("config.yaml")))
                .isEqualTo(new ClassifierSpec(
                        ClassifierSpec.Images.of("cifar10"),
                        new ClassifierSpec.Network("resnet20", "", Normalisation.CIFAR10),
                        new ClassifierSpec.Fitting(5, 128, 0.05).withSchedule(new Schedule.StepDecay(3, 0.1)),
                        new DefenseSpec(
                                new AdversarialLoss.Choice(0.25),
                                AttackSpec.linf(Pgd.ofSteps(3).withStepSize(StepSize.pixels(0.025)), 0.1),
                                "training",
                                2,
                                List.of()),
                        new AttackSpec(new Fgsm(), "l2", 0.5),
                        5,
                        2,
                        "cpu"));
    }

    @Test
    void ofADefenceTheParametersThatItHasAreRead() {
        assertThat(defense("trades", "pgd", 0.5, 4, 8)).isEqualTo(new Trades.Choice(4));
        assertThat(defense("free", "fgsm", 0.5, 6, 3)).isEqualTo(new FreeTraining.Choice(3));
        assertThat(defense("standard", "none", 0.5, 6, 8)).isEqualTo(new StandardTraining.Choice());
    }

    private static Defense defense(String name, String attack, double alpha, double beta, int replays) {
        String text = CLASSIFIER
                .replace("name: adversarial-loss", "name: " + name)
                .replace("    attack: pgd\n    norm", "    attack: " + attack + "\n    norm")
                .replace(
                        "  alpha: 0.25\n  beta: 0.0\n  replays: 1",
                        String.format(Locale.ROOT, "  alpha: %s\n  beta: %s\n  replays: %d", alpha, beta, replays));
        assertThat(text).contains("name: " + name, "attack: " + attack + "\n", "beta: " + beta);
        return ClassifierSpec.parse(text, Path.of("config.yaml")).defense().method();
    }

    @Test
    void aTrainingIsFoundUnderTheNameThatItHadThen() throws IOException {
        RunStore store = new RunStore(
                folder.resolve("runs"),
                folder,
                List.of("test"),
                TrainingDefects.NONE,
                ReferenceCurves.NONE,
                RunStore.Listeners.NONE,
                Watch.NONE);
        Path trained = store.trained(vae());
        Path then = Files.move(trained, trained.resolveSibling("vae-glyphs-z2-0123456789ab"));
        Files.writeString(then.resolve("config.yaml"), VAE);

        assertThat(store.trained(vae())).isEqualTo(then);
        assertThat(store.folder(vae().withSeed(43))).isNotEqualTo(then);
        Files.writeString(then.resolve("config.yaml"), "damaged");
        assertThat(store.folder(vae())).isEqualTo(trained);
    }
}
