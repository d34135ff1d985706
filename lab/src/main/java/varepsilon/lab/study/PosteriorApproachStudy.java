package varepsilon.lab.study;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import varepsilon.data.Batches;
import varepsilon.data.ImageSet;
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
 * Question 1.4: the ELBO as q goes from the prior to the exact posterior of probabilistic PCA; and on a trained VAE, as
 * the q of each image is fitted further while the model, and so log p(x), stays as it is.
 */
final class PosteriorApproachStudy extends Study {
    private static final int DIMENSIONS = 16;
    private static final int LATENT_DIM = 4;
    private static final double STD = 0.3;
    private static final double SIGNAL = 4;
    private static final int STEPS = 20;

    private static final double ROUNDING = 1e-9;
    private static final double CLEAR = 3;

    /**
     * One q between prior and posterior, averaged over images of probabilistic PCA, in nats.
     *
     * @param way from 0, the prior, to 1, the posterior
     * @param elbo in closed form
     * @param elboDrawn by draws from q
     * @param error standard error of that
     * @param gap log p(x) − ELBO, in closed form
     * @param divergence KL(q ‖ p(z|x)), in closed form
     */
    record Point(double way, double elbo, double elboDrawn, double error, double gap, double divergence) {}

    PosteriorApproachStudy() {
        super(
                "1.4",
                "When q approaches the posterior",
                "What happens to the ELBO as q(z|x) approaches the true posterior p(z|x)?",
                "The divergence KL(q(z|x) ‖ p(z|x)) goes to 0, and the ELBO to log p(x).");
    }

    @Override
    public StudyResult run(StudyContext context) throws IOException {
        try (Rng rng = Seed.of(context.seed()).split("study 1.4").stream()) {
            ProbabilisticPca model = ProbabilisticPca.drawn(DIMENSIONS, LATENT_DIM, STD, SIGNAL, rng);
            double[][] images = new double[context.pick(8, 16, 64)][];
            double logEvidence = 0;
            for (int i = 0; i < images.length; i++) {
                images[i] = model.sample(rng);
                logEvidence += model.evidence().logDensity(images[i]) / images.length;
            }
            List<Point> path = new ArrayList<>();
            for (int step = 0; step <= STEPS; step++) {
                context.progress("steps from the prior to the posterior", step, STEPS);
                path.add(point(model, images, step / (double) STEPS, context.pick(500, 2000, 10_000), rng));
            }
            Measured measured = onTrainedVae(logEvidence, path, context, rng);
            return measured.with(measured.exhibits());
        }
    }

    private static Point point(ProbabilisticPca model, double[][] images, double way, int draws, Rng rng) {
        MultivariateNormal evidence = model.evidence();
        MultivariateNormal prior = MultivariateNormal.standard(model.latentDim());
        double[] sums = new double[4];
        double[] drawn = new double[draws];
        for (double[] x : images) {
            MultivariateNormal posterior = model.posterior(x);
            MultivariateNormal q = between(posterior, way);
            double elbo = model.elbo(x, q);
            sums[0] += elbo;
            sums[1] += evidence.logDensity(x) - elbo;
            sums[2] += q.kullbackLeibler(posterior);
            double[] noise = MultivariateNormal.noise(rng, (long) draws * model.latentDim());
            for (int i = 0; i < draws; i++) {
                double[] z = q.at(Arrays.copyOfRange(noise, i * model.latentDim(), (i + 1) * model.latentDim()));
                drawn[i] += (model.logLikelihood(x, z) + prior.logDensity(z) - q.logDensity(z)) / images.length;
            }
        }
        return new Point(
                way,
                sums[0] / images.length,
                Moments.mean(drawn),
                Moments.standardError(drawn),
                sums[1] / images.length,
                sums[2] / images.length);
    }

    /** From the prior N(0, I) to the posterior N(m, S): N(way·m, (1 − way)·I + way·S). */
    static MultivariateNormal between(MultivariateNormal posterior, double way) {
        double[][] covariance = posterior.covariance();
        for (int i = 0; i < covariance.length; i++) {
            for (int j = 0; j < covariance.length; j++) {
                covariance[i][j] = way * covariance[i][j] + (i == j ? 1 - way : 0);
            }
        }
        double[] mean =
                Arrays.stream(posterior.mean()).map(value -> way * value).toArray();
        return MultivariateNormal.of(mean, covariance);
    }

    private static Measured onTrainedVae(double logEvidence, List<Point> path, StudyContext context, Rng rng)
            throws IOException {
        ImageSet images = StudyVae.testImages(context, context.pick(16, 64, 256));
        int samples = context.pick(64, 512, 4096);
        try (VaeFile file = StudyVae.trained(context, 1);
                var scope = Scope.open()) {
            Vae vae = file.vae();
            Tensor target = vae.target(
                    Batches.of(images, images.size()).iterator().next().images());
            double bound = PosteriorFit.bound(vae, target, samples, rng);
            var fit = new PosteriorFit(
                    vae, target, context.pick(4, 10, 20), context.pick(5, 20, 40), context.pick(16, 64, 128));
            return new Measured(logEvidence, path, images.size(), fit.run(rng, context), samples, bound);
        }
    }

    /**
     * The measurements.
     *
     * @param logEvidence log p(x) of probabilistic PCA, averaged over the images, in nats
     * @param path from the prior to the posterior
     * @param images of the trained VAE
     * @param fitted as its q are fitted
     * @param samples K of the bound
     * @param bound the importance-weighted bound of the encoder's q on log p(x), in nats
     */
    record Measured(
            double logEvidence,
            List<Point> path,
            int images,
            List<PosteriorFit.Fitted> fitted,
            int samples,
            double bound)
            implements Answer {
        @Override
        public Numbers numbers() {
            Point prior = path.get(0);
            Point posterior = Rows.last(path);
            PosteriorFit.Fitted end = Rows.last(fitted);
            Numbers numbers = new Numbers();
            numbers.put("log_evidence_nats", logEvidence);
            numbers.put("gap_at_prior_nats", prior.gap());
            numbers.put("gap_at_posterior_nats", posterior.gap());
            numbers.put("largest_residual_nats", largestResidual());
            numbers.put("largest_deviation_standard_errors", largestDeviation());
            numbers.put("vae_elbo_nats", fitted.get(0).elbo());
            numbers.put("vae_fitted_elbo_nats", end.elbo());
            numbers.put("vae_gain_nats", end.gain());
            numbers.put("vae_gain_error_nats", end.error());
            numbers.put("vae_iw_nats", bound);
            return numbers;
        }

        @Override
        public String because() {
            PosteriorFit.Fitted end = Rows.last(fitted);
            return Words.text(
                    "With the exact posterior log p(x) − ELBO is %.0e nats, and on the way it %s and differs from the"
                            + " divergence by at most %.0e nats; fitting q raises the VAE's ELBO by %.2f ± %.2f nats.",
                    Rows.last(path).gap(),
                    falls() ? "falls at every step" : "does not fall at every step",
                    largestResidual(),
                    end.gain(),
                    end.error());
        }

        List<Exhibit> exhibits() {
            return List.of(
                    new Exhibit.Chart(
                            pathChart(),
                            "Probabilistic PCA, from q = p(z) to q = p(z|x): the ELBO in closed form, and by draws"
                                    + " with its 95 % interval."),
                    new Exhibit.Chart(
                            gapsChart(),
                            "What is missing to log p(x) is KL(q ‖ p(z|x)) all the way; at the posterior both are 0"
                                    + " and are not shown on this logarithmic axis."),
                    new Exhibit.Chart(
                            fittedChart(),
                            Words.text(
                                    "The trained VAE, whose model stays as it is: the ELBO of %d test images while the"
                                            + " q of each is fitted, with 95 %% intervals of the gain.",
                                    images)),
                    new Exhibit.Numbers(pathTable(), "Probabilistic PCA, averages over images."),
                    new Exhibit.Numbers(fittedTable(), "The trained VAE, averages over images."));
        }

        private double largestResidual() {
            return path.stream()
                    .mapToDouble(point -> Math.abs(point.gap() - point.divergence()))
                    .max()
                    .orElseThrow();
        }

        /** Of the ELBO by draws from the one in closed form, in standard errors; rounding is no deviation. */
        private double largestDeviation() {
            return path.stream()
                    .mapToDouble(point -> Math.max(0, Math.abs(point.elboDrawn() - point.elbo()) - ROUNDING)
                            / Math.max(point.error(), ROUNDING))
                    .max()
                    .orElseThrow();
        }

        private boolean falls() {
            return Rows.rises(path, point -> -point.gap()) && Rows.rises(path, point -> -point.divergence());
        }

        @Override
        public Verdict verdict() {
            if (Math.abs(Rows.last(path).gap()) > ROUNDING * Math.max(1, Math.abs(logEvidence))) {
                return Verdict.CONTRADICTED;
            }
            PosteriorFit.Fitted end = Rows.last(fitted);
            if (end.gain() < -CLEAR * end.error()) {
                return Verdict.MIXED;
            }
            return falls() ? Verdict.CONFIRMED : Verdict.MIXED;
        }

        @Override
        public String reading() {
            Point prior = path.get(0);
            Point posterior = Rows.last(path);
            String exact = Words.text(
                    "On the way from the prior to the posterior the ELBO %s %.2f to %.2f nats, log p(x) is %.2f, and"
                            + " what is missing %s KL(q ‖ p(z|x)).",
                    posterior.elbo() > prior.elbo() ? "rises from" : "goes from",
                    prior.elbo(),
                    posterior.elbo(),
                    logEvidence,
                    largestResidual() <= ROUNDING * Math.max(1, Math.abs(logEvidence)) ? "equals" : "is not exactly");
            PosteriorFit.Fitted start = fitted.get(0);
            PosteriorFit.Fitted end = Rows.last(fitted);
            double missing = bound - start.elbo();
            String change = Math.abs(end.gain()) <= CLEAR * end.error()
                    ? "does not clearly change its ELBO"
                    : Words.text(
                            "%s its ELBO by %.2f nats", end.gain() > 0 ? "raises" : "lowers", Math.abs(end.gain()));
            String share = end.gain() > CLEAR * end.error() && missing > 0 ? share(end.gain(), missing) : "";
            return exact
                    + " "
                    + Words.text(
                            "On the trained VAE, fitting the q of each image for %,d more steps %s%s.",
                            end.steps(), change, share);
        }

        /** The importance-weighted bound is itself a lower bound, so the gain of a better q can exceed it. */
        private String share(double gain, double missing) {
            String shown = Words.text("the bound of %,d samples of the encoder's q shows to be missing", samples);
            return gain > missing
                    ? Words.text(", more than the %.2f that %s", missing, shown)
                    : Words.text(", %s of what %s", Words.percent(gain / missing), shown);
        }

        private LineChart pathChart() {
            double[] way = Rows.column(path, Point::way);
            return new LineChart("The ELBO reaches log p(x)", "way from the prior (0) to the posterior (1)", "nats")
                    .reference("log p(x)", logEvidence)
                    .curve("ELBO, closed form", way, Rows.column(path, Point::elbo))
                    .points(
                            "ELBO, draws",
                            way,
                            Rows.column(path, Point::elboDrawn),
                            Rows.column(path, p -> p.elboDrawn() - 1.96 * p.error()),
                            Rows.column(path, p -> p.elboDrawn() + 1.96 * p.error()));
        }

        private LineChart gapsChart() {
            double[] way = Rows.column(path, Point::way);
            LineChart chart = new LineChart("What is missing", "way from the prior (0) to the posterior (1)", "nats")
                    .logY()
                    .curve("KL(q ‖ p(z|x))", way, withoutRounding(Rows.column(path, Point::divergence)));
            return Charts.points(chart, "log p(x) − ELBO", way, withoutRounding(Rows.column(path, Point::gap)));
        }

        /** Values at the level of rounding are left out, because a logarithmic axis would emphasise them. */
        private static double[] withoutRounding(double[] values) {
            return Arrays.stream(values)
                    .map(value -> value > ROUNDING ? value : Double.NaN)
                    .toArray();
        }

        private LineChart fittedChart() {
            double[] steps = Rows.column(fitted, PosteriorFit.Fitted::steps);
            return new LineChart("Fitting q on a trained VAE", "steps", "nats")
                    .curve(
                            "ELBO",
                            steps,
                            fitted.stream()
                                    .map(f -> Charts.around(f.elbo(), f.error()))
                                    .toList())
                    .reference(Words.text("bound of %,d samples", samples), bound);
        }

        private Table pathTable() {
            Table table = new Table(
                    Table.number("way", "", 2),
                    Table.number("ELBO", "nats", 4),
                    Table.number("by draws", "nats", 4),
                    Table.number("±", "standard error", 4),
                    Table.text("log p(x) − ELBO (nats)"),
                    Table.text("KL(q ‖ p(z|x)) (nats)"));
            path.forEach(p -> table.row(
                    p.way(), p.elbo(), p.elboDrawn(), p.error(), Words.number(p.gap()), Words.number(p.divergence())));
            return table;
        }

        private Table fittedTable() {
            Table table = new Table(
                    Table.count("steps", ""),
                    Table.number("ELBO", "nats", 2),
                    Table.number("gain", "nats", 2),
                    Table.number("±", "standard error", 2));
            fitted.forEach(f -> table.row(f.steps(), f.elbo(), f.gain(), f.error()));
            return table;
        }
    }
}
