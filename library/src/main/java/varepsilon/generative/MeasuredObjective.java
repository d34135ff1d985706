package varepsilon.generative;

import java.util.LinkedHashMap;
import java.util.Map;
import varepsilon.data.Batch;
import varepsilon.nn.Module;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;
import varepsilon.train.BatchResult;
import varepsilon.train.Objective;

/**
 * The common part of the objectives of VAEs. Whatever they minimise, they measure {@code bpd}, {@code
 * reconstruction_nats} and {@code kl_nats} of the evidence lower bound of each image, so that trainings by different
 * objectives are comparable, and the best weights are chosen alike.
 */
public abstract class MeasuredObjective implements Objective, AutoCloseable {
    private final Vae vae;

    /** An objective for the training of this model, which the caller owns. */
    protected MeasuredObjective(Vae vae) {
        this.vae = vae;
    }

    @Override
    public final Module model() {
        return vae;
    }

    /** The model that is trained. */
    protected final Vae vae() {
        return vae;
    }

    @Override
    public final BatchResult evaluate(Batch batch, Rng rng) {
        return evaluate(vae.given(batch), vae.trainingTarget(batch.images(), rng), rng);
    }

    @Override
    public final BatchResult validate(Batch batch, Rng rng) {
        return validate(vae.given(batch), vae.target(batch.images()), rng);
    }

    /**
     * Loss and measurements of one batch.
     *
     * @param model the model of the images of this batch
     * @param target values from {@link Vae#trainingTarget} or {@link Vae#target}, N×C×H×W
     */
    protected abstract BatchResult evaluate(Vae model, Tensor target, Rng rng);

    /** The same for held-out images, where no gradients are recorded. */
    protected BatchResult validate(Vae model, Tensor target, Rng rng) {
        return evaluate(model, target, rng);
    }

    /** What is measured of every image. */
    protected static Map<String, Tensor> measured(Elbo elbo, Tensor target) {
        long dimensions = target.count() / target.size(0);
        Map<String, Tensor> perExample = new LinkedHashMap<>();
        perExample.put("bpd", elbo.bitsPerDimension(dimensions).detach());
        perExample.put("reconstruction_nats", elbo.logLikelihood().neg().detach());
        perExample.put("kl_nats", elbo.kl().detach());
        return perExample;
    }

    /** A scalar with the value of one scalar, and with the gradient of another. */
    static Tensor withGradientOf(Tensor surrogate, Tensor value) {
        return surrogate.sub(surrogate.detach()).add(value.detach());
    }

    /** Frees what belongs to the objective alone; the model stays. */
    @Override
    public void close() {}
}
