package varepsilon.lab.study;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import varepsilon.data.Datasets;
import varepsilon.data.ImageSet;
import varepsilon.data.Split;
import varepsilon.lab.study.StudyResult.Verdict;
import varepsilon.report.LineChart;
import varepsilon.report.Table;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Seed;

/**
 * Question 1.7: the gradient of E_q[log p(x|z)] with respect to q, through the draw and without differentiating it:
 * whether both are unbiased, how much they scatter, and what training does with each.
 */
final class GradientStudy extends Study {
    private static final int DIMENSIONS = 64;
    private static final double STD = 0.3;
    private static final double SIGNAL = 4;
    /** q's standard deviations in units of the posterior's, as for a q during training. */
    private static final double STRETCH = 1.5;

    /** Standard errors that the worst of some hundred coordinates of an unbiased estimator does not exceed. */
    private static final double CLEAR = 4.5;
    /** The ratio from which a variance is called far larger. */
    private static final double FAR = 10;

    private static final double WANTED_ERROR = 0.1;

    /**
     * One estimator at one number of latent dimensions, on probabilistic PCA.
     *
     * @param variance of single-draw estimates, summed over coordinates, in units of the squared norm of the gradient
     * @param worstBias largest distance of a coordinate's mean from the truth, in standard errors
     */
    record Row(int latentDim, GradientEstimator estimator, double variance, double worstBias) {
        /** Draws for a gradient that is a tenth of its length off. */
        double drawsNeeded() {
            return Math.max(1, variance / (WANTED_ERROR * WANTED_ERROR));
        }
    }

    GradientStudy() {
        super(
                "1.7",
                "Gradients through draws",
                "Why does drawing z directly from q(z|x) usually prevent the gradient of the ELBO with respect to q,"
                        + " and how does reparameterisation help?",
                "A random draw is not differentiable with respect to q's parameters, so that the gradient cannot be"
                        + " computed; with z = μ + σ·ε the randomness is in ε alone, and z is differentiable.");
    }

    @Override
    public StudyResult run(StudyContext context) throws IOException {
        int[] dims = context.pick(new int[] {1, 4, 20}, new int[] {1, 2, 4, 8, 20}, new int[] {1, 2, 4, 8, 20, 50});
        int draws = context.pick(4000, 40_000, 200_000);
        List<Row> rows = new ArrayList<>();
        try (Rng rng = Seed.of(context.seed()).split("study 1.7").stream()) {
            for (int latentDim : dims) {
                context.progress("numbers of latent dimensions", rows.size() / 3, dims.length);
                rows.addAll(rows(latentDim, draws, rng));
            }
        }
        EstimatorTraining training = training(context);
        Map<GradientEstimator, List<EstimatorTraining.Point>> trainings = new EnumMap<>(GradientEstimator.class);
        for (GradientEstimator estimator : GradientEstimator.values()) {
            trainings.put(estimator, training.with(estimator, context));
        }
        Measured measured = new Measured(draws, rows, trainings, training.steps());
        return measured.with(measured.exhibits());
    }

    private static EstimatorTraining training(StudyContext context) throws IOException {
        String data = context.dataOr("mnist");
        ImageSet train = Datasets.load(data, Split.TRAIN, context.dataDir());
        int steps = context.pick(40, 1000, 5000);
        return new EstimatorTraining(
                train.limit(context.pick(640, 12_000, train.size())),
                StudyVae.testImages(context, context.pick(100, 500, 2000)),
                context.pick(4, 8, 32),
                steps,
                steps / 20,
                context.pick(32, 64, 128),
                context.seed(),
                context.device());
    }

    private static List<Row> rows(int latentDim, int draws, Rng rng) {
        ProbabilisticPca model = ProbabilisticPca.drawn(DIMENSIONS, latentDim, STD, SIGNAL, rng);
        double[] x = model.sample(rng);
        MultivariateNormal posterior = model.posterior(x);
        double[] mean = posterior.widened(STRETCH).at(MultivariateNormal.noise(rng, latentDim));
        double[] std = new double[latentDim];
        double[][] covariance = posterior.covariance();
        Arrays.setAll(std, i -> STRETCH * Math.sqrt(covariance[i][i]));
        var problem = new GradientEstimator.Point(model, x, mean, std);
        double[] truth = problem.gradient();
        List<Row> rows = new ArrayList<>();
        for (GradientEstimator estimator : GradientEstimator.values()) {
            GradientEstimator.Statistics found = estimator.estimates(problem, draws, rng);
            rows.add(new Row(
                    latentDim,
                    estimator,
                    found.totalVariance() / MultivariateNormal.squares(truth),
                    found.worstBias(truth)));
        }
        return rows;
    }

    /**
     * The measurements.
     *
     * @param draws of each estimator
     * @param rows by rising latentDim, all estimators of one together
     * @param trainings of the same VAE with each estimator
     * @param steps that each was to make
     */
    record Measured(
            int draws, List<Row> rows, Map<GradientEstimator, List<EstimatorTraining.Point>> trainings, int steps)
            implements Answer {
        @Override
        public Numbers numbers() {
            Numbers numbers = new Numbers();
            for (GradientEstimator estimator : GradientEstimator.values()) {
                String name = estimator.name().toLowerCase(Locale.ROOT);
                Row row = largest(estimator);
                numbers.put("relative_variance_" + name, row.variance());
                numbers.put("worst_bias_standard_errors_" + name, worstBias(estimator));
                numbers.put("bpd_" + name, end(estimator).bpd());
                numbers.put("kl_nats_" + name, end(estimator).kl());
            }
            return numbers;
        }

        @Override
        public String because() {
            return Words.text(
                    "Without differentiating the draw the gradient is at most %.1f standard errors off the true one,"
                            + " and its variance is %s times the reparameterised one's, with a baseline %s times.",
                    scoreBias(),
                    Words.number(ratio(GradientEstimator.SCORE_FUNCTION)),
                    Words.number(ratio(GradientEstimator.SCORE_FUNCTION_WITH_BASELINE)));
        }

        List<Exhibit> exhibits() {
            return List.of(
                    new Exhibit.Chart(
                            variances(),
                            "Variance of the gradient from one draw, in units of its squared length, at one point of"
                                    + " probabilistic PCA, where the gradient is known."),
                    new Exhibit.Chart(
                            training(),
                            "The same VAE with the same weights to begin with, the same batches and steps: bits per"
                                    + " dimension of test images."),
                    new Exhibit.Numbers(
                            table(),
                            Words.text(
                                    "%,d draws each. The bias is the largest of all coordinates, in standard errors;"
                                            + " draws are those for a gradient that is %.0f %% of its length off.",
                                    draws, 100 * WANTED_ERROR)),
                    new Exhibit.Numbers(trainingTable(), "The VAE at the end of training, on test images."));
        }

        /** The row of the most latent dimensions. */
        private Row largest(GradientEstimator estimator) {
            return Rows.last(of(estimator));
        }

        private List<Row> of(GradientEstimator estimator) {
            return rows.stream().filter(row -> row.estimator() == estimator).toList();
        }

        private double worstBias(GradientEstimator estimator) {
            return of(estimator).stream().mapToDouble(Row::worstBias).max().orElseThrow();
        }

        private double scoreBias() {
            return Math.max(
                    worstBias(GradientEstimator.SCORE_FUNCTION),
                    worstBias(GradientEstimator.SCORE_FUNCTION_WITH_BASELINE));
        }

        private double ratio(GradientEstimator estimator) {
            return largest(estimator).variance()
                    / largest(GradientEstimator.REPARAMETERISED).variance();
        }

        private EstimatorTraining.Point end(GradientEstimator estimator) {
            return Rows.last(trainings.get(estimator));
        }

        /**
         * Mixed where the score function is unbiased, because then the gradient can be computed without
         * reparameterisation, at a larger variance.
         */
        @Override
        public Verdict verdict() {
            if (worstBias(GradientEstimator.REPARAMETERISED) > CLEAR) {
                return Verdict.CONTRADICTED;
            }
            if (scoreBias() > CLEAR) {
                return Verdict.CONFIRMED;
            }
            return ratio(GradientEstimator.SCORE_FUNCTION_WITH_BASELINE) > 1 ? Verdict.MIXED : Verdict.CONTRADICTED;
        }

        @Override
        public String reading() {
            Row path = largest(GradientEstimator.REPARAMETERISED);
            double plain = ratio(GradientEstimator.SCORE_FUNCTION);
            double helped = ratio(GradientEstimator.SCORE_FUNCTION_WITH_BASELINE);
            String right = scoreBias() > CLEAR
                    ? "The score function does not give the true gradient"
                    : "The score function gives the true gradient without differentiating the draw";
            String scatter = Words.text(
                    ", and at %d latent dimensions with %s times the variance of the reparameterised one (%s times with"
                            + " a baseline)%s.",
                    path.latentDim(),
                    Words.number(plain),
                    Words.number(helped),
                    Math.min(plain, helped) > FAR ? ", far more" : "");
            return right + scatter + " " + trainingSentence();
        }

        private String trainingSentence() {
            StringBuilder ends = new StringBuilder();
            GradientEstimator best = GradientEstimator.REPARAMETERISED;
            for (GradientEstimator estimator : GradientEstimator.values()) {
                EstimatorTraining.Point end = end(estimator);
                ends.append(ends.length() == 0 ? "" : ", ")
                        .append(Words.text("%s %.3f", estimator.label(), end.bpd()))
                        .append(end.step() < steps ? Words.text(" (out of range after %d)", end.step()) : "");
                best = end.bpd() < end(best).bpd() ? estimator : best;
            }
            return Words.text(
                    "After %,d equal steps the VAE needs, in bits per dimension: %s; %s does best.",
                    steps, ends, best.label());
        }

        private LineChart variances() {
            LineChart chart = new LineChart(
                            "Variance of the gradient",
                            "latent dimensions",
                            "variance / squared length of the gradient")
                    .logX()
                    .logY();
            for (GradientEstimator estimator : GradientEstimator.values()) {
                List<Row> rows = of(estimator);
                chart.curve(estimator.label(), Rows.column(rows, Row::latentDim), Rows.column(rows, Row::variance));
            }
            return chart;
        }

        private LineChart training() {
            LineChart chart = new LineChart("Training with each gradient", "step", "bits per dimension");
            trainings.forEach((estimator, points) -> {
                // The start, which is the same for all, would leave no room for what differs.
                List<EstimatorTraining.Point> moved = points.subList(1, points.size());
                chart.curve(
                        estimator.label(),
                        Rows.column(moved, EstimatorTraining.Point::step),
                        Rows.column(moved, EstimatorTraining.Point::bpd));
            });
            return chart;
        }

        private Table table() {
            Table table = new Table(
                    Table.count("latent dimensions", ""),
                    Table.text("estimator"),
                    Table.text("relative variance"),
                    Table.text("draws for 10 %"),
                    Table.number("bias", "standard errors", 2));
            rows.forEach(row -> table.row(
                    row.latentDim(),
                    row.estimator().label(),
                    Words.number(row.variance()),
                    Words.number(row.drawsNeeded()),
                    row.worstBias()));
            return table;
        }

        private Table trainingTable() {
            Table table = new Table(
                    Table.text("estimator"),
                    Table.count("steps", ""),
                    Table.number("−ELBO", "bits/dim", 4),
                    Table.number("KL", "nats", 2));
            for (GradientEstimator estimator : GradientEstimator.values()) {
                EstimatorTraining.Point end = end(estimator);
                table.row(estimator.label(), end.step(), end.bpd(), end.kl());
            }
            return table;
        }
    }
}
