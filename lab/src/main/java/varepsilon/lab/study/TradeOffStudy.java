package varepsilon.lab.study;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import varepsilon.classify.ClassifierFile;
import varepsilon.lab.spec.AttackSpec;
import varepsilon.lab.spec.DefenseSpec;
import varepsilon.lab.study.StudyResult.Verdict;
import varepsilon.report.LineChart;
import varepsilon.report.Table;
import varepsilon.robust.evaluate.RobustnessReport;
import varepsilon.robust.evaluate.Trial;
import varepsilon.stats.Accuracy;
import varepsilon.stats.Interval;
import varepsilon.stats.PairedComparison;
import varepsilon.stats.Percent;

/**
 * Question 2.2: what a defence costs. One model is trained further with α·CE(x) + (1 − α)·CE(x_adv), x_adv by FGSM, at
 * several α, from the same weights and for the same number of epochs; robust accuracy is measured under PGD, and under
 * FGSM for comparison.
 */
final class TradeOffStudy extends Study {
    private static final List<Double> ALPHAS = List.of(0.0, 0.25, 0.5, 0.75, 1.0);
    private static final int STEPS = 10;

    TradeOffStudy() {
        super(
                "2.2",
                "The price of a defence",
                "What is the trade-off between defending against an attack and not doing so, and why is there one?",
                "Training on adversarial examples raises accuracy under attack and lowers clean accuracy,"
                        + " since the two compete in the loss; α sets how much of each one gets.");
    }

    /** The defence that the studies of this part share: FGSM's adversarial loss. */
    static DefenseSpec defense(ClassifierWork work, double alpha) {
        return DefenseSpec.adversarialLoss(ClassifierWork.attack("fgsm", work.hardeningEpsilon()), alpha);
    }

    @Override
    public StudyResult run(StudyContext context) throws IOException {
        ClassifierWork work = ClassifierWork.of(context, context.pick(200, 1000, 10_000));
        double epsilon = work.hardeningEpsilon();
        List<Point> points = new ArrayList<>();
        for (double alpha : ALPHAS) {
            try (ClassifierFile model = work.trained(work.further(defense(work, alpha), context.seed()))) {
                points.add(point(work, alpha, model));
            }
        }
        RobustnessReport before;
        try (ClassifierFile model = work.read(work.pretrained())) {
            before = measured(work, "before", model);
        }
        Findings findings = new Findings(epsilon, points);
        String size = AttackSpec.pixels(epsilon);
        return findings.with(List.of(
                new Exhibit.Chart(
                        findings.front(),
                        "Each model's clean accuracy against its robust accuracy under PGD-" + STEPS + " at ε = " + size
                                + ", with 95 % intervals of the former. Up and to the right is better."),
                new Exhibit.Chart(
                        findings.curves(), "The same over α: 0 trains on perturbed images alone, 1 on clean images."),
                new Exhibit.Numbers(
                        findings.table(before),
                        "Accuracy of " + before.n()
                                + " test images with 95 % intervals; all models begin with the weights"
                                + " in the last row.")));
    }

    private static RobustnessReport measured(ClassifierWork work, String what, ClassifierFile model) {
        double epsilon = work.hardeningEpsilon();
        List<Trial> trials = List.of(
                ClassifierWork.trial(ClassifierWork.attack("fgsm", epsilon)),
                ClassifierWork.trial(ClassifierWork.pgd(STEPS, epsilon)));
        return work.measure(what, model.classifier(), trials);
    }

    private static Point point(ClassifierWork work, double alpha, ClassifierFile model) {
        RobustnessReport report = measured(work, "α = " + alpha, model);
        return new Point(
                alpha,
                report.correct(),
                report.trials().get(0).robust(),
                report.trials().get(1).robust());
    }

    /**
     * A model, by test image.
     *
     * @param alpha weight of clean images
     * @param correct whether an image is correctly classified
     * @param fgsm whether it is correctly classified before and after FGSM
     * @param pgd whether it is correctly classified before and after PGD
     */
    record Point(double alpha, boolean[] correct, boolean[] fgsm, boolean[] pgd) {
        private Accuracy clean() {
            return Accuracy.of(correct);
        }

        private Accuracy robust() {
            return Accuracy.of(pgd);
        }
    }

    /**
     * The measurements.
     *
     * @param epsilon of defence and attacks
     * @param points by rising α, on the same images, at least two
     */
    record Findings(double epsilon, List<Point> points) implements Answer {
        private Point undefended() {
            return points.get(points.size() - 1);
        }

        private Point defended() {
            return points.get(0);
        }

        /** Robust accuracy gained from the largest α to the smallest. */
        private PairedComparison gain() {
            return PairedComparison.of(defended().pgd(), undefended().pgd());
        }

        /** Clean accuracy lost by it. */
        private PairedComparison price() {
            return PairedComparison.of(undefended().correct(), defended().correct());
        }

        /** Steps in α at which either accuracy significantly moves against the trade-off. */
        private List<String> againstTheRule() {
            List<String> against = new ArrayList<>();
            for (int i = 1; i < points.size(); i++) {
                Point less = points.get(i - 1);
                Point more = points.get(i);
                String step = "from α = " + less.alpha() + " to " + more.alpha();
                if (PairedComparison.of(more.correct(), less.correct())
                                .interval()
                                .high()
                        < 0) {
                    against.add("clean accuracy falls " + step);
                }
                if (PairedComparison.of(more.pgd(), less.pgd()).interval().low() > 0) {
                    against.add("accuracy under PGD rises " + step);
                }
            }
            return against;
        }

        @Override
        public Verdict verdict() {
            Interval gain = gain().interval();
            Interval price = price().interval();
            if (gain.high() < 0 || price.high() < 0) {
                return Verdict.CONTRADICTED;
            }
            if (gain.low() <= 0 && price.low() <= 0) {
                return Verdict.UNDECIDED;
            }
            return gain.low() > 0 && price.low() > 0 && againstTheRule().isEmpty() ? Verdict.CONFIRMED : Verdict.MIXED;
        }

        @Override
        public String reading() {
            return Words.text(
                    "From α = %s to α = %s accuracy under PGD-%d at ε = %s goes from %s to %s, and clean accuracy from"
                            + " %s to %s. %s",
                    undefended().alpha(),
                    defended().alpha(),
                    STEPS,
                    AttackSpec.pixels(epsilon),
                    Percent.of(undefended().robust().interval()),
                    Percent.of(defended().robust().interval()),
                    Percent.of(undefended().clean().interval()),
                    Percent.of(defended().clean().interval()),
                    between());
        }

        private String between() {
            List<String> against = againstTheRule();
            return against.isEmpty()
                    ? "At none of the " + (points.size() - 1)
                            + " steps between does either move significantly the other way."
                    : "Between, accuracy moves against the trade-off: " + String.join(", ", against)
                            + ", significantly.";
        }

        @Override
        public String because() {
            return "On the same images the defence changes accuracy under PGD by "
                    + Percent.points(gain().interval())
                    + " and clean accuracy by "
                    + Percent.points(price().interval().negated()) + ".";
        }

        LineChart front() {
            LineChart chart = new LineChart("Accuracy and robustness", "accuracy under PGD-" + STEPS, "clean accuracy");
            for (Point point : points) {
                chart.point(
                        "α = " + point.alpha(),
                        point.robust().rate(),
                        point.clean().interval());
            }
            return chart;
        }

        LineChart curves() {
            LineChart chart = new LineChart("Accuracy over α", "α", "accuracy");
            add(chart, "clean", points.stream().map(Point::clean).toList());
            add(
                    chart,
                    "FGSM",
                    points.stream().map(point -> Accuracy.of(point.fgsm())).toList());
            add(chart, "PGD-" + STEPS, points.stream().map(Point::robust).toList());
            return chart;
        }

        private void add(LineChart chart, String name, List<Accuracy> accuracies) {
            chart.curve(
                    name,
                    points.stream().mapToDouble(Point::alpha).toArray(),
                    accuracies.stream().map(Accuracy::interval).toList());
        }

        /** @param before what the models were before they were trained further */
        Table table(RobustnessReport before) {
            Table table = new Table(
                    Table.text("α"),
                    Table.percent("clean", 1),
                    Table.text("95 % interval"),
                    Table.percent("FGSM", 1),
                    Table.text("95 % interval"),
                    Table.percent("PGD-" + STEPS, 1),
                    Table.text("95 % interval"));
            for (Point point : points) {
                row(table, Double.toString(point.alpha()), point.clean(), Accuracy.of(point.fgsm()), point.robust());
            }
            row(
                    table,
                    "not trained further",
                    before.clean(),
                    before.trials().get(0).accuracy(),
                    before.trials().get(1).accuracy());
            return table;
        }

        private static void row(Table table, String name, Accuracy clean, Accuracy fgsm, Accuracy pgd) {
            table.row(
                    name,
                    clean.rate(),
                    Percent.range(clean.interval()),
                    fgsm.rate(),
                    Percent.range(fgsm.interval()),
                    pgd.rate(),
                    Percent.range(pgd.interval()));
        }

        @Override
        public Numbers numbers() {
            Numbers numbers = new Numbers();
            numbers.put("epsilon", epsilon);
            for (Point point : points) {
                numbers.put(
                        "clean_accuracy_alpha_" + point.alpha(), point.clean().interval());
                numbers.put(
                        "fgsm_accuracy_alpha_" + point.alpha(),
                        Accuracy.of(point.fgsm()).interval());
                numbers.put(
                        "pgd_accuracy_alpha_" + point.alpha(), point.robust().interval());
            }
            numbers.put("robust_gain", gain().difference());
            numbers.put("clean_price", price().difference());
            numbers.put("steps_against_the_rule", (double) againstTheRule().size());
            return numbers;
        }
    }
}
