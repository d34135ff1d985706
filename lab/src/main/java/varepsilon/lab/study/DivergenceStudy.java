package varepsilon.lab.study;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import varepsilon.base.Family;
import varepsilon.data.ImageShape;
import varepsilon.generative.DiagonalGaussian;
import varepsilon.generative.KullbackLeibler;
import varepsilon.generative.LatentSpace;
import varepsilon.generative.Prior;
import varepsilon.generative.PriorChoice;
import varepsilon.generative.StandardNormal;
import varepsilon.lab.study.StudyResult.Verdict;
import varepsilon.nn.Init;
import varepsilon.nn.Module;
import varepsilon.report.LineChart;
import varepsilon.report.Table;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

/**
 * Question 1.6: KL(q ‖ p) by Monte Carlo with draws from q, compared with the closed form for p = N(0, I), and with
 * numerical quadrature for a mixture, a normalising flow and a hierarchy, which have none.
 */
final class DivergenceStudy extends Study {
    private static final int LATENT_DIM = 20;
    private static final int DRAWS_AT_ONCE = 50_000;
    private static final int QUADRATURE = 600;
    /** Standard deviations of q to each side that quadrature covers. */
    private static final double REACH = 9;
    /** Standard errors of a mean that no unbiased estimator exceeds over a dozen tries. */
    private static final double CLEAR = 4;

    private static final double RATE = -0.5;
    private static final double RATE_TOLERANCE = 0.05;

    /** Three components in the plane with unequal standard deviations. */
    static final GaussianMixture MIXTURE = new GaussianMixture(
            new double[] {0.3, 0.5, 0.2},
            new double[][] {{-2, 0.5}, {1, -0.5}, {0.5, 2}},
            new double[][] {{0.5, 0.8}, {0.9, 0.6}, {0.4, 0.7}});

    private static final String QUADRATURE_SAYS = "by quadrature";
    private static final ImageShape PLANE_INPUT = new ImageShape(1, 1, 1);
    /** Standard deviation of the numbers that move the weights of fresh networks, which make N(0, I). */
    private static final double LEARNED_STD = 0.2;

    private static final double[] PLANE_MEAN = {0.6, 0.4};
    private static final double[] PLANE_STD = {0.5, 0.8};

    /**
     * Many estimates of one divergence with so many draws each, in nats.
     *
     * @param draws L
     * @param error root mean square of estimate less truth
     * @param reported root mean square of the estimated standard errors; NaN for one draw
     * @param bias mean of estimate less truth
     * @param biasError standard error of that
     */
    record Row(int draws, double error, double reported, double bias, double biasError) {}

    /**
     * A divergence and its estimates.
     *
     * @param key begins the names of its numbers
     * @param name the prior
     * @param against the prior, and what gives the truth
     * @param by how the truth is known
     * @param truth in nats
     * @param rows by rising L
     */
    record Case(String key, String name, String against, String by, double truth, List<Row> rows) {}

    DivergenceStudy() {
        super(
                "1.6",
                "The divergence by draws",
                "How is KL(q(z|x) ‖ p(z)) estimated for a prior to which there is no closed form?",
                "As the mean of log q(z|x) − log p(z) over L draws of z from q(z|x).");
    }

    @Override
    public StudyResult run(StudyContext context) {
        int[] draws = context.pick(new int[] {1, 4, 16, 64, 256}, new int[] {1, 4, 16, 64, 256, 1024}, new int[] {
            1, 4, 16, 64, 256, 1024, 4096
        });
        int repeats = context.pick(300, 2000, 4000);
        try (var scope = Scope.withoutGradients();
                Rng rng = Seed.of(context.seed()).split("study 1.6").stream()) {
            DiagonalGaussian wide = encoded(rng);
            Prior normal = new StandardNormal(LATENT_DIM);
            double exact = KullbackLeibler.closedForm(wide, normal)
                    .orElseThrow(() -> new IllegalStateException("no closed form for N(0, I)"))
                    .item();
            DiagonalGaussian plane = gaussian(PLANE_MEAN, PLANE_STD);
            double integral = quadrature(PLANE_MEAN, PLANE_STD, LogDensity.of(MIXTURE::logDensity), QUADRATURE);
            List<Case> cases = new ArrayList<>();
            cases.add(new Case(
                    "normal",
                    "N(0, I)",
                    "a normal prior the closed form",
                    "in closed form",
                    exact,
                    rows(wide, normal, exact, draws, repeats, rng, context)));
            cases.add(new Case(
                    "mixture",
                    "the mixture",
                    "a mixture prior, which has no closed form, the quadrature",
                    QUADRATURE_SAYS,
                    integral,
                    rows(plane, MIXTURE, integral, draws, repeats, rng, context)));
            cases.add(learned("flow", "the flow", "flow:width=8", plane, draws, repeats, rng, context));
            cases.add(learned(
                    "hierarchical",
                    "the hierarchy of two groups",
                    "hierarchical:groups=2:width=8",
                    plane,
                    draws,
                    repeats,
                    rng,
                    context));
            Measured measured = new Measured(repeats, cases);
            return measured.with(measured.exhibits());
        }
    }

    /** A prior of a VAE whose networks have random weights, so that it is neither normal nor a mixture. */
    private static Case learned(
            String key,
            String name,
            String choice,
            DiagonalGaussian plane,
            int[] draws,
            int repeats,
            Rng rng,
            StudyContext context) {
        Prior p = Family.of(PriorChoice.class)
                .parse(choice)
                .create(new LatentSpace(2, PLANE_INPUT, x -> plane), new Init(rng, Device.CPU, DType.FLOAT64));
        Module module = (Module) p;
        try (module) {
            module.parameters()
                    .values()
                    .forEach(parameter -> parameter.addInPlace(
                            rng.normal(DType.FLOAT64, parameter.shape()).mul(LEARNED_STD)));
            double truth = quadrature(PLANE_MEAN, PLANE_STD, logDensity(p), QUADRATURE);
            return new Case(
                    key,
                    name,
                    name + " the quadrature",
                    QUADRATURE_SAYS,
                    truth,
                    rows(plane, p, truth, draws, repeats, rng, context));
        }
    }

    /** log p at many points at once: a network takes longer for a point than for thousands. */
    private static LogDensity logDensity(Prior p) {
        return points -> {
            double[] flat =
                    Arrays.stream(points).flatMapToDouble(Arrays::stream).toArray();
            try (var scope = Scope.withoutGradients()) {
                return p.logProbability(Tensor.of(flat, points.length, 2)).toDoubles();
            }
        };
    }

    /**
     * A posterior like those of trained encoders: means about as wide as the prior, standard deviations a fraction of
     * it.
     */
    private static DiagonalGaussian encoded(Rng rng) {
        double[] mean = MultivariateNormal.noise(rng, LATENT_DIM);
        double[] std = MultivariateNormal.noise(rng, LATENT_DIM);
        for (int i = 0; i < std.length; i++) {
            std[i] = 0.3 * Math.exp(0.5 * std[i]);
        }
        return gaussian(mean, std);
    }

    private static DiagonalGaussian gaussian(double[] mean, double[] std) {
        return new DiagonalGaussian(
                Tensor.of(mean, 1, mean.length), Tensor.of(std, 1, std.length).log());
    }

    private static List<Row> rows(
            DiagonalGaussian q, Prior p, double truth, int[] draws, int repeats, Rng rng, StudyContext context) {
        List<Row> rows = new ArrayList<>();
        for (int l : draws) {
            context.progress("numbers of draws", rows.size(), draws.length);
            rows.add(row(q, p, truth, l, repeats, rng));
        }
        return rows;
    }

    private static Row row(DiagonalGaussian q, Prior p, double truth, int draws, int repeats, Rng rng) {
        double[] off = new double[repeats];
        double reported = 0;
        int chunk = Math.max(1, DRAWS_AT_ONCE / draws);
        for (int done = 0; done < repeats; done += chunk) {
            try (var scope = Scope.withoutGradients()) {
                int now = Math.min(chunk, repeats - done);
                DiagonalGaussian many = new DiagonalGaussian(
                        q.mean().expand(now, q.mean().size(1)),
                        q.logStd().expand(now, q.mean().size(1)));
                KullbackLeibler.Estimate estimate = KullbackLeibler.monteCarlo(many, p, draws, rng);
                double[] values = estimate.value().to(DType.FLOAT64).toDoubles();
                for (int i = 0; i < now; i++) {
                    off[done + i] = values[i] - truth;
                }
                reported += estimate.standardError().square().sum().item() / repeats;
            }
        }
        return new Row(
                draws,
                Math.sqrt(MultivariateNormal.squares(off) / repeats),
                Math.sqrt(reported),
                Moments.mean(off),
                Moments.standardError(off));
    }

    /** The logarithm of a density at many points. */
    interface LogDensity {
        double[] at(double[][] z);

        /** One that is computed point by point. */
        static LogDensity of(ToDoubleFunction<double[]> logDensity) {
            return points -> Arrays.stream(points).mapToDouble(logDensity).toArray();
        }
    }

    /**
     * KL(q ‖ p) in the plane in nats, for q with independent dimensions: the trapezoidal rule in so many pieces each
     * way. For integrands that vanish with all their derivatives at both ends, its error falls faster than any power.
     */
    static double quadrature(double[] mean, double[] std, LogDensity p, int pieces) {
        MultivariateNormal q = MultivariateNormal.diagonal(mean, std);
        double step = 2 * REACH / pieces;
        double sum = 0;
        for (int i = 0; i <= pieces; i++) {
            double[][] column = new double[pieces + 1][];
            for (int j = 0; j <= pieces; j++) {
                column[j] = q.at(new double[] {i * step - REACH, j * step - REACH});
            }
            double[] logP = p.at(column);
            for (int j = 0; j <= pieces; j++) {
                double logQ = q.logDensity(column[j]);
                sum += Math.exp(logQ) * (logQ - logP[j]);
            }
        }
        return sum * step * std[0] * step * std[1];
    }

    /**
     * The measurements.
     *
     * @param repeats estimates for each L
     * @param cases of several priors, of which the first has a closed form
     */
    record Measured(int repeats, List<Case> cases) implements Answer {
        @Override
        public Numbers numbers() {
            Numbers numbers = new Numbers();
            cases.forEach(one -> put(numbers, one.key(), one));
            return numbers;
        }

        @Override
        public String because() {
            return Words.text(
                    "The error falls as L to the power of %s; the mean of all estimates is at most %.1f standard errors"
                            + " from the truth.",
                    cases.stream()
                            .map(one -> rate(one) + " against " + one.name())
                            .collect(Collectors.joining(", ")),
                    cases.stream().mapToDouble(Measured::worstBias).max().orElseThrow());
        }

        List<Exhibit> exhibits() {
            List<Exhibit> exhibits = new ArrayList<>();
            exhibits.add(new Exhibit.Chart(
                    chart(),
                    Words.text(
                            "Root mean square error of %,d estimates for each L: q in %d dimensions against N(0, I), q in"
                                    + " 2 dimensions against the others, whose networks have random weights; and what the"
                                    + " single draw's error gives by 1/√L.",
                            repeats, LATENT_DIM)));
            cases.forEach(one -> exhibits.add(new Exhibit.Numbers(
                    table(one), Words.text("Against %s: %.4f nats %s.", one.name(), one.truth(), one.by()))));
            return exhibits;
        }

        private static void put(Numbers numbers, String name, Case one) {
            numbers.put(name + "_truth_nats", one.truth());
            numbers.put(name + "_rate", fit(one).slope());
            numbers.put(name + "_rate_margin", fit(one).slopeMargin());
            numbers.put(name + "_worst_bias_standard_errors", worstBias(one));
            one.rows().forEach(row -> numbers.put(name + "_error_" + row.draws(), row.error()));
        }

        private static LeastSquares fit(Case one) {
            return LeastSquares.of(
                    Rows.column(one.rows(), row -> Math.log(row.draws())),
                    Rows.column(one.rows(), row -> Math.log(row.error())));
        }

        private static String rate(Case one) {
            LeastSquares fit = fit(one);
            return Words.text("%.3f ± %.3f", fit.slope(), fit.slopeMargin());
        }

        private static double worstBias(Case one) {
            return one.rows().stream()
                    .mapToDouble(row -> Math.abs(row.bias()) / row.biasError())
                    .max()
                    .orElseThrow();
        }

        private boolean unbiased() {
            return cases.stream().allMatch(one -> worstBias(one) < CLEAR);
        }

        private static boolean fallsAsTheRoot(Case one) {
            return Math.abs(fit(one).slope() - RATE) <= RATE_TOLERANCE;
        }

        @Override
        public Verdict verdict() {
            if (!unbiased()) {
                return Verdict.CONTRADICTED;
            }
            return cases.stream().allMatch(Measured::fallsAsTheRoot) ? Verdict.CONFIRMED : Verdict.MIXED;
        }

        /** One sentence of the prior with a closed form, and one of the others. */
        @Override
        public String reading() {
            return "For " + against(cases.get(0)) + ". For "
                    + cases.stream().skip(1).map(Measured::against).collect(Collectors.joining("; for ")) + ".";
        }

        private static String against(Case one) {
            Row first = one.rows().get(0);
            Row last = Rows.last(one.rows());
            double shareOfTruth = first.error() / Math.abs(one.truth());
            return Words.text(
                    "%s gives %.3f nats, and the estimate %s: its error %s from %s nats (%s) with %d draw%s to %s"
                            + " with %,d, as L to the power of %s",
                    one.against(),
                    one.truth(),
                    worstBias(one) < CLEAR ? "meets it on average" : "misses it on average",
                    last.error() < first.error() ? "falls" : "goes",
                    Words.number(first.error()),
                    Words.percent(shareOfTruth),
                    first.draws(),
                    first.draws() == 1 ? "" : "s",
                    Words.number(last.error()),
                    last.draws(),
                    rate(one));
        }

        private LineChart chart() {
            LineChart chart = new LineChart("Error of the divergence", "draws L", "root mean square error (nats)")
                    .logX()
                    .logY();
            cases.forEach(one -> add(chart, one.name(), one));
            return chart;
        }

        private static void add(LineChart chart, String name, Case one) {
            double[] draws = Rows.column(one.rows(), Row::draws);
            chart.curve(name + ", by 1/√L", draws, byTheRoot(one));
            Charts.points(chart, name, draws, Rows.column(one.rows(), Row::error));
        }

        private static double[] byTheRoot(Case one) {
            Row first = one.rows().get(0);
            return Rows.column(one.rows(), row -> first.error() * Math.sqrt((double) first.draws() / row.draws()));
        }

        private static Table table(Case one) {
            Table table = new Table(
                    Table.count("draws L", ""),
                    Table.number("error", "nats", 4),
                    Table.number("error reported", "nats", 4),
                    Table.number("mean less truth", "nats", 5),
                    Table.number("±", "standard error", 5));
            for (Row row : one.rows()) {
                table.row(
                        row.draws(),
                        row.error(),
                        Double.isNaN(row.reported()) ? null : row.reported(),
                        row.bias(),
                        row.biasError());
            }
            return table;
        }
    }
}
