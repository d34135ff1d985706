package varepsilon.generative;

import varepsilon.base.Declared;
import varepsilon.base.InputException;
import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.data.ImageShape;
import varepsilon.nn.Init;
import varepsilon.nn.Module;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * The variational mixture of posteriors (Tomczak, Welling 2018): p(z) = 1/K Σₖ q(z|uₖ) for K pseudo-inputs u, which are
 * learned. They are kept as real numbers v with u = 2·sigmoid(v) − 1, in the encoder's range [−1, 1].
 */
public final class VampPrior extends Module implements Prior {
    private static final double INITIAL_STD = 0.5;

    private final Tensor inputs;
    private final LatentSpace space;

    /**
     * Chooses this prior.
     *
     * @param components pseudo-inputs
     */
    @Named(value = "vamp", help = "the mixture of the posteriors of learned pseudo-inputs (VampPrior)")
    public record Choice(
            @Parameter(value = "components of a mixture", min = 1, max = 10_000)
            int components) implements PriorChoice {
        /** Rejects counts out of range. */
        public Choice {
            Declared.check(Choice.class, components);
        }

        /** 500 pseudo-inputs. */
        public Choice() {
            this(500);
        }

        @Override
        public Prior create(LatentSpace space, Init init) {
            return new VampPrior(components, space, init);
        }
    }

    /** Pseudo-inputs of noise. */
    public VampPrior(int components, LatentSpace space, Init init) {
        this.space = space;
        ImageShape input = space.encoderInput();
        try (var scope = Scope.withoutGradients()) {
            inputs = parameter(
                    "inputs", init.normal(INITIAL_STD, components, input.channels(), input.height(), input.width()));
        }
    }

    /** The pseudo-inputs, encoder inputs K×C×H×W in [−1, 1]. */
    public Tensor pseudoInputs() {
        return inputs.sigmoid().mul(2).sub(1);
    }

    /** The mixture with the encoder as it is now. */
    @Override
    public Prior frozen() {
        if (!(space.encode().apply(pseudoInputs()) instanceof DiagonalGaussian q)) {
            throw new InputException("the prior vamp is a mixture of posteriors: expected the posterior diagonal");
        }
        Tensor weights = q.mean().narrow(1, 0, 1).squeeze(1).zerosLike().sub(Math.log(inputs.size(0)));
        return new GaussianComponents(weights, q.mean(), q.logStd());
    }

    @Override
    public Tensor logProbability(Tensor z) {
        return frozen().logProbability(z);
    }

    @Override
    public Tensor sample(int n, Rng rng) {
        return frozen().sample(n, rng);
    }

    @Override
    public int latentDim() {
        return space.dimensions();
    }
}
