package varepsilon.lab.evaluate;

import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import varepsilon.base.InputException;
import varepsilon.data.ImageSet;
import varepsilon.generative.ActiveUnits;
import varepsilon.generative.Manifold;
import varepsilon.generative.Picture;
import varepsilon.generative.Vae;
import varepsilon.generative.VampPrior;
import varepsilon.report.ImageGrid;
import varepsilon.report.ScatterPlot;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/** Pictures of a VAE's latent space: what each dimension changes, ways between images, and pseudo-inputs. */
public final class LatentPictures {
    /** Images by which the dimensions are ordered. */
    private static final int MOST_FOR_ORDER = 2000;
    /** Side of an animation's picture, about. */
    private static final int SIDE = 224;

    private LatentPictures() {}

    /**
     * Latent traversals: a row for each dimension, in which it alone runs from −range to range, beginning with the
     * dimension whose posterior mean varies most over the images; the others stay at the first image's posterior mean.
     *
     * @param dimensions rows, at most as many as the model has
     * @param steps images in a row, 2 to 100
     * @param range largest value of the dimension, above 0
     */
    public static ImageGrid traversals(
            Vae vae, ImageSet set, int dimensions, int steps, double range, Picture picture, long seed) {
        int latentDim = vae.prior().latentDim();
        VaePictures.requireWithin("dims", dimensions, 1, latentDim);
        VaePictures.requireWithin("steps", steps, 2, VaePictures.MOST_STEPS);
        VaePictures.requireWithin("images of dims times steps", dimensions * steps, 1, VaePictures.MOST_IMAGES);
        if (!(range > 0) || Double.isInfinite(range)) {
            throw new InputException("range " + range + ": expected a positive number");
        }
        List<Integer> order = byVariance(vae, set).subList(0, dimensions);
        ImageSet one = VaePictures.first(set, 1, "a traversal");
        long[] labels = new long[dimensions * steps];
        Arrays.fill(labels, Drawing.labels(vae, one)[0]);
        Drawing drawing = Drawing.of(vae, seed, "traversals", rng -> {
            float[] start = Drawing.means(vae, one).toFloats();
            float[] z = new float[dimensions * steps * latentDim];
            for (int row = 0; row < dimensions; row++) {
                for (int step = 0; step < steps; step++) {
                    int at = (row * steps + step) * latentDim;
                    System.arraycopy(start, 0, z, at, latentDim);
                    z[at + order.get(row)] = (float) value(step, steps, range);
                }
            }
            return Drawing.decoded(vae, Tensor.of(z, (long) dimensions * steps, latentDim), labels, picture, rng);
        });
        return drawing.grid()
                .columns(steps)
                .scale(VaePictures.scale(set.width()))
                .rowLabels(order.stream().map(dimension -> "z" + dimension).toList())
                .columnLabels(IntStream.range(0, steps)
                        .mapToObj(step -> String.format(Locale.ROOT, "%.1f", value(step, steps, range)))
                        .toList());
    }

    private static double value(int step, int steps, double range) {
        return range * (2.0 * step / (steps - 1) - 1);
    }

    /** Latent dimensions, those first whose posterior mean varies most over the first images of a set. */
    private static List<Integer> byVariance(Vae vae, ImageSet set) {
        ImageSet some = set.limit(Math.min(set.size(), MOST_FOR_ORDER));
        ActiveUnits units = new ActiveUnits(vae.prior().latentDim());
        vae.evaluating(() -> {
            try (var scope = Scope.withoutGradients()) {
                units.add(Drawing.means(vae, some));
            }
        });
        double[] variances = units.variances();
        return IntStream.range(0, variances.length)
                .boxed()
                .sorted(Comparator.comparing(dimension -> -variances[dimension]))
                .toList();
    }

    /**
     * The posterior means of images, in the colours of their classes: in two latent dimensions as they are, else along the
     * two directions in which they vary most.
     *
     * @param set at least 3 images
     * @param caption begins the caption
     */
    public static ScatterPlot scatter(Vae vae, ImageSet set, String caption) {
        int latentDim = vae.prior().latentDim();
        VaePictures.requireWithin("images", set.size(), 3, Integer.MAX_VALUE);
        if (latentDim < 2) {
            throw new InputException("a model of one latent dimension: expected at least 2 for a scatter");
        }
        List<ScatterPlot.Point> points = new ArrayList<>();
        double[] shares = vae.evaluating(() -> {
            try (var scope = Scope.withoutGradients()) {
                Tensor means = Drawing.means(vae, set).to(DType.FLOAT64).to(Device.CPU);
                Tensor centred = means.sub(means.mean(0));
                Tensor covariance = centred.transpose(0, 1).matmul(centred).div(set.size() - 1.0);
                Ops.Eigen eigen = Ops.symmetricEigen(covariance);
                Tensor first = eigen.vectors().narrow(1, latentDim - 1L, 1);
                Tensor second = eigen.vectors().narrow(1, latentDim - 2L, 1);
                double[] xy =
                        (latentDim == 2 ? means : centred.matmul(Tensor.concat(1, List.of(first, second)))).toDoubles();
                for (int i = 0; i < set.size(); i++) {
                    points.add(new ScatterPlot.Point(xy[2 * i], xy[2 * i + 1], set.isLabelled() ? set.label(i) : 0));
                }
                double[] values = eigen.values().toDoubles();
                double all = Math.max(Double.MIN_NORMAL, Arrays.stream(values).sum());
                return new double[] {Math.max(0, values[latentDim - 1]) / all, Math.max(0, values[latentDim - 2]) / all
                };
            }
        });
        String text = String.format(Locale.ROOT, "%s: %,d posterior means", caption, set.size());
        return new ScatterPlot(
                latentDim == 2 ? "z0" : component("first", shares[0]),
                latentDim == 2 ? "z1" : component("second", shares[1]),
                set.isLabelled() ? set.classNames() : List.of("images"),
                points,
                text);
    }

    private static String component(String which, double share) {
        return String.format(Locale.ROOT, "%s principal component, %.0f %% of the variance", which, 100 * share);
    }

    /**
     * The pictures of an animation that leads through the reconstructions of the first images of a set, and back to the
     * first.
     *
     * @param stops images, at least 2
     * @param steps pictures from one to the next, 2 to 100
     */
    public static List<BufferedImage> roundTrip(
            Vae vae, ImageSet set, int stops, int steps, Picture picture, long seed) {
        VaePictures.requireWithin("steps", steps, 2, VaePictures.MOST_STEPS);
        VaePictures.requireWithin("stops", stops, 2, VaePictures.MOST_IMAGES / steps);
        ImageSet ends = VaePictures.first(set, stops, "stops " + stops);
        long[] classes = Drawing.labels(vae, ends);
        // Each way without its last point, which is the first of the next.
        long[] labels = IntStream.range(0, stops * steps)
                .mapToLong(i -> classes[i / steps])
                .toArray();
        Drawing drawing = Drawing.of(vae, seed, "round trip", rng -> {
            Tensor from = Drawing.means(vae, ends);
            Tensor to = Tensor.concat(0, List.of(from.narrow(0, 1, stops - 1), from.narrow(0, 0, 1)));
            Tensor ways = Manifold.lines(from, to, steps + 1)
                    .reshape(stops, steps + 1L, from.size(1))
                    .narrow(1, 0, steps)
                    .reshape((long) stops * steps, from.size(1));
            return Drawing.decoded(vae, ways, labels, picture, rng);
        });
        int size = drawing.channels() * drawing.height() * drawing.width();
        List<BufferedImage> frames = new ArrayList<>();
        for (int i = 0; i < stops * steps; i++) {
            float[] one = Arrays.copyOfRange(drawing.pixels(), i * size, (i + 1) * size);
            frames.add(ImageGrid.of(one, drawing.channels(), drawing.height(), drawing.width())
                    .scale(Math.max(1, SIDE / Math.max(drawing.height(), drawing.width())))
                    .render());
        }
        return frames;
    }

    /**
     * The pseudo-inputs of a {@link VampPrior}.
     *
     * @param count the first so many, at most as many as there are
     * @throws InputException for a model with another prior
     */
    public static ImageGrid pseudoInputs(Vae vae, int count) {
        if (!(vae.prior() instanceof VampPrior vamp)) {
            throw new InputException("pseudo-inputs are of the prior vamp; this model has another");
        }
        return Drawing.of(vae, 0, "pseudo-inputs", rng -> {
                    Tensor all = vamp.pseudoInputs();
                    VaePictures.requireWithin("count", count, 1, (int) all.size(0));
                    // A conditional model's inputs have a channel more for each class, behind the image's own.
                    return all.narrow(0, 0, count)
                            .narrow(1, 0, all.size(1) - vae.classes())
                            .add(1)
                            .div(2);
                })
                .grid();
    }
}
