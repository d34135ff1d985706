package varepsilon.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** TorchScript programs that return something else than N×K logits of the images' classes. */
class ClassifierProgramsTest {
    private static final Path PROGRAMS = Path.of("../library/src/test/resources/varepsilon/classify");

    @TempDir
    private Path folder;

    /** Two classes of 8×8 images: bright ones and dark ones. */
    @BeforeEach
    void prepare() throws IOException {
        for (int i = 0; i < 20; i++) {
            String name = i % 2 == 0 ? "bright" : "dark";
            Path file = folder.resolve("images").resolve(name).resolve(i + ".png");
            Files.createDirectories(file.getParent());
            BufferedImage image = new BufferedImage(8, 8, BufferedImage.TYPE_BYTE_GRAY);
            for (int at = 0; at < 64; at++) {
                int level = i % 2 == 0 ? 200 + i : 20 + i;
                image.getRaster().setSample(at % 8, at / 8, 0, level);
            }
            ImageIO.write(image, "png", file.toFile());
        }
    }

    private Ran run(String command, String program) {
        return ran(command, program).succeeded();
    }

    private Ran ran(String command, String program) {
        String line = command + " --weights " + PROGRAMS.resolve(program + ".pt") + " --data folder:"
                + folder.resolve("images") + " --json --threads 1 --normalize-mean 0 --normalize-std 1";
        return Ran.of((Object[]) line.split(" "));
    }

    @Test
    void oneLogitTellsTwoClassesApart() throws IOException {
        // The sum of the pixels, less 31.5: positive for the bright ones, which are class 0, so all are wrong.
        Ran ran = run("classifier evaluate", "one_column");

        assertThat(ran.json().get("correct").asInt()).isZero();
        assertThat(ran.json().get("confusion").toString()).isEqualTo("[[0,2],[2,0]]");
        assertThat(ran.err()).contains("Note: ", "one_column.pt returns one number z", "z > 0");
    }

    @Test
    void moreOutputsThanClassesAreNotedAndNotRefused() throws IOException {
        Ran evaluated = run("classifier evaluate", "scripted");
        Ran attacked = run("attack --attack fgsm --eps 0.1", "scripted");

        assertThat(evaluated.json().get("confusion").get(0)).hasSize(3);
        for (Ran ran : new Ran[] {evaluated, attacked}) {
            assertThat(ran.err()).contains("scripted.pt has 3 outputs", "only the first, 0 to 1");
            assertThat(ran.json().get("notes").toString()).contains("has 3 outputs");
        }
    }

    @Test
    void whatIsTakenOfSeveralResultsIsSaid() {
        assertThat(run("attack --attack fgsm --eps 0.1", "named").err())
                .contains("named.pt does not return a lone tensor: 'logits' of a dict of 2, N×3");
    }

    @Test
    void aProgramWithoutGradientsIsRefusedToAttacksThatFollowThem() throws IOException {
        assertThat(ran("attack --attack fgsm --eps 0.1", "detached").failure())
                .contains("detached.pt: this TorchScript program's result has no gradient", "torch.no_grad or detach?");
        assertThat(run("attack --attack sign-noise --eps 0.1", "detached")
                        .json()
                        .get("checks")
                        .findValuesAsText("name"))
                .contains("zero-epsilon", "random-model")
                .doesNotContain("gradients", "unbounded-attack");
    }
}
