package varepsilon.lab.study;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import varepsilon.lab.study.StudyResult.Verdict;
import varepsilon.report.LineChart;
import varepsilon.report.Table;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Seed;

/**
 * Question 1.2: p(x) = E[p(x|z)] by samples of z from the prior, where p(x) is known: its relative error and effective
 * sample size, against the number of latent dimensions.
 */
final class PriorIntegrationStudy extends Study {
    /**
     * The number of observed dimensions: many more than latent ones, so that all latent dimensions are about equally
     * well determined.
     */
    private static final int DIMENSIONS = 64;
    /** The posterior has half of the prior's variance, so that sampling is still possible at 16 dimensions. */
    private static final double SIGNAL = 1;

    private static final double STD = 0.3;
    private static final double STRETCH = 1.2;
    private static final int POSTERIOR_SAMPLES = 1000;
    private static final double WANTED_ERROR = 0.1;
    private static final double GOOD_FIT = 0.95;

    /**
     * The measurements at one number of latent dimensions, over some images; shares are geometric means over images.
     *
     * @param latentDim dimensions of z
     * @param effectiveShare effective sample size (Σw)²/Σw² as a share of the samples from the prior
     * @param exactShare the same for infinitely many samples, (E w)²/E w², in closed form
     * @param priorErrors median relative error of p(x), for each number of samples
     * @param posteriorError median relative error with samples from the exact posterior
     * @param widenedShare effective share with samples from a posterior of STRETCH times the standard deviations
     * @param widenedError median relative error with them
     * @param samplesNeeded from the prior for a relative standard deviation of a tenth, in closed form
     */
    record Row(
            int latentDim,
            double effectiveShare,
            double exactShare,
            double[] priorErrors,
            double posteriorError,
            double widenedShare,
            double widenedError,
            double samplesNeeded) {}

    PriorIntegrationStudy() {
        super(
                "1.2",
                "Integrating over the prior",
                "Why is Monte Carlo integration with samples from the prior a bad way to log p(x), and how does that"
                        + " depend on the number of latent dimensions?",
                "Most samples from the prior miss the region where the posterior lies, and the efficiency falls"
                        + " exponentially with the number of latent dimensions.");
    }

    @Override
    public StudyResult run(StudyContext context) {
        int[] dims = context.pick(
                new int[] {1, 2, 4, 8}, new int[] {1, 2, 4, 6, 8, 12, 16}, new int[] {1, 2, 4, 6, 8, 10, 12, 14, 16, 20
                });
        int[] samples =
                context.pick(new int[] {10, 100, 1000, 10_000}, new int[] {10, 100, 1000, 10_000, 100_000}, new int[] {
                    10, 100, 1000, 10_000, 100_000, 1_000_000
                });
        int images = context.pick(16, 48, 96);
        List<Row> rows = new ArrayList<>();
        Seed seed = Seed.of(context.seed()).split("study 1.2");
        for (int latentDim : dims) {
            try (Rng own = seed.split(latentDim).stream()) {
                rows.add(row(latentDim, samples, images, own, context));
            }
        }
        Measured measured = new Measured(samples, POSTERIOR_SAMPLES, images, rows);
        return measured.with(measured.exhibits());
    }

    private static Row row(int latentDim, int[] samples, int images, Rng rng, StudyContext context) {
        MultivariateNormal prior = MultivariateNormal.standard(latentDim);
        int most = samples[samples.length - 1];
        double[] logShare = new double[images];
        double[] logExact = new double[images];
        double[] logWidened = new double[images];
        double[] logNeeded = new double[images];
        double[] posteriorError = new double[images];
        double[] widenedError = new double[images];
        List<List<Double>> errors = new ArrayList<>();
        Arrays.stream(samples).forEach(s -> errors.add(new ArrayList<>()));
        for (int i = 0; i < images; i++) {
            context.progress("images of " + latentDim + " latent dimensions", i, images);
            ProbabilisticPca model = ProbabilisticPca.drawn(DIMENSIONS, latentDim, STD, SIGNAL, rng);
            double[] x = model.sample(rng);
            double truth = model.evidence().logDensity(x);
            MultivariateNormal posterior = model.posterior(x);
            double[] weights = Importance.logWeights(model, x, prior, most, rng);
            for (int s = 0; s < samples.length; s++) {
                addErrors(weights, samples[s], truth, errors.get(s));
            }
            logShare[i] = Math.log(Importance.effectiveShare(weights));
            double secondMoment = Importance.logSecondMomentUnderPrior(posterior);
            logExact[i] = -secondMoment;
            logNeeded[i] = Math.log(Math.expm1(secondMoment) / (WANTED_ERROR * WANTED_ERROR));
            double[] exact = Importance.logWeights(model, x, posterior, POSTERIOR_SAMPLES, rng);
            posteriorError[i] = Importance.relativeError(exact, 0, exact.length, truth);
            double[] widened = Importance.logWeights(model, x, posterior.widened(STRETCH), POSTERIOR_SAMPLES, rng);
            logWidened[i] = Math.log(Importance.effectiveShare(widened));
            widenedError[i] = Importance.relativeError(widened, 0, widened.length, truth);
        }
        return new Row(
                latentDim,
                geometricMean(logShare),
                geometricMean(logExact),
                errors.stream()
                        .mapToDouble(all -> median(
                                all.stream().mapToDouble(Double::doubleValue).toArray()))
                        .toArray(),
                median(posteriorError),
                geometricMean(logWidened),
                median(widenedError),
                geometricMean(logNeeded));
    }

    /** Each run of so many samples is an independent estimate; at most a hundred are used. */
    private static void addErrors(double[] weights, int samples, double truth, List<Double> into) {
        int blocks = Math.min(100, weights.length / samples);
        for (int block = 0; block < blocks; block++) {
            into.add(Importance.relativeError(weights, block * samples, (block + 1) * samples, truth));
        }
    }

    private static double geometricMean(double[] logs) {
        return Math.exp(Arrays.stream(logs).average().orElseThrow());
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /**
     * The measurements.
     *
     * @param samples numbers of samples from the prior, rising
     * @param posteriorSamples samples from the posterior and the widened one
     * @param images over which errors and shares were taken
     */
    record Measured(int[] samples, int posteriorSamples, int images, List<Row> rows) implements Answer {
        @Override
        public Numbers numbers() {
            LeastSquares exponential = exponential();
            Numbers numbers = new Numbers();
            numbers.put("factor_per_dimension", Math.exp(exponential.slope()));
            numbers.put("log_share_slope", exponential.slope());
            numbers.put("log_share_slope_margin", exponential.slopeMargin());
            numbers.put("r_squared_exponential", exponential.rSquared());
            numbers.put("r_squared_power", power().rSquared());
            for (Row row : rows) {
                numbers.put("effective_share_" + row.latentDim(), row.effectiveShare());
                numbers.put("samples_needed_" + row.latentDim(), row.samplesNeeded());
            }
            return numbers;
        }

        private double[] dims() {
            return Rows.column(rows, Row::latentDim);
        }

        private double[] logShares() {
            return Rows.column(rows, row -> Math.log(row.effectiveShare()));
        }

        /** The logarithm of the share over the dimensions: a straight line where each takes the same part of it. */
        private LeastSquares exponential() {
            return LeastSquares.of(dims(), logShares());
        }

        /** The same over the logarithm of the dimensions. */
        private LeastSquares power() {
            return LeastSquares.of(Arrays.stream(dims()).map(Math::log).toArray(), logShares());
        }

        List<Exhibit> exhibits() {
            return List.of(
                    new Exhibit.Chart(shares(), sharesCaption()),
                    new Exhibit.Chart(
                            errors(),
                            "Median relative error of p(x), against the number of samples from the prior; an estimate"
                                    + " of 0 has an error of 1."),
                    new Exhibit.Numbers(table(), tableCaption()));
        }

        @Override
        public Verdict verdict() {
            LeastSquares exponential = exponential();
            LeastSquares power = power();
            if (exponential.slope() + exponential.slopeMargin() >= 0) {
                return exponential.slope() - exponential.slopeMargin() > 0 ? Verdict.CONTRADICTED : Verdict.UNDECIDED;
            }
            if (power.rSquared() > exponential.rSquared()) {
                return Verdict.CONTRADICTED;
            }
            return exponential.rSquared() >= GOOD_FIT ? Verdict.CONFIRMED : Verdict.UNDECIDED;
        }

        @Override
        public String because() {
            LeastSquares exponential = exponential();
            LeastSquares power = power();
            return Words.text(
                    "The logarithm of the effective share has the slope %.3f ± %.3f for each dimension; an exponential"
                            + " law explains %.1f %% of its variance, a power law %.1f %%.",
                    exponential.slope(),
                    exponential.slopeMargin(),
                    100 * exponential.rSquared(),
                    100 * power.rSquared());
        }

        @Override
        public String reading() {
            LeastSquares exponential = exponential();
            Row first = rows.get(0);
            Row last = Rows.last(rows);
            String law = exponential.slope() + exponential.slopeMargin() < 0
                    ? Words.text(
                            "Each further latent dimension leaves %s of the samples from the prior that counted before"
                                    + " (95 %% interval %s to %s), so that a relative error of %.0f %% takes %s samples"
                                    + " at %d dimension%s and %s at %d.",
                            Words.percent(Math.exp(exponential.slope())),
                            Words.percent(Math.exp(exponential.slope() - exponential.slopeMargin())),
                            Words.percent(Math.exp(exponential.slope() + exponential.slopeMargin())),
                            100 * WANTED_ERROR,
                            Words.number(first.samplesNeeded()),
                            first.latentDim(),
                            first.latentDim() == 1 ? "" : "s",
                            Words.number(last.samplesNeeded()),
                            last.latentDim())
                    : Words.text(
                            "The share of samples from the prior that count does not clearly fall with the dimensions:"
                                    + " %s at %d, %s at %d.",
                            Words.percent(first.effectiveShare()),
                            first.latentDim(),
                            Words.percent(last.effectiveShare()),
                            last.latentDim());
            double priorError = last.priorErrors()[Arrays.binarySearch(samples, posteriorSamples)];
            String importance = Words.text(
                    "At %d dimensions, %,d samples from the prior are typically wrong by %s, as many from a posterior"
                            + " whose standard deviations are %.1f times too large by %s, and from the exact posterior"
                            + " %s.",
                    last.latentDim(),
                    posteriorSamples,
                    Words.percent(priorError),
                    STRETCH,
                    Words.percent(last.widenedError()),
                    last.posteriorError() < 1e-9
                            ? "any one sample gives p(x) up to rounding"
                            : "by " + Words.percent(last.posteriorError()));
            return law + " " + importance;
        }

        private LineChart shares() {
            double[] dims = dims();
            LeastSquares fit = exponential();
            LineChart chart = new LineChart("Samples that count", "latent dimensions", "effective share of the samples")
                    .logY()
                    .curve("prior, closed form", dims, Rows.column(rows, Row::exactShare))
                    .curve(
                            "exponential law, fitted",
                            dims,
                            Arrays.stream(dims)
                                    .map(d -> Math.exp(fit.intercept() + fit.slope() * d))
                                    .toArray())
                    .curve(
                            Words.text("posterior, %.1f times as wide", STRETCH),
                            dims,
                            Rows.column(rows, Row::widenedShare));
            return Charts.points(chart, "prior, measured", dims, Rows.column(rows, Row::effectiveShare));
        }

        private String sharesCaption() {
            return Words.text(
                    "The effective sample size (Σw)²/Σw² as a share of %,d samples from the prior, on probabilistic"
                            + " PCA, geometric mean over %d images, each of a model of its own; in closed form, for"
                            + " infinitely many samples; too few of them overestimate it.",
                    samples[samples.length - 1], images);
        }

        private LineChart errors() {
            double[] x = Arrays.stream(samples).asDoubleStream().toArray();
            LineChart chart = new LineChart("Error of p(x)", "samples from the prior", "median relative error")
                    .logX()
                    .logY();
            for (Row row : rows) {
                chart.curve("latentDim " + row.latentDim(), x, row.priorErrors());
            }
            return chart;
        }

        private Table table() {
            List<Table.Column> columns = new ArrayList<>(List.of(
                    Table.count("latent dimensions", ""),
                    Table.text("effective share (%)"),
                    Table.text("closed form (%)"),
                    Table.text("samples for 10 % error")));
            IntStream.of(samples).forEach(s -> columns.add(Table.text(Words.text("error at %,d (%%)", s))));
            columns.add(Table.text("posterior: error (%)"));
            columns.add(Table.text("widened: share (%)"));
            columns.add(Table.text("widened: error (%)"));
            Table table = new Table(columns.toArray(new Table.Column[0]));
            for (Row row : rows) {
                List<Object> cells = new ArrayList<>(List.of(
                        row.latentDim(),
                        Words.number(100 * row.effectiveShare()),
                        Words.number(100 * row.exactShare()),
                        Words.number(row.samplesNeeded())));
                Arrays.stream(row.priorErrors()).forEach(error -> cells.add(Words.number(100 * error)));
                cells.add(Words.number(100 * row.posteriorError()));
                cells.add(Words.number(100 * row.widenedShare()));
                cells.add(Words.number(100 * row.widenedError()));
                table.row(cells.toArray());
            }
            return table;
        }

        private String tableCaption() {
            return Words.text(
                    "Median relative errors of p(x) by samples from the prior, and by %,d samples from the exact"
                            + " posterior and from one with %.1f times its standard deviations.",
                    posteriorSamples, STRETCH);
        }
    }
}
