package varepsilon.lab.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import varepsilon.base.InputException;
import varepsilon.base.Watch;
import varepsilon.generative.Categorical;
import varepsilon.generative.Picture;
import varepsilon.generative.Vae;
import varepsilon.generative.VaeArchitecture;
import varepsilon.lab.evaluate.VaePictures;
import varepsilon.lab.spec.VaeSpec;
import varepsilon.nn.Init;
import varepsilon.report.LineChart;
import varepsilon.tensor.Device;
import varepsilon.tensor.Engine;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.train.EpochResult;
import varepsilon.train.RunDirectory;

class TrainingPicturesTest {
    private static final double[] PUBLISHED_EPOCHS = {0, 3};
    private static final double[] PUBLISHED_BPD = {1.1, 0.6};

    @TempDir
    private Path folder;

    @BeforeAll
    static void oneThread() {
        Engine.setThreads(1); // the models are too small for more
    }

    @Test
    void drawsBeforeTrainingEveryFewEpochsAndAfterTheLast() throws IOException {
        try (Vae vae = vae(2)) {
            TrainingPictures pictures = pictures(vae, folder, 2, 5);
            assertThat(TrainingPictures.samplesFile(folder, 7)).isEqualTo(folder.resolve("samples/epoch_007.png"));
            pictures.started(List.of());
            assertThat(samples()).containsExactly("epoch_000.png");
            assertThat(folder.resolve("manifold.png")).exists();
            List<String> after = new ArrayList<>();
            for (EpochResult result : epochs(5)) {
                pictures.finished(result);
                after.add(samples().get(samples().size() - 1));
            }
            assertThat(after)
                    .containsExactly(
                            "epoch_000.png", "epoch_002.png", "epoch_002.png", "epoch_004.png", "epoch_005.png");
            assertThat(samples()).hasSize(4);
        }
    }

    @Test
    void thePicturesHoldWhatTheModelDraws() throws IOException {
        try (Vae vae = vae(2)) {
            TrainingPictures pictures = pictures(vae, folder, 1, 2);
            pictures.started(List.of());
            pictures.finished(epochs(1).get(0));
            assertThat(Files.readAllBytes(TrainingPictures.samplesFile(folder, 0)))
                    .isEqualTo(VaePictures.samples(vae, 64, Picture.SAMPLE, 42)
                            .caption("64 samples before training · sample")
                            .toPng());
            assertThat(Files.readAllBytes(TrainingPictures.samplesFile(folder, 1)))
                    .isEqualTo(VaePictures.samples(vae, 64, Picture.SAMPLE, 42)
                            .caption("64 samples after 1 epoch · sample")
                            .toPng());
        }
    }

    @Test
    void onlyAPlaneHasAManifold() throws IOException {
        try (Vae vae = vae(3)) {
            pictures(vae, folder, 1, 1).started(List.of());
        }
        assertThat(folder.resolve("manifold.png")).doesNotExist();
    }

    @Test
    void othersAreShownThePicturesWithTheirStep() throws IOException {
        List<String> shown = new ArrayList<>();
        try (Vae vae = vae(2)) {
            TrainingPictures pictures = pictures(vae, folder, 1, 1)
                    .showTo((name, step, picture) ->
                            shown.add(name + " at " + step + ", " + picture.toPng().length + " bytes"));
            pictures.started(List.of());
            pictures.finished(epochs(1).get(0));
            assertThat(shown)
                    .hasSize(4)
                    .contains("samples at 10, " + Files.size(TrainingPictures.samplesFile(folder, 1)) + " bytes")
                    .contains("manifold at 10, " + Files.size(folder.resolve("manifold.png")) + " bytes");
        }
        assertThat(shown.get(0)).startsWith("samples at 0, ");
    }

    @Test
    void curvesAreThoseOfTheMetricsWithThePublishedOnesOverThem() throws IOException {
        double[] x = {0, 1, 2};
        Path expected = folder.resolve("expected.png");
        boolean drawn = new LineChart("a VAE", "epoch", "bits per dimension")
                .curve("training", x, new double[] {1, 1 / 2.0, 1 / 3.0})
                .curve("validation", x, new double[] {2, 2 / 2.0, 2 / 3.0})
                .published("validation", PUBLISHED_EPOCHS, PUBLISHED_BPD)
                .write(expected)
                .isPresent();
        assumeTrue(drawn, "this machine has no fonts, so that it draws no curves");
        try (Vae vae = vae(3)) {
            TrainingPictures pictures = pictures(vae, folder, 9, 9)
                    .published(Map.of("val_bpd", new ReferenceCurves.Curve(PUBLISHED_EPOCHS, PUBLISHED_BPD)));
            pictures.started(List.of());
            for (EpochResult result : epochs(3)) {
                pictures.finished(result);
            }
        }
        assertThat(folder.resolve("curves_bpd.png")).hasSameBinaryContentAs(expected);
        assertThat(folder.resolve("curves_terms.png")).isNotEmptyFile();
    }

    @Test
    void aResumedRunDrawsTheWholeCurveAndKeepsItsFirstPicture() throws IOException {
        Path whole = folder.resolve("whole");
        Path resumed = folder.resolve("resumed");
        try (Vae vae = vae(3)) {
            TrainingPictures uninterrupted = pictures(vae, whole, 9, 3);
            uninterrupted.started(List.of());
            for (EpochResult result : epochs(3)) {
                uninterrupted.finished(result);
            }
            TrainingPictures second = pictures(vae, resumed, 9, 3);
            second.started(epochs(2));
            assertThat(TrainingPictures.samplesFile(resumed, 0)).doesNotExist();
            second.finished(epochs(3).get(2));
        }
        assumeTrue(Files.exists(whole.resolve("curves_bpd.png")), "this machine has no fonts");
        for (String name : List.of("curves_bpd.png", "curves_terms.png", "samples/epoch_003.png")) {
            assertThat(resumed.resolve(name)).hasSameBinaryContentAs(whole.resolve(name));
        }
    }

    @Test
    void aRunStoppedWithinItsFirstEpochKeepsThePictureOfTheUntrainedModel() throws IOException {
        try (Vae vae = vae(3);
                Vae trained = vae(4)) {
            TrainingPictures pictures = pictures(vae, folder, 1, 1);
            pictures.started(List.of());
            byte[] untrained = Files.readAllBytes(TrainingPictures.samplesFile(folder, 0));
            pictures(trained, folder, 1, 1).started(List.of());
            assertThat(Files.readAllBytes(TrainingPictures.samplesFile(folder, 0)))
                    .isEqualTo(untrained);
        }
    }

    @Test
    void samplesEveryNoEpochsIsRefused() {
        try (Vae vae = vae(3)) {
            assertThatExceptionOfType(InputException.class)
                    .isThrownBy(() -> pictures(vae, folder, 0, 1))
                    .withMessage("samplesEvery 0: expected at least 1");
        }
    }

    @Test
    void lookingAtATrainingDoesNotChangeIt() throws IOException {
        trained("unseen", vae -> List.of());
        trained("seen", vae -> List.of(pictures(vae, folder.resolve("pictures"), 1, 2)));
        assertThat(folder.resolve("pictures/samples/epoch_002.png")).exists();
        for (String weights : List.of("last", "best")) {
            String name = "checkpoints/" + weights + ".safetensors";
            assertThat(folder.resolve("seen").resolve(name))
                    .hasSameBinaryContentAs(folder.resolve("unseen").resolve(name));
        }
    }

    private void trained(String name, VaeTraining.Listeners listeners) throws IOException {
        VaeSpec config = VaeSpec.of("glyphs")
                .withLimit(200)
                .withValidationFraction(0.2)
                .withLatentDim(2)
                .withFilters(4)
                .withEpochs(2)
                .withBatchSize(32)
                .withSamplesEvery(1);
        try (RunDirectory run = RunDirectory.create(folder.resolve(name), config.toYaml())) {
            VaeTraining.run(config, run, folder, listeners, Watch.NONE);
        }
    }

    private static TrainingPictures pictures(Vae vae, Path folder, int samplesEvery, int epochs) {
        return new TrainingPictures(vae, folder, "a VAE", samplesEvery, epochs, 42);
    }

    private List<String> samples() throws IOException {
        try (var files = Files.list(folder.resolve("samples"))) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    private static List<EpochResult> epochs(int n) {
        return IntStream.range(0, n)
                .mapToObj(i -> new EpochResult(i, 10L * (i + 1), i, metrics(1.0 / (i + 1)), metrics(2.0 / (i + 1))))
                .toList();
    }

    private static Map<String, Double> metrics(double bpd) {
        return Map.of("bpd", bpd, "reconstruction_nats", 300 * bpd, "kl_nats", 20 / bpd);
    }

    private static Vae vae(int latentDim) {
        try (var scope = Scope.open();
                Rng rng = Seed.of(7).stream()) {
            return VaeArchitecture.conv(latentDim, 4, 1, new Categorical(16)).create(Init.on(Device.parse("cpu"), rng));
        }
    }
}
