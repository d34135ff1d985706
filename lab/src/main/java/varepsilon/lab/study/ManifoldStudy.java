package varepsilon.lab.study;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import varepsilon.generative.Manifold;
import varepsilon.generative.Picture;
import varepsilon.generative.Vae;
import varepsilon.generative.VaeFile;
import varepsilon.lab.study.StudyResult.Verdict;
import varepsilon.report.ImageGrid;
import varepsilon.report.Table;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

/** Question 1.10: the images of a two-dimensional latent space, and whether neighbours in it look alike. */
final class ManifoldStudy extends Study {
    private static final int LATENT_DIM = 2;
    private static final int SIDE = 20;
    private static final int CHUNK = 100;
    private static final double ALIKE = 0.5;

    /**
     * The measurements on the grid.
     *
     * @param neighbours mean distance of images beside each other, root mean square over pixels in [0, 1]
     * @param any mean distance of any two images
     * @param counts by class, the number of images that a classifier predicts as it
     */
    record Measured(double neighbours, double any, int[] counts) implements Answer {
        double ratio() {
            return neighbours / any;
        }

        int predictedClasses() {
            int present = 0;
            for (int count : counts) {
                present += count > 0 ? 1 : 0;
            }
            return present;
        }

        private boolean alike() {
            return ratio() < ALIKE;
        }

        @Override
        public Verdict verdict() {
            return alike() ? Verdict.CONFIRMED : Verdict.CONTRADICTED;
        }

        @Override
        public String because() {
            return Words.text(
                    "Neighbours are %.2f times as far apart as any two images%s.",
                    ratio(), alike() ? "" : ", which is not gradual");
        }

        @Override
        public String reading() {
            return Words.text(
                    "Images beside each other on the manifold differ by %.3f (root mean square of a pixel), any two of"
                            + " it by %.3f. A classifier predicts %d of the 10 digits on it.",
                    neighbours, any, predictedClasses());
        }

        @Override
        public Numbers numbers() {
            return new Numbers()
                    .put("neighbour_distance", neighbours)
                    .put("any_distance", any)
                    .put("classes_seen", predictedClasses());
        }
    }

    ManifoldStudy() {
        super(
                "1.10",
                "The manifold of two latent dimensions",
                "What does the decoder make of each region of a two-dimensional latent space?",
                "Its figure shows digits that turn into each other from neighbour to neighbour.");
    }

    @Override
    public StudyResult run(StudyContext context) throws IOException {
        Path run = context.trained(PublishedVae.config(context, LATENT_DIM));
        try (VaeFile file = VaeFile.read(run, context.device());
                DigitClassifier digits = DigitClassifier.of(context)) {
            try (var scope = Scope.withoutGradients()) {
                Tensor images = images(file.vae(), context);
                float[] pixels = images.toFloats();
                Measured measured = measure(pixels, digits.classify(images).counts());
                ImageGrid grid = ImageGrid.of(pixels, (int) images.size(1), (int) images.size(2), (int) images.size(3))
                        .columns(SIDE);
                return measured.with(List.of(
                        new Exhibit.Picture(
                                "manifold",
                                grid.toPng(),
                                "Expected images, where both coordinates of z run through the quantiles of the"
                                        + " prior."),
                        new Exhibit.Numbers(
                                table(measured),
                                "The classes that a classifier of digits predicts for the " + SIDE * SIDE
                                        + " images.")));
            }
        }
    }

    private static Tensor images(Vae vae, StudyContext context) {
        Tensor z = Manifold.grid(SIDE).to(context.device());
        List<Tensor> parts = new ArrayList<>();
        try (Rng unused = Seed.of(0).stream()) {
            for (int start = 0; start < SIDE * SIDE; start += CHUNK) {
                context.progress("images of the manifold", start, SIDE * SIDE);
                parts.add(vae.decode(z.narrow(0, start, CHUNK)).image(Picture.MEAN, unused));
            }
        }
        return Tensor.concat(0, parts);
    }

    static Measured measure(float[] pixels, int[] counts) {
        int dimensions = pixels.length / (SIDE * SIDE);
        double neighbours = 0;
        int pairs = 0;
        double any = 0;
        int all = 0;
        for (int a = 0; a < SIDE * SIDE; a++) {
            for (int b = a + 1; b < SIDE * SIDE; b++) {
                double distance = distance(pixels, a, b, dimensions);
                any += distance;
                all++;
                boolean beside = b == a + SIDE || (b == a + 1 && b % SIDE != 0);
                if (beside) {
                    neighbours += distance;
                    pairs++;
                }
            }
        }
        return new Measured(neighbours / pairs, any / all, counts);
    }

    private static double distance(float[] pixels, int a, int b, int dimensions) {
        double sum = 0;
        for (int i = 0; i < dimensions; i++) {
            double difference = pixels[a * dimensions + i] - pixels[b * dimensions + i];
            sum += difference * difference;
        }
        return Math.sqrt(sum / dimensions);
    }

    private static Table table(Measured measured) {
        Table table = new Table(
                Table.text("class"), Table.count("images", ""), Table.percent("share of the prior's mass", 1));
        for (int c = 0; c < measured.counts().length; c++) {
            table.row(
                    DigitClassifier.names().get(c),
                    measured.counts()[c],
                    (double) measured.counts()[c] / (SIDE * SIDE));
        }
        return table;
    }
}
