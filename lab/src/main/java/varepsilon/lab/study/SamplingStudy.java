package varepsilon.lab.study;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import varepsilon.data.ImageSet;
import varepsilon.generative.ImageDistribution;
import varepsilon.generative.Picture;
import varepsilon.generative.Vae;
import varepsilon.generative.VaeEvaluation;
import varepsilon.generative.VaeFile;
import varepsilon.lab.study.StudyResult.Verdict;
import varepsilon.report.Table;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

/**
 * Question 1.1: sampling an image: one z for all its pixels, and a sample, not the mode, of each pixel's distribution.
 */
final class SamplingStudy extends Study {
    private static final int LEVELS = 16;
    private static final int CHUNK = 112;
    private static final int SHOWN = 10;
    private static final int GROUPS = 8;
    private static final int BATCH = 64;
    /** The number of standard errors from which two numbers count as different. */
    private static final double CLEAR = 3;

    /**
     * A number with its standard error.
     *
     * @param value the estimate
     * @param error its standard error
     */
    record Estimate(double value, double error) {
        boolean clearlyDiffersFrom(Estimate other) {
            return Math.abs(value - other.value) > CLEAR * Math.hypot(error, other.error);
        }
    }

    /**
     * The measurements on one kind of images.
     *
     * @param name for display
     * @param correlation of neighbouring pixels, each less its mean over the images
     * @param grey share of pixels that are neither black nor white
     * @param bpd the model's −ELBO of them, in bits per dimension
     */
    record Row(String name, Estimate correlation, Estimate grey, double bpd) {}

    SamplingStudy() {
        super(
                "1.1",
                "Sampling an image",
                "Given a decoder, which steps draw an image?",
                "For each pixel z is drawn from the prior N(0, I) and decoded to that pixel's categorical distribution,"
                        + " and the value of the largest probability becomes its intensity.");
    }

    @Override
    public StudyResult run(StudyContext context) throws IOException {
        int count = context.pick(96, 400, 784);
        try (VaeFile file = StudyVae.trained(context, 1)) {
            ImageSet test = StudyVae.testImages(context, count);
            Map<String, byte[]> pixels = new LinkedHashMap<>();
            pixels.put("test images", levels(test));
            context.progress("drawing images", 0, 2);
            file.vae().evaluating(() -> draw(file.vae(), test, context.seed(), pixels));
            List<Row> rows = new ArrayList<>();
            for (Map.Entry<String, byte[]> kind : pixels.entrySet()) {
                context.progress("measuring images", rows.size(), pixels.size());
                rows.add(row(kind.getKey(), kind.getValue(), test, file.vae(), context.seed()));
            }
            Measured measured =
                    new Measured(test.size(), rows.get(0), rows.get(1), rows.get(2), rows.get(3), rows.get(4));
            Exhibit.Picture picture = Exhibit.Picture.ofRows(
                    "samples",
                    pixels,
                    Math.min(SHOWN, test.size()),
                    test,
                    "Test images, three pictures of the model's p(x|z) with one z for each column, and images with a"
                            + " z of its own for every pixel.");
            return measured.with(measured.exhibits(picture));
        }
    }

    /** Images of p(x) in three pictures with the same z, and of what a z for each pixel gives. */
    private static void draw(Vae vae, ImageSet like, long seed, Map<String, byte[]> into) {
        try (var scope = Scope.withoutGradients();
                Rng rng = Seed.of(seed).split("study 1.1").stream()) {
            int count = like.size();
            float[][] pictures = decoded(vae, count, List.of(Picture.SAMPLE, Picture.ARGMAX, Picture.MEAN), rng);
            into.put("one z, sample", bytes(pictures[0]));
            into.put("one z, argmax", bytes(pictures[1]));
            into.put("one z, mean", bytes(pictures[2]));
            int area = like.height() * like.width();
            float[] pool = decoded(vae, area, List.of(Picture.ARGMAX), rng)[0];
            into.put("z per pixel, argmax", bytes(shuffledByPixel(pool, count, like.channels(), area)));
        }
    }

    /** Pictures of the same latent vectors, one z each, decoded in portions. */
    private static float[][] decoded(Vae vae, int count, List<Picture> kinds, Rng rng) {
        float[][] result = new float[kinds.size()][];
        Tensor z = vae.prior().sample(count, rng).to(vae.device());
        for (int start = 0; start < count; start += CHUNK) {
            try (var scope = Scope.open()) {
                int size = Math.min(CHUNK, count - start);
                ImageDistribution images = vae.decode(z.narrow(0, start, size));
                for (int kind = 0; kind < result.length; kind++) {
                    float[] part = images.image(kinds.get(kind), rng).toFloats();
                    if (result[kind] == null) {
                        result[kind] = new float[part.length / size * count];
                    }
                    System.arraycopy(part, 0, result[kind], part.length / size * start, part.length);
                }
            }
        }
        return result;
    }

    /**
     * Images whose every pixel comes from another of the pool's images, as many of which there are as pixels: pixel m
     * of image i is that of image m + i. No two pixels of an image share a z, exactly as if each had drawn its own.
     */
    static float[] shuffledByPixel(float[] pool, int count, int channels, int area) {
        if (pool.length != area * channels * area || count > area) {
            throw new IllegalArgumentException(pool.length + " values for " + count + " images of " + channels + "×"
                    + area + ": expected an image for each pixel, and no more images than that");
        }
        float[] result = new float[count * channels * area];
        for (int image = 0; image < count; image++) {
            for (int channel = 0; channel < channels; channel++) {
                for (int pixel = 0; pixel < area; pixel++) {
                    int from = (pixel + image) % area;
                    result[(image * channels + channel) * area + pixel] =
                            pool[(from * channels + channel) * area + pixel];
                }
            }
        }
        return result;
    }

    private static Row row(String name, byte[] pixels, ImageSet like, Vae vae, long seed) {
        ImageSet set = ImageSet.unlabelled(name, pixels, like.channels(), like.height(), like.width());
        double bpd = VaeEvaluation.of(vae, set, VaeEvaluation.Settings.elbo(BATCH, seed))
                .bpd();
        return new Row(name, neighbourCorrelation(set), greyShare(set), bpd);
    }

    /** The same images quantised to the model's grey levels, spread from black to white. */
    private static byte[] levels(ImageSet set) {
        byte[] result = new byte[set.size() * set.dimensions()];
        for (int i = 0; i < set.size(); i++) {
            byte[] image = set.image(i);
            for (int j = 0; j < image.length; j++) {
                result[i * image.length + j] = (byte) ((image[j] & 0xFF) * LEVELS / 256 * 255 / (LEVELS - 1));
            }
        }
        return result;
    }

    private static byte[] bytes(float[] unit) {
        byte[] result = new byte[unit.length];
        for (int i = 0; i < unit.length; i++) {
            result[i] = (byte) (Math.round(unit[i] * (LEVELS - 1)) * 255 / (LEVELS - 1));
        }
        return result;
    }

    /**
     * Correlation of pixels beside and below each other, each less its mean over the images: what the images share (a
     * dark border) does not count. 0 where nothing varies; the error is from groups of images.
     */
    static Estimate neighbourCorrelation(ImageSet set) {
        double[][] rest = residuals(set);
        double[] groups = new double[Math.min(GROUPS, set.size())];
        for (int group = 0; group < groups.length; group++) {
            int from = group * set.size() / groups.length;
            int to = (group + 1) * set.size() / groups.length;
            groups[group] = correlation(rest, set, from, to);
        }
        return new Estimate(correlation(rest, set, 0, set.size()), Moments.standardError(groups));
    }

    private static double[][] residuals(ImageSet set) {
        double[] mean = new double[set.dimensions()];
        double[][] rest = new double[set.size()][];
        for (int i = 0; i < rest.length; i++) {
            byte[] image = set.image(i);
            rest[i] = new double[image.length];
            for (int j = 0; j < image.length; j++) {
                rest[i][j] = image[j] & 0xFF;
                mean[j] += rest[i][j] / rest.length;
            }
        }
        for (double[] image : rest) {
            for (int j = 0; j < mean.length; j++) {
                image[j] -= mean[j];
            }
        }
        return rest;
    }

    private static double correlation(double[][] rest, ImageSet set, int from, int to) {
        int width = set.width();
        int area = set.height() * width;
        double products = 0;
        double first = 0;
        double second = 0;
        for (int i = from; i < to; i++) {
            for (int j = 0; j < rest[i].length; j++) {
                int right = j % width + 1 < width ? j + 1 : -1;
                int below = j % area + width < area ? j + width : -1;
                for (int other : new int[] {right, below}) {
                    if (other >= 0) {
                        products += rest[i][j] * rest[i][other];
                        first += rest[i][j] * rest[i][j];
                        second += rest[i][other] * rest[i][other];
                    }
                }
            }
        }
        return first == 0 || second == 0 ? 0 : products / Math.sqrt(first * second);
    }

    private static Estimate greyShare(ImageSet set) {
        double[] shares = new double[set.size()];
        double mean = 0;
        for (int i = 0; i < shares.length; i++) {
            byte[] image = set.image(i);
            for (byte pixel : image) {
                int level = (pixel & 0xFF) * LEVELS / 256;
                shares[i] += level > 0 && level < LEVELS - 1 ? 1.0 / image.length : 0;
            }
            mean += shares[i] / shares.length;
        }
        return new Estimate(mean, Moments.standardError(shares));
    }

    /** The measurements, over so many images of each kind. */
    record Measured(int images, Row test, Row sample, Row argmax, Row mean, Row perPixel) implements Answer {
        List<Row> rows() {
            return List.of(test, sample, argmax, mean, perPixel);
        }

        @Override
        public Numbers numbers() {
            Numbers numbers = new Numbers();
            numbers.put("correlation_test", test.correlation().value());
            numbers.put("correlation_sample", sample.correlation().value());
            numbers.put("correlation_argmax", argmax.correlation().value());
            numbers.put("correlation_z_per_pixel", perPixel.correlation().value());
            numbers.put("grey_share_test", test.grey().value());
            numbers.put("grey_share_sample", sample.grey().value());
            numbers.put("grey_share_argmax", argmax.grey().value());
            rows().forEach(row -> numbers.put("bpd " + row.name(), row.bpd()));
            return numbers;
        }

        List<Exhibit> exhibits(Exhibit.Picture picture) {
            return List.of(
                    picture,
                    new Exhibit.Numbers(
                            table(),
                            "The correlation is that of pixels beside and below each other, each less its mean over "
                                    + images
                                    + " images; bits per dimension are the model's own −ELBO."));
        }

        /** A z for each pixel counts as destroying images where less than half of the correlation remains. */
        private boolean oneZ() {
            Estimate fresh = perPixel.correlation();
            Estimate whole = argmax.correlation();
            return new Estimate(2 * fresh.value(), 2 * fresh.error()).clearlyDiffersFrom(whole)
                    && 2 * fresh.value() < whole.value();
        }

        private boolean argmaxIsNoSample() {
            return argmax.grey().clearlyDiffersFrom(sample.grey());
        }

        @Override
        public Verdict verdict() {
            if (oneZ() && argmaxIsNoSample()) {
                return Verdict.CONTRADICTED;
            }
            return oneZ() || argmaxIsNoSample() ? Verdict.MIXED : Verdict.UNDECIDED;
        }

        @Override
        public String because() {
            return Words.text(
                    "The most probable values of neighbouring pixels correlate by %s ± %.3f with one z and %s ± %.3f"
                            + " with a z for each pixel; %s of them are grey, and %s of the samples' pixels.",
                    correlation(argmax),
                    argmax.correlation().error(),
                    correlation(perPixel),
                    perPixel.correlation().error(),
                    Words.percent(argmax.grey().value()),
                    Words.percent(sample.grey().value()));
        }

        @Override
        public String reading() {
            String first = Words.text(
                    "With one z for an image, neighbouring pixels correlate by %s in samples and %s in most probable"
                            + " values (in test images by %s); with a z of its own for every pixel the latter correlate"
                            + " by %s, %s.",
                    correlation(sample),
                    correlation(argmax),
                    correlation(test),
                    correlation(perPixel),
                    oneZ() ? "and the result is no image" : "so that this does not clearly destroy the image");
            String second = argmaxIsNoSample()
                    ? "The most probable value of each pixel is not a draw: "
                    : "The most probable value of each pixel does not clearly differ from a draw: ";
            return first + " " + second
                    + Words.text(
                            "%s of its pixels are grey, against %s of the samples' and %s of the test images', and the"
                                    + " model gives it %.3f bits per dimension, its samples %.3f.",
                            Words.percent(argmax.grey().value()),
                            Words.percent(sample.grey().value()),
                            Words.percent(test.grey().value()),
                            argmax.bpd(),
                            sample.bpd());
        }

        private static String correlation(Row row) {
            return Words.text("%.3f", row.correlation().value());
        }

        private Table table() {
            Table table = new Table(
                    Table.text("images"),
                    Table.number("neighbours' correlation", "", 3),
                    Table.number("±", "standard error", 3),
                    Table.percent("grey pixels", 1),
                    Table.percent("± standard error", 1),
                    Table.number("−ELBO", "bits/dim", 3));
            for (Row row : rows()) {
                table.row(
                        row.name(),
                        row.correlation().value(),
                        row.correlation().error(),
                        row.grey().value(),
                        row.grey().error(),
                        row.bpd());
            }
            return table;
        }
    }
}
