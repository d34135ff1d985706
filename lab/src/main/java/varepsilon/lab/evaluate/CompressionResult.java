package varepsilon.lab.evaluate;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.List;

/**
 * Images compressed by a VAE, beside the bound that promises the size and beside other methods.
 *
 * @param file that was written
 * @param n images
 * @param levels of a value
 * @param bytes of the file, with its header
 * @param bitsPerDim of the file
 * @param elboBpd −ELBO of the images in bits per dimension, from one draw of z for each, others than the coder's
 * @param initialBits in the file that are no image's: the random content with which the coder began
 * @param seconds that compressing took, after the weights and the images had been read
 * @param imagesPerSecond compressed
 * @param verified whether the file was decoded again, to the same levels
 * @param decodingSeconds that took; null where it was not done
 * @param others sizes by other methods; empty where they were not asked for
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
public record CompressionResult(
        String file,
        int n,
        int levels,
        long bytes,
        double bitsPerDim,
        double elboBpd,
        long initialBits,
        double seconds,
        double imagesPerSecond,
        boolean verified,
        Double decodingSeconds,
        List<LosslessSizes.Size> others) {}
