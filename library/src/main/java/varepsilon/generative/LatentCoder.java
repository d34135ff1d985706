package varepsilon.generative;

import varepsilon.base.InputException;
import varepsilon.coding.AnsStack;
import varepsilon.coding.NormalBuckets;
import varepsilon.tensor.Tensor;

/**
 * Codes the latent vectors of a batch of images on a stack.
 *
 * @param <L> their form
 */
interface LatentCoder<L extends LatentCoder.Latents> {
    /** Latent vectors of N images. */
    interface Latents {
        /** Their values, FLOAT32 N×latentDim. */
        Tensor z();
    }

    /**
     * A coder of the latent vectors of a model.
     *
     * @throws InputException where its prior cannot be coded
     */
    static LatentCoder<?> of(Vae vae, NormalBuckets buckets) {
        return vae.prior() instanceof CodebookPrior codebook
                ? new CodebookCoder(codebook, vae.device())
                : new BucketCoder(vae, buckets);
    }

    /** Bits that drawing the z of one image may take off the stack. */
    long bitsOfDraw();

    /** Draws z from q(z|x) with bits of the stack. */
    L draw(Posterior q, int n, AnsStack stack);

    /**
     * The inverse of {@link #draw}.
     *
     * @throws InputException where z cannot have been drawn
     */
    void undraw(Posterior q, L z, AnsStack stack);

    /** Pushes z with p(z). */
    void push(L z, AnsStack stack);

    /** The inverse of {@link #push}. */
    L pop(int n, AnsStack stack);
}
