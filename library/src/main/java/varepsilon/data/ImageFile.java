package varepsilon.data;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.DirectColorModel;
import java.awt.image.IndexColorModel;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.metadata.IIOMetadataFormatImpl;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import varepsilon.base.InputException;

/**
 * A PNG, JPEG, BMP, GIF, TIFF or PNM (PBM, PGM, PPM) file, known by its header; its pixels are decoded on demand. The
 * levels are the stored samples, as the Python library PIL gives them: colour profiles and gamma are not applied, an
 * orientation in Exif turns nothing, transparency is left out as if every pixel were opaque. Of 16-bit samples the
 * upper 8 bits count; CMYK becomes (255 − C)(255 − K) / 255 and so on. Of an animation, and of a TIFF, the first
 * picture counts.
 *
 * @param path where it lies
 * @param height rows
 * @param width columns
 * @param grey whether it can only show greys
 */
record ImageFile(Path path, int height, int width, boolean grey) {
    /** Bounds the memory that a small file can demand. */
    private static final long MAX_PIXELS = 1 << 24;
    /** Several times what the largest picture takes. */
    private static final long MAX_JPEG_BYTES = 1 << 28;

    /** Names of the formats; the first name of each reader, in lower case. */
    private static final Set<String> FORMATS = Set.of("png", "jpeg", "bmp", "gif", "tiff", "pnm");

    private static final String FORMATS_IN_WORDS = "PNG, JPEG, BMP, GIF, TIFF or PNM";

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
        ImageFile file = read(path, reader -> {
            if (reader.getFormatName().equalsIgnoreCase("tiff")) {
                requirePlain(path, reader);
            }
            return new ImageFile(path, reader.getHeight(0), reader.getWidth(0), isGrey(colours(reader)));
        });
        if ((long) file.height * file.width > MAX_PIXELS) {
            throw new InputException(path + ": " + file.size() + " pixels; expected at most " + MAX_PIXELS
                    + " in all: scale the images down first");
        }
        return file;
    }

    /**
     * TIFF may hold what only looks like RGB once it is decoded: then nothing tells that the levels are not the stored
     * ones.
     */
    private static void requirePlain(Path path, ImageReader reader) throws IOException {
        NodeList entries = ((Element)
                        reader.getImageMetadata(0).getAsTree(IIOMetadataFormatImpl.standardMetadataFormatName))
                .getElementsByTagName("*");
        for (int i = 0; i < entries.getLength(); i++) {
            Element entry = (Element) entries.item(i);
            if (entry.getTagName().equals("Alpha")
                    && entry.getAttribute("value").equals("premultiplied")) {
                throw new InputException(
                        path + ": its colours are multiplied by their opacity; save it without transparency");
            }
            if (entry.getTagName().equals("ColorSpaceType")
                    && entry.getAttribute("name").equals("Lab")) {
                throw new InputException(path + ": its colours are CIE L*a*b*; convert it to RGB");
            }
        }
    }

    /** Height × width, for messages. */
    String size() {
        return height + "×" + width;
    }

    /**
     * Decodes the pixels into {@code target} from {@code start} on, plane after plane.
     *
     * @param channels 3, or 1 for a file that is {@link #grey}
     * @throws InputException where the file is damaged or cut off, or its samples are of an unknown kind
     */
    void decode(int channels, byte[] target, int start) {
        BufferedImage image = read(path, reader -> reader.read(0));
        boolean fits = image.getHeight() == height
                && image.getWidth() == width
                && (channels == 3 || isGrey(image.getColorModel()));
        if (!fits) {
            throw new InputException(path + ": header and picture are inconsistent: damaged");
        }
        requireKnown(image.getColorModel());
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

    private void requireKnown(ColorModel colours) {
        int type = colours.getTransferType();
        boolean whole = type == DataBuffer.TYPE_BYTE
                || type == DataBuffer.TYPE_USHORT
                || colours instanceof DirectColorModel; // several samples in one number
        if (!whole) {
            throw new InputException(path + ": samples of " + colours.getComponentSize(0)
                    + " bits, or not whole numbers; expected 8 or 16 bits: convert it");
        }
        int space = colours.getColorSpace().getType();
        if (space != ColorSpace.TYPE_RGB && space != ColorSpace.TYPE_GRAY && space != ColorSpace.TYPE_CMYK) {
            throw new InputException(path + ": neither grey nor RGB nor CMYK: convert it to RGB");
        }
    }

    /**
     * A row as 0xRRGGBB. Java's own conversion would apply the colour space, and takes greys for linear light; the
     * stored samples are what counts.
     */
    private static int[] row(BufferedImage image, int y) {
        int width = image.getWidth();
        ColorModel colours = image.getColorModel();
        if (colours instanceof IndexColorModel) {
            return image.getRGB(0, y, width, 1, null, 0, width);
        }
        int[] row = new int[width];
        int[][] levels = levels(image, y, colours);
        for (int x = 0; x < width; x++) {
            switch (colours.getColorSpace().getType()) {
                case ColorSpace.TYPE_GRAY -> row[x] = levels[0][x] * 0x010101;
                case ColorSpace.TYPE_RGB -> row[x] = levels[0][x] << 16 | levels[1][x] << 8 | levels[2][x];
                default -> {
                    int white = 255 - levels[3][x];
                    for (int c = 0; c < 3; c++) {
                        row[x] = row[x] << 8 | Math.round((255 - levels[c][x]) * white / 255f);
                    }
                }
            }
        }
        return row;
    }

    /** The samples of a row in 0 … 255, by colour and column. */
    private static int[][] levels(BufferedImage image, int y, ColorModel colours) {
        int[][] levels = new int[colours.getNumColorComponents()][];
        for (int c = 0; c < levels.length; c++) {
            levels[c] = image.getRaster().getSamples(0, y, image.getWidth(), 1, c, (int[]) null);
            int bits = colours.getComponentSize(c);
            if (bits == 8) {
                continue;
            }
            int max = (1 << bits) - 1;
            for (int x = 0; x < levels[c].length; x++) {
                levels[c][x] = bits > 8 ? levels[c][x] >> (bits - 8) : levels[c][x] * 255 / max;
            }
        }
        return levels;
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
        AtomicReference<String> warned = new AtomicReference<>();
        try (ImageInputStream in = open(path, Files.size(path))) {
            Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
            while (readers.hasNext()) {
                ImageReader reader = readers.next();
                try {
                    if (FORMATS.contains(reader.getFormatName().toLowerCase(Locale.ROOT))) {
                        reader.addIIOReadWarningListener((source, warning) -> {
                            if (!isHarmless(warning)) {
                                warned.compareAndSet(null, warning);
                            }
                        });
                        reader.setInput(in, true, true);
                        T result = reading.with(reader);
                        if (warned.get() != null) {
                            // Where pixels are missing, decoders warn and leave them grey.
                            throw new IOException(warned.get());
                        }
                        return result;
                    }
                } finally {
                    reader.dispose();
                }
            }
        } catch (InputException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            // Java's decoders throw many kinds of exceptions on damaged files.
            String why = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
            throw new InputException(
                    path + ": cannot be read as an image ("
                            + why.lines().findFirst().orElse("")
                            + "): cut off or damaged; copy it again, or move it away",
                    e);
        }
        throw new InputException(path + ": is not a " + FORMATS_IN_WORDS + " image");
    }

    /**
     * Decoder warnings that do not mean missing samples: how they turn CMYK into RGB, and bytes behind the last one.
     */
    private static boolean isHarmless(String warning) {
        return warning.contains("CMYK to RGB conversion") || warning.endsWith("extraneous bytes before marker 0xd9");
    }

    private static ImageInputStream open(Path path, long bytes) throws IOException {
        byte[] head;
        try (InputStream in = Files.newInputStream(path)) {
            head = in.readNBytes(2);
        }
        if (!JpegSegments.startHere(head)) {
            return ImageIO.createImageInputStream(path.toFile());
        }
        if (bytes > MAX_JPEG_BYTES) {
            throw new IOException(bytes + " bytes; expected at most " + MAX_JPEG_BYTES);
        }
        return new MemoryCacheImageInputStream(
                new ByteArrayInputStream(JpegSegments.onlyThoseOfSamples(Files.readAllBytes(path))));
    }
}
