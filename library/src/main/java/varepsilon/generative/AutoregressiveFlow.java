package varepsilon.generative;

import java.util.ArrayList;
import java.util.List;
import varepsilon.base.Declared;
import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.nn.Init;
import varepsilon.nn.MaskedLinear;
import varepsilon.nn.Module;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * A diagonal Gaussian posterior refined by inverse autoregressive flow (Kingma et al. 2016, with its gated steps): each
 * step makes z′ᵢ = gᵢ·zᵢ + (1 − gᵢ)·mᵢ, where a masked network (Germain et al. 2015) computes gᵢ in (0, 1) and mᵢ from
 * the dimensions before i and from the encoder's output; every other step counts the dimensions from the last. The
 * density of a draw costs nothing more; that of another z takes one pass for each latent dimension.
 */
public final class AutoregressiveFlow extends Module implements Inference {
    /** Gates of a fresh network: sigmoid(1.5) = 0.82, so that a step begins near the identity. */
    private static final double GATE_BIAS = 1.5;

    private final int latentDim;
    private final List<Step> steps = new ArrayList<>();

    /**
     * Chooses this posterior.
     *
     * @param layers steps of the flow
     * @param width outputs of each step's hidden layer
     * @param features outputs of the encoder that the steps take
     */
    @Named(value = "iaf", help = "independent normal dimensions, refined by inverse autoregressive flow")
    public record Choice(
            @Parameter(value = "layers of a flow", min = 1, max = 64)
            int layers,

            @Parameter(value = "outputs of hidden layers", min = 1, max = 8192)
            int width,

            @Parameter(value = "outputs of the encoder", min = 1, max = 65_536)
            int features)
            implements PosteriorChoice {
        /** Rejects counts out of range. */
        public Choice {
            Declared.check(Choice.class, layers, width, features);
        }

        /** 2 steps of width 256 with 128 features. */
        public Choice() {
            this(2, 256, 128);
        }

        @Override
        public int outputs(int latentDim) {
            return 2 * latentDim + features;
        }

        @Override
        public String meaning(int latentDim) {
            return "the means, then the natural logarithms of the standard deviations, of z before the flow, "
                    + latentDim + " each, then " + features
                    + " features for the flow's steps, which are not in this file";
        }

        @Override
        public Inference create(Prior prior, Init init) {
            return new AutoregressiveFlow(prior.latentDim(), this, init);
        }
    }

    private AutoregressiveFlow(int latentDim, Choice choice, Init init) {
        this.latentDim = latentDim;
        for (int i = 0; i < choice.layers; i++) {
            steps.add(child(Integer.toString(i), new Step(latentDim, choice.features, choice.width, i % 2 == 1, init)));
        }
    }

    @Override
    public Posterior posterior(Tensor output) {
        DiagonalGaussian base = DiagonalGaussian.of(output.narrow(1, 0, 2L * latentDim));
        return new Refined(this, base, output.narrow(1, 2L * latentDim, output.size(1) - 2L * latentDim));
    }

    /**
     * The posteriors of N images.
     *
     * @param base before the flow
     * @param context N×features
     */
    private record Refined(AutoregressiveFlow flow, DiagonalGaussian base, Tensor context) implements Posterior {
        private static final class Moved {
            private Tensor z;
            private Tensor logDeterminant;
        }

        /** Rows of z R×latentDim through the flow, and Σ log g, R values. */
        private Moved forward(Tensor rows) {
            Moved moved = new Moved();
            moved.z = rows;
            moved.logDeterminant = rows.sum(1L).zerosLike();
            Tensor given = repeated(rows.size(0));
            for (Step step : flow.steps) {
                Step.Gates gates = step.gates(moved.z, given);
                moved.z = gates.applied(moved.z);
                moved.logDeterminant = moved.logDeterminant.add(gates.logGate().sum(1L));
            }
            return moved;
        }

        private Tensor repeated(long rows) {
            long n = context.size(0);
            long features = context.size(1);
            return rows == n
                    ? context
                    : context.unsqueeze(0).expand(rows / n, n, features).reshape(rows, features);
        }

        /** The base's mean, moved by the flow; not the mean of q. */
        @Override
        public Tensor mean() {
            return forward(base.mean()).z;
        }

        @Override
        public Draws draw(int k, Rng rng) {
            Tensor start = base.sample(k, rng);
            Moved moved = forward(start.flatten(0, 1));
            Tensor logProbability = base.logProbability(start).sub(moved.logDeterminant.reshape(k, context.size(0)));
            return new Draws(moved.z.reshape(start.shape()), logProbability);
        }

        @Override
        public Tensor logProbability(Tensor z) {
            Tensor rows = z.reshape(-1, flow.latentDim);
            Tensor given = repeated(rows.size(0));
            Tensor logDeterminant = null;
            for (int i = flow.steps.size() - 1; i >= 0; i--) {
                Step step = flow.steps.get(i);
                rows = step.inverse(rows, given);
                Tensor change = step.gates(rows, given).logGate().sum(1L);
                logDeterminant = logDeterminant == null ? change : logDeterminant.add(change);
            }
            Tensor logBase = base.logProbability(rows.reshape(z.shape()));
            return logBase.sub(logDeterminant.reshape(logBase.shape()));
        }
    }

    /** A masked network with one hidden layer. */
    private static final class Step extends Module {
        private final Tensor in;
        private final Tensor context;
        private final Tensor inBias;
        private final Tensor out;
        private final Tensor outBias;
        private final Tensor inMask;
        private final Tensor outMask;
        private final int[] order;

        /** @param reversed whether the dimensions are counted from the last */
        Step(int latentDim, int features, int width, boolean reversed, Init init) {
            order = new int[latentDim];
            for (int i = 0; i < latentDim; i++) {
                order[i] = reversed ? latentDim - 1 - i : i;
            }
            try (var scope = Scope.withoutGradients()) {
                in = parameter("in_weight", init.uniformByFanIn(latentDim, width, latentDim));
                context = parameter("context_weight", init.uniformByFanIn(features, width, features));
                inBias = parameter("in_bias", init.uniformByFanIn(features, width));
                out = parameter("out_weight", init.uniformByFanIn(width, 2L * latentDim, width));
                outBias = parameter("out_bias", init.uniformByFanIn(width, 2L * latentDim));
                // Hidden unit h may see the first h mod latentDim dimensions; output i uses units that see at most i.
                int[] position = new int[latentDim];
                for (int i = 0; i < latentDim; i++) {
                    position[order[i]] = i;
                }
                inMask = MaskedLinear.mask(width, latentDim, (h, i) -> position[i] < h % latentDim, init);
                outMask = MaskedLinear.mask(
                        2 * latentDim, width, (o, h) -> h % latentDim <= position[o % latentDim], init);
            }
        }

        record Gates(Tensor logGate, Tensor gate, Tensor shift) {
            Tensor applied(Tensor z) {
                return gate.mul(z).add(gate.neg().add(1).mul(shift));
            }
        }

        Gates gates(Tensor z, Tensor given) {
            Tensor hidden = Ops.linear(z, in.mul(inMask), inBias).add(Ops.linear(given, context, null));
            Tensor output = Ops.linear(Ops.gelu(hidden), out.mul(outMask), outBias);
            long latentDim = z.size(1);
            Tensor raw = output.narrow(1, 0, latentDim).add(GATE_BIAS);
            return new Gates(Ops.logSigmoid(raw), raw.sigmoid(), output.narrow(1, latentDim, latentDim));
        }

        /** z with {@code gates(z).applied(z) = moved}, one dimension after the other. */
        Tensor inverse(Tensor moved, Tensor given) {
            Tensor z = moved.zerosLike();
            for (int i = 0; i < order.length; i++) {
                Gates gates = gates(z, given);
                // After i + 1 rounds the first i + 1 dimensions are right, because none depends on later ones.
                z = moved.sub(gates.gate.neg().add(1).mul(gates.shift)).div(gates.gate);
            }
            return z;
        }

        @Override
        public void close() {
            super.close();
            inMask.close();
            outMask.close();
        }
    }
}
