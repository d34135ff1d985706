package varepsilon.generative;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import varepsilon.base.Declared;
import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.nn.Adam;
import varepsilon.nn.Init;
import varepsilon.nn.Layer;
import varepsilon.nn.Linear;
import varepsilon.nn.Optimizer;
import varepsilon.nn.Sequential;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;
import varepsilon.train.BatchResult;

/**
 * Minimises −ELBO + γ·TC with the total correlation TC = KL(q(z) ‖ Πⱼ q(zⱼ)) of the aggregate posterior (Kim, Mnih
 * 2018). A discriminator D tells draws of q(z) from vectors whose dimensions come from different images of the batch,
 * and so approximately from Πⱼ q(zⱼ); TC is estimated as the mean of its log-odds log D(z)/(1 − D(z)). Measures {@code
 * tc_nats}, that estimate, besides the ELBO.
 *
 * <p>Each evaluation of a training batch is first one step of the discriminator, by Adam with β = (0.5, 0.9), on the
 * batch's draws; a validation changes nothing. The discriminator and its optimizer are the objective's {@link #memory}.
 */
public final class FactorVae extends MeasuredObjective {
    private static final double LEAK = 0.2;
    private static final double BETA_1 = 0.5;
    private static final double BETA_2 = 0.9;
    private static final double EPSILON = 1e-8;

    private final double gamma;
    private final Sequential discriminator;
    private final Optimizer optimizer;
    /** Steps of the optimizer, one INT64 number; a resumed training has them here before the optimizer has. */
    private final Tensor steps;

    /**
     * Chooses this objective.
     *
     * @param gamma weight of the total correlation
     * @param discriminatorWidth outputs of each hidden layer; 1,000 in the paper
     * @param discriminatorLayers hidden layers; 5 in the paper
     * @param discriminatorRate learning rate of Adam; 1e-4 in the paper
     */
    @Named(
            value = "factor-vae",
            help = "the ELBO with a penalty on its total correlation, by a discriminator (Kim, Mnih 2018)")
    public record Choice(
            @Parameter(value = "weight of the penalty", min = 0)
            double gamma,

            @Parameter(value = "outputs of the discriminator's hidden layers", min = 1, max = 8192)
            int discriminatorWidth,

            @Parameter(value = "hidden layers of the discriminator", min = 1, max = 64)
            int discriminatorLayers,

            @Parameter(value = "learning rate of the discriminator", above = 0)
            double discriminatorRate)
            implements VaeObjective {
        /** Rejects values outside their ranges. */
        public Choice {
            Declared.check(Choice.class, gamma, discriminatorWidth, discriminatorLayers, discriminatorRate);
        }

        /** The weight 10, and a discriminator of 4 layers of width 256 with the learning rate 1e-4. */
        public Choice() {
            this(10, 256, 4, 1e-4);
        }

        @Override
        public MeasuredObjective objective(Training training) {
            return new FactorVae(training.vae(), this, training.init());
        }
    }

    /**
     * With a fresh discriminator.
     *
     * @param init gives its parameters, on the model's device
     */
    public FactorVae(Vae vae, Choice choice, Init init) {
        super(vae);
        this.gamma = choice.gamma;
        List<Layer> layers = new ArrayList<>();
        int inputs = vae.prior().latentDim();
        for (int i = 0; i < choice.discriminatorLayers; i++) {
            layers.add(new Linear(inputs, choice.discriminatorWidth, init));
            layers.add(Layer.of(x -> x.max(x.mul(LEAK))));
            inputs = choice.discriminatorWidth;
        }
        layers.add(new Linear(inputs, 1, init));
        discriminator = new Sequential(layers.toArray(Layer[]::new));
        optimizer = new Adam(discriminator.parameters(), choice.discriminatorRate, BETA_1, BETA_2, EPSILON, 0);
        optimizer.prepare();
        try (var scope = Scope.withoutGradients()) {
            steps = Tensor.of(new long[] {0}, 1).own();
        }
    }

    @Override
    public Map<String, Tensor> memory() {
        Map<String, Tensor> memory = new LinkedHashMap<>();
        discriminator.parameters().forEach((name, tensor) -> memory.put("discriminator." + name, tensor));
        optimizer.state().forEach((name, tensor) -> memory.put("optimizer." + name, tensor));
        memory.put("steps", steps);
        return memory;
    }

    @Override
    protected BatchResult evaluate(Vae model, Tensor target, Rng rng) {
        return evaluate(model, target, rng, true);
    }

    @Override
    protected BatchResult validate(Vae model, Tensor target, Rng rng) {
        return evaluate(model, target, rng, false);
    }

    private BatchResult evaluate(Vae model, Tensor target, Rng rng, boolean training) {
        Posterior q = model.posterior(target);
        Posterior.Draws draws = q.draw(1, rng);
        Tensor z = draws.z().squeeze(0);
        if (training) {
            trainDiscriminator(z.detach(), rng);
        }
        Elbo elbo = model.elbo(target, q, draws);
        Tensor correlation = logOdds(z);
        Map<String, Tensor> measured = measured(elbo, target);
        measured.put("tc_nats", correlation.detach());
        return new BatchResult(elbo.value().mean().neg().add(correlation.mean().mul(gamma)), measured);
    }

    /** The discriminator's log D(z)/(1 − D(z)) for z N×latentDim: N values. */
    Tensor logOdds(Tensor z) {
        return discriminator.forward(z).squeeze(1);
    }

    /**
     * One step of the discriminator by the cross-entropy −½ E[log D(z)] − ½ E[log(1 − D(z′))].
     *
     * @param z draws of q(z), N×latentDim, constants
     * @param rng draws a permutation of the images for each dimension, which makes z′
     */
    void trainDiscriminator(Tensor z, Rng rng) {
        long done = (long) steps.item();
        if (optimizer.steps() != done) {
            optimizer.restore(done, optimizer.state()); // resumed: the tensors have their values already
        }
        try (var scope = Scope.withGradients()) {
            Tensor loss = Ops.softplus(logOdds(z).neg())
                    .mean()
                    .add(Ops.softplus(logOdds(permuted(z, rng))).mean())
                    .mul(0.5);
            optimizer.step(Gradients.of(loss, optimizer.parameters()));
            steps.copyInPlace(Tensor.of(new long[] {optimizer.steps()}, 1));
        }
    }

    /** z with the images of each dimension in an order of their own. */
    private static Tensor permuted(Tensor z, Rng rng) {
        int n = (int) z.size(0);
        int d = (int) z.size(1);
        long[] rows = new long[n * d];
        for (int j = 0; j < d; j++) {
            int[] order = rng.permutation(n);
            for (int i = 0; i < n; i++) {
                rows[i * d + j] = order[i];
            }
        }
        return z.gather(0, Tensor.of(rows, n, d).to(z.device()));
    }

    @Override
    public void close() {
        optimizer.close();
        discriminator.close();
        steps.close();
    }
}
