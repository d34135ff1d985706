package varepsilon.lab.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import varepsilon.base.InputException;
import varepsilon.base.StoppedException;
import varepsilon.base.Watch;
import varepsilon.classify.Architecture;
import varepsilon.classify.NetworkClassifier;
import varepsilon.classify.Normalisation;
import varepsilon.lab.Json;
import varepsilon.lab.cli.SmallMnist;
import varepsilon.lab.spec.AttackSpec;
import varepsilon.lab.spec.ClassifierSpec;
import varepsilon.lab.spec.DefenseSpec;
import varepsilon.lab.spec.VaeSpec;
import varepsilon.nn.Init;
import varepsilon.nn.Schedule;
import varepsilon.nn.Sgd;
import varepsilon.tensor.Device;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.weights.Safetensors;
import varepsilon.weights.Weights;

/** Trainings are done once, go on where they stopped, and never meet one of another configuration. */
class RunStoreTest {
    private static final Normalisation NORMALISATION = new Normalisation(List.of(0.13), List.of(0.31));

    @TempDir
    private Path folder;

    @BeforeEach
    void drawImages() throws IOException {
        SmallMnist.in(folder);
    }

    private RunStore store(BooleanSupplier stopRequested) {
        return new RunStore(
                folder.resolve("runs"),
                folder,
                List.of("test"),
                TrainingDefects.NONE,
                ReferenceCurves.NONE,
                RunStore.Listeners.NONE,
                Watch.stopWhen(stopRequested));
    }

    private RunStore store() {
        return store(() -> false);
    }

    private static ClassifierSpec config(String weights, long seed) {
        return config(weights, AttackSpec.none(), seed);
    }

    private static ClassifierSpec config(String weights, AttackSpec check, long seed) {
        return new ClassifierSpec(
                new ClassifierSpec.Images("mnist", 0, 20, "none", 0),
                new ClassifierSpec.Network("small-cnn", weights, NORMALISATION),
                new ClassifierSpec.Fitting(2, 25, 0.05)
                        .withOptimizer(new Sgd.Choice(0.9, 0))
                        .withSchedule(Schedule.constant()),
                DefenseSpec.standard(),
                check,
                seed,
                1,
                "cpu");
    }

    private Path weights(String name, long seed) throws IOException {
        Architecture architecture = new Architecture("small-cnn", 10, NORMALISATION);
        Path file = folder.resolve(name);
        try (var scope = Scope.withoutGradients();
                Rng rng = Seed.of(seed).stream();
                NetworkClassifier classifier = architecture.create(Init.on(Device.CPU, rng))) {
            Safetensors.write(file, Weights.of(classifier.module().state(), architecture.metadata()));
        }
        return file;
    }

    @Test
    void theFolderIsThatOfTheConfigurationAndOfWhatTheWeightsHold() throws IOException {
        RunStore store = store();
        Path one = weights("one.safetensors", 1);
        Path same = Files.copy(one, folder.resolve("same.safetensors"));
        Path other = weights("other.safetensors", 2);

        assertThat(store.folder(config("", 3)))
                .isEqualTo(store.folder(config("", 3)))
                .isNotEqualTo(store.folder(config("", 4)))
                .isNotEqualTo(store.folder(config(one.toString(), 3)));
        assertThat(store.folder(config(one.toString(), 3)))
                .isEqualTo(store.folder(config(same.toString(), 3)))
                .isNotEqualTo(store.folder(config(other.toString(), 3)))
                .hasParentRaw(folder.resolve("runs"));
        VaeSpec vae = VaeSpec.of("folder:/a/b").withLatentDim(2).withFilters(2).withEpochs(1);
        assertThat(store.folder(vae).getFileName().toString()).matches("vae-folder-a-b-z2-[0-9a-f]{12}");
        assertThat(store.folder(vae)).isNotEqualTo(store.folder(vae.withEpochs(2)));
    }

    @Test
    void whatIsDoneIsNotDoneAgain() throws IOException {
        Path run = store().trained(config("", 3));
        assertThat(RunStore.isFinished(run)).isTrue();
        FileTime written = Files.getLastModifiedTime(run.resolve("results.json"));

        Path again = store(() -> {
                    throw new AssertionError("nothing is to be trained");
                })
                .trained(config("", 3));

        assertThat(again).isEqualTo(run);
        assertThat(Files.getLastModifiedTime(run.resolve("results.json"))).isEqualTo(written);
    }

    @Test
    void aStoppedTrainingGoesOnToTheSameWeights() throws IOException {
        Path undisturbed = store().trained(config("", 3));
        Path expected = Files.move(undisturbed, folder.resolve("expected"));
        AtomicInteger asked = new AtomicInteger();

        assertThatExceptionOfType(StoppedException.class)
                .isThrownBy(() -> store(() -> asked.incrementAndGet() > 3).trained(config("", 3)));
        assertThat(RunStore.isFinished(undisturbed)).isFalse();
        assertThat(undisturbed.resolve("config.yaml")).exists();
        Path run = store().trained(config("", 3));

        assertThat(run.resolve("checkpoints/best.safetensors"))
                .hasSameBinaryContentAs(expected.resolve("checkpoints/best.safetensors"));
    }

    @Test
    void aChangedConfigurationIsNotTakenForTheOneThatWasAskedFor() throws IOException {
        Path run = store().folder(config("", 3));
        Files.createDirectories(run);
        Files.writeString(run.resolve("config.yaml"), config("", 4).toYaml());

        assertThatThrownBy(() -> store().trained(config("", 3)))
                .isInstanceOf(InputException.class)
                .hasMessageContaining(run.toString())
                .hasMessageContaining("its config.yaml does not match the folder");
        assertThat(RunStore.isFinished(run)).isFalse();
    }

    /** Killed between its configuration and the copy of its weights, a run cannot be resumed: it begins again. */
    @Test
    void whatAKillLeftOfABeginningIsCleared() throws IOException {
        ClassifierSpec config = config(weights("one.safetensors", 1).toString(), 3);
        Path run = store().trained(config);
        Path expected = Files.move(run, folder.resolve("expected"));
        Files.createDirectories(run.resolve("checkpoints"));
        Files.writeString(run.resolve("config.yaml"), config.toYaml());

        assertThat(store().trained(config)).isEqualTo(run);

        assertThat(run.resolve("checkpoints/best.safetensors"))
                .hasSameBinaryContentAs(expected.resolve("checkpoints/best.safetensors"));

        Path fresh = store().folder(config("", 5));
        Files.createDirectories(fresh);
        Files.writeString(fresh.resolve(".config.yaml.tmp123"), "half of i");
        assertThat(RunStore.isFinished(store().trained(config("", 5)))).isTrue();
        assertThat(fresh.resolve(".config.yaml.tmp123")).doesNotExist();
    }

    private <R extends Record> R readBack(Path run, Class<R> type) throws IOException {
        R results = Run.results(run, type);
        assertThat(Json.of(results)).isEqualTo(Json.read(run.resolve("results.json")));
        return results;
    }

    @Test
    void resultsAreReadBackAsTheyWereWritten() throws IOException {
        Path run = store().trained(config("", AttackSpec.of("fgsm", "linf", 0.1), 1));
        ClassifierResults results = readBack(run, ClassifierResults.class);
        assertThat(results.run()).isEqualTo(run.toString());
        assertThat(results.test().attack().name()).isEqualTo("fgsm");
        Path plain = store().trained(config("", 1));
        assertThat(readBack(plain, ClassifierResults.class).test().attack()).isNull();
        Path vae = store().trained(
                        VaeSpec.of("mnist").withLatentDim(2).withFilters(2).withEpochs(1));
        assertThat(readBack(vae, VaeResults.class).latentDim()).isEqualTo(2);

        Files.writeString(run.resolve("results.json"), "{\"run\": ");
        assertThatExceptionOfType(InputException.class)
                .isThrownBy(() -> Run.results(run, ClassifierResults.class))
                .withMessageContaining("results.json: cannot be read");
    }
}
