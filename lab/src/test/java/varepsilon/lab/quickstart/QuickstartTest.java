package varepsilon.lab.quickstart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.JsonNode;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import varepsilon.base.InputException;
import varepsilon.base.Watch;
import varepsilon.lab.Json;
import varepsilon.lab.evaluate.AttackOutcome;
import varepsilon.lab.run.Run;
import varepsilon.lab.spec.ClassifierSpec;
import varepsilon.lab.spec.RunSpec;
import varepsilon.robust.evaluate.RobustnessReport;
import varepsilon.train.TrainingListener;

class QuickstartTest {
    private static final Quickstart.Settings TINY = new Quickstart.Settings(160, 2, 1, 2, 200, 42, 1, "cpu");

    @TempDir
    private Path parent;

    @Test
    void trainsAndAttacksAndSaysWhereToLook() throws IOException {
        Path folder = parent.resolve("quickstart");
        QuickstartResult result = Quickstart.run(folder, TINY, new ToTheEnd()).orElseThrow();

        assertThat(result.folder()).isEqualTo(folder.toString());
        assertThat(result.vae().zeroKnowledgeBpd()).as("log2 of 16 levels").isEqualTo(4);
        assertThat(result.vae().latent20().latentDim()).isEqualTo(20);
        assertThat(result.vae().latent2().latentDim()).isEqualTo(2);
        assertThat(testBpd(folder.resolve("latent-20")))
                .isEqualTo(result.vae().latent20().test().bpd());
        assertThat(testBpd(folder.resolve("latent-2")))
                .isEqualTo(result.vae().latent2().test().bpd());

        assertThat(result.text())
                .contains(String.format(
                        Locale.ROOT,
                        "20 latent dimensions  %.4f bits",
                        result.vae().latent20().test().bpd()))
                .contains("uniform              4.0000 bits")
                .contains("4 bits for each of 784 pixels, 3,136 for a digit");
        List<Path> files = result.text()
                .lines()
                .filter(line -> line.contains(folder.toString()))
                .map(line -> Path.of(line.substring(line.indexOf(folder.toString()))))
                .toList();
        assertThat(files)
                .hasSize(7)
                .filteredOn(file -> !isChart(file))
                .allSatisfy(file -> assertThat(file).isNotEmptyFile());
        assertOverviewShowsTheSamplesOverTime(folder);
        assertClassifiersAreMeasured(folder, result.classifiers());
        assertJsonIsForPrograms(result);
        assertPageShowsAllOfIt(result);
        assertSameSeedSamePicture(folder);
    }

    private static void assertPageShowsAllOfIt(QuickstartResult result) throws IOException {
        Path file = QuickstartPage.write(
                result, List.of("quickstart", "--out", "<b>"), List.of("quickstart", "--seed", "1"));
        String page = Files.readString(file);
        assertThat(page)
                .contains(String.format(
                        Locale.ROOT, "%.4f", result.vae().latent20().test().bpd()))
                .contains("classifier-defended")
                .contains("quickstart --out &#39;&lt;b&gt;&#39;")
                .contains("quickstart --seed 1")
                .contains("Each VAE was trained for 2 of at most 12 epochs, each classifier for 2 of at most 4.")
                .doesNotContain("src=\"http");
        assertThat(page.split("data:image/png", -1))
                .as("samples, reconstructions, manifold, attacks")
                .hasSize(1 + 4);
    }

    private static void assertClassifiersAreMeasured(Path folder, QuickstartResult.Classifiers classifiers)
            throws IOException {
        for (QuickstartResult.Attacked one : List.of(classifiers.standard(), classifiers.defended())) {
            assertThat(one.attacks()).extracting(AttackOutcome::name).containsExactly("uniform-noise", "fgsm", "pgd");
            assertThat(one.attacks()).allSatisfy(attack -> {
                assertThat(attack.n()).isEqualTo(TINY.testLimit());
                assertThat(attack.maxPerturbation()).isLessThanOrEqualTo(classifiers.eps() + 1e-6);
                assertThat(attack.cleanCorrect())
                        .isEqualTo(one.training().test().correct());
            });
            assertThat(one.training().epochs()).isEqualTo(TINY.classifierEpochs());
        }
        assertThat(classifiers.standard().training().defense()).isEqualTo("standard");
        assertThat(classifiers.defended().training().defense()).isEqualTo("adversarial-loss");
        ClassifierSpec standard = config(folder.resolve("classifier-standard"));
        ClassifierSpec defended = config(folder.resolve("classifier-defended"));
        assertThat(defended.defense().attack().eps()).isEqualTo(classifiers.eps());
        assertThat(new ClassifierSpec(
                        defended.images(),
                        defended.network(),
                        defended.fitting(),
                        standard.defense(),
                        standard.check(),
                        defended.seed(),
                        defended.threads(),
                        defended.device()))
                .as("alike but for the defence and what chooses the best epoch")
                .isEqualTo(standard);
    }

    private static ClassifierSpec config(Path run) throws IOException {
        Path file = run.resolve("config.yaml");
        return ClassifierSpec.parse(Files.readString(file), file);
    }

    private static void assertJsonIsForPrograms(QuickstartResult result) throws IOException {
        JsonNode json = Json.of(result);
        JsonNode pgd = json.get("classifiers").get("defended").get("attacks").get(2);
        assertThat(pgd.get("robust_correct").asInt())
                .isEqualTo(result.classifiers().defended().attacks().get(2).robustCorrect());
        assertThat(pgd.get("robust_ci95")).hasSize(2);
        assertThat(json.get("classifiers").get("standard").get("training").has("backward_passes"))
                .isTrue();
    }

    /** That VAEs are trained to the same bits is tested with their training. */
    private void assertSameSeedSamePicture(Path folder) throws IOException {
        Path again = parent.resolve("again");
        assertThat(new QuickstartClassifiers(again, TINY).run(new ToTheEnd())).isPresent();
        assertThat(again.resolve("attacks.png")).hasSameBinaryContentAs(folder.resolve("attacks.png"));
    }

    private static void assertOverviewShowsTheSamplesOverTime(Path folder) throws IOException {
        BufferedImage overview = ImageIO.read(folder.resolve("overview.png").toFile());
        Path samples = folder.resolve("latent-20/samples");
        BufferedImage before = ImageIO.read(samples.resolve("epoch_000.png").toFile());
        BufferedImage after = ImageIO.read(samples.resolve("epoch_002.png").toFile());
        int gap = 8;
        assertShows(overview, 0, 0, before);
        assertShows(overview, 0, before.getHeight() + gap, after);
    }

    @Test
    void theEpochsThatAreChosenAreRecordedAndGiveTheSameModels() throws IOException {
        Path chosen = parent.resolve("chosen");
        QuickstartResult result = Quickstart.run(chosen, TINY, QuickstartEpochs.of(1, 1), new ToTheEnd())
                .orElseThrow();

        assertThat(result.vaeEpochs()).isEqualTo(1);
        assertThat(result.classifierEpochs()).isEqualTo(1);
        assertThat(result.vae().latent20().epochs()).isEqualTo(1);
        assertThat(result.classifiers().defended().training().epochs()).isEqualTo(1);
        assertThat(config(chosen.resolve("classifier-standard")).fitting().epochs())
                .isEqualTo(1);
        assertThat(chosen.resolve("latent-2/config.yaml")).content().contains("epochs: 1\n");
        JsonNode json = Json.of(result);
        assertThat(json.get("vae_epochs").asInt()).isEqualTo(1);
        assertThat(json.get("classifier_epochs").asInt()).isEqualTo(1);

        Path given = parent.resolve("given");
        Quickstart.run(given, TINY.withEpochs(1, 1), new ToTheEnd());
        for (String run : List.of("latent-20", "latent-2", "classifier-standard", "classifier-defended")) {
            String weights = run + "/checkpoints/best.safetensors";
            assertThat(given.resolve(weights)).hasSameBinaryContentAs(chosen.resolve(weights));
        }
    }

    @Test
    void aTrainingThatIsStoppedEndsIt() throws IOException {
        Path folder = parent.resolve("quickstart");
        assertThat(Quickstart.run(folder, TINY, new StoppedBefore("latent-20"))).isEmpty();
        assertThat(folder.resolve("latent-20/checkpoints/training.safetensors")).exists();
        assertThat(folder.resolve("latent-2")).doesNotExist();
    }

    @Test
    void soDoesAnAttackThatIsStopped() throws IOException {
        Path folder = parent.resolve("quickstart");
        assertThat(new QuickstartClassifiers(folder, TINY).run(new StoppedBefore("the standard classifier")))
                .isEmpty();
        assertThat(folder.resolve("classifier-defended/results.json")).isNotEmptyFile();
        assertThat(folder.resolve("attacks.png")).doesNotExist();
    }

    @Test
    void aFolderThatHoldsSomethingIsLeftAlone() throws IOException {
        Path file = Files.writeString(parent.resolve("notes.txt"), "mine");
        assertThatExceptionOfType(InputException.class)
                .isThrownBy(() -> Quickstart.run(parent, TINY, new ToTheEnd()))
                .withMessageContaining("is not empty");
        assertThatExceptionOfType(InputException.class)
                .isThrownBy(() -> Quickstart.run(file, TINY, new ToTheEnd()))
                .withMessageContaining("notes.txt: is a file");
        try (Stream<Path> files = Files.list(parent)) {
            assertThat(files).containsExactly(file);
        }
        assertThat(file).hasContent("mine");
    }

    private static class ToTheEnd implements Quickstart.Work {
        boolean stopsAt(String name) {
            return false;
        }

        @Override
        public <S extends RunSpec, R extends Record> Optional<R> train(String what, Run<S, R> run) throws IOException {
            return run.train(
                    new TrainingListener() {}, List.of("quickstart"), Watch.stopWhen(() -> stopsAt(name(run.path()))));
        }

        @Override
        public Optional<RobustnessReport> attack(Quickstart.Attacks attacks) {
            AtomicBoolean all = new AtomicBoolean();
            Optional<RobustnessReport> report = attacks.run(new Watch() {
                @Override
                public void progress(String what, long done, long total) {
                    all.set(done == total);
                }

                @Override
                public boolean stopRequested() {
                    return stopsAt(attacks.name());
                }
            });
            assertThat(all.get()).isEqualTo(report.isPresent());
            return report;
        }

        private static String name(Path run) {
            return run.getFileName().toString();
        }
    }

    private static final class StoppedBefore extends ToTheEnd {
        private final String name;

        StoppedBefore(String name) {
            this.name = name;
        }

        @Override
        boolean stopsAt(String current) {
            return current.equals(name);
        }
    }

    /** Charts are missing on a machine without fonts. */
    private static boolean isChart(Path file) {
        return file.getFileName().toString().startsWith("curves");
    }

    private static double testBpd(Path run) throws IOException {
        JsonNode results = Json.read(run.resolve("results.json"));
        return results.get("test").get("bpd").asDouble();
    }

    private static void assertShows(BufferedImage sheet, int left, int top, BufferedImage picture) {
        int width = picture.getWidth();
        int height = picture.getHeight();
        assertThat(sheet.getRGB(left, top, width, height, null, 0, width))
                .isEqualTo(picture.getRGB(0, 0, width, height, null, 0, width));
    }
}
