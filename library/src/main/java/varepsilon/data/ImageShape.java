package varepsilon.data;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The size of an image, C×H×W.
 *
 * @param channels 1 for grey, 3 for red, green, blue
 * @param height rows
 * @param width columns
 */
public record ImageShape(int channels, int height, int width) {
    private static final Pattern TEXT = Pattern.compile("([1-9]\\d{0,4})x([1-9]\\d{0,4})x([1-9]\\d{0,4})");

    /** Rejects numbers below 1. */
    public ImageShape {
        if (channels < 1 || height < 1 || width < 1) {
            throw new IllegalArgumentException(
                    "images of " + channels + "×" + height + "×" + width + ": expected at least 1 of each");
        }
    }

    /** The shape that {@link #text} wrote; empty for any other text. */
    public static Optional<ImageShape> parse(String text) {
        Matcher matcher = TEXT.matcher(text);
        return matcher.matches()
                ? Optional.of(new ImageShape(
                        Integer.parseInt(matcher.group(1)),
                        Integer.parseInt(matcher.group(2)),
                        Integer.parseInt(matcher.group(3))))
                : Optional.empty();
    }

    /** As files have it: {@code 3x32x32}. */
    public String text() {
        return channels + "x" + height + "x" + width;
    }

    /** As messages have it: 3×32×32. */
    @Override
    public String toString() {
        return channels + "×" + height + "×" + width;
    }
}
