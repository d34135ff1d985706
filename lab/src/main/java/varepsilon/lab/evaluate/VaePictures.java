package varepsilon.lab.evaluate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import varepsilon.base.InputException;
import varepsilon.data.ImageSet;
import varepsilon.generative.Manifold;
import varepsilon.generative.Picture;
import varepsilon.generative.StandardNormal;
import varepsilon.generative.Vae;
import varepsilon.report.ImageGrid;
import varepsilon.tensor.Tensor;

/**
 * Grids of a VAE's samples, reconstructions and interpolations, without captions. The model is in evaluation mode
 * meanwhile, and its modes are restored; random numbers come from streams of their own, so that drawing pictures does
 * not change a training. The same seed gives the same latent vectors, so that samples of different epochs can be
 * compared one by one.
 */
public final class VaePictures {
    static final int MOST_IMAGES = 10_000;
    static final int MOST_STEPS = 100;
    private static final int SAMPLE_COLUMNS = 8;
    private static final int MOST_COLUMNS = 16;
    private static final int PAIR_COLUMNS = 12;
    /** Columns of the screen for an image at least, so that there is room for a label over it. */
    private static final int LEAST_WIDTH = 56;

    private static final int SCALE = 2;
    private static final byte LINE = (byte) 0xF4; // as light as the grid's background

    private VaePictures() {}

    /**
     * Images from p(x), each with a latent vector of its own, in rows of eight. Those of a conditional model are of the
     * classes 0, 1, 2 … in turn, a column each where there are no more than {@value #MOST_COLUMNS}.
     *
     * @param count 1 to 10,000
     * @throws InputException for another count
     */
    public static ImageGrid samples(Vae vae, int count, Picture picture, long seed) {
        return samples(
                vae, count, IntStream.range(0, Math.max(1, vae.classes())).toArray(), picture, seed);
    }

    /**
     * The same of some classes in turn.
     *
     * @param classes for a conditional model; ignored for others
     */
    public static ImageGrid samples(Vae vae, int count, int[] classes, Picture picture, long seed) {
        requireWithin("count", count, 1, MOST_IMAGES);
        long[] labels = labels(vae, count, classes);
        boolean columnEach = vae.classes() > 0 && classes.length > 1 && classes.length <= MOST_COLUMNS;
        return Drawing.of(
                        vae,
                        seed,
                        "samples",
                        rng -> Drawing.decoded(vae, vae.prior().sample(count, rng), labels, picture, rng))
                .grid()
                .columns(Math.min(count, columnEach ? classes.length : SAMPLE_COLUMNS));
    }

    private static long[] labels(Vae vae, int count, int... classes) {
        for (int label : classes) {
            if (vae.classes() > 0) {
                requireWithin("class", label, 0, vae.classes() - 1);
            }
        }
        return IntStream.range(0, count)
                .mapToLong(i -> classes[i % classes.length])
                .toArray();
    }

    /**
     * The first images of a set, each with its reconstruction (z the mean of q(z|x)) right below it.
     *
     * @param count 1 to 10,000, and no more than the set has
     * @throws InputException for another count
     */
    public static ImageGrid reconstructions(Vae vae, ImageSet set, int count, Picture picture, long seed) {
        requireWithin("count", count, 1, MOST_IMAGES);
        ImageSet originals = first(set, count, "count " + count);
        Drawing decoded = Drawing.of(
                vae,
                seed,
                "reconstructions",
                rng -> Drawing.decoded(
                        vae, Drawing.means(vae, originals), Drawing.labels(vae, originals), picture, rng));
        int height = originals.height();
        int width = originals.width();
        int pairRows = 2 * height + 1;
        byte[] below = decoded.bytes();
        byte[] pairs = new byte[count * originals.channels() * pairRows * width];
        Arrays.fill(pairs, LINE);
        int plane = height * width;
        for (int i = 0; i < count; i++) {
            byte[] above = originals.image(i);
            for (int channel = 0; channel < originals.channels(); channel++) {
                int at = i * originals.channels() + channel;
                int start = at * pairRows * width;
                System.arraycopy(above, channel * plane, pairs, start, plane);
                System.arraycopy(below, at * plane, pairs, start + plane + width, plane);
            }
        }
        return ImageGrid.of(pairs, originals.channels(), pairRows, width)
                .columns(Math.min(count, PAIR_COLUMNS))
                .scale(scale(width))
                .title("above: original, below: reconstruction (" + name(picture) + ")");
    }

    /**
     * Straight lines in latent space between the first images of a set, one a row: the original, its reconstruction,
     * the way to the next image's, and the next original. A conditional model decodes the way with the first image's
     * class.
     *
     * @param pairs lines, at least 1; the set must have twice as many images
     * @param steps points on each line, ends included, 2 to 100
     * @throws InputException for other numbers
     */
    public static ImageGrid interpolations(Vae vae, ImageSet set, int pairs, int steps, Picture picture, long seed) {
        requireWithin("steps", steps, 2, MOST_STEPS);
        requireWithin("pairs", pairs, 1, MOST_IMAGES / (steps + 2));
        ImageSet ends = first(set, 2 * pairs, "pairs " + pairs);
        long[] classes = Drawing.labels(vae, ends);
        long[] left = IntStream.range(0, pairs * steps)
                .mapToLong(i -> classes[i / steps * 2])
                .toArray();
        Drawing decoded = Drawing.of(vae, seed, "interpolations", rng -> {
            Tensor z = Drawing.means(vae, ends).reshape(pairs, 2, vae.prior().latentDim());
            Tensor line = Manifold.lines(
                    z.narrow(1, 0, 1).squeeze(1), z.narrow(1, 1, 1).squeeze(1), steps);
            return Drawing.decoded(vae, line, left, picture, rng);
        });
        int size = ends.dimensions();
        int columns = steps + 2;
        byte[] between = decoded.bytes();
        byte[] rows = new byte[pairs * columns * size];
        for (int pair = 0; pair < pairs; pair++) {
            int start = pair * columns * size;
            System.arraycopy(ends.image(2 * pair), 0, rows, start, size);
            System.arraycopy(between, pair * steps * size, rows, start + size, steps * size);
            System.arraycopy(ends.image(2 * pair + 1), 0, rows, start + (columns - 1) * size, size);
        }
        List<String> labels = new ArrayList<>(List.of("original"));
        for (int step = 0; step < steps; step++) {
            labels.add(String.format(Locale.ROOT, "%.2f", step / (steps - 1.0)));
        }
        labels.add("original");
        return ImageGrid.of(rows, ends.channels(), ends.height(), ends.width())
                .columns(columns)
                .scale(scale(ends.width()))
                .columnLabels(labels);
    }

    /**
     * Expectation images over the plane of a two-dimensional latent space; see {@link Manifold#grid}. Those of a
     * conditional model are of class 0.
     *
     * @param n images on each side, 1 to 100
     * @throws InputException for another number, or where the model's latent space has not two dimensions
     */
    public static ImageGrid manifold(Vae vae, int n) {
        requireWithin("size", n, 1, (int) Math.sqrt(MOST_IMAGES));
        int latentDim = vae.prior().latentDim();
        if (latentDim != 2) {
            throw new InputException("a manifold needs a model with 2 latent dimensions; this one has " + latentDim);
        }
        if (!isOnAManifold(vae)) {
            throw new InputException(
                    "a manifold needs a model with a standard normal prior, by whose quantiles its points"
                            + " are chosen; this one has another");
        }
        return Drawing.of(
                        vae,
                        0,
                        "manifold",
                        rng -> Drawing.decoded(vae, Manifold.grid(n), labels(vae, n * n, 0), Picture.MEAN, rng))
                .grid()
                .columns(n)
                .padding(0)
                .scale(n <= 20 ? SCALE : 1);
    }

    /** Whether there is a {@link #manifold} of a model: two latent dimensions, with a standard normal prior. */
    public static boolean isOnAManifold(Vae vae) {
        return vae.prior() instanceof StandardNormal normal && normal.latentDim() == 2;
    }

    static int scale(int width) {
        return Math.max(SCALE, (LEAST_WIDTH + width - 1) / width);
    }

    /** How a picture of p(x|z) is called in captions and on the command line. */
    public static String name(Picture picture) {
        return picture.name().toLowerCase(Locale.ROOT);
    }

    static ImageSet first(ImageSet set, int n, String name) {
        if (n > set.size()) {
            throw new InputException(
                    name + " needs " + n + " images, but " + set.name() + " has " + set.size() + " here");
        }
        return set.limit(n);
    }

    static void requireWithin(String name, int value, int least, int most) {
        if (value < least || value > most) {
            throw new InputException(name + " " + value + ": expected " + least + " to " + most);
        }
    }
}
