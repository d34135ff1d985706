package varepsilon.generative;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import varepsilon.base.Declared;
import varepsilon.base.InputException;
import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.nn.Init;
import varepsilon.nn.Layer;
import varepsilon.nn.Linear;
import varepsilon.nn.Module;
import varepsilon.nn.Sequential;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;

/**
 * A prior that is a normalising flow of affine coupling layers (Dinh, Sohl-Dickstein, Bengio 2017, RealNVP): u = f(z)
 * has the distribution N(0, I), and log p(z) = log N(f(z); 0, I) + log |det ∂f/∂z|. A fresh flow is the identity.
 */
public final class FlowPrior extends Module implements Prior {
    private final StandardNormal base;
    private final List<Coupling> couplings = new ArrayList<>();

    /**
     * Chooses this prior.
     *
     * @param layers coupling layers; each changes a half of the dimensions
     * @param width outputs of the hidden layers
     */
    @Named(value = "flow", help = "a normalising flow of affine coupling layers (RealNVP)")
    public record Choice(
            @Parameter(value = "layers of a flow", min = 1, max = 64)
            int layers,

            @Parameter(value = "outputs of hidden layers", min = 1, max = 8192)
            int width)
            implements PriorChoice {
        /** Rejects counts out of range. */
        public Choice {
            Declared.check(Choice.class, layers, width);
        }

        /** 6 layers of width 128. */
        public Choice() {
            this(6, 128);
        }

        @Override
        public Prior create(LatentSpace space, Init init) {
            return new FlowPrior(layers, width, space.dimensions(), init);
        }
    }

    /** @throws InputException for fewer than two latent dimensions, which cannot be halved */
    public FlowPrior(int layers, int width, int latentDim, Init init) {
        if (latentDim < 2) {
            throw new InputException(
                    "the prior flow for latent dimension " + latentDim + ": expected at least 2, which it halves");
        }
        base = new StandardNormal(latentDim);
        for (int i = 0; i < layers; i++) {
            couplings.add(child(Integer.toString(i), new Coupling(latentDim, i % 2 == 1, width, init)));
        }
    }

    /**
     * Points in the space of the standard normal.
     *
     * @param u R×latentDim
     * @param logDeterminant log |det ∂u/∂z|, R values
     */
    record Mapped(Tensor u, Tensor logDeterminant) {}

    /** u = f(z) for z R×latentDim. */
    Mapped forward(Tensor z) {
        Mapped mapped = new Mapped(z, z.narrow(1, 0, 1).squeeze(1).zerosLike());
        for (Coupling coupling : couplings) {
            mapped = coupling.forward(mapped);
        }
        return mapped;
    }

    /** z = f⁻¹(u) for u R×latentDim. */
    Tensor inverse(Tensor u) {
        Tensor z = u;
        for (int i = couplings.size() - 1; i >= 0; i--) {
            z = couplings.get(i).inverse(z);
        }
        return z;
    }

    @Override
    public Tensor logProbability(Tensor z) {
        long[] shape = z.shape();
        Mapped mapped = forward(z.reshape(-1, base.latentDim()));
        return base.logProbability(mapped.u).add(mapped.logDeterminant).reshape(Arrays.copyOf(shape, shape.length - 1));
    }

    @Override
    public Tensor sample(int n, Rng rng) {
        Tensor like = couplings.get(0).parameters().values().iterator().next();
        return inverse(base.sample(n, rng).to(like.dtype()).to(like.device()));
    }

    @Override
    public int latentDim() {
        return base.latentDim();
    }

    /** One half of the dimensions is shifted and scaled by amounts that a network computes from the other half. */
    private static final class Coupling extends Module {
        /** |log scale| is below this, so that a layer cannot overflow. */
        private static final double LARGEST_LOG_SCALE = 2;

        private final Sequential net;
        private final int kept;
        private final int changed;
        private final boolean keepsLast;

        Coupling(int latentDim, boolean keepsLast, int width, Init init) {
            this.keepsLast = keepsLast;
            kept = keepsLast ? latentDim - latentDim / 2 : latentDim / 2;
            changed = latentDim - kept;
            net = child(
                    "net",
                    new Sequential(
                            new Linear(kept, width, init),
                            Layer.of(Ops::gelu),
                            new Linear(width, width, init),
                            Layer.of(Ops::gelu),
                            new Linear(width, 2 * changed, init.zeros())));
        }

        private Tensor keptOf(Tensor z) {
            return z.narrow(1, keepsLast ? changed : 0, kept);
        }

        private Tensor changedOf(Tensor z) {
            return z.narrow(1, keepsLast ? 0 : kept, changed);
        }

        private Tensor joined(Tensor same, Tensor other) {
            return Tensor.concat(1, keepsLast ? List.of(other, same) : List.of(same, other));
        }

        private Tensor logScale(Tensor output) {
            Tensor raw = output.narrow(1, 0, changed);
            return raw.sigmoid().mul(2).sub(1).mul(LARGEST_LOG_SCALE);
        }

        private Tensor shift(Tensor output) {
            return output.narrow(1, changed, changed);
        }

        Mapped forward(Mapped from) {
            Tensor same = keptOf(from.u);
            Tensor output = net.forward(same);
            Tensor logScale = logScale(output);
            Tensor moved = changedOf(from.u).mul(logScale.exp()).add(shift(output));
            return new Mapped(joined(same, moved), from.logDeterminant.add(logScale.sum(1L)));
        }

        Tensor inverse(Tensor u) {
            Tensor same = keptOf(u);
            Tensor output = net.forward(same);
            Tensor back =
                    changedOf(u).sub(shift(output)).mul(logScale(output).neg().exp());
            return joined(same, back);
        }
    }
}
