package varepsilon.robust.vae;

import java.util.List;
import java.util.function.Supplier;
import varepsilon.base.InputException;
import varepsilon.classify.Classifier;
import varepsilon.generative.Picture;
import varepsilon.generative.Vae;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

/**
 * A classifier that sees what a VAE makes of an image (Samangouei et al. 2018; Li, Ji 2019): x is encoded, z is drawn
 * from q(z|x), and the classifier is given the expected image of p(x|z). The way is differentiable from the pixels to
 * the logits, because the encoder takes the pixels as they are, not rounded to levels; and each pass draws z anew. Its
 * robustness says nothing until it is attacked with gradients through the VAE, averaged over draws ({@link
 * varepsilon.robust.attack.Eot}): Athalye et al. 2018 broke the defences of this kind.
 */
public final class Purified implements Classifier {
    private final Vae vae;
    private final Classifier classifier;
    private final Rng rng;

    /**
     * Owns both.
     *
     * @param vae of images of the classifier's size; not a conditional one, to which the class would be given
     * @param seed of the draws of z
     */
    public Purified(Vae vae, Classifier classifier, long seed) {
        if (vae.classes() > 0) {
            throw new InputException("a conditional VAE cannot purify images: it would be given their class");
        }
        if (!vae.hasIndependentPixels()) {
            throw new InputException("a VAE whose pixels depend on each other cannot purify images: they have no"
                    + " expected image with a gradient; expected one with the decoder independent");
        }
        this.vae = vae;
        this.classifier = classifier;
        this.rng = Seed.of(seed).split("purification").stream();
    }

    /** Purified images, N×C×H×W in [0, 1], for such pixels. */
    public Tensor purified(Tensor pixels) {
        Tensor z = vae.posteriorOfInput(pixels.mul(2).sub(1)).draw(1, rng).z().squeeze(0);
        return vae.decode(z).image(Picture.MEAN, rng);
    }

    @Override
    public boolean hasGradients() {
        return classifier.hasGradients();
    }

    @Override
    public Tensor logits(Tensor pixels) {
        return classifier.logits(purified(pixels));
    }

    @Override
    public <T> T evaluating(Supplier<T> work) {
        return vae.evaluating(() -> classifier.evaluating(work));
    }

    @Override
    public List<String> notes() {
        return classifier.notes();
    }

    @Override
    public void close() {
        vae.close();
        classifier.close();
        rng.close();
    }
}
