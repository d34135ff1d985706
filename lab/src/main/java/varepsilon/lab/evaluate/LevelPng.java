package varepsilon.lab.evaluate;

import java.awt.image.BufferedImage;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.WritableRaster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import varepsilon.generative.LevelImages;

/** Images of levels as PNG files, of as many bits a level as PNG has for them, compressed as well as Java can. */
public final class LevelPng {
    private static final int RGB = 3;
    private static final int BYTE_LEVELS = 256;

    private LevelPng() {}

    /** Whether PNG has such images: grey ones, and those of three channels. */
    public static boolean takes(LevelImages images) {
        return images.shape().channels() == 1 || images.shape().channels() == RGB;
    }

    /**
     * The images {@code from} … {@code to − 1} below one another, from black at level 0 to white at the last: a level
     * of 1, 2 or 4 bits is stored as it is, any other as the nearest byte.
     */
    public static byte[] visible(LevelImages images, int from, int to) throws IOException {
        return encode(picture(images, from, to, (BYTE_LEVELS - 1.0) / (images.levels() - 1)));
    }

    /** The same with every level stored as it is, so that 3-bit images are nearly black. */
    static byte[] exact(LevelImages images, int from, int to) throws IOException {
        return encode(picture(images, from, to, 1));
    }

    private static BufferedImage picture(LevelImages images, int from, int to, double factor) {
        int channels = images.shape().channels();
        int height = images.shape().height();
        int width = images.shape().width();
        int plane = height * width;
        int rows = Math.multiplyExact(height, to - from);
        boolean packed = channels == 1 && (images.levels() == 2 || images.levels() == 4 || images.levels() == 16);
        BufferedImage picture = packed
                ? new BufferedImage(width, rows, BufferedImage.TYPE_BYTE_BINARY, greys(images.levels()))
                : new BufferedImage(
                        width, rows, channels == 1 ? BufferedImage.TYPE_BYTE_GRAY : BufferedImage.TYPE_3BYTE_BGR);
        WritableRaster raster = picture.getRaster();
        int[] samples = new int[plane];
        for (int i = from; i < to; i++) {
            for (int channel = 0; channel < channels; channel++) {
                int start = (i * channels + channel) * plane;
                for (int k = 0; k < plane; k++) {
                    int level = images.values()[start + k] & 0xff;
                    samples[k] = packed ? level : (int) Math.round(factor * level);
                }
                raster.setSamples(0, (i - from) * height, width, height, channel, samples);
            }
        }
        return picture;
    }

    private static IndexColorModel greys(int levels) {
        int[] colours = new int[levels];
        for (int level = 0; level < levels; level++) {
            colours[level] = level * (BYTE_LEVELS - 1) / (levels - 1) * 0x01_01_01;
        }
        int bits = Integer.numberOfTrailingZeros(levels);
        return new IndexColorModel(bits, levels, colours, 0, false, -1, DataBuffer.TYPE_BYTE);
    }

    private static byte[] encode(BufferedImage picture) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        ImageWriter writer = ImageIO.getImageWritersByFormatName("png").next();
        try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
            ImageWriteParam smallest = writer.getDefaultWriteParam();
            smallest.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
            smallest.setCompressionQuality(0);
            writer.setOutput(out);
            writer.write(null, new IIOImage(picture, null, null), smallest);
        } finally {
            writer.dispose();
        }
        return bytes.toByteArray();
    }
}
