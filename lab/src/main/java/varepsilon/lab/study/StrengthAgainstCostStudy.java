package varepsilon.lab.study;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import varepsilon.classify.ClassifierFile;
import varepsilon.lab.spec.AttackSpec;
import varepsilon.lab.study.StudyResult.Verdict;
import varepsilon.report.LineChart;
import varepsilon.report.Table;
import varepsilon.robust.attack.Pgd;
import varepsilon.robust.evaluate.RobustnessReport;
import varepsilon.robust.evaluate.TrialReport;
import varepsilon.stats.Accuracy;
import varepsilon.stats.PairedComparison;
import varepsilon.stats.Percent;

/**
 * Question 2.3b: what PGD's further steps gain and cost. Cost is counted in forward and backward passes; images that
 * are already misclassified are not attacked further.
 */
final class StrengthAgainstCostStudy extends Study {
    private static final double ALPHA = 0.5;
    private static final int USUAL_STEPS = 10;

    StrengthAgainstCostStudy() {
        super(
                "2.3b",
                "FGSM against PGD: strength against cost",
                "What is the trade-off between FGSM and PGD, and what has each over the other?",
                "FGSM takes one step and is cheap and simple; PGD takes several, costs more, and is the stronger attack"
                        + " and so the more reliable measure of robustness.");
    }

    @Override
    public StudyResult run(StudyContext context) throws IOException {
        ClassifierWork work = ClassifierWork.of(context, context.pick(100, 500, 10_000));
        List<AttackSpec> attacks = attacks(context, work.hardeningEpsilon());
        List<Attacked> models = new ArrayList<>();
        try (ClassifierFile file = work.read(work.pretrained())) {
            models.add(attacked(work, "pre-trained", file, attacks));
        }
        try (ClassifierFile file = work.trained(work.further(TradeOffStudy.defense(work, ALPHA), context.seed()))) {
            models.add(attacked(work, "defended", file, attacks));
        }
        Findings findings = new Findings(work.hardeningEpsilon(), models);
        return findings.with(List.of(
                new Exhibit.Chart(
                        findings.chart(),
                        "Robust accuracy under each attack, with 95 % intervals, against its passes through the model:"
                                + " PGD with rising numbers of steps, joined, and FGSM by itself."),
                new Exhibit.Numbers(
                        findings.table(),
                        "Accuracy of " + work.test().size() + " test images at ε = "
                                + AttackSpec.pixels(work.hardeningEpsilon()) + ", with 95 % intervals, and the cost"
                                + " of each attack an image, forward and backward passes together, checks included;"
                                + " seconds depend on the machine.")));
    }

    /** FGSM, then PGD from few steps to many, then with restarts. */
    private static List<AttackSpec> attacks(StudyContext context, double epsilon) {
        List<AttackSpec> attacks = new ArrayList<>();
        attacks.add(ClassifierWork.attack("fgsm", epsilon));
        for (int steps :
                context.pick(List.of(1, 2, 10), List.of(1, 2, 5, 10, 20, 40), List.of(1, 2, 5, 10, 20, 40, 100))) {
            attacks.add(ClassifierWork.pgd(steps, epsilon));
        }
        attacks.add(AttackSpec.linf(Pgd.ofSteps(USUAL_STEPS).withRestarts(context.pick(2, 5, 10)), epsilon));
        return attacks;
    }

    private static Attacked attacked(ClassifierWork work, String name, ClassifierFile file, List<AttackSpec> attacks) {
        RobustnessReport report = work.measure(
                name,
                file.classifier(),
                attacks.stream().map(ClassifierWork::trial).toList());
        List<Attempt> attempts = new ArrayList<>();
        for (int i = 0; i < attacks.size(); i++) {
            TrialReport trial = report.trials().get(i);
            attempts.add(new Attempt(
                    attacks.get(i), trial.robust(), trial.forwardPasses(), trial.backwardPasses(), trial.seconds()));
        }
        return new Attacked(name, report.correct(), attempts);
    }

    /**
     * An attack on a model.
     *
     * @param robust by test image, whether it is correctly classified before and after
     * @param seconds wall-clock time
     */
    record Attempt(AttackSpec attack, boolean[] robust, long forwardPasses, long backwardPasses, double seconds) {
        private boolean isFgsm() {
            return attack.name().equals("fgsm");
        }

        /** {@code fgsm}, {@code pgd-10}, {@code pgd-10x5}. */
        private String name() {
            return attack.label().replaceAll(" .*", "");
        }

        private int parameter(String name) {
            return (int) attack.parameter(name).orElseThrow();
        }

        private Accuracy accuracy() {
            return Accuracy.of(robust);
        }

        private double passes() {
            return (double) (forwardPasses + backwardPasses) / robust.length;
        }
    }

    /**
     * A model under all attacks.
     *
     * @param correct by test image, whether it is correctly classified
     */
    record Attacked(String name, boolean[] correct, List<Attempt> attempts) {
        private Attempt fgsm() {
            return attempts.stream().filter(Attempt::isFgsm).findFirst().orElseThrow();
        }

        /** PGD from one start, by rising steps. */
        private List<Attempt> pgd() {
            return attempts.stream()
                    .filter(attempt -> !attempt.isFgsm() && attempt.parameter("restarts") == 1)
                    .toList();
        }

        private Attempt usual() {
            return pgd().stream()
                    .filter(attempt -> attempt.parameter("steps") == USUAL_STEPS)
                    .findFirst()
                    .orElseThrow();
        }

        /** That with the lowest robust accuracy. */
        private Attempt strongest() {
            return attempts.stream()
                    .reduce((a, b) -> b.accuracy().correct() < a.accuracy().correct() ? b : a)
                    .orElseThrow();
        }

        /** Robust accuracy under FGSM less that under the usual PGD. */
        private PairedComparison fgsmLessPgd() {
            return PairedComparison.of(fgsm().robust(), usual().robust());
        }
    }

    /**
     * The measurements.
     *
     * @param epsilon of all attacks
     * @param models under the same attacks
     */
    record Findings(double epsilon, List<Attacked> models) implements Answer {
        private static boolean isStronger(Attacked model) {
            return model.fgsmLessPgd().interval().low() > 0;
        }

        private static boolean isWeaker(Attacked model) {
            return model.fgsmLessPgd().interval().high() < 0;
        }

        private static boolean costsMore(Attacked model) {
            return model.usual().passes() > model.fgsm().passes();
        }

        @Override
        public Verdict verdict() {
            if (models.stream().anyMatch(Findings::isWeaker) || !models.stream().allMatch(Findings::costsMore)) {
                return models.stream().anyMatch(Findings::isStronger) ? Verdict.MIXED : Verdict.CONTRADICTED;
            }
            if (models.stream().allMatch(Findings::isStronger)) {
                return Verdict.CONFIRMED;
            }
            return models.stream().anyMatch(Findings::isStronger) ? Verdict.MIXED : Verdict.UNDECIDED;
        }

        @Override
        public String reading() {
            List<String> each = models.stream()
                    .map(model -> Words.text(
                            "robust accuracy of the %s model is %s under FGSM for %.1f passes an image and under"
                                    + " PGD-%d %s for %.1f",
                            model.name(),
                            Percent.of(model.fgsm().accuracy().interval()),
                            model.fgsm().passes(),
                            USUAL_STEPS,
                            Percent.of(model.usual().accuracy().interval()),
                            model.usual().passes()))
                    .toList();
            List<String> rest = models.stream()
                    .map(model -> Words.text(
                            "%s lowers that of the %s model by another %s points, for %.1f times the passes of PGD-%d",
                            model.strongest().name(),
                            model.name(),
                            Percent.number(
                                    model.usual().accuracy().rate()
                                            - model.strongest().accuracy().rate(),
                                    1),
                            model.strongest().passes() / model.usual().passes(),
                            USUAL_STEPS))
                    .toList();
            return "At ε = " + AttackSpec.pixels(epsilon) + ", " + String.join(", and ", each)
                    + ". Of all attacks tried " + String.join(", and ", rest) + ".";
        }

        @Override
        public String because() {
            List<String> each = models.stream()
                    .map(model -> Words.text(
                            "%s: robust accuracy under FGSM less that under PGD-%d is %s, for %.2f of its passes",
                            model.name(),
                            USUAL_STEPS,
                            Percent.points(model.fgsmLessPgd().interval()),
                            model.fgsm().passes() / model.usual().passes()))
                    .toList();
            return String.join("; ", each) + ".";
        }

        LineChart chart() {
            LineChart chart =
                    new LineChart("Strength against cost", "passes an image, forward and backward", "accuracy").logX();
            for (Attacked model : models) {
                List<Attempt> pgd = model.pgd();
                chart.curve(
                        "PGD, " + model.name(),
                        pgd.stream().mapToDouble(Attempt::passes).toArray(),
                        pgd.stream().map(one -> one.accuracy().interval()).toList());
                chart.point(
                        "FGSM, " + model.name(),
                        model.fgsm().passes(),
                        model.fgsm().accuracy().interval());
            }
            return chart;
        }

        Table table() {
            Table table = new Table(
                    Table.text("model"),
                    Table.text("attack"),
                    Table.percent("robust accuracy", 1),
                    Table.text("95 % interval"),
                    Table.number("passes an image", "", 1),
                    Table.number("time an image", "ms", 1));
            for (Attacked model : models) {
                Accuracy clean = Accuracy.of(model.correct());
                table.row(model.name(), "none", clean.rate(), Percent.range(clean.interval()), null, null);
                for (Attempt attempt : model.attempts()) {
                    table.row(
                            model.name(),
                            attempt.name(),
                            attempt.accuracy().rate(),
                            Percent.range(attempt.accuracy().interval()),
                            attempt.passes(),
                            1000 * attempt.seconds() / attempt.robust().length);
                }
            }
            return table;
        }

        @Override
        public Numbers numbers() {
            Numbers numbers = new Numbers();
            numbers.put("epsilon", epsilon);
            for (Attacked model : models) {
                for (Attempt attempt : model.attempts()) {
                    String name = model.name() + "_" + attempt.name();
                    numbers.put(name + "_accuracy", attempt.accuracy().interval());
                    numbers.put(name + "_passes", attempt.passes());
                }
            }
            return numbers;
        }
    }
}
