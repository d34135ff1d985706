package varepsilon.generative;

import java.util.ArrayList;
import java.util.List;
import varepsilon.base.InputException;
import varepsilon.coding.AnsStack;
import varepsilon.coding.NormalBuckets;
import varepsilon.coding.QuantisedDistribution;
import varepsilon.tensor.Device;
import varepsilon.tensor.Tensor;

/**
 * Codes the latent vectors of a batch of images, one dimension after the other, over buckets of z (Townsend et al.
 * 2019). The buckets of a dimension have equal mass under a normal distribution: the prior, where that is normal given
 * the dimensions before; else the normal with the mean and deviation of the prior. The value of a bucket is its centre.
 */
final class BucketCoder implements LatentCoder<BucketCoder.Latents> {
    /** The normal distribution of a dimension. */
    private record Normal(double mean, double std) {}

    /**
     * The distributions of the dimensions of one image, each given the values of the dimensions before it. They are
     * asked for once each, in order.
     *
     * @param <D> their form
     */
    private interface Chain<D> {
        D next(int dimension, double[] z);
    }

    /** p(z) of one image. */
    private interface PriorChain extends Chain<QuantisedDistribution> {
        /** The distribution under which a dimension's buckets have equal mass. */
        Normal buckets(int dimension);
    }

    /** Latent vectors of N images, as buckets and as values. */
    final class Latents implements LatentCoder.Latents {
        private final int[][] buckets;
        private final double[][] values;

        private Latents(int n) {
            buckets = new int[n][latentDim];
            values = new double[n][latentDim];
        }

        int size() {
            return values.length;
        }

        @Override
        public Tensor z() {
            return first(latentDim);
        }

        /** The values of the first dimensions, FLOAT32 N×dimensions. */
        private Tensor first(int dimensions) {
            float[] flat = new float[size() * dimensions];
            for (int i = 0; i < flat.length; i++) {
                flat[i] = (float) values[i / dimensions][i % dimensions];
            }
            return Tensor.of(flat, size(), dimensions).to(device);
        }
    }

    private final Prior prior;
    private final Device device;
    private final NormalBuckets buckets;
    private final int[] groups;
    private final int latentDim;
    private final Mixture mixture;

    /**
     * A coder of the latent vectors of a model.
     *
     * @throws InputException where its prior cannot be coded
     */
    BucketCoder(Vae vae, NormalBuckets buckets) {
        this.prior = vae.prior();
        this.device = vae.device();
        this.buckets = buckets;
        latentDim = prior.latentDim();
        groups = prior instanceof HierarchicalPrior hierarchical ? hierarchical.sizes() : new int[] {latentDim};
        Prior top = prior instanceof HierarchicalPrior hierarchical ? hierarchical.top() : prior;
        if (top instanceof StandardNormal) {
            mixture = null;
        } else if (top.frozen() instanceof GaussianComponents components) {
            mixture = new Mixture(components);
        } else {
            throw new InputException(
                    "a model with this prior cannot compress: " + top.getClass().getSimpleName()
                            + "; expected standard-normal, mixture, vamp, codebook, or hierarchical without a flow at its top");
        }
    }

    /** As many as all dimensions take if each takes all bits of its bucket. */
    @Override
    public long bitsOfDraw() {
        return (long) buckets.bits() * latentDim;
    }

    @Override
    public Latents draw(Posterior q, int n, AnsStack stack) {
        Latents z = new Latents(n);
        for (int group = 0; group < groups.length; group++) {
            List<? extends PriorChain> p = prior(group, z);
            take(group, z, p, posterior(q, group, z, p), distribution -> distribution.draw(stack));
        }
        return z;
    }

    @Override
    public void undraw(Posterior q, Latents z, AnsStack stack) {
        for (int group = groups.length - 1; group >= 0; group--) {
            List<? extends PriorChain> p = prior(group, z);
            give(group, z, posterior(q, group, z, p), (distribution, bucket) -> {
                if (distribution.cumulative(bucket) == distribution.cumulative(bucket + 1)) {
                    throw new InputException("a z that q(z|x) cannot have drawn");
                }
                distribution.undraw(stack, bucket);
            });
        }
    }

    @Override
    public void push(Latents z, AnsStack stack) {
        for (int group = groups.length - 1; group >= 0; group--) {
            give(group, z, prior(group, z), (distribution, bucket) -> distribution.push(stack, bucket));
        }
    }

    @Override
    public Latents pop(int n, AnsStack stack) {
        Latents z = new Latents(n);
        for (int group = 0; group < groups.length; group++) {
            List<? extends PriorChain> p = prior(group, z);
            take(group, z, p, p, distribution -> distribution.pop(stack));
        }
        return z;
    }

    private interface Take {
        int from(QuantisedDistribution distribution);
    }

    private interface Give {
        void to(QuantisedDistribution distribution, int bucket);
    }

    private void take(
            int group,
            Latents z,
            List<? extends PriorChain> p,
            List<? extends Chain<QuantisedDistribution>> chains,
            Take take) {
        int from = from(group);
        for (int image = 0; image < z.size(); image++) {
            double[] values = z.values[image];
            for (int i = from; i < from + groups[group]; i++) {
                int bucket = take.from(chains.get(image).next(i, values));
                Normal under = p.get(image).buckets(i);
                z.buckets[image][i] = bucket;
                values[i] = under.mean + under.std * buckets.centre(bucket);
            }
        }
    }

    /** Everything that {@code take} does, backwards. */
    private void give(int group, Latents z, List<? extends Chain<QuantisedDistribution>> chains, Give give) {
        int from = from(group);
        QuantisedDistribution[] distributions = new QuantisedDistribution[groups[group]];
        for (int image = z.size() - 1; image >= 0; image--) {
            for (int i = 0; i < distributions.length; i++) {
                distributions[i] = chains.get(image).next(from + i, z.values[image]);
            }
            for (int i = distributions.length - 1; i >= 0; i--) {
                give.to(distributions[i], z.buckets[image][from + i]);
            }
        }
    }

    private int from(int group) {
        int from = 0;
        for (int i = 0; i < group; i++) {
            from += groups[i];
        }
        return from;
    }

    /** p(z) of a group for each image, given the groups above. */
    private List<? extends PriorChain> prior(int group, Latents z) {
        List<PriorChain> chains = new ArrayList<>();
        if (group > 0) {
            int from = from(group);
            Normals normals = new Normals(
                    ((HierarchicalPrior) prior)
                            .conditional(group, z.first(from))
                            .orElseThrow(),
                    from);
            for (int image = 0; image < z.size(); image++) {
                chains.add(equalMass(normals.of(image)));
            }
        } else {
            for (int image = 0; image < z.size(); image++) {
                chains.add(mixture == null ? equalMass((dimension, values) -> new Normal(0, 1)) : mixture.new Image());
            }
        }
        return chains;
    }

    /** A normal prior, uniform over its own buckets. */
    private PriorChain equalMass(Chain<Normal> normal) {
        QuantisedDistribution uniform = buckets.standardNormal();
        return new PriorChain() {
            @Override
            public Normal buckets(int dimension) {
                return normal.next(dimension, null);
            }

            @Override
            public QuantisedDistribution next(int dimension, double[] z) {
                return uniform;
            }
        };
    }

    /** q(z|x) of a group for each image, given the groups above, over the prior's buckets. */
    private List<Chain<QuantisedDistribution>> posterior(
            Posterior q, int group, Latents z, List<? extends PriorChain> p) {
        List<Chain<QuantisedDistribution>> chains = new ArrayList<>();
        ImageChains normals = normals(q, group, z);
        for (int image = 0; image < z.size(); image++) {
            Chain<Normal> normal = normals.of(image);
            PriorChain under = p.get(image);
            chains.add((dimension, values) -> {
                Normal own = normal.next(dimension, values);
                Normal unit = under.buckets(dimension);
                return buckets.posterior((own.mean - unit.mean) / unit.std, own.std / unit.std);
            });
        }
        return chains;
    }

    private interface ImageChains {
        Chain<Normal> of(int image);
    }

    private ImageChains normals(Posterior q, int group, Latents z) {
        int from = from(group);
        if (q instanceof DiagonalGaussian diagonal) {
            return new Normals(diagonal, 0);
        }
        if (q instanceof FullGaussian full) {
            return new Triangles(full);
        }
        if (q instanceof GroupedPosterior grouped) {
            return new Normals(grouped.given(group, z.first(from)), from);
        }
        throw new InputException("a model with this posterior cannot compress: "
                + q.getClass().getSimpleName() + "; expected diagonal, full or top-down");
    }

    private static void requireFinite(Tensor... parameters) {
        for (Tensor tensor : parameters) {
            if (!tensor.isFinite()) {
                throw new InputException("the model's distributions of z are not finite numbers;"
                        + " expected weights of a training that has not diverged");
            }
        }
    }

    /** Independent normal dimensions, numbered from {@code from}. */
    private static final class Normals implements ImageChains {
        private final double[] means;
        private final double[] stds;
        private final int size;
        private final int from;

        Normals(DiagonalGaussian normal, int from) {
            Tensor std = normal.logStd().exp();
            requireFinite(normal.mean(), normal.logStd(), std);
            means = normal.mean().toDoubles();
            stds = std.toDoubles();
            size = (int) normal.mean().size(1);
            this.from = from;
        }

        @Override
        public Chain<Normal> of(int image) {
            return (dimension, z) -> {
                int at = image * size + dimension - from;
                return new Normal(means[at], stds[at]);
            };
        }
    }

    /** Normals z = μ + L·ε, of which each dimension is normal given those before it. */
    private static final class Triangles implements ImageChains {
        private final double[] means;
        private final double[] lower;
        private final int size;

        Triangles(FullGaussian normal) {
            Tensor rows = normal.lower();
            requireFinite(normal.mean(), rows);
            means = normal.mean().toDoubles();
            lower = rows.toDoubles();
            size = (int) normal.mean().size(1);
        }

        @Override
        public Chain<Normal> of(int image) {
            double[] noise = new double[size];
            double[] given = new double[size];
            return (i, z) -> {
                int row = (image * size + i) * size;
                if (i > 0) {
                    noise[i - 1] = (z[i - 1] - given[i - 1]) / lower[row - size + i - 1];
                }
                given[i] = means[image * size + i];
                for (int j = 0; j < i; j++) {
                    given[i] += lower[row + j] * noise[j];
                }
                return new Normal(given[i], lower[row + i]);
            };
        }
    }

    /** A mixture of Gaussians: given the dimensions before, a dimension is a mixture with other weights. */
    private final class Mixture {
        private final double[] logWeights;
        private final double[] means;
        private final double[] stds;
        private final Normal[] moments;

        Mixture(GaussianComponents components) {
            Tensor std = components.logStds().exp();
            requireFinite(components.logWeights(), components.means(), components.logStds(), std);
            logWeights = components.logWeights().toDoubles();
            means = components.means().toDoubles();
            stds = std.toDoubles();
            int size = components.latentDim();
            moments = new Normal[size];
            for (int i = 0; i < size; i++) {
                double mean = 0;
                double square = 0;
                for (int k = 0; k < logWeights.length; k++) {
                    double weight = StrictMath.exp(logWeights[k]);
                    int at = k * size + i;
                    mean += weight * means[at];
                    square += weight * (stds[at] * stds[at] + means[at] * means[at]);
                }
                moments[i] = new Normal(mean, Math.sqrt(square - mean * mean));
            }
        }

        /** The mixture for one image. */
        final class Image implements PriorChain {
            private final double[] logJoint = logWeights.clone();

            @Override
            public Normal buckets(int dimension) {
                return moments[dimension];
            }

            @Override
            public QuantisedDistribution next(int i, double[] z) {
                int size = moments.length;
                double largest = Double.NEGATIVE_INFINITY;
                for (int k = 0; k < logJoint.length; k++) {
                    if (i > 0) {
                        int before = k * size + i - 1;
                        double standardised = (z[i - 1] - means[before]) / stds[before];
                        logJoint[k] -= 0.5 * standardised * standardised + StrictMath.log(stds[before]);
                    }
                    largest = Math.max(largest, logJoint[k]);
                }
                float[] weights = new float[logJoint.length];
                double[] centred = new double[logJoint.length];
                double[] scaled = new double[logJoint.length];
                for (int k = 0; k < weights.length; k++) {
                    weights[k] = (float) StrictMath.exp(logJoint[k] - largest);
                    centred[k] = (means[k * size + i] - moments[i].mean) / moments[i].std;
                    scaled[k] = stds[k * size + i] / moments[i].std;
                }
                return buckets.mixture(weights, centred, scaled);
            }
        }
    }
}
