package varepsilon.data;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;

/** An image written as JPEG and read again. */
final class JpegCopy {
    private JpegCopy() {}

    /**
     * C×H×W bytes of one or three channels.
     *
     * @param quality from 1 to 100, on the usual scale of libjpeg
     */
    static byte[] of(byte[] image, int channels, int height, int width, int quality) {
        int type = channels == 1 ? BufferedImage.TYPE_BYTE_GRAY : BufferedImage.TYPE_INT_RGB;
        BufferedImage picture = new BufferedImage(width, height, type);
        for (int i = 0; i < image.length; i++) {
            picture.getRaster().setSample(i % width, i / width % height, i / (height * width), image[i] & 0xff);
        }
        try {
            BufferedImage copy = ImageIO.read(new ByteArrayInputStream(written(picture, quality)));
            byte[] result = new byte[image.length];
            for (int i = 0; i < result.length; i++) {
                int rgb = copy.getRGB(i % width, i / width % height);
                int band = i / (height * width);
                result[i] = channels == 1
                        ? (byte) copy.getRaster().getSample(i % width, i / width % height, 0)
                        : (byte) (rgb >> (16 - 8 * band));
            }
            return result;
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory failed", e);
        }
    }

    private static byte[] written(BufferedImage picture, int quality) throws IOException {
        ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        try {
            ImageWriteParam settings = writer.getDefaultWriteParam();
            settings.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
            settings.setCompressionQuality(quality / 100F);
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            try (var stream = ImageIO.createImageOutputStream(bytes)) {
                writer.setOutput(stream);
                writer.write(null, new IIOImage(picture, null, null), settings);
            }
            return bytes.toByteArray();
        } finally {
            writer.dispose();
        }
    }
}
