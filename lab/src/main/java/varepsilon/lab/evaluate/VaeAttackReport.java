package varepsilon.lab.evaluate;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import varepsilon.base.InputException;
import varepsilon.base.Watch;
import varepsilon.data.Batch;
import varepsilon.data.Batches;
import varepsilon.data.ImageSet;
import varepsilon.generative.Picture;
import varepsilon.generative.Vae;
import varepsilon.report.ImageGrid;
import varepsilon.robust.vae.VaeAttack;
import varepsilon.robust.vae.VaeScores;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

/**
 * An attack on a VAE: averages over images, before and after.
 *
 * @param n images
 * @param goal of the attack
 * @param bpdBefore −ELBO of the images in bits per dimension
 * @param bpdAfter that of the adversarial images
 * @param distanceBefore Euclidean distance of an image's reconstruction from the other image, which is to be reached;
 *     null where the goal has none
 * @param distanceAfter that of the adversarial image's reconstruction
 * @param distanceReachable that of the other image's own reconstruction
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record VaeAttackReport(
        int n,
        String goal,
        double bpdBefore,
        double bpdAfter,
        Double distanceBefore,
        Double distanceAfter,
        Double distanceReachable) {
    private static final int SHOWN = 8;

    /**
     * The report, and a picture of the first images: image, reconstruction, adversarial image, its reconstruction, and
     * the image to be reached where there is one.
     */
    public record Outcome(VaeAttackReport report, ImageGrid picture) {}

    /**
     * Attacks; the image to be reached is for each image the next of the set, and for the last the first.
     *
     * @throws InputException where the model is conditional or its pixels depend on each other, or there are fewer than
     *     two images
     */
    public static Outcome of(Vae vae, ImageSet images, VaeAttack attack, int batchSize, long seed, Watch watch) {
        if (vae.classes() > 0) {
            throw new InputException("attacks are on models that are not conditional");
        }
        if (!vae.hasIndependentPixels()) {
            throw new InputException(
                    "attacks are measured by reconstructions, which a model whose pixels depend on each"
                            + " other draws anew each time; expected one with the decoder independent");
        }
        if (images.size() < 2) {
            throw new InputException(images.name() + ": " + images.size() + " image; expected at least 2");
        }
        Watch watched = watch.throwing();
        int[] next = new int[images.size()];
        Arrays.setAll(next, i -> (i + 1) % next.length);
        var others = Batches.of(images.subset(next), batchSize).iterator();
        Sums sums = new Sums();
        List<float[]> shown = new ArrayList<>();
        var batches = Batches.of(images, batchSize).iterator();
        while (batches.hasNext()) {
            try (var scope = Scope.withoutGradients();
                    Rng rng = Seed.of(seed).stream()) {
                Batch batch = batches.next();
                Tensor pixels = batch.pixels(vae.device());
                Tensor reached = others.next().pixels(vae.device());
                Tensor adversarial = attack.perturbed(vae, pixels, reached, seed);
                Tensor plain = shown(vae, pixels, rng);
                Tensor fooled = shown(vae, adversarial, rng);
                sums.n += batch.size();
                sums.bpdBefore +=
                        Arrays.stream(VaeScores.of(vae, pixels, seed).bits()).sum();
                sums.bpdAfter += Arrays.stream(
                                VaeScores.of(vae, adversarial, seed).bits())
                        .sum();
                sums.distanceBefore += distance(plain, reached);
                sums.distanceAfter += distance(fooled, reached);
                sums.distanceReachable += distance(shown(vae, reached, rng), reached);
                for (int i = 0; i < batch.size() && shown.size() < SHOWN * columns(attack); i++) {
                    for (Tensor of : List.of(pixels, plain, adversarial, fooled)) {
                        shown.add(of.narrow(0, i, 1).toFloats());
                    }
                    if (attack.goal().hasTarget()) {
                        shown.add(reached.narrow(0, i, 1).toFloats());
                    }
                }
            }
            watched.progress("attacking", sums.n, images.size());
        }
        return new Outcome(sums.report(attack), picture(shown, images, attack));
    }

    private static int columns(VaeAttack attack) {
        return attack.goal().hasTarget() ? 5 : 4;
    }

    private static Tensor shown(Vae vae, Tensor pixels, Rng rng) {
        return vae.evaluating(() -> {
            Tensor z = vae.posteriorOfInput(pixels.mul(2).sub(1)).mean();
            return vae.decode(z).image(Picture.MEAN, rng);
        });
    }

    private static double distance(Tensor a, Tensor b) {
        return a.sub(b).square().flatten(1).sum(1).sqrt().sum().item();
    }

    private static ImageGrid picture(List<float[]> shown, ImageSet like, VaeAttack attack) {
        int size = like.dimensions();
        float[] all = new float[shown.size() * size];
        for (int i = 0; i < shown.size(); i++) {
            System.arraycopy(shown.get(i), 0, all, i * size, size);
        }
        List<String> labels = new ArrayList<>(List.of("image", "its recon.", "attacked", "its recon."));
        if (attack.goal().hasTarget()) {
            labels.add("target");
        }
        return ImageGrid.of(all, like.channels(), like.height(), like.width())
                .columns(columns(attack))
                .scale(VaePictures.scale(like.width()))
                .columnLabels(labels);
    }

    private static final class Sums {
        private int n;
        private double bpdBefore;
        private double bpdAfter;
        private double distanceBefore;
        private double distanceAfter;
        private double distanceReachable;

        VaeAttackReport report(VaeAttack attack) {
            boolean target = attack.goal().hasTarget();
            return new VaeAttackReport(
                    n,
                    attack.goal().label(),
                    bpdBefore / n,
                    bpdAfter / n,
                    target ? distanceBefore / n : null,
                    target ? distanceAfter / n : null,
                    target ? distanceReachable / n : null);
        }
    }
}
