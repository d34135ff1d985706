package varepsilon.classify;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import varepsilon.base.InputException;
import varepsilon.data.ImageSet;

/**
 * Mean and standard deviation of each channel, by which a network's input is normalised. Part of the model, not of the
 * data.
 *
 * @param mean one value a channel, in pixels
 * @param std one positive value a channel, in pixels
 */
public record Normalisation(List<Double> mean, List<Double> std) {
    /** That of the CIFAR-10 training images, as it is commonly rounded. */
    public static final Normalisation CIFAR10 =
            new Normalisation(List.of(0.4914, 0.4822, 0.4465), List.of(0.247, 0.243, 0.261));

    /** Rejects lists of different lengths, and standard deviations that are not positive. */
    public Normalisation {
        mean = List.copyOf(mean);
        std = List.copyOf(std);
        if (mean.isEmpty() || mean.size() != std.size()) {
            throw new IllegalArgumentException(
                    "means " + mean + " and standard deviations " + std + ": expected one of each for every channel");
        }
        if (!std.stream().allMatch(value -> value > 0 && Double.isFinite(value))
                || !mean.stream().allMatch(Double::isFinite)) {
            throw new IllegalArgumentException("means " + mean + " and standard deviations " + std
                    + ": expected finite numbers, the latter positive");
        }
    }

    /** The identity for images with so many channels. */
    public static Normalisation none(int channels) {
        return new Normalisation(Collections.nCopies(channels, 0.0), Collections.nCopies(channels, 1.0));
    }

    /**
     * Parses the text form of weight files, such as {@code 0.485,0.456,0.406}.
     *
     * @throws InputException where these are not lists of equally many numbers, the latter positive
     */
    public static Normalisation parse(String mean, String std) {
        try {
            return new Normalisation(numbers(mean), numbers(std));
        } catch (IllegalArgumentException e) {
            throw new InputException(
                    "a normalisation by mean '" + mean + "' and standard deviation '" + std
                            + "': expected one number a channel in each, joined by commas, the latter positive",
                    e);
        }
    }

    private static List<Double> numbers(String joined) {
        return Arrays.stream(joined.split(",", -1)).map(Double::valueOf).toList();
    }

    /** The number of colour channels. */
    public int channels() {
        return mean.size();
    }

    /**
     * For a program, of which nothing else says how many channels it takes; one value is for all.
     *
     * @throws InputException where it is for another number of colour channels
     */
    void requireFits(ImageSet images) {
        if (channels() != 1 && channels() != images.channels()) {
            throw new InputException("its normalisation is for " + channels() + " colour channels; " + images.name()
                    + " has " + images.channels());
        }
    }
}
