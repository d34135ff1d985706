package varepsilon.lab.quickstart;

import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import varepsilon.lab.evaluate.AttackOutcome;
import varepsilon.lab.run.ClassifierResults;
import varepsilon.lab.run.TrainingPictures;
import varepsilon.lab.run.VaeResults;
import varepsilon.robust.evaluate.Check;

/**
 * The results of a quickstart.
 *
 * @param folder of all files
 * @param seconds time that it took
 * @param vaeEpochs epochs that each VAE was trained for
 * @param classifierEpochs epochs that each classifier was trained for
 * @param vae its VAE half
 * @param classifiers its other half
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
public record QuickstartResult(
        String folder, double seconds, int vaeEpochs, int classifierEpochs, Vae vae, Classifiers classifiers) {
    /**
     * Two VAEs on the drawn digits.
     *
     * @param zeroKnowledgeBpd bits per dimension of the uniform distribution over grey levels
     * @param latent20 the one with 20 latent dimensions
     * @param latent2 the one with 2
     */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    public record Vae(double zeroKnowledgeBpd, VaeResults latent20, VaeResults latent2) {}

    /**
     * Two classifiers of the drawn digits under the same attacks.
     *
     * @param eps ε of all attacks, L∞, in pixel units
     * @param standard the one trained on clean digits
     * @param defended the one trained on adversarial ones too
     */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    public record Classifiers(double eps, Attacked standard, Attacked defended) {}

    /**
     * A classifier and its results under attack.
     *
     * @param training the results of its training
     * @param attacks from the weakest to the strongest
     * @param robustCorrect digits correctly classified before and after all of them
     * @param checks what was examined because it makes such numbers wrong
     */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    public record Attacked(
            ClassifierResults training, List<AttackOutcome> attacks, int robustCorrect, List<Check> checks) {
        /** Copies the lists. */
        public Attacked {
            attacks = List.copyOf(attacks);
            checks = List.copyOf(checks);
        }
    }

    /** The results and files, as text. */
    public String text() {
        VaeResults latent20 = vae.latent20();
        VaeResults latent2 = vae.latent2();
        double nats = latent20.test().nelboNats();
        double bitsAnImage = nats / Math.log(2);
        long pixels = Math.round(bitsAnImage / latent20.test().bpd());
        return String.format(
                Locale.ROOT,
                """
                On %,d test digits:
                  20 latent dimensions  %.4f bits per dimension
                   2 latent dimensions  %.4f bits per dimension
                   uniform              %.4f bits per dimension

                Bits per dimension are the average code length per pixel: fewer is better.
                The uniform distribution needs %.0f bits for each of %d pixels, %,.0f for a digit;
                the model with 20 latent dimensions at most %,.0f.
                Twenty latent dimensions can hold more of a digit than two; of two the whole latent plane can be drawn.

                %s
                Look at
                  samples while training, and the latent plane   %s
                  samples of the model                           %s
                  test digits and their reconstructions          %s
                  interpolations between test digits             %s
                  the latent plane                               %s
                  bits per dimension over the epochs             %s
                  digits under attack, for both classifiers      %s
                """,
                latent20.test().n(),
                latent20.test().bpd(),
                latent2.test().bpd(),
                vae.zeroKnowledgeBpd(),
                vae.zeroKnowledgeBpd(),
                pixels,
                vae.zeroKnowledgeBpd() * pixels,
                bitsAnImage,
                QuickstartReading.of(classifiers),
                file("overview.png"),
                TrainingPictures.samplesFile(file("latent-20"), latent20.epochs()),
                file("latent-20", "reconstructions.png"),
                file("latent-20", "interpolations.png"),
                file("latent-2", "manifold.png"),
                file("latent-20", "curves_bpd.png"),
                file(QuickstartClassifiers.PICTURE));
    }

    private Path file(String name, String... more) {
        return Path.of(folder, name).resolve(Path.of("", more));
    }
}
