package varepsilon.lab.study;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import varepsilon.data.Batches;
import varepsilon.data.ImageSet;
import varepsilon.generative.ImportanceWeightedBound;
import varepsilon.generative.Vae;
import varepsilon.generative.VaeFile;
import varepsilon.lab.study.StudyResult.Verdict;
import varepsilon.report.LineChart;
import varepsilon.report.Table;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

/**
 * Question 1.3: log p(x) − ELBO is KL(q ‖ p(z|x)), and so never negative: with any q where all three are known, and on
 * a trained VAE by importance-weighted bounds.
 */
final class LowerBoundStudy extends Study {
    private static final int DIMENSIONS = 16;
    private static final int LATENT_DIM = 4;
    private static final double STD = 0.3;
    private static final double SIGNAL = 4;
    /** Factors of ten between the q nearest to the posterior and the farthest. */
    private static final double DECADES = 4;
    /** The rounding error allowed for numbers of size 1. */
    private static final double ROUNDING = 1e-10;

    private static final double CLEAR = 3;
    private static final int CHUNK = 8;
    /** Points in the picture, of many more cases. */
    private static final int POINTS = 60;

    /**
     * One q for one image of probabilistic PCA, in nats.
     *
     * @param logEvidence log p(x), from p(x) in closed form
     * @param elbo from q, the likelihood and the prior alone, in closed form
     * @param divergence KL(q ‖ p(z|x)), in closed form
     */
    record Case(double logEvidence, double elbo, double divergence) {
        double gap() {
            return logEvidence - elbo;
        }

        /** Relative to the size of what was subtracted. */
        double residual() {
            return Math.abs(gap() - divergence) / Math.max(1, Math.abs(logEvidence) + Math.abs(elbo));
        }
    }

    /**
     * The bound of K samples on a trained VAE, averaged over test images, in nats.
     *
     * @param samples K
     * @param value the bound
     * @param aboveElbo how far it lies above the ELBO
     * @param error standard error of that
     */
    record Bound(int samples, double value, double aboveElbo, double error) {}

    LowerBoundStudy() {
        super(
                "1.3",
                "The lower bound",
                "How does one see that E_q[log p(x|z)] − KL(q(z|x) ‖ p(z)) is a lower bound on log p(x)?",
                "It is log p(x) less KL(q(z|x) ‖ p(z|x)), and a divergence is never negative (Jensen).");
    }

    @Override
    public StudyResult run(StudyContext context) throws IOException {
        try (Rng rng = Seed.of(context.seed()).split("study 1.3").stream()) {
            List<Case> cases = cases(context.pick(200, 1000, 5000), rng, context);
            int[] samples = context.pick(new int[] {1, 4, 16, 64}, new int[] {1, 4, 16, 64, 256, 512}, new int[] {
                1, 4, 16, 64, 256, 1024, 4096
            });
            Measured measured = onTrainedVae(cases, samples, context, rng);
            return measured.with(measured.exhibits());
        }
    }

    private static List<Case> cases(int count, Rng rng, StudyContext context) {
        List<Case> cases = new ArrayList<>();
        ProbabilisticPca model = ProbabilisticPca.drawn(DIMENSIONS, LATENT_DIM, STD, SIGNAL, rng);
        MultivariateNormal evidence = model.evidence();
        for (int i = 0; i < count; i++) {
            context.progress("approximate posteriors", i, count);
            double[] x = model.sample(rng);
            MultivariateNormal posterior = model.posterior(x);
            MultivariateNormal q = near(posterior, Math.pow(10, -DECADES * (count - 1 - i) / (count - 1) + 0.5), rng);
            cases.add(new Case(evidence.logDensity(x), model.elbo(x, q), q.kullbackLeibler(posterior)));
        }
        cases.sort(Comparator.comparingDouble(Case::divergence));
        return cases;
    }

    /**
     * A normal distribution with another mean and another covariance, both off by about so many standard deviations.
     */
    private static MultivariateNormal near(MultivariateNormal p, double distance, Rng rng) {
        int n = p.dimensions();
        double[] shift = scaled(MultivariateNormal.noise(rng, n), distance);
        double[] stretch = scaled(MultivariateNormal.noise(rng, (long) n * n), distance);
        double[][] lower = new double[n][n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j <= i; j++) {
                double off = stretch[i * n + j] * p.factor().lower()[j][j];
                lower[i][j] = i == j
                        ? p.factor().lower()[i][i] * Math.exp(Math.max(-2, Math.min(2, stretch[i * n + j])))
                        : p.factor().lower()[i][j] + off;
            }
        }
        return new MultivariateNormal(p.at(shift), new Cholesky(lower));
    }

    private static double[] scaled(double[] values, double factor) {
        return Arrays.stream(values).map(value -> factor * value).toArray();
    }

    private static Measured onTrainedVae(List<Case> cases, int[] samples, StudyContext context, Rng rng)
            throws IOException {
        ImageSet images = StudyVae.testImages(context, context.pick(32, 100, 500));
        try (VaeFile file = StudyVae.trained(context, 1)) {
            Vae vae = file.vae();
            double[] elbo = elbos(vae, images, context.pick(32, 128, 256), rng);
            List<Bound> bounds = new ArrayList<>();
            for (int k : samples) {
                context.progress("images under importance-weighted bounds", bounds.size(), samples.length);
                double[] values = bounds(vae, images, k, rng);
                double[] above = new double[values.length];
                Arrays.setAll(above, i -> values[i] - elbo[i]);
                bounds.add(new Bound(k, Moments.mean(values), Moments.mean(above), Moments.standardError(above)));
            }
            return new Measured(cases, images.size(), Moments.mean(elbo), bounds);
        }
    }

    /** The ELBO of each image, averaged over draws of z. */
    private static double[] elbos(Vae vae, ImageSet images, int draws, Rng rng) {
        double[] result = new double[images.size()];
        try (var scope = Scope.withoutGradients()) {
            Tensor target = vae.target(
                    Batches.of(images, images.size()).iterator().next().images());
            for (int draw = 0; draw < draws; draw++) {
                try (var inner = Scope.open()) {
                    double[] values = vae.elbo(target, rng).value().toDoubles();
                    for (int i = 0; i < result.length; i++) {
                        result[i] += values[i] / draws;
                    }
                }
            }
        }
        return result;
    }

    private static double[] bounds(Vae vae, ImageSet images, int samples, Rng rng) {
        try (var scope = Scope.withoutGradients()) {
            Tensor target = vae.target(
                    Batches.of(images, images.size()).iterator().next().images());
            return ImportanceWeightedBound.logLikelihood(vae, target, samples, CHUNK, rng)
                    .toDoubles();
        }
    }

    /**
     * The measurements.
     *
     * @param images of the trained VAE
     * @param elbo its ELBO, in nats
     */
    record Measured(List<Case> cases, int images, double elbo, List<Bound> bounds) implements Answer {
        @Override
        public Numbers numbers() {
            Bound last = last();
            Numbers numbers = new Numbers();
            numbers.put("smallest_gap", smallestGap());
            numbers.put("largest_residual", largestResidual());
            numbers.put("elbo_nats", elbo);
            numbers.put("iw_nats", last.value());
            numbers.put("gap_at_least_nats", last.aboveElbo());
            numbers.put("gap_error_nats", last.error());
            return numbers;
        }

        @Override
        public String because() {
            Bound last = last();
            return Words.text(
                    "Of %,d cases the smallest log p(x) − ELBO is %s nats, and it differs from the divergence by at"
                            + " most %.0e of their size; on the VAE the bound of %,d samples lies %.2f ± %.2f nats"
                            + " above the ELBO.",
                    cases.size(),
                    Words.number(smallestGap()),
                    largestResidual(),
                    last.samples(),
                    last.aboveElbo(),
                    last.error());
        }

        List<Exhibit> exhibits() {
            return List.of(
                    new Exhibit.Chart(
                            gapsChart(),
                            "Each point is one of many q, for one of many images of probabilistic PCA: log p(x) − ELBO"
                                    + " against KL(q ‖ p(z|x)), each from its own closed form."),
                    new Exhibit.Chart(
                            boundsChart(),
                            "The importance-weighted bound of the trained VAE, averaged over " + images
                                    + " test images, with 95 % intervals of its distance from the ELBO: log p(x) lies"
                                    + " above all of them."),
                    new Exhibit.Numbers(
                            table(), "Bounds of K samples on the trained VAE; the distance is paired by image."));
        }

        private double smallestGap() {
            return cases.stream().mapToDouble(Case::gap).min().orElseThrow();
        }

        private double largestResidual() {
            return cases.stream().mapToDouble(Case::residual).max().orElseThrow();
        }

        private long violations() {
            return cases.stream()
                    .filter(one -> one.gap() < -ROUNDING * Math.max(1, Math.abs(one.logEvidence())))
                    .count();
        }

        private Bound last() {
            return Rows.last(bounds);
        }

        @Override
        public Verdict verdict() {
            Bound last = last();
            if (violations() > 0 || last.aboveElbo() < -CLEAR * last.error()) {
                return Verdict.CONTRADICTED;
            }
            return largestResidual() <= ROUNDING ? Verdict.CONFIRMED : Verdict.MIXED;
        }

        @Override
        public String reading() {
            Bound last = last();
            long violations = violations();
            String known = violations == 0
                    ? Words.text(
                            "For %,d choices of q the ELBO never exceeds log p(x), and the gap, from %s to %s nats, %s"
                                    + " KL(q ‖ p(z|x)).",
                            cases.size(),
                            Words.number(smallestGap()),
                            Words.number(
                                    cases.stream().mapToDouble(Case::gap).max().orElseThrow()),
                            largestResidual() <= ROUNDING ? "equals" : "is not exactly")
                    : Words.text("For %,d of %,d choices of q the ELBO exceeds log p(x).", violations, cases.size());
            String unknown = Words.text(
                    "On the trained VAE, whose log p(x) is unknown, the bound of %,d samples is %.2f nats and the ELBO"
                            + " %.2f, so that its gap is %s.",
                    last.samples(),
                    last.value(),
                    elbo,
                    last.aboveElbo() > CLEAR * last.error()
                            ? Words.text("at least about %.1f nats", last.aboveElbo())
                            : "too small to be told from nothing");
            return known + " " + unknown;
        }

        private LineChart gapsChart() {
            int every = Math.max(1, cases.size() / POINTS);
            List<Case> shown = IntStream.range(0, cases.size())
                    .filter(i -> i % every == 0)
                    .mapToObj(cases::get)
                    .toList();
            double[] divergence = Rows.column(shown, Case::divergence);
            LineChart chart = new LineChart("The gap is a divergence", "KL(q ‖ p(z|x)) (nats)", "nats")
                    .logX()
                    .logY()
                    .curve("KL(q ‖ p(z|x))", divergence, divergence);
            return Charts.points(chart, "log p(x) − ELBO", divergence, Rows.column(shown, Case::gap));
        }

        private LineChart boundsChart() {
            double[] samples = Rows.column(bounds, Bound::samples);
            return new LineChart("Bounds on log p(x), trained VAE", "samples K", "nats")
                    .logX()
                    .curve(
                            "importance-weighted bound",
                            samples,
                            bounds.stream()
                                    .map(b -> Charts.around(b.value(), b.error()))
                                    .toList())
                    .reference("ELBO", elbo);
        }

        private Table table() {
            Table table = new Table(
                    Table.count("K", ""),
                    Table.number("bound", "nats", 2),
                    Table.number("above the ELBO", "nats", 2),
                    Table.number("±", "standard error", 2));
            bounds.forEach(b -> table.row(b.samples(), b.value(), b.aboveElbo(), b.error()));
            return table;
        }
    }
}
