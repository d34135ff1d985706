package varepsilon.generative;

import java.util.function.Function;
import varepsilon.data.ImageShape;
import varepsilon.tensor.Tensor;

/**
 * The latent space that a prior is made for.
 *
 * @param dimensions latent dimensions of z, at least 1
 * @param encoderInput the shape of the encoder's input
 * @param encode q(z|x) for encoder inputs N×C×H×W in [−1, 1]; to be called once the model is complete, not before
 */
public record LatentSpace(int dimensions, ImageShape encoderInput, Function<Tensor, Posterior> encode) {}
