package varepsilon.generative;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import varepsilon.base.Declared;
import varepsilon.base.InputException;
import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.nn.Init;
import varepsilon.nn.MaskedLinear;
import varepsilon.nn.Module;
import varepsilon.tensor.DType;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * The prior of a VQ-VAE (van den Oord et al. 2017): z is a sequence of vectors out of a learned codebook, and the
 * probability of each is computed from those before it, by a masked network with one hidden layer. p(z) is a probability,
 * not a density. All vectors have length √d in their d dimensions, and so lie on a sphere (Yu et al. 2022), on which none
 * is so far off that it is never the nearest.
 */
public final class CodebookPrior extends Module implements Prior {
    private static final int SAMPLES_AT_ONCE = 512;

    private final Tensor codebook;
    private final MaskedLinear hidden;
    private final MaskedLinear logits;
    private final int length;
    private final int dimensions;
    private final int size;

    /**
     * Chooses this prior.
     *
     * @param length vectors that z consists of; they share its dimensions out evenly
     * @param size vectors of the codebook
     * @param width outputs of the hidden layer, at least {@code length}
     */
    @Named(
            value = "codebook",
            help = "vectors out of a codebook, each given those before it; with the posterior quantised")
    public record Choice(
            @Parameter(value = "vectors that z consists of", min = 1, max = 4096)
            int length,

            @Parameter(value = "vectors of the codebook", min = 2, max = 65_536)
            int size,

            @Parameter(value = "outputs of hidden layers", min = 1, max = 8192)
            int width)
            implements PriorChoice {
        /** Rejects values out of range. */
        public Choice {
            Declared.check(Choice.class, length, size, width);
            if (width < length) {
                throw new InputException("width " + width + ": expected at least the length, " + length);
            }
        }

        /** 16 of 256 vectors, a hidden layer of 512. */
        public Choice() {
            this(16, 256, 512);
        }

        @Override
        public Prior create(LatentSpace space, Init init) {
            if (space.dimensions() % length != 0 || space.dimensions() / length < 2) {
                throw new InputException("the prior codebook of " + length + " vectors for latent dimension "
                        + space.dimensions() + ": expected a multiple of their number, at least twice as large");
            }
            return new CodebookPrior(this, space.dimensions() / length, init);
        }
    }

    private CodebookPrior(Choice choice, int dimensions, Init init) {
        length = choice.length;
        size = choice.size;
        this.dimensions = dimensions;
        try (var scope = Scope.withoutGradients()) {
            codebook = parameter("codebook", init.normal(1, size, dimensions));
        }
        // Hidden unit h sees the first h mod length vectors; the logits of vector i use units that see at most i.
        hidden = child(
                "hidden",
                new MaskedLinear(
                        length * dimensions, choice.width, (h, input) -> input / dimensions < h % length, init));
        logits = child(
                "logits",
                new MaskedLinear(
                        choice.width, Math.multiplyExact(length, size), (o, h) -> h % length <= o / size, init));
    }

    /** Vectors of z. */
    int length() {
        return length;
    }

    /** Vectors of the codebook. */
    int size() {
        return size;
    }

    /** z …×latentDim with each of its vectors scaled to the length of those of the codebook. */
    Tensor scaled(Tensor z) {
        return onSphere(z.reshape(-1, dimensions)).reshape(z.shape());
    }

    private Tensor onSphere(Tensor rows) {
        Tensor squares = rows.square().sum(1L).unsqueeze(1);
        return rows.div(squares.add(1e-12).sqrt()).mul(Math.sqrt(dimensions));
    }

    /** The numbers of the nearest vectors of the codebook, INT64 R×length, for scaled z R×latentDim. */
    Tensor codes(Tensor z) {
        // Among vectors of the same length the nearest has the largest product.
        Tensor products = z.detach()
                .reshape(-1, dimensions)
                .matmul(onSphere(codebook.detach()).transpose(0, 1));
        return products.argmax(1).reshape(-1, length);
    }

    /** The vectors of these numbers, R×latentDim. */
    Tensor vectors(Tensor codes) {
        return onSphere(codebook).indexSelect(0, codes.flatten(0)).reshape(-1, latentDim());
    }

    /** log p of every vector of the codebook at each place, given those at the places before: R×length×size. */
    Tensor logProbabilities(Tensor codes) {
        Tensor before = vectors(codes).detach();
        return logits.forward(Ops.gelu(hidden.forward(before)))
                .reshape(-1, length, size)
                .logSoftmax(2);
    }

    /** log p of sequences in nats, R values. */
    Tensor logProbabilityOfCodes(Tensor codes) {
        return logProbabilities(codes).gather(2, codes.unsqueeze(2)).squeeze(2).sum(1L);
    }

    /** That of the nearest vectors. */
    @Override
    public Tensor logProbability(Tensor z) {
        long[] shape = z.shape();
        return logProbabilityOfCodes(codes(z.reshape(-1, latentDim()))).reshape(Arrays.copyOf(shape, shape.length - 1));
    }

    @Override
    public Tensor sample(int n, Rng rng) {
        List<Tensor> parts = new ArrayList<>();
        for (int done = 0; done < n; done += SAMPLES_AT_ONCE) {
            parts.add(vectors(sampleCodes(Math.min(SAMPLES_AT_ONCE, n - done), rng)));
        }
        return Tensor.concat(0, parts);
    }

    private Tensor sampleCodes(int n, Rng rng) {
        Tensor codes = Tensor.zeros(DType.INT64, n, length).to(codebook.device());
        for (int place = 0; place < length; place++) {
            try (var scope = Scope.withoutGradients()) {
                Tensor log = logProbabilities(codes).narrow(1, place, 1).squeeze(1);
                // Gumbel's trick: argmax(logits − log E) with E standard exponential draws from softmax(logits).
                Tensor exponential = rng.exponential(log.shape()).to(log.device());
                codes.narrow(1, place, 1)
                        .copyInPlace(log.sub(exponential.log()).argmax(1).unsqueeze(1));
            }
        }
        return codes;
    }

    @Override
    public Tensor supported(Tensor z) {
        return vectors(codes(scaled(z)));
    }

    @Override
    public int latentDim() {
        return length * dimensions;
    }
}
