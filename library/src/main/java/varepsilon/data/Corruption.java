package varepsilon.data;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import varepsilon.base.InputException;
import varepsilon.base.Watch;
import varepsilon.tensor.Seed;

/**
 * The fifteen common corruptions of Hendrycks and Dietterich (2019), "Benchmarking neural network robustness to common
 * corruptions and perturbations", at five severities with the constants of CIFAR-10-C. The implementation is ours: images
 * have the same statistics as those of CIFAR-10-C and not the same bits, since other random numbers are drawn. Frost is
 * drawn, where CIFAR-10-C has five photographs.
 *
 * <p>Images of any size with one or three channels can be corrupted. Lengths in pixels are those for 32×32; the elastic
 * transformation grows with the image.
 */
public enum Corruption {
    /** Normal noise, as of a sensor in poor light. */
    GAUSSIAN_NOISE {
        @Override
        PixelArray applied(PixelArray x, int s, Draw draw) {
            double scale = by(s, 0.04, 0.06, 0.08, 0.09, 0.10);
            return x.map(v -> v + scale * draw.normal());
        }
    },
    /** Poisson noise: the light itself is counted. */
    SHOT_NOISE {
        @Override
        PixelArray applied(PixelArray x, int s, Draw draw) {
            double count = by(s, 500, 250, 100, 75, 50);
            return x.map(v -> draw.poisson(v * count) / count);
        }
    },
    /** Values replaced by black or white. */
    IMPULSE_NOISE {
        @Override
        PixelArray applied(PixelArray x, int s, Draw draw) {
            double share = by(s, 0.01, 0.02, 0.03, 0.05, 0.07);
            return x.map(v -> draw.uniform() < share ? (draw.uniform() < 0.5 ? 0 : 1) : v);
        }
    },
    /** Out of focus: the mean over a disk. */
    DEFOCUS_BLUR {
        @Override
        PixelArray applied(PixelArray x, int s, Draw draw) {
            double radius = by(s, 0.3, 0.4, 0.5, 1, 1.5);
            double softness = by(s, 0.4, 0.5, 0.6, 0.2, 0.1);
            return x.filtered(Kernels.disk(radius, softness));
        }
    },
    /** Through frosted glass: neighbouring pixels exchanged. */
    GLASS_BLUR {
        @Override
        PixelArray applied(PixelArray x, int s, Draw draw) {
            double sigma = by(s, 0.05, 0.25, 0.4, 0.25, 0.4);
            int rounds = (int) by(s, 1, 1, 1, 2, 2);
            PixelArray blurred = x.blurred(sigma, 4);
            for (int round = 0; round < rounds; round++) {
                for (int row = x.height() - 1; row > 1; row--) {
                    for (int column = x.width() - 1; column > 1; column--) {
                        blurred.exchange(row, column, row - draw.below(2), column - draw.below(2));
                    }
                }
            }
            return blurred.blurred(sigma, 4);
        }
    },
    /** The camera moves in a random direction. */
    MOTION_BLUR {
        @Override
        PixelArray applied(PixelArray x, int s, Draw draw) {
            int radius = (int) by(s, 6, 6, 6, 8, 9);
            double sigma = by(s, 1, 1.5, 2, 2, 2.5);
            return x.movedBlur(radius, sigma, draw.uniform(-45, 45));
        }
    },
    /** The camera moves towards what it sees. */
    ZOOM_BLUR {
        @Override
        PixelArray applied(PixelArray x, int s, Draw draw) {
            int zooms = (int) by(s, 6, 11, 16, 21, 26);
            PixelArray sum = x;
            for (int i = 0; i < zooms; i++) {
                sum = sum.plus(x.zoomed(1 + i * 0.01));
            }
            return sum.map(v -> v / (zooms + 1));
        }
    },
    /** Flakes that fall, and a whiter scene. */
    SNOW {
        @Override
        PixelArray applied(PixelArray x, int s, Draw draw) {
            double mean = by(s, 0.1, 0.1, 0.15, 0.25, 0.3);
            double deviation = by(s, 0.2, 0.2, 0.3, 0.3, 0.3);
            double zoom = by(s, 1, 1, 1.75, 2.25, 1.25);
            double threshold = by(s, 0.6, 0.5, 0.55, 0.6, 0.65);
            int radius = (int) by(s, 8, 10, 10, 12, 14);
            double sigma = by(s, 3, 4, 4, 6, 12);
            double kept = by(s, 0.95, 0.9, 0.9, 0.85, 0.8);
            PixelArray flakes = PixelArray.grey(x.height(), x.width())
                    .map(v -> mean + deviation * draw.normal())
                    .zoomed(zoom)
                    .map(v -> v < threshold ? 0 : Math.min(v, 1))
                    .movedBlur(radius, sigma, draw.uniform(-135, -45));
            PixelArray grey = x.asGrey();
            return x.with((v, channel, row, column) -> kept * v
                    + (1 - kept) * Math.max(v, 1.5 * grey.at(0, row, column) + 0.5)
                    + flakes.at(0, row, column)
                    + flakes.at(0, x.height() - 1 - row, x.width() - 1 - column));
        }
    },
    /** Crystals before the lens. */
    FROST {
        @Override
        PixelArray applied(PixelArray x, int s, Draw draw) {
            double kept = by(s, 1, 1, 0.9, 0.85, 0.75);
            double share = by(s, 0.2, 0.3, 0.4, 0.4, 0.45);
            PixelArray frost = Frost.drawn(x.height(), x.width(), draw);
            return x.with((v, channel, row, column) -> kept * v + share * frost.at(0, row, column));
        }
    },
    /** A haze of random density (the diamond-square algorithm). */
    FOG {
        @Override
        PixelArray applied(PixelArray x, int s, Draw draw) {
            double amount = by(s, 0.2, 0.5, 0.75, 1, 1.5);
            double decay = by(s, 3, 3, 2.5, 2, 1.75);
            PixelArray haze = Frost.plasma(x.height(), x.width(), decay, draw);
            double brightest = x.largest();
            return x.with((v, channel, row, column) ->
                    (v + amount * haze.at(0, row, column)) * brightest / (brightest + amount));
        }
    },
    /** More of the value in HSV. */
    BRIGHTNESS {
        @Override
        PixelArray applied(PixelArray x, int s, Draw draw) {
            double more = by(s, 0.05, 0.1, 0.15, 0.2, 0.3);
            // Hue and saturation stay where all channels are multiplied by one factor; black has none and becomes grey.
            PixelArray value = x.largestOfChannels();
            return x.with((v, channel, row, column) -> {
                double before = value.at(0, row, column);
                double after = Math.min(1, before + more);
                return before > 0 ? v * after / before : after;
            });
        }
    },
    /** Less contrast. */
    CONTRAST {
        @Override
        PixelArray applied(PixelArray x, int s, Draw draw) {
            double kept = by(s, 0.75, 0.5, 0.4, 0.3, 0.15);
            double[] means = x.meansOfChannels();
            return x.with((v, channel, row, column) -> means[channel] + kept * (v - means[channel]));
        }
    },
    /** Stretched and bent. */
    ELASTIC_TRANSFORM {
        @Override
        PixelArray applied(PixelArray x, int s, Draw draw) {
            int size = Math.min(x.height(), x.width());
            double strength = size * by(s, 0, 0.05, 0.08, 0.1, 0.1);
            double smoothness = size * by(s, 0, 0.2, 0.06, 0.04, 0.03);
            double affine = size * by(s, 0.08, 0.07, 0.06, 0.05, 0.03);
            PixelArray down = bend(x, strength, smoothness, draw);
            PixelArray right = bend(x, strength, smoothness, draw);
            return x.affinelyMoved(affine, draw).displaced(down, right);
        }

        private PixelArray bend(PixelArray x, double strength, double smoothness, Draw draw) {
            return PixelArray.grey(x.height(), x.width())
                    .map(v -> draw.uniform(-1, 1))
                    .blurred(smoothness, 3)
                    .map(v -> v * strength);
        }
    },
    /** Fewer, larger pixels. */
    PIXELATE {
        @Override
        PixelArray applied(PixelArray x, int s, Draw draw) {
            double share = by(s, 0.95, 0.9, 0.85, 0.75, 0.65);
            return x.ofSize(Math.max(1, (int) (x.height() * share)), Math.max(1, (int) (x.width() * share)))
                    .ofSize(x.height(), x.width());
        }
    },
    /** Stored as JPEG of low quality. */
    JPEG_COMPRESSION {
        @Override
        PixelArray applied(PixelArray x, int s, Draw draw) {
            return PixelArray.of(
                    JpegCopy.of(x.toBytes(), x.channels(), x.height(), x.width(), (int) by(s, 80, 65, 58, 50, 40)),
                    x.channels(),
                    x.height(),
                    x.width());
        }
    };

    /** How many severities there are: 1 to 5. */
    public static final int SEVERITIES = 5;

    /** Corrupts pixels in [0, 1]; what it returns is clipped to that. */
    abstract PixelArray applied(PixelArray x, int severity, Draw draw);

    static double by(int severity, double... constants) {
        return constants[severity - 1];
    }

    /** {@code gaussian-noise}, as in configurations and reports. */
    public String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /**
     * The corruption of that name.
     *
     * @throws InputException where there is none
     */
    public static Corruption named(String label) {
        return Arrays.stream(values())
                .filter(corruption -> corruption.label().equals(label))
                .findFirst()
                .orElseThrow(() -> new InputException("corruption '" + label + "': expected one of "
                        + String.join(
                                ", ",
                                Arrays.stream(values()).map(Corruption::label).toList())));
    }

    /**
     * A corrupted image.
     *
     * @param image C×H×W in row-major order, one or three channels; not changed
     * @param severity from 1 to 5
     * @param seed of its random numbers, which depend on it, the corruption, the severity and the index alone
     * @param index of the image in its set
     * @return as many bytes
     */
    public byte[] of(byte[] image, ImageShape shape, int severity, long seed, int index) {
        if (severity < 1 || severity > SEVERITIES) {
            throw new InputException("severity " + severity + ": expected 1 to " + SEVERITIES);
        }
        if (shape.channels() != 1 && shape.channels() != 3) {
            throw new InputException("images of " + shape.channels() + " channels: corruptions need 1 or 3");
        }
        Seed own =
                Seed.of(seed).split("corruption").split(label()).split(severity).split(index);
        PixelArray pixels = PixelArray.of(image, shape.channels(), shape.height(), shape.width());
        return applied(pixels, severity, new Draw(own.value())).toBytes();
    }

    /**
     * All images of a set, corrupted, with their labels.
     *
     * @param watch receives the number of images done
     * @throws varepsilon.base.StoppedException where a stop is requested
     */
    public ImageSet of(ImageSet images, int severity, long seed, Watch watch) {
        Watch watched = watch.throwing();
        int dimensions = images.dimensions();
        byte[] pixels = new byte[Math.multiplyExact(images.size(), dimensions)];
        for (int i = 0; i < images.size(); i++) {
            System.arraycopy(
                    of(images.image(i), images.shape(), severity, seed, i), 0, pixels, i * dimensions, dimensions);
            watched.progress("corrupting", i + 1, images.size());
        }
        String name = images.name() + " " + label() + " " + severity;
        ImageShape shape = images.shape();
        List<String> classes = images.isLabelled() ? images.classNames() : List.of();
        return images.isLabelled()
                ? ImageSet.labelled(
                        name, pixels, shape.channels(), shape.height(), shape.width(), images.labels(), classes)
                : ImageSet.unlabelled(name, pixels, shape.channels(), shape.height(), shape.width());
    }
}
