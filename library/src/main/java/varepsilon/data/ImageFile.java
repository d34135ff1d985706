package varepsilon.data;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.IndexColorModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Locale;
import java.util.Set;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.stream.ImageInputStream;
import varepsilon.tensor.InputException;

/**
 * A PNG, JPEG, BMP or GIF file, known by its header; its pixels are decoded on demand. Transparency is left out, as if
 * every pixel were opaque; of an animation the first picture counts.
 *
 * @param path where it lies
 * @param height rows
 * @param width columns
 * @param grey whether it can only show greys
 */
record ImageFile(Path path, int height, int width, boolean grey) {
    /** So that a few bytes of file do not become gigabytes of picture. */
    private static final long MAX_PIXELS = 1 << 24;

    private static final Set<String> FORMATS = Set.of("png", "jpeg", "bmp", "gif");

    /** Does something with an opened file. */
    @FunctionalInterface
    private interface Reading<T> {
        T with(ImageReader reader) throws IOException;
    }

    /**
     * Reads the header.
     *
     * @throws InputException where it is none of these formats, or the picture is too large
     */
    static ImageFile open(Path path) {
        ImageFile file = read(
                path, reader -> new ImageFile(path, reader.getHeight(0), reader.getWidth(0), isGrey(colours(reader))));
        if ((long) file.height * file.width > MAX_PIXELS) {
            throw new InputException(path + ": " + file.size() + " pixels; expected at most " + MAX_PIXELS
                    + " in all: scale the images down first");
        }
        return file;
    }

    /** Height × width, for messages. */
    String size() {
        return height + "×" + width;
    }

    /**
     * Decodes the pixels into {@code target} from {@code start} on, plane after plane.
     *
     * @param channels 3, or 1 for a file that is {@link #grey}
     * @throws InputException where the file is damaged
     */
    void decode(int channels, byte[] target, int start) {
        BufferedImage image = read(path, reader -> reader.read(0));
        boolean fits = image.getHeight() == height
                && image.getWidth() == width
                && (channels == 3 || isGrey(image.getColorModel()));
        if (!fits) {
            throw new InputException(path + ": the header and the picture disagree: damaged");
        }
        int plane = height * width;
        for (int y = 0; y < height; y++) {
            int[] rgb = row(image, y);
            for (int x = 0; x < width; x++) {
                int at = start + y * width + x;
                for (int c = 0; c < channels; c++) {
                    target[at + c * plane] = (byte) (rgb[x] >> (16 - 8 * c));
                }
            }
        }
    }

    /** A row as 0xRRGGBB. */
    private static int[] row(BufferedImage image, int y) {
        int width = image.getWidth();
        if (image.getColorModel() instanceof IndexColorModel || !isGrey(image.getColorModel())) {
            return image.getRGB(0, y, width, 1, null, 0, width);
        }
        // Java takes such greys for linear light and getRGB would bend them: the stored values are what counts.
        int[] row = image.getRaster().getSamples(0, y, width, 1, 0, (int[]) null);
        int surplusBits = image.getColorModel().getComponentSize(0) - 8;
        for (int x = 0; x < width; x++) {
            row[x] = (row[x] >> surplusBits) * 0x010101;
        }
        return row;
    }

    private static ColorModel colours(ImageReader reader) throws IOException {
        Iterator<ImageTypeSpecifier> types = reader.getImageTypes(0);
        if (!types.hasNext()) {
            throw new IOException("unknown colours");
        }
        return types.next().getColorModel();
    }

    private static boolean isGrey(ColorModel colours) {
        if (colours instanceof IndexColorModel palette) {
            for (int i = 0; i < palette.getMapSize(); i++) {
                if (palette.getRed(i) != palette.getGreen(i) || palette.getRed(i) != palette.getBlue(i)) {
                    return false;
                }
            }
            return true;
        }
        return colours.getColorSpace().getType() == ColorSpace.TYPE_GRAY;
    }

    private static <T> T read(Path path, Reading<T> reading) {
        try (ImageInputStream in = ImageIO.createImageInputStream(path.toFile())) {
            if (in == null) {
                throw new IOException("no such file");
            }
            Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
            while (readers.hasNext()) {
                ImageReader reader = readers.next();
                try {
                    if (FORMATS.contains(reader.getFormatName().toLowerCase(Locale.ROOT))) {
                        reader.setInput(in, true, true);
                        return reading.with(reader);
                    }
                } finally {
                    reader.dispose();
                }
            }
        } catch (IOException | RuntimeException e) {
            // Java's decoders answer damage with exceptions of all kinds, not only with their own.
            String why = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
            throw new InputException(
                    path + ": cannot be read as an image ("
                            + why.lines().findFirst().orElse("") + ")",
                    e);
        }
        throw new InputException(path + ": is not a PNG, JPEG, BMP or GIF image");
    }
}
