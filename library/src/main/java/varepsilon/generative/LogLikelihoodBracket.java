package varepsilon.generative;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import varepsilon.base.InputException;
import varepsilon.base.StoppedException;
import varepsilon.base.Watch;
import varepsilon.data.Batch;
import varepsilon.data.Batches;
import varepsilon.data.ImageSet;
import varepsilon.stats.SampleMean;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

/**
 * −log p(x) by annealed importance sampling, on images and, from both sides, on images that the model draws itself.
 *
 * @param aisSteps distributions between q(z|x) and the posterior
 * @param aisChains chains for each image
 * @param aisNats average over images of the negative lower bound on log p(x): an upper bound on −log p(x)
 * @param aisBpd the same in bits per dimension
 * @param aisCi95 interval of {@code aisNats} over images
 * @param aisSimulated images that the model drew; 0 where the check was left out
 * @param aisGapNats average over these of the upper bound on log p(x) less the lower one; in expectation the lower bound
 *     is off by at most this on such images
 * @param aisGapCi95 its interval over images
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record LogLikelihoodBracket(
        int aisSteps,
        int aisChains,
        double aisNats,
        double aisBpd,
        List<Double> aisCi95,
        int aisSimulated,
        Double aisGapNats,
        List<Double> aisGapCi95) {
    /** Rows of z at once. */
    private static final int ROWS = 256;

    /**
     * Runs the chains, in evaluation mode.
     *
     * @param images at least 2
     * @param simulated images for the check from both sides, 0 for none, else at least 2
     * @param watch receives the number of images done
     * @throws InputException for other numbers, and where images are to be simulated for a conditional model or a density
     * @throws StoppedException where a stop is requested
     */
    public static LogLikelihoodBracket of(
            Vae vae, ImageSet images, AnnealedImportanceSampling sampling, int simulated, long seed, Watch watch) {
        if (images.size() < 2) {
            throw new InputException(images.name() + ": " + images.size() + " image; expected at least 2");
        }
        if (vae.prior() instanceof CodebookPrior) {
            throw new InputException(
                    "z of the prior codebook is discrete: annealing takes gradients in z; expected" + " another prior");
        }
        if (simulated < 0 || simulated == 1) {
            throw new InputException("simulated " + simulated + ": expected 0, or at least 2");
        }
        if (simulated > 0 && (vae.classes() > 0 || vae.likelihood().isDensity())) {
            throw new InputException((vae.classes() > 0 ? "a conditional model" : "a density")
                    + " draws no images of whole levels from p(x): expected 0 simulated");
        }
        Watch watched = watch.throwing();
        Seed seeds = Seed.of(seed).split("annealed importance sampling");
        List<Double> lower = new ArrayList<>();
        List<Double> gaps = new ArrayList<>();
        int atOnce = Math.max(1, ROWS / sampling.chains());
        vae.evaluating(() -> {
            watched.progress("annealing", 0, images.size());
            try (Rng adapting = seeds.split("step sizes").stream();
                    Rng rng = seeds.split("images").stream()) {
                var batches = Batches.of(images, atOnce).iterator();
                while (batches.hasNext()) {
                    try (var scope = Scope.withoutGradients()) {
                        Batch batch = batches.next();
                        add(
                                sampling.of(vae.given(batch), vae.target(batch.images()), adapting)
                                        .lowerBound(rng),
                                lower);
                    }
                    watched.progress("annealing", lower.size(), images.size());
                }
            }
            try (Rng adapting = seeds.split("step sizes of simulated images").stream();
                    Rng rng = seeds.split("simulated images").stream()) {
                while (gaps.size() < simulated) {
                    try (var scope = Scope.withoutGradients()) {
                        int n = Math.min(atOnce, simulated - gaps.size());
                        Tensor z = vae.prior().sample(n, rng).to(vae.device());
                        Tensor target = simulated(vae, z, rng);
                        AnnealedImportanceSampling.Chains chains = sampling.of(vae, target, adapting);
                        add(chains.upperBound(z, rng).sub(chains.lowerBound(rng)), gaps);
                    }
                    watched.progress("checking from both sides", gaps.size(), simulated);
                }
            }
        });
        SampleMean nats = mean(lower);
        SampleMean gap = gaps.isEmpty() ? null : mean(gaps);
        return new LogLikelihoodBracket(
                sampling.steps(),
                sampling.chains(),
                -nats.mean(),
                -nats.mean() / (images.dimensions() * Math.log(2)),
                nats.interval().negated().bounds(),
                simulated,
                gap == null ? null : gap.mean(),
                gap == null ? null : gap.interval().bounds());
    }

    /** x drawn from p(x|z), as the likelihood has it. */
    private static Tensor simulated(Vae vae, Tensor z, Rng rng) {
        return vae.target(Batch.rounded(vae.decode(z).image(Picture.SAMPLE, rng)));
    }

    private static void add(Tensor values, List<Double> to) {
        Arrays.stream(values.toDoubles()).forEach(to::add);
    }

    private static SampleMean mean(List<Double> values) {
        return SampleMean.of(values.stream().mapToDouble(Double::doubleValue).toArray());
    }
}
