package varepsilon.generative;

import java.util.List;
import varepsilon.data.ImageSet;
import varepsilon.nn.Layer;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Tensor;

/** VAEs whose posterior means are the pixels of images of one row, from −1 at byte 0 to 1 at 255. */
final class PixelCodes {
    private PixelCodes() {}

    /** q(z|x) = N(pixels, std²·I). */
    static Vae diagonal(int dimensions, double std, Prior prior) {
        Layer encoder = Layer.of(x -> {
            Tensor mean = x.flatten(1);
            return Tensor.concat(1, List.of(mean, mean.zerosLike().add(Math.log(std))));
        });
        return new Vae(encoder, decoder(dimensions), prior, new Gaussian(), Device.CPU);
    }

    static Layer decoder(int dimensions) {
        return Layer.of(z -> z.reshape(-1, 1, 1, dimensions));
    }

    static ImageSet images(int[][] rows) {
        byte[] pixels = new byte[rows.length * rows[0].length];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte) rows[i / rows[0].length][i % rows[0].length];
        }
        return ImageSet.unlabelled("codes", pixels, 1, 1, rows[0].length);
    }

    /** The mean of byte b. */
    static double mean(int level) {
        return Tensor.full(level, DType.FLOAT32, 1).div(255).mul(2).sub(1).item();
    }
}
